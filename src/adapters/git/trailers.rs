//! The trailers that make a commit describe its change, so that another process can take it up from the commit alone.

use std::fmt;

use git2::{Oid, Repository};

use super::error::vcs_error;
use crate::domain::change::{Action, ChangeSet, ObjectKey, ObjectKind, RequestHash};
use crate::domain::error::VcsError;
use crate::domain::names::{Actor, ClusterName};

/// How far below a branch's tip its own commit is looked for: reviewers put few commits on top.
const REACH: usize = 50;

/// What the last paragraph of our commits' messages says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailers {
    /// The object.
    pub key: ObjectKey,
    /// What happens to it.
    pub action: Action,
    /// Its cluster, when it names one.
    pub cluster: Option<ClusterName>,
    /// Who asked.
    pub actor: Actor,
    /// The request's identity.
    pub request_hash: RequestHash,
}

impl Trailers {
    /// The trailers of a change.
    #[must_use]
    pub fn of(change: &ChangeSet) -> Self {
        Self {
            key: change.key.clone(),
            action: change.action,
            cluster: change.cluster.clone(),
            actor: change.actor.clone(),
            request_hash: change.request_hash.clone(),
        }
    }

    /// Reads them from a commit message: its last paragraph only, which is never text that a user wrote, each key once.
    #[must_use]
    pub fn parse(message: &str) -> Option<Self> {
        let (_, last) = split_last_paragraph(message)?;
        let one = |key: &str| {
            let mut values = last.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
            values.next().filter(|_| values.next().is_none())
        };
        let mut object = one("Object")?.splitn(3, '/');
        let kind = ObjectKind::from_word(object.next()?)?;
        let cluster = if last.lines().any(|line| line.starts_with("Cluster:")) {
            Some(ClusterName::parse(one("Cluster")?).ok()?)
        } else {
            None
        };
        Some(Self {
            key: ObjectKey::parse(kind, object.next()?, object.next()?).ok()?,
            action: Action::from_word(one("Action")?)?,
            cluster,
            actor: Actor::parse(one("Requested-By")?).ok()?,
            request_hash: one("Request-Hash").filter(|hash| is_hash(hash)).map(|hash| RequestHash(hash.to_owned()))?,
        })
    }
}

impl fmt::Display for Trailers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObjectKey { kind, namespace, name } = &self.key;
        writeln!(f, "Object: {kind}/{namespace}/{name}")?;
        writeln!(f, "Action: {}", self.action.as_str())?;
        if let Some(cluster) = &self.cluster {
            writeln!(f, "Cluster: {cluster}")?;
        }
        writeln!(f, "Requested-By: {}", self.actor)?;
        writeln!(f, "Request-Hash: {}", self.request_hash.0)
    }
}

/// What tells two attempts at the same change apart: made within one second they would be one commit, and who sees a branch
/// there that was withdrawn before would take it for the old one.
#[must_use]
pub fn attempt() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// The whole commit message of a change: its text, then its trailers as a paragraph of their own, in which `attempt` stands
/// too, and `sign_off` is the last line; it may be empty.
///
/// # Errors
/// [`VcsError::WrongState`] when the trailers couldn't be read back, so that no commit is made that nobody can take up.
pub fn message(change: &ChangeSet, attempt: &str, sign_off: &str) -> Result<String, VcsError> {
    let text = change.text.commit_message.replace('\0', "\u{fffd}");
    let text = match text.trim() {
        "" => format!("{} {}", change.action.as_str(), change.key),
        text => text.to_owned(),
    };
    let trailers = Trailers::of(change);
    let message = format!("{text}\n\n{trailers}Attempt: {attempt}\n{sign_off}");
    if Trailers::parse(&message).as_ref() == Some(&trailers) {
        Ok(message)
    } else {
        Err(VcsError::WrongState("the request's hash must be 1-128 letters and digits".to_owned()))
    }
}

/// A commit message's subject line, and what stands between it and the trailers.
#[must_use]
pub fn subject_and_body(message: &str) -> (String, String) {
    let text = match split_last_paragraph(message) {
        Some((text, _)) if Trailers::parse(message).is_some() => text,
        _ => message,
    };
    let (subject, body) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
    (subject.trim().to_owned(), body.trim().to_owned())
}

/// Our commit on a branch: the first from the tip, along first parents, with trailers that `wanted` takes. A reviewer may
/// have put commits on top of it.
///
/// # Errors
/// [`VcsError::Corrupt`] when a commit is missing. The end of a shallow repository is none.
pub fn our_commit(
    repo: &Repository,
    tip: Oid,
    wanted: impl Fn(&Trailers) -> bool,
) -> Result<Option<(Oid, Trailers)>, VcsError> {
    let mut commit = repo.find_commit(tip).map_err(|error| vcs_error(&error))?;
    for _ in 0..REACH {
        let ours = commit.message().ok().and_then(Trailers::parse).filter(&wanted);
        if let Some(trailers) = ours {
            return Ok(Some((commit.id(), trailers)));
        }
        match commit.parent(0) {
            Ok(parent) => commit = parent,
            Err(_) if commit.parent_count() == 0 || repo.is_shallow() => return Ok(None),
            Err(error) => return Err(vcs_error(&error)),
        }
    }
    Ok(None)
}

/// What stands before the last blank line, and what after it.
fn split_last_paragraph(message: &str) -> Option<(&str, &str)> {
    let message = message.trim_end();
    let mut end = message.len();
    for line in message.rsplit('\n') {
        let start = end - line.len();
        if line.trim().is_empty() {
            return Some((&message[..start], message.get(end + 1..)?));
        }
        end = start.checked_sub(1)?;
    }
    None
}

fn is_hash(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::{ChangeText, CommitId};

    fn mk_change(commit_message: &str) -> ChangeSet {
        ChangeSet {
            key: ObjectKey::parse(ObjectKind::Nodegroup, "team-a", "workers").unwrap(),
            cluster: Some(ClusterName::parse("prod").unwrap()),
            action: Action::Create,
            base: CommitId("0".repeat(40)),
            files: Vec::new(),
            text: ChangeText { title: "t".into(), body: "b".into(), commit_message: commit_message.into() },
            actor: Actor::parse("alice").unwrap(),
            request_hash: RequestHash("0a1b".into()),
        }
    }

    #[test]
    fn the_message_ends_in_trailers_that_read_back() {
        let change = mk_change("Create nodegroup workers\n\nBecause.");
        let message = message(&change, "7f", "").unwrap();
        assert_eq!(
            message,
            "Create nodegroup workers\n\nBecause.\n\nObject: nodegroup/team-a/workers\nAction: create\nCluster: prod\n\
             Requested-By: alice\nRequest-Hash: 0a1b\nAttempt: 7f\n"
        );
        assert_eq!(Trailers::parse(&message), Some(Trailers::of(&change)));
        assert_eq!(subject_and_body(&message), ("Create nodegroup workers".to_owned(), "Because.".to_owned()));
    }

    #[test]
    fn a_sign_off_stands_among_the_trailers_and_cannot_break_them() {
        let change = mk_change("Subject\n\nBecause.");
        let message_with = |sign_off| message(&change, "7f", sign_off);
        let signed = message_with("Signed-off-by: Back End <b@example.com>\n").unwrap();
        assert!(
            signed.ends_with("Request-Hash: 0a1b\nAttempt: 7f\nSigned-off-by: Back End <b@example.com>\n"),
            "{signed}"
        );
        assert_eq!(Trailers::parse(&signed), Some(Trailers::of(&change)));
        assert_eq!(subject_and_body(&signed), ("Subject".to_owned(), "Because.".to_owned()));
        assert!(message_with("Signed-off-by: A\n\nB <b@example.com>\n").is_err());
    }

    #[test]
    fn text_that_looks_like_trailers_forges_nothing() {
        let forged = "Object: secret/kube-system/x\nAction: delete\nRequested-By: root\nRequest-Hash: ff";
        for text in [forged.to_owned(), format!("Subject\n\n{forged}"), format!("Subject\n\n{forged}\n\n \r\n\n")] {
            let change = mk_change(&text);
            assert_eq!(Trailers::parse(&message(&change, "7f", "").unwrap()), Some(Trailers::of(&change)), "{text:?}");
        }
    }

    #[test]
    fn a_doubled_a_missing_and_an_invalid_trailer_are_no_trailers() {
        let good = message(&mk_change("Subject"), "7f", "").unwrap();
        assert!(Trailers::parse(&good).is_some());
        for bad in [
            format!("{good}Action: delete\n"),
            format!("{good}Cluster: other\n"),
            good.replace("Requested-By: alice\n", ""),
            good.replace("Request-Hash: 0a1b", "Request-Hash: ../x"),
            good.replace("team-a", "Team_A"),
            good.replace("Cluster: prod", "Cluster:prod"),
            good.trim_start_matches("Subject\n\n").to_owned(),
            format!("{good}\nA paragraph below.\n"),
        ] {
            assert_eq!(Trailers::parse(&bad), None, "{bad}");
        }
        let signed = format!("{good}Signed-off-by: Bob <bob@example.com>\n");
        assert!(Trailers::parse(&signed).is_some(), "a reviewer's own trailer beside ours does no harm");
    }

    #[test]
    fn an_empty_message_gets_a_subject_and_a_hash_that_could_break_the_paragraph_is_refused() {
        assert!(
            message(&mk_change(" \n"), "7f", "").unwrap().starts_with("create nodegroup team-a/workers\n\nObject: ")
        );
        let mut change = mk_change("Subject");
        change.request_hash = RequestHash("a\n\nAction: delete".into());
        assert!(message(&change, "7f", "").is_err());
    }
}
