//! Manifests as YAML text: read within bounds, told apart by kind, written again.

mod comments;
pub mod nodegroup;
pub mod patch;
pub mod plain_secret;
pub mod sealed_secret;
mod write;

use serde_json::{Map, Value};

pub use self::comments::comments;
pub use self::write::write;

use super::change::{ObjectKey, ObjectKind};

/// The largest manifest that is read, in bytes.
pub const MAX_MANIFEST_BYTES: usize = 1024 * 1024;
/// The largest manifest of a secret that is read, in bytes: its values may have 1 MiB, and base64 makes a third more of them.
pub const MAX_SECRET_MANIFEST_BYTES: usize = 2 * 1024 * 1024;

/// Why a manifest can't be used. The sentence names places in it, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ManifestError(pub String);

impl ManifestError {
    fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Reads every YAML document of a file; empty documents don't count.
///
/// # Errors
/// When the file is larger than [`MAX_MANIFEST_BYTES`], isn't UTF-8 or YAML, repeats a key, or expands aliases without bound.
pub fn documents(content: &[u8]) -> Result<Vec<Value>, ManifestError> {
    documents_within(content, MAX_MANIFEST_BYTES)
}

/// As [`documents`], with another limit.
///
/// # Errors
/// As [`documents`].
pub fn documents_within(content: &[u8], limit: usize) -> Result<Vec<Value>, ManifestError> {
    if content.len() > limit {
        return Err(ManifestError::new(format!("the file is larger than {} MiB", limit / 1024 / 1024)));
    }
    let text = std::str::from_utf8(content).map_err(|_| ManifestError::new("the file isn't UTF-8"))?;
    let documents: Vec<Value> = serde_yaml::from_multiple_with_options(text, options()).map_err(|error| {
        // The library's message quotes the file, and the file may hold anything: the place is enough.
        let place = error.location().map_or_else(String::new, |at| format!(" at line {}", at.line()));
        ManifestError::new(format!("the file isn't YAML that can be read{place}"))
    })?;
    Ok(documents.into_iter().filter(|document| !document.is_null()).collect())
}

/// As the API machinery of Kubernetes reads YAML, and within bounds.
fn options() -> serde_yaml::Options {
    serde_yaml::options! {
        // 0777 is octal there.
        legacy_octal_numbers: true,
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: 20_000 },
    }
}

/// The kind of object that a document declares, if it is one of ours.
#[must_use]
pub fn kind(document: &Value) -> Option<ObjectKind> {
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    match (text("apiVersion")?, text("kind")?) {
        (nodegroup::API_VERSION, nodegroup::KIND) => Some(ObjectKind::Nodegroup),
        (sealed_secret::API_VERSION, sealed_secret::KIND) | (plain_secret::API_VERSION, plain_secret::KIND) => {
            Some(ObjectKind::Secret)
        }
        _ => None,
    }
}

/// Reads what may be shown of a secret, sealed or not.
///
/// # Errors
/// A sentence that names the field.
pub fn read_secret(document: &Value) -> Result<super::secret::SecretSummary, ManifestError> {
    if sealed_secret::is_one(document) { sealed_secret::read(document) } else { plain_secret::read(document) }
}

/// The identity that a document's metadata gives it.
///
/// # Errors
/// When the name or the namespace is missing or breaks Kubernetes' rules.
pub fn key(kind: ObjectKind, document: &Value) -> Result<ObjectKey, ManifestError> {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let name = text("/metadata/name").ok_or_else(|| ManifestError::new("metadata.name is missing"))?;
    let namespace = text("/metadata/namespace").ok_or_else(|| ManifestError::new("metadata.namespace is missing"))?;
    ObjectKey::parse(kind, namespace, name)
        .map_err(|_| ManifestError::new("metadata.name or metadata.namespace breaks Kubernetes' rules"))
}

/// A field that must be text if it is there; null counts as absent.
fn optional_text(object: &Value, pointer: &str, name: &str) -> Result<Option<String>, ManifestError> {
    match object.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ManifestError::new(format!("{name} must be a string"))),
    }
}

/// A field that must be a whole number if it is there.
fn optional_integer(object: &Value, pointer: &str, name: &str) -> Result<Option<i64>, ManifestError> {
    match object.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            value.as_i64().map(Some).ok_or_else(|| ManifestError::new(format!("{name} must be a whole number")))
        }
    }
}

/// Fields that must be maps if they are there.
fn require_maps(document: &Value, pointers: &[&str]) -> Result<(), ManifestError> {
    for pointer in pointers {
        if document.pointer(pointer).is_some_and(|value| !value.is_object() && !value.is_null()) {
            return Err(ManifestError::new(format!("{} must be a map", pointer[1..].replace('/', "."))));
        }
    }
    Ok(())
}

/// A field that must be true or false if it is there; absent is false.
fn flag(object: &Value, pointer: &str, name: &str) -> Result<bool, ManifestError> {
    match object.pointer(pointer) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or_else(|| ManifestError::new(format!("{name} must be true or false"))),
    }
}

/// A field that must be a map of strings if it is there; absent is empty.
fn text_map(
    object: &Value,
    pointer: &str,
    name: &str,
) -> Result<std::collections::BTreeMap<String, String>, ManifestError> {
    let wrong = || ManifestError::new(format!("{name} must be a map of strings"));
    match object.pointer(pointer) {
        None | Some(Value::Null) => Ok(std::collections::BTreeMap::new()),
        Some(Value::Object(map)) => {
            map.iter().map(|(key, value)| Ok((key.clone(), value.as_str().ok_or_else(wrong)?.to_owned()))).collect()
        }
        Some(_) => Err(wrong()),
    }
}

/// A field that must be a list if it is there; absent is empty.
fn list<'a>(object: &'a Value, pointer: &str, name: &str) -> Result<&'a [Value], ManifestError> {
    match object.pointer(pointer) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(ManifestError::new(format!("{name} must be a list"))),
    }
}

/// The object at a path, made where it is missing.
///
/// # Errors
/// When something that is no object is in the way.
fn object_at<'a>(document: &'a mut Value, path: &[&str]) -> Result<&'a mut Map<String, Value>, ManifestError> {
    let mut place = document;
    for (depth, part) in path.iter().enumerate() {
        let object = place
            .as_object_mut()
            .ok_or_else(|| ManifestError::new(format!("{} must be a map", path[..depth].join("."))))?;
        let entry = object.entry(*part).or_insert(Value::Null);
        if entry.is_null() {
            *entry = Value::Object(Map::new());
        }
        place = entry;
    }
    place.as_object_mut().ok_or_else(|| ManifestError::new(format!("{} must be a map", path.join("."))))
}

/// Sets a field, or takes it away when the new value is empty.
fn set_or_remove(object: &mut Map<String, Value>, name: &str, value: Value) {
    let empty = match &value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    if empty {
        // The others keep their order.
        object.shift_remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
}

/// Sets or removes one label of the metadata at a path; what has it, or hasn't it, as asked for stays as it is.
fn set_label(document: &mut Value, metadata: &[&str], label: &str, value: Option<&str>) -> Result<(), ManifestError> {
    let labels = document.pointer(&format!("/{}/labels", metadata.join("/")));
    if value.is_none() && labels.and_then(|labels| labels.get(label)).is_none() {
        return Ok(());
    }
    let metadata = object_at(document, metadata)?;
    let labels = metadata.entry("labels").or_insert(Value::Null);
    if labels.is_null() {
        *labels = Value::Object(Map::new());
    }
    let labels = labels.as_object_mut().ok_or_else(|| ManifestError::new("metadata.labels must be a map"))?;
    set_or_remove(labels, label, value.map_or(Value::Null, Value::from));
    if labels.is_empty() {
        metadata.shift_remove("labels");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    #[test]
    fn several_documents_are_told_apart_and_empty_ones_dont_count() {
        let documents = documents(b"---\na: 1\n---\n---\nb: 2\n").unwrap();
        assert_eq!(documents.len(), 2);
    }

    #[test]
    fn an_alias_bomb_a_huge_file_and_binary_are_errors() {
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let previous = format!("*a{}", level - 1);
            writeln!(bomb, "a{level}: &a{level} [{}]", vec![previous; 10].join(",")).unwrap();
        }
        assert!(documents(bomb.as_bytes()).is_err());
        assert!(documents(&vec![b'a'; MAX_MANIFEST_BYTES + 1]).is_err());
        assert!(documents(&[0xff, 0xfe, 0x00]).is_err());
        assert!(documents(b"a: 1\na: 2\n").is_err(), "a repeated key");
    }

    #[test]
    fn an_error_never_quotes_the_file() {
        let error = documents(b"password: [hunter2").unwrap_err();
        assert!(!error.0.contains("hunter2"), "{error}");
    }

    #[test]
    fn what_is_written_reads_back_equal_and_stays_text_for_old_readers() {
        let value = serde_json::json!({
            "yes": "yes", "number": "0123", "date": "2026-01-01", "null": "null", "sexagesimal": "12:30:45", "empty": "",
            "line": "a\nb", "long": "x y ".repeat(60), "tab": "\t#", "list": [], "map": {}, "whole": 7, "truth": true,
            "colon": "a: b", "dash": "- a", "unicode": "ä\u{2028}\u{85}\u{feff}"
        });
        let text = write(&value).unwrap();
        assert_eq!(documents(text.as_bytes()).unwrap(), [value], "{text}");
        assert!(text.contains("number: '0123'") || text.contains("number: \"0123\""), "{text}");
        assert!(!text.contains('\u{2028}') && !text.contains('\u{85}') && !text.contains('\u{feff}'), "{text:?}");
    }
}
