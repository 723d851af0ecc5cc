//! Every row of the join: what Git declares against what the cluster has.

use super::*;
use crate::application::doubles::{secret_key, summary};
use crate::domain::names::RepoPath;
use crate::domain::secret::Scope;
use crate::domain::snapshot::Invalid;

type Seen = Observed<SecretSummary>;

fn valid(summary: SecretSummary) -> Seen {
    Observed::Valid(Arc::new(summary))
}

fn place() -> ManifestRef {
    ManifestRef { path: RepoPath::parse("secrets/team-a/db.yaml").unwrap(), blob: "b10b".to_owned(), documents: 1 }
}

/// Git's SealedSecret with the keys `a` and `b`, of 1 and 2 bytes, as far as ciphertexts tell.
fn declared() -> SecretSummary {
    let sealed = SecretSummary { scope: Some(Scope::Strict), ciphertexts: Some(7), ..summary(&[("a", 1), ("b", 2)]) };
    SecretSummary {
        sealed: true,
        component: Some("shop".to_owned()),
        certificate_fingerprint: Some("old".to_owned()),
        manifest: Some(place()),
        ..sealed
    }
}

/// The cluster's SealedSecret with its Secret, in step with Git.
fn unsealed() -> SecretSummary {
    let created_at = Some("2026-01-02T03:04:05Z".parse().unwrap());
    SecretSummary { synced: Some(true), created_at, manifest: None, ..declared() }
}

/// The cluster's Secret alone.
fn plain() -> SecretSummary {
    let created_at = Some("2026-01-02T03:04:05Z".parse().unwrap());
    SecretSummary { created_at, ..summary(&[("a", 10), ("c", 30)]) }
}

fn unreadable(reason: &str, manifest: Option<ManifestRef>) -> Seen {
    Observed::Invalid(Box::new(Invalid { reason: reason.to_owned(), manifest }))
}

fn joined(declared: Option<&Seen>, there: Option<&Seen>) -> SecretItem {
    let in_cluster = there.map_or(InCluster::Absent, InCluster::Present);
    join(&secret_key("db"), declared, in_cluster, Some("new"), None)
}

/// Name, state and length of each key.
fn keys(item: &SecretItem) -> Vec<(&str, &str, u64)> {
    item.summary.keys.iter().map(|key| (key.name.as_str(), key.state, key.bytes.unwrap())).collect()
}

/// Sealed, synced, managed.
fn state(item: &SecretItem) -> (bool, Option<bool>, bool) {
    (item.summary.sealed, item.summary.synced, item.managed)
}

fn message(item: &SecretItem) -> &str {
    item.summary.message.as_deref().unwrap_or_default()
}

#[test]
fn without_a_cluster_git_alone_is_shown_and_nothing_is_said_of_a_cluster() {
    let item = join(&secret_key("db"), Some(&valid(declared())), InCluster::Unknown, None, None);
    assert_eq!((state(&item), message(&item)), ((true, None, true), ""));
    assert_eq!(keys(&item), [("a", "ok", 1), ("b", "ok", 2)]);
    assert_eq!((item.manifest, item.stale_seal, item.summary.created_at), (Some(place()), None, None));
}

#[test]
fn what_the_cluster_lacks_isnt_synced_and_its_keys_are_missing() {
    let item = joined(Some(&valid(declared())), None);
    assert_eq!((state(&item), message(&item)), ((true, Some(false), true), ""));
    assert_eq!(keys(&item), [("a", "missing", 1), ("b", "missing", 2)]);
    assert_eq!((item.manifest, item.stale_seal), (Some(place()), Some(true)));
}

#[test]
fn what_only_the_cluster_has_isnt_managed_and_is_shown_as_it_is() {
    for (there, expected) in [(plain(), (false, None, false)), (unsealed(), (true, Some(true), false))] {
        let there = valid(there);
        let item = joined(None, Some(&there));
        assert_eq!((state(&item), item.manifest.as_ref()), (expected, None));
        let Observed::Valid(there) = there else { unreachable!() };
        assert!(Arc::ptr_eq(&item.summary, &there), "nothing is copied");
    }
}

#[test]
fn it_is_synced_when_the_controller_unsealed_the_ciphertexts_that_git_has() {
    let git = valid(declared());
    let synced = |there: SecretSummary| {
        let item = joined(Some(&git), Some(&valid(there)));
        (item.summary.synced.unwrap(), message(&item).to_owned())
    };
    assert_eq!(synced(unsealed()), (true, String::new()));
    let behind = "the cluster has another SealedSecret than Git".to_owned();
    assert_eq!(synced(SecretSummary { ciphertexts: Some(8), ..unsealed() }), (false, behind));
    let said = SecretSummary { synced: Some(false), message: Some("no key could decrypt it".to_owned()), ..unsealed() };
    assert_eq!(synced(said.clone()), (false, "no key could decrypt it".to_owned()));
    let both = SecretSummary { ciphertexts: Some(8), ..said };
    assert_eq!(synced(both), (false, "no key could decrypt it".to_owned()), "the controller knows best");
    assert_eq!(synced(SecretSummary { synced: None, ..unsealed() }), (false, String::new()), "it hasn't said yet");
    let gone = SecretSummary { keys: unsealed().keys[..1].to_vec(), ..unsealed() };
    assert_eq!(synced(gone), (false, String::new()), "somebody took a key away since");
}

#[test]
fn gits_keys_are_compared_with_the_secrets_whose_lengths_count() {
    let key = |name: &str, bytes, state| KeySummary { name: name.to_owned(), bytes: Some(bytes), state };
    let keys_there = vec![key("a", 10, "ok"), key("c", 30, "extra"), key("sealed-only", 9, "missing")];
    let there = SecretSummary { keys: keys_there, ..unsealed() };
    let item = joined(Some(&valid(declared())), Some(&valid(there)));
    assert_eq!(keys(&item), [("a", "ok", 10), ("b", "missing", 2), ("c", "extra", 30)]);
}

#[test]
fn git_is_shown_where_the_cluster_has_something_else() {
    let there = SecretSummary {
        component: None,
        kind: "example.com/other".to_owned(),
        certificate_fingerprint: Some("new".to_owned()),
        ..unsealed()
    };
    let item = joined(Some(&valid(declared())), Some(&valid(there)));
    assert_eq!((item.summary.component.as_deref(), item.summary.kind.as_str()), (Some("shop"), "Opaque"));
    assert_eq!((item.stale_seal, item.summary.created_at), (Some(true), unsealed().created_at));
}

#[test]
fn a_secret_that_no_sealed_secret_made_is_in_the_way() {
    let item = joined(Some(&valid(declared())), Some(&valid(plain())));
    assert_eq!(state(&item), (true, Some(false), true));
    assert_eq!(keys(&item), [("a", "ok", 10), ("b", "missing", 2), ("c", "extra", 30)]);
    assert!(message(&item).contains("sealedsecrets.bitnami.com/managed"), "{}", message(&item));
}

#[test]
fn what_isnt_sealed_in_git_is_never_in_or_out_of_step() {
    let told = "it isn't sealed: whoever reads the repository reads its values";
    let git = SecretSummary { message: Some(told.to_owned()), ..summary(&[("a", 1)]) };
    for there in [None, Some(valid(plain())), Some(valid(unsealed()))] {
        let item = joined(Some(&valid(git.clone())), there.as_ref());
        assert_eq!((state(&item), message(&item)), ((false, None, true), told));
        assert_eq!(
            keys(&item)[0],
            ("a", if there.is_some() { "ok" } else { "missing" }, item.summary.keys[0].bytes.unwrap())
        );
    }
}

#[test]
fn one_that_the_cluster_is_deleting_says_so() {
    let going = |there: SecretSummary| valid(SecretSummary { deleting: true, ..there });
    for there in [going(unsealed()), going(plain())] {
        for git in [None, Some(valid(declared()))] {
            let item = joined(git.as_ref(), Some(&there));
            assert_eq!(message(&item), "the cluster is deleting it");
            assert!(item.summary.deleting);
        }
    }
}

#[test]
fn what_git_has_but_nobody_can_read_is_shown_as_the_cluster_has_it() {
    let git = unreadable("spec.encryptedData must be a map of strings", Some(place()));
    for (there, expected) in [
        (None, (true, Some(false), true)),
        (Some(valid(unsealed())), (true, Some(false), true)),
        (Some(valid(plain())), (false, None, true)),
        (Some(unreadable("the cluster's reason", None)), (true, Some(false), true)),
    ] {
        let item = joined(Some(&git), there.as_ref());
        assert_eq!((state(&item), item.manifest.as_ref()), (expected, Some(&place())));
        assert_eq!(message(&item), "spec.encryptedData must be a map of strings");
        assert_eq!(item.summary.keys.is_empty(), !matches!(there, Some(Observed::Valid(_))));
    }
    let alone = join(&secret_key("db"), Some(&git), InCluster::Unknown, None, None);
    assert_eq!(state(&alone), (true, None, true));
}

#[test]
fn what_the_cluster_has_but_nobody_can_read_is_invalid_or_what_git_declares() {
    let there = unreadable("spec.encryptedData must be a map of strings", None);
    let alone = joined(None, Some(&there));
    assert_eq!(
        (state(&alone), message(&alone)),
        ((true, Some(false), false), "spec.encryptedData must be a map of strings")
    );
    let both = joined(Some(&valid(declared())), Some(&there));
    assert_eq!((state(&both), keys(&both)[0]), ((true, Some(false), true), ("a", "missing", 1)));
    assert_eq!(message(&both), "the cluster's can't be read: spec.encryptedData must be a map of strings");
}
