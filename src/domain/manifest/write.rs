//! Writes manifests as YAML that readers of YAML 1.1 and 1.2 take for the same data.

use std::fmt::Write;

use serde_json::{Map, Number, Value};

use super::ManifestError;
use super::comments::head;
use super::style::Style;
use crate::domain::quote::yaml_string;

/// The longest key that YAML lets stand before a colon, quotes included.
const LONGEST_KEY: usize = 1024;

/// Writes a document, its keys in their order.
///
/// # Errors
/// When a key is too long for YAML.
pub fn write(document: &Value) -> Result<String, ManifestError> {
    write_in(&Style::default(), document)
}

/// Writes a file anew with this document, in the file's own style, so that what stayed equal looks as it did. The comments at
/// its top stay, others go.
///
/// # Errors
/// When a key is too long for YAML.
pub fn rewrite(text: &str, document: &Value) -> Result<String, ManifestError> {
    Ok(head(text) + &write_in(&Style::of(text), document)?)
}

fn write_in(style: &Style, document: &Value) -> Result<String, ManifestError> {
    let mut writer = Writer { style, text: String::new() };
    writer.value(document, 0)?;
    // A value leaves a space or a line end behind it, by what comes next; at the end it is a line end.
    Ok(writer.text.trim_start().to_owned())
}

struct Writer<'a> {
    style: &'a Style,
    text: String,
}

impl Writer<'_> {
    /// Writes what stands after `key:` or at the start of a document, up to its line end.
    fn value(&mut self, value: &Value, indent: usize) -> Result<(), ManifestError> {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                self.text.push('\n');
                self.fields(fields, indent, "")
            }
            Value::Array(items) if !items.is_empty() => {
                self.text.push('\n');
                self.items(items, indent, "")
            }
            _ => {
                self.text.push(' ');
                self.scalar(value);
                Ok(())
            }
        }
    }

    /// Writes the fields of a map; `first` stands before the first one in place of its indent.
    fn fields(&mut self, fields: &Map<String, Value>, indent: usize, first: &str) -> Result<(), ManifestError> {
        for (index, (key, value)) in fields.iter().enumerate() {
            self.indent(indent, if index == 0 { first } else { "" });
            self.key(key)?;
            // In a flush list the dash takes the place of two of the spaces.
            let flush = value.is_array() && self.style.flush_lists;
            self.value(value, if flush { indent } else { indent + 2 })?;
        }
        Ok(())
    }

    /// Writes the items of a list; `first` stands before the first one in place of its indent.
    fn items(&mut self, items: &[Value], indent: usize, first: &str) -> Result<(), ManifestError> {
        for (index, item) in items.iter().enumerate() {
            let before = if index == 0 { first } else { "" };
            match item {
                Value::Object(fields) if !fields.is_empty() => {
                    self.fields(fields, indent + 2, &format!("{}- ", lead(indent, before)))?;
                }
                Value::Array(items) if !items.is_empty() => {
                    self.items(items, indent + 2, &format!("{}- ", lead(indent, before)))?;
                }
                _ => {
                    self.indent(indent, before);
                    self.text.push_str("- ");
                    self.scalar(item);
                }
            }
        }
        Ok(())
    }

    fn indent(&mut self, indent: usize, first: &str) {
        self.text.push_str(&lead(indent, first));
    }

    fn key(&mut self, key: &str) -> Result<(), ManifestError> {
        let before = self.text.len();
        self.string(key, !key.contains(':'));
        if self.text.len() - before > LONGEST_KEY {
            return Err(ManifestError::new("a key of the manifest is longer than YAML allows"));
        }
        self.text.push(':');
        Ok(())
    }

    fn scalar(&mut self, value: &Value) {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(truth) => self.text.push_str(if *truth { "true" } else { "false" }),
            Value::Number(number) => self.number(number),
            Value::String(text) => self.string(text, true),
            Value::Array(_) => self.text.push_str("[]"),
            Value::Object(_) => self.text.push_str("{}"),
        }
        self.text.push('\n');
    }

    fn string(&mut self, text: &str, may_be_plain: bool) {
        if may_be_plain && is_plain(text) && !self.style.quotes(text) {
            self.text.push_str(text);
        } else {
            self.text.push_str(&yaml_string(text));
        }
    }

    /// A fraction needs its point, and an exponent its sign, or old readers take it for text.
    fn number(&mut self, number: &Number) {
        let text = number.to_string();
        let Some((digits, exponent)) = text.split_once(['e', 'E']) else { return self.text.push_str(&text) };
        let point = if digits.contains('.') { "" } else { ".0" };
        let sign = if exponent.starts_with(['+', '-']) { "" } else { "+" };
        // Writing to a String can't fail.
        let _ = write!(self.text, "{digits}{point}e{sign}{exponent}");
    }
}

/// What stands before the first key or item of a line.
fn lead(indent: usize, first: &str) -> String {
    if first.is_empty() { " ".repeat(indent) } else { first.to_owned() }
}

/// Whether a text is read as that text without quotes, by every reader: it starts with a letter or a slash, so that it is no
/// number, date or indicator, has nothing that YAML acts on, and is none of the words for true, false and null.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./:@+=".contains(&byte))
        && !text.ends_with(':')
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}
