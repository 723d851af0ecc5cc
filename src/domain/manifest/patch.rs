//! Edits a manifest's text only where its data changes, so that a reviewer sees the change and nothing else.
//!
//! Works on what people and templates write: block style, one key a line. The outcome is parsed and compared with what it
//! should say; anything else (flow style, anchors, odd indentation) is left to be written anew as a whole.

use serde_json::{Map, Value};

use super::write;

/// The most work that is done in place, lines times differences; beyond, a file is sooner written anew.
const MOST_WORK: usize = 1_000_000;

/// One difference between two documents: a path of keys, and the new value (`None`: the key goes).
type Difference<'a> = (Vec<&'a str>, Option<&'a Value>);

/// A text that was edited in place.
#[derive(Debug, PartialEq, Eq)]
pub struct Patched {
    /// The text.
    pub text: String,
    /// Whether a comment went with the lines that it stood in.
    pub comments_lost: bool,
}

/// The text with its data changed from `before` to `after`; `None` when that can't be done place by place.
#[must_use]
pub fn patch(text: &str, before: &Value, after: &Value) -> Option<Patched> {
    if text.contains(['\r', '\t']) || !text.ends_with('\n') {
        return None;
    }
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut differences = Vec::new();
    compare(before.as_object()?, after.as_object()?, &mut Vec::new(), &mut differences);
    if lines.len().saturating_mul(differences.len()) > MOST_WORK {
        return None;
    }
    let mut comments_lost = false;
    for (path, value) in differences {
        comments_lost |= apply(&mut lines, &path, value, after)?;
    }
    let text: String = lines.into_iter().flat_map(|line| [line, "\n".to_owned()]).collect();
    let documents = super::documents_within(text.as_bytes(), super::MAX_SECRET_MANIFEST_BYTES).ok()?;
    (documents.as_slice() == std::slice::from_ref(after)).then_some(Patched { text, comments_lost })
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

/// Makes one difference; tells whether a comment went with the lines that it took out.
fn apply(lines: &mut Vec<String>, path: &[&str], value: Option<&Value>, after: &Value) -> Option<bool> {
    let (key, parents) = path.split_last()?;
    let parent = locate(lines, parents)?;
    let Some(entry) = child(lines, &parent, key) else {
        let Some(indent) = level(lines, &parent) else {
            // The parent has no lines of its own to stand beside: it is written with its child.
            return apply(lines, parents, after.pointer(&pointer(parents)), after);
        };
        let new = write::field(&write::key(key).ok()?, value?, indent).ok()?;
        lines.splice(parent.end..parent.end, new.lines().map(str::to_owned));
        return Some(false);
    };
    let old: Vec<String> = lines[entry.start..entry.end].to_vec();
    let mut new = Vec::new();
    let mut kept = false;
    if let Some(value) = value {
        let text = write::field(written_key(&old[0])?, value, entry.indent).ok()?;
        new.extend(text.lines().map(str::to_owned));
        if let ([line], [was]) = (new.as_mut_slice(), old.as_slice())
            && let Some(comment) = trailing_comment(was)
        {
            line.push_str(comment);
            kept = true;
        }
    }
    lines.splice(entry.start..entry.end, new);
    Some(!kept && old.iter().any(|line| line.trim_start().starts_with('#') || trailing_comment(line).is_some()))
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
    let end = match line.chars().next()? {
        '"' => closing_quote(line)?,
        '\'' => line[1..].find('\'')? + 2,
        _ => line.find(": ").or_else(|| line.strip_suffix(':').map(str::len))?,
    };
    line[end..].starts_with(':').then(|| &line[..end])
}

/// Where a text in double quotes ends, behind the quote.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    let closing = |(at, byte): (usize, u8)| {
        let closes = byte == b'"' && !escaped && at > 0;
        escaped = byte == b'\\' && !escaped;
        closes.then_some(at + 1)
    };
    text.bytes().enumerate().find_map(closing)
}

/// What a written key says. Escapes that YAML has and JSON hasn't leave it as it is: then it isn't found, and nothing is patched.
fn unquoted(key: &str) -> String {
    serde_json::from_str(key).unwrap_or_else(|_| key.trim_matches('\'').to_owned())
}

/// A comment behind a value, with the spaces before it. Quotes in it could mean that it is no comment.
fn trailing_comment(line: &str) -> Option<&str> {
    let at = line.rfind(" #")?;
    let start = line[..at].trim_end().len();
    (!line[at..].contains(['"', '\''])).then(|| &line[start..])
}

#[cfg(test)]
mod tests;
