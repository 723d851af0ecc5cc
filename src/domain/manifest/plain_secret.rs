//! A Secret that somebody committed unsealed: shown for what it is, and never touched, as its values must leave Git by hand.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{ManifestError, flag, optional_text, require_maps, text_map};
use crate::domain::nodegroup::COMPONENT_LABEL;
use crate::domain::secret::{KeySummary, SecretSummary};

/// The API version of Secrets.
pub const API_VERSION: &str = "v1";
/// Their kind.
pub const KIND: &str = "Secret";

/// Reads what may be shown of a Secret: names and lengths, no value.
///
/// # Errors
/// A sentence that names the field.
pub fn read(document: &Value) -> Result<SecretSummary, ManifestError> {
    require_maps(document, &["/metadata"])?;
    let labels = text_map(document, "/metadata/labels", "metadata.labels")?;
    let text = text_map(document, "/stringData", "stringData")?;
    // As the API server does it: what stands as text wins.
    let encoded = text_map(document, "/data", "data")?.into_iter().filter(|(name, _)| !text.contains_key(name));
    let length = |bytes: usize| u64::try_from(bytes).ok();
    let mut keys: Vec<KeySummary> = encoded
        .map(|(name, value)| KeySummary {
            name,
            bytes: STANDARD.decode(value).ok().and_then(|value| length(value.len())),
            state: "ok",
        })
        .chain(text.iter().map(|(name, value)| KeySummary {
            name: name.clone(),
            bytes: length(value.len()),
            state: "ok",
        }))
        .collect();
    keys.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(SecretSummary {
        component: labels.get(COMPONENT_LABEL).cloned(),
        kind: optional_text(document, "/type", "type")?.unwrap_or_else(|| "Opaque".to_owned()),
        immutable: flag(document, "/immutable", "immutable")?,
        keys,
        sealed: false,
        message: Some("it isn't sealed: whoever reads the repository reads its values".to_owned()),
        labels,
        ..SecretSummary::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_lengths_are_shown_and_no_value() {
        let summary = read(&json!({
            "metadata": {"labels": {"backstage.io/kubernetes-id": "shop"}}, "type": "example.com/token",
            "data": {"b": "aHVudGVyMg==", "c": "!", "a": "eA=="}, "stringData": {"a": "hunter2-text"},
        }))
        .unwrap();
        let keys: Vec<_> = summary.keys.iter().map(|key| (key.name.as_str(), key.bytes)).collect();
        assert_eq!(keys, [("a", Some(12)), ("b", Some(7)), ("c", None)]);
        assert_eq!((summary.sealed, summary.scope, summary.synced), (false, None, None));
        assert_eq!(summary.component.as_deref(), Some("shop"));
        assert!(!format!("{summary:?}").contains("hunter2"));
    }
}
