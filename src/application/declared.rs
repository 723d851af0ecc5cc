//! One manifest that Git has, fetched to be edited or deleted.

use serde_json::Value;

use super::changes::answer::Warning;
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
    let mut documents =
        manifest::documents_within(&file.content, manifest::MAX_SECRET_MANIFEST_BYTES).map_err(unreadable)?;
    if documents.len() != 1 {
        return Err(Failure::conflict(format!(
            "{} holds {} documents; put each object into a file of its own first",
            place.path,
            documents.len()
        )));
    }
    let text = String::from_utf8(file.content).map_err(|_| invalid("the file isn't UTF-8"))?;
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
    pub fn edited(&self, document: &Value, warnings: &mut Vec<Warning>) -> Result<PlannedFile, Failure> {
        let (after, lost) = if let Some(patched) = manifest::patch::patch(&self.text, &self.document, document) {
            (patched.text, patched.comments_lost)
        } else {
            let (head, others) = manifest::comments(&self.text);
            let body = manifest::write(document).map_err(|error| Failure::Defect(error.0))?;
            (head + &body, others)
        };
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
