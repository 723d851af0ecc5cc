//! Writes manifests as YAML that readers of YAML 1.1 and 1.2 take for the same data: block style, texts in double quotes.

use std::fmt::Write;

use serde_json::{Map, Number, Value};

use super::ManifestError;
use crate::domain::quote::yaml_string;

/// The longest key that YAML lets stand before a colon, quotes included.
const LONGEST_KEY: usize = 1024;

/// Writes a document; its keys stand in the order that they have.
///
/// # Errors
/// When a key is too long for YAML.
pub fn write(document: &Value) -> Result<String, ManifestError> {
    let mut text = String::new();
    value(&mut text, document, 0)?;
    // A value leaves a space or a line end before it, by what it is; at the start of a document nothing stands before it.
    Ok(text.trim_start().to_owned())
}

/// Writes one field of a map, `name` being the key as it is to stand there.
///
/// # Errors
/// When a key inside is too long for YAML.
pub(super) fn field(name: &str, content: &Value, indent: usize) -> Result<String, ManifestError> {
    let mut text = format!("{}{name}:", " ".repeat(indent));
    value(&mut text, content, indent + 2)?;
    Ok(text)
}

/// A key as it is to stand in a map: without quotes where no reader takes it for something else.
///
/// # Errors
/// When it is too long for YAML.
pub(super) fn key(key: &str) -> Result<String, ManifestError> {
    let written = if is_plain(key) { key.to_owned() } else { yaml_string(key) };
    if written.len() > LONGEST_KEY {
        return Err(ManifestError::new("a key of the manifest is longer than YAML allows"));
    }
    Ok(written)
}

/// Writes what stands after `key:` or at the start of a document, up to its line end.
fn value(text: &mut String, value: &Value, indent: usize) -> Result<(), ManifestError> {
    match value {
        Value::Object(content) if !content.is_empty() => {
            text.push('\n');
            fields(text, content, indent, "")
        }
        Value::Array(content) if !content.is_empty() => {
            text.push('\n');
            items(text, content, indent, "")
        }
        _ => {
            text.push(' ');
            scalar(text, value);
            Ok(())
        }
    }
}

/// Writes the fields of a map; `first` stands before the first one in place of its indent.
fn fields(text: &mut String, fields: &Map<String, Value>, indent: usize, first: &str) -> Result<(), ManifestError> {
    for (index, (name, content)) in fields.iter().enumerate() {
        text.push_str(&lead(indent, if index == 0 { first } else { "" }));
        text.push_str(&key(name)?);
        text.push(':');
        value(text, content, indent + 2)?;
    }
    Ok(())
}

/// Writes the items of a list; `first` stands before the first one in place of its indent.
fn items(text: &mut String, content: &[Value], indent: usize, first: &str) -> Result<(), ManifestError> {
    for (index, item) in content.iter().enumerate() {
        let dash = format!("{}- ", lead(indent, if index == 0 { first } else { "" }));
        match item {
            Value::Object(content) if !content.is_empty() => fields(text, content, indent + 2, &dash)?,
            Value::Array(content) if !content.is_empty() => items(text, content, indent + 2, &dash)?,
            _ => {
                text.push_str(&dash);
                scalar(text, item);
            }
        }
    }
    Ok(())
}

/// What stands before the first key or item of a line.
fn lead(indent: usize, first: &str) -> String {
    if first.is_empty() { " ".repeat(indent) } else { first.to_owned() }
}

fn scalar(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(truth) => text.push_str(if *truth { "true" } else { "false" }),
        Value::Number(content) => number(text, content),
        Value::String(content) => text.push_str(&yaml_string(content)),
        Value::Array(_) => text.push_str("[]"),
        Value::Object(_) => text.push_str("{}"),
    }
    text.push('\n');
}

/// A fraction needs its point, and an exponent its sign, or old readers take it for text.
fn number(text: &mut String, number: &Number) {
    let written = number.to_string();
    let Some((digits, exponent)) = written.split_once(['e', 'E']) else { return text.push_str(&written) };
    let point = if digits.contains('.') { "" } else { ".0" };
    let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
    // Writing to a String can't fail.
    let _ = write!(text, "{digits}{point}e{sign}{exponent}");
}

/// Whether a key is read as that text without quotes, by every reader: it starts with a letter, so that it is no number, date
/// or indicator, has nothing that YAML acts on, and is none of the words for true, false and null.
fn is_plain(key: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    key.starts_with(|first: char| first.is_ascii_alphabetic())
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte))
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(key))
}
