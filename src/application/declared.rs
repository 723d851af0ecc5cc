//! One manifest that Git has, fetched to be edited or deleted.

use serde_json::Value;

use super::changes::answer::Warning;
use super::changes::off_thread;
use super::changes::plan::PlannedFile;
use crate::domain::change::{BlobId, CommitId};
use crate::domain::error::Failure;
use crate::domain::manifest::{self, ManifestError};
use crate::domain::names::RepoPath;
use crate::domain::ports::VersionControl;
use crate::domain::snapshot::ManifestRef;

/// A manifest at a base commit.
pub struct Manifest {
    /// The commit.
    pub base: CommitId,
    /// The file.
    pub path: RepoPath,
    /// Its blob.
    pub blob: BlobId,
    /// Its text.
    pub text: String,
    /// Its one document.
    pub document: Value,
}

/// Fetches the manifest of an object that the declared store found.
///
/// # Errors
/// [`Failure::Conflict`] when the revision is another one by now, or the file can't be edited.
pub async fn fetch(
    vcs: &dyn VersionControl,
    base: CommitId,
    place: Option<&ManifestRef>,
    revision: Option<&str>,
) -> Result<Manifest, Failure> {
    let place = place.ok_or_else(|| invalid("it isn't known which file declares it"))?;
    if revision.is_some_and(|revision| revision != place.blob) {
        return Err(Failure::conflict(
            "the manifest has another revision by now; read the object again and repeat the change on what it is now",
        ));
    }
    let file = vcs.read(&base, &place.path).await?;
    let file = file.filter(|file| file.blob.0 == place.blob).ok_or_else(|| {
        Failure::conflict("the manifest changed a moment ago; read the object again and repeat the change")
    })?;
    let content = file.content;
    let (content, documents) = off_thread(move || {
        let documents = manifest::documents_within(&content, manifest::MAX_SECRET_MANIFEST_BYTES);
        (content, documents)
    })
    .await?;
    let mut documents = documents.map_err(unreadable)?;
    if documents.len() != 1 {
        return Err(Failure::conflict(format!(
            "{} holds {} documents; put each object into a file of its own first",
            place.path,
            documents.len()
        )));
    }
    let text = String::from_utf8(content).map_err(|_| invalid("the file isn't UTF-8"))?;
    Ok(Manifest { base, path: place.path.clone(), blob: file.blob, text, document: documents.remove(0) })
}

/// Makes sure that a new manifest's path is free.
///
/// # Errors
/// [`Failure::Conflict`] when something else is there.
pub async fn require_free(vcs: &dyn VersionControl, base: &CommitId, path: &RepoPath) -> Result<(), Failure> {
    match vcs.read(base, path).await? {
        None => Ok(()),
        Some(_) => {
            Err(Failure::conflict(format!("{path} is taken by something else; choose another name, or move that file")))
        }
    }
}

impl Manifest {
    /// The file with another document in it: changed in place where that can be done, else written anew, which keeps the
    /// comments at its top and loses others, with a warning.
    ///
    /// # Errors
    /// When the document can't be written.
    pub async fn edited(&self, document: &Value, warnings: &mut Vec<Warning>) -> Result<PlannedFile, Failure> {
        let (text, before, after) = (self.text.clone(), self.document.clone(), document.clone());
        let (after, lost) = off_thread(move || edit(&text, &before, &after)).await??;
        if lost {
            warnings.push(Warning::new("comments_dropped", "", format!("comments inside {} are lost", self.path)));
        }
        Ok(PlannedFile {
            path: self.path.clone(),
            expect: Some(self.blob.clone()),
            before: Some(self.text.clone()),
            after: Some(after),
        })
    }

    /// The file, deleted.
    #[must_use]
    pub fn deleted(&self) -> PlannedFile {
        PlannedFile {
            path: self.path.clone(),
            expect: Some(self.blob.clone()),
            before: Some(self.text.clone()),
            after: None,
        }
    }
}

/// A manifest's text with another document in it, and whether comments were lost.
fn edit(text: &str, before: &Value, after: &Value) -> Result<(String, bool), Failure> {
    let defect = |reason: String| Failure::Defect(format!("a manifest can't be written: {reason}"));
    if let Some(patched) = manifest::patch::patch(text, before, after) {
        return Ok((patched.text, patched.comments_lost));
    }
    // JSON is YAML, but a .json file must stay JSON.
    if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        let json = serde_json::to_string_pretty(after).map_err(|error| defect(error.to_string()))?;
        return Ok((json + "\n", false));
    }
    let (head, others) = manifest::comments(text);
    Ok((head + &manifest::write(after).map_err(|error| defect(error.0))?, others))
}

/// A manifest that can't be read stands in the way.
#[must_use]
pub fn invalid(reason: &str) -> Failure {
    Failure::conflict(format!("its manifest can't be edited: {reason}; mend it in Git first"))
}

/// A manifest that can't be read stands in the way.
#[must_use]
pub fn unreadable(error: ManifestError) -> Failure {
    let ManifestError(reason) = error;
    invalid(&reason)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_json_manifest_stays_json() {
        let (before, after) = (json!({"spec": {"a": 1, "b": [1]}}), json!({"spec": {"a": 2, "b": [1]}}));
        let (text, lost) = edit(&before.to_string(), &before, &after).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), after);
        assert!(!lost && text.ends_with("}\n"));
    }

    #[test]
    fn a_change_too_large_to_be_made_in_place_is_written_anew_with_the_same_data() {
        let lines: serde_json::Map<String, Value> = (0..2_000).map(|line| (format!("key-{line}"), json!(1))).collect();
        let before = json!({ "data": lines });
        let mut after = before.clone();
        for line in 0..1_000 {
            after["data"][format!("key-{line}")] = json!(2);
        }
        let text = manifest::write(&before).unwrap();
        assert_eq!(manifest::patch::patch(&text, &before, &after), None, "a thousand places in two thousand lines");
        let (edited, _) = edit(&text, &before, &after).unwrap();
        assert_eq!(manifest::documents(edited.as_bytes()).unwrap(), [after]);
    }
}
