//! One file of the base branch, decoded into the objects that it declares.

use std::sync::Arc;

use serde_json::Value;

use crate::domain::change::{BlobId, ObjectKey, ObjectKind};
use crate::domain::manifest;
use crate::domain::names::RepoPath;
use crate::domain::nodegroup::Nodegroup;
use crate::domain::secret::SecretSummary;
use crate::domain::snapshot::{Invalid, ManifestRef, Observed};

/// An object that a file declares.
pub(super) enum Decoded {
    Nodegroup(ObjectKey, Box<Observed<Nodegroup>>),
    Secret(ObjectKey, Box<Observed<SecretSummary>>),
}

impl Decoded {
    /// The file, for an order that doesn't depend on hashing.
    pub(super) fn path(&self) -> Option<RepoPath> {
        fn place<T>(observed: &Observed<T>, of: fn(&T) -> Option<&ManifestRef>) -> Option<&ManifestRef> {
            match observed {
                Observed::Valid(object) => of(object),
                Observed::Invalid(invalid) => invalid.manifest.as_ref(),
            }
        }
        let manifest = match self {
            Self::Nodegroup(_, observed) => place(observed, |nodegroup| nodegroup.manifest.as_ref()),
            Self::Secret(_, observed) => place(observed, |secret| secret.manifest.as_ref()),
        };
        manifest.map(|manifest| manifest.path.clone())
    }

    fn invalid(key: ObjectKey, reason: String, manifest: ManifestRef) -> Self {
        let invalid = Box::new(Invalid { reason, manifest: Some(manifest) });
        match key.kind {
            ObjectKind::Nodegroup => Self::Nodegroup(key, Box::new(Observed::Invalid(invalid))),
            ObjectKind::Secret => Self::Secret(key, Box::new(Observed::Invalid(invalid))),
        }
    }
}

/// Decodes a file. Documents of other kinds are left out; a file that can't be read at all stands for the object that its
/// path names, of the kind whose folder it lies in.
pub(super) fn decode(path: &RepoPath, blob: &BlobId, content: &[u8], folder: ObjectKind) -> Vec<Decoded> {
    let place = |documents| ManifestRef { path: path.clone(), blob: blob.0.clone(), documents };
    let limit = match folder {
        ObjectKind::Nodegroup => manifest::MAX_MANIFEST_BYTES,
        ObjectKind::Secret => manifest::MAX_SECRET_MANIFEST_BYTES,
    };
    match manifest::documents_within(content, limit) {
        Ok(documents) => {
            let count = documents.len();
            documents.iter().filter_map(|document| decode_document(document, place(count))).collect()
        }
        Err(error) => unreadable(path, blob, folder, error.0),
    }
}

/// A file that can't be read at all: it stands for the object that its path names.
pub(super) fn unreadable(path: &RepoPath, blob: &BlobId, folder: ObjectKind, reason: String) -> Vec<Decoded> {
    let Some(key) = key_of_path(path, folder) else {
        tracing::warn!(path = path.as_str(), reason, "a manifest can't be read");
        return Vec::new();
    };
    let place = ManifestRef { path: path.clone(), blob: blob.0.clone(), documents: 1 };
    vec![Decoded::invalid(key, reason, place)]
}

fn decode_document(document: &Value, place: ManifestRef) -> Option<Decoded> {
    let kind = manifest::kind(document)?;
    let key = match manifest::key(kind, document) {
        Ok(key) => key,
        Err(error) => return Some(Decoded::invalid(key_of_path(&place.path, kind)?, error.0, place)),
    };
    let decoded = match kind {
        ObjectKind::Nodegroup => manifest::nodegroup::read(document).map(|nodegroup| {
            let nodegroup = Nodegroup { manifest: Some(place.clone()), ..nodegroup };
            Decoded::Nodegroup(key.clone(), Box::new(Observed::Valid(Arc::new(nodegroup))))
        }),
        ObjectKind::Secret => manifest::read_secret(document).map(|secret| {
            let secret = SecretSummary { manifest: Some(place.clone()), ..secret };
            Decoded::Secret(key.clone(), Box::new(Observed::Valid(Arc::new(secret))))
        }),
    };
    Some(decoded.unwrap_or_else(|error| Decoded::invalid(key, error.0, place)))
}

/// The object that a path of the usual form `…/<namespace>/<name>.yaml` names.
fn key_of_path(path: &RepoPath, kind: ObjectKind) -> Option<ObjectKey> {
    let mut parts = path.as_str().rsplit('/');
    let name = parts.next()?.rsplit_once('.')?.0;
    ObjectKey::parse(kind, parts.next()?, name).ok()
}
