//! Edits a manifest's text only where its data changes, so that a reviewer sees the change and nothing else.
//!
//! Works on what people and templates write: block style, one key a line. The outcome is parsed and compared with what it
//! should say; anything else (flow style, anchors, odd indentation) is left to be written anew as a whole.

use serde_json::{Map, Value};

use crate::domain::quote::yaml_string;

/// One difference between two documents: a path of keys, and the new value (`None`: the key goes).
type Difference<'a> = (Vec<&'a str>, Option<&'a Value>);

/// The text with its data changed from `before` to `after`; `None` when that can't be done place by place.
#[must_use]
pub fn patch(text: &str, before: &Value, after: &Value) -> Option<String> {
    if text.contains(['\r', '\t']) || !text.ends_with('\n') {
        return None;
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut differences = Vec::new();
    compare(before.as_object()?, after.as_object()?, &mut Vec::new(), &mut differences);
    for (path, value) in differences {
        apply(&mut lines, &path, value, after)?;
    }
    let patched: String = lines.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect();
    let documents = super::documents(patched.as_bytes()).ok()?;
    (documents.as_slice() == std::slice::from_ref(after)).then_some(patched)
}

/// Lists differing keys, as deep as both sides are maps. Lists differ as a whole.
fn compare<'a>(
    before: &'a Map<String, Value>,
    after: &'a Map<String, Value>,
    path: &mut Vec<&'a str>,
    found: &mut Vec<Difference<'a>>,
) {
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        found.push((path.iter().copied().chain([key.as_str()]).collect(), None));
    }
    for (key, new) in after {
        path.push(key);
        match (before.get(key), new) {
            (Some(old), new) if old == new => {}
            (Some(Value::Object(old)), Value::Object(new)) if !old.is_empty() && !new.is_empty() => {
                compare(old, new, path, found);
            }
            _ => found.push((path.clone(), Some(new))),
        }
        path.pop();
    }
}

/// The lines of one key and its value; of the whole document for the empty path.
struct Entry {
    start: usize,
    /// Where lines of the value may begin: behind the key's own line.
    body: usize,
    end: usize,
    indent: usize,
}

fn apply(lines: &mut Vec<String>, path: &[&str], value: Option<&Value>, after: &Value) -> Option<()> {
    let (key, parents) = path.split_last()?;
    let parent = locate(lines, parents)?;
    let found = child(lines, &parent, key);
    match (found, value) {
        (None, None) => return None,
        (Some(entry), None) => {
            lines.drain(entry.start..entry.end);
        }
        (Some(entry), Some(value)) => {
            let name = written_key(&lines[entry.start])?.to_owned();
            let comment = if entry.end - entry.start == 1 && !is_nested(value) {
                trailing_comment(&lines[entry.start]).unwrap_or_default().to_owned()
            } else {
                String::new()
            };
            let mut new = Vec::new();
            emit(&mut new, entry.indent, &name, value);
            if let [line] = new.as_mut_slice() {
                line.push_str(&comment);
            }
            lines.splice(entry.start..entry.end, new);
        }
        (None, Some(value)) => {
            let Some(indent) = level(lines, &parent) else {
                // The parent has no lines of its own to stand beside: it is written with its child.
                return apply(lines, parents, after.pointer(&pointer(parents)), after);
            };
            let mut new = Vec::new();
            emit(&mut new, indent, &plain_key(key), value);
            lines.splice(parent.end..parent.end, new);
        }
    }
    Some(())
}

fn pointer(path: &[&str]) -> String {
    path.iter().flat_map(|key| ["/".to_owned(), crate::domain::error::pointer_segment(key)]).collect()
}

/// The entry at a path; the whole document for the empty one.
fn locate(lines: &[String], path: &[&str]) -> Option<Entry> {
    let start = lines.iter().position(|line| line.trim_end() == "---").map_or(0, |marker| marker + 1);
    let whole = Entry { start, body: start, end: content_end(lines, start, lines.len()), indent: 0 };
    path.iter().try_fold(whole, |entry, key| child(lines, &entry, key))
}

/// The entry of a key directly below another entry.
fn child(lines: &[String], parent: &Entry, key: &str) -> Option<Entry> {
    let indent = level(lines, parent)?;
    let is_key = |index: &usize| {
        let line = &lines[*index];
        is_content(line) && indent_of(line) == indent && written_key(line).is_some_and(|name| unquoted(name) == key)
    };
    let start = (parent.body..parent.end).find(is_key)?;
    let ends = |index: &usize| {
        let line = &lines[*index];
        // A list may stand at the indentation of its key.
        is_content(line)
            && (indent_of(line) < indent || indent_of(line) == indent && !line.trim_start().starts_with("- "))
    };
    let next = (start + 1..parent.end).find(ends).unwrap_or(parent.end);
    Some(Entry { start, body: start + 1, end: content_end(lines, start, next), indent })
}

/// The indentation of the keys below an entry; `None` when its value stands on the key's own line.
fn level(lines: &[String], parent: &Entry) -> Option<usize> {
    lines[parent.body..parent.end].iter().find(|line| is_content(line)).map(|line| indent_of(line))
}

/// The end of an entry without the blank lines and comments that belong to what follows.
fn content_end(lines: &[String], start: usize, end: usize) -> usize {
    (start..end).rev().find(|index| is_content(&lines[*index])).map_or(start, |last| last + 1)
}

fn is_content(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with('#')
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The key that a line begins with, as it is written.
fn written_key(line: &str) -> Option<&str> {
    let line = line.trim();
    let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
    let end = match quote {
        Some(quote) => line[1..].find(quote)? + 2,
        None => line.find(": ").or_else(|| line.strip_suffix(':').map(str::len))?,
    };
    line[end..].starts_with(':').then(|| &line[..end])
}

fn unquoted(key: &str) -> &str {
    key.trim_matches(|c| matches!(c, '"' | '\''))
}

/// A comment behind a value, with the spaces before it. Quotes in it could mean that it is no comment.
fn trailing_comment(line: &str) -> Option<&str> {
    let at = line.rfind(" #")?;
    let start = line[..at].trim_end().len();
    (!line[at..].contains(['"', '\''])).then(|| &line[start..])
}

/// A key as it can stand in YAML without being taken for something else.
fn plain_key(key: &str) -> String {
    let word = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'));
    // One and two letters and short words are booleans to old readers.
    if word && key.len() > 5 { key.to_owned() } else { yaml_string(key) }
}

fn is_nested(value: &Value) -> bool {
    match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

/// Writes a key and its value in block style.
fn emit(lines: &mut Vec<String>, indent: usize, key: &str, value: &Value) {
    let space = " ".repeat(indent);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            lines.push(format!("{space}{key}:"));
            for (key, value) in fields {
                emit(lines, indent + 2, &plain_key(key), value);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            lines.push(format!("{space}{key}:"));
            for item in items {
                emit_item(lines, indent + 2, item);
            }
        }
        scalar => lines.push(format!("{space}{key}: {}", inline(scalar))),
    }
}

fn emit_item(lines: &mut Vec<String>, indent: usize, item: &Value) {
    let space = " ".repeat(indent);
    match item {
        Value::Object(fields) if !fields.is_empty() => {
            let start = lines.len();
            for (key, value) in fields {
                emit(lines, indent + 2, &plain_key(key), value);
            }
            let first = lines[start].trim_start().to_owned();
            lines[start] = format!("{space}- {first}");
        }
        scalar => lines.push(format!("{space}- {}", inline(scalar))),
    }
}

/// A value on one line; JSON is YAML, but for its strings (see [`yaml_string`]).
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => yaml_string(text),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
