//! JSON text to a `Node`: an own reader, as a general one leaves unwiped copies of strings in its scratch space, keeps the
//! last of repeated keys, and quotes values in its errors.

mod string;

use std::collections::HashSet;

use super::node::Node;
use crate::domain::error::pointer_segment;

/// Objects and lists inside each other.
const MAX_DEPTH: usize = 64;
/// Values in all; a `Node` takes more memory than the two bytes of text that a value needs.
const MAX_VALUES: usize = 100_000;
/// Repeated keys that are told.
const MAX_REPEATED: usize = 100;

/// Where the text stops being JSON.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What was expected there.
    pub expected: &'static str,
}

/// A whole text, read.
#[derive(Debug)]
pub struct Parsed {
    /// The value.
    pub node: Node,
    /// Pointers of keys that stand more than once in their object.
    pub repeated: Vec<String>,
}

/// Reads one JSON value ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)) with white space around it.
pub fn parse(bytes: &[u8]) -> Result<Parsed, Mistake> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Err(mistake_at(bytes, error.valid_up_to(), "the text must be UTF-8")),
    };
    let mut reader = Reader { text, at: 0, depth: 0, values: 0, pointer: Vec::new(), repeated: Vec::new() };
    let result = reader.document();
    let Reader { at, repeated, .. } = reader;
    match result {
        Ok(node) => Ok(Parsed { node, repeated }),
        Err(expected) => Err(mistake_at(bytes, at, expected)),
    }
}

fn mistake_at(bytes: &[u8], at: usize, expected: &'static str) -> Mistake {
    let before = String::from_utf8_lossy(&bytes[..at]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Mistake { line, column, expected }
}

/// What was expected; where is `Reader::at`.
type Expected = &'static str;

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    values: usize,
    pointer: Vec<String>,
    repeated: Vec<String>,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<Node, Expected> {
        let node = self.value()?;
        self.white_space();
        if self.at == self.text.len() { Ok(node) } else { Err("expected the end of the body") }
    }

    fn value(&mut self) -> Result<Node, Expected> {
        self.white_space();
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err("the body holds too many values");
        }
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Node::String(self.string()?)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Node::Bool(true)),
            Some(b'f') => self.word("false", Node::Bool(false)),
            Some(b'n') => self.word("null", Node::Null),
            _ => Err("expected a JSON value"),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Node, Expected>) -> Result<Node, Expected> {
        if self.depth == MAX_DEPTH {
            return Err("objects and lists are nested too deep, more than 64 times");
        }
        self.depth += 1;
        self.at += 1;
        let node = read(self)?;
        self.depth -= 1;
        Ok(node)
    }

    fn object(&mut self) -> Result<Node, Expected> {
        let mut members: Vec<(String, Node)> = Vec::new();
        self.white_space();
        if self.take(b'}') {
            return Ok(Node::Object(members));
        }
        loop {
            self.white_space();
            if self.peek() != Some(b'"') {
                return Err("expected a key in double quotes");
            }
            let key = self.string()?.to_string();
            self.white_space();
            if !self.take(b':') {
                return Err("expected ':' after the key");
            }
            self.pointer.push(pointer_segment(&key));
            let value = self.value()?;
            self.pointer.pop();
            members.push((key, value));
            self.white_space();
            if self.take(b'}') {
                self.note_repeated(&members);
                return Ok(Node::Object(members));
            }
            if !self.take(b',') {
                return Err("expected ',' or '}'");
            }
        }
    }

    fn array(&mut self) -> Result<Node, Expected> {
        let mut items = Vec::new();
        self.white_space();
        if self.take(b']') {
            return Ok(Node::Array(items));
        }
        loop {
            self.pointer.push(items.len().to_string());
            let item = self.value()?;
            self.pointer.pop();
            items.push(item);
            self.white_space();
            if self.take(b']') {
                return Ok(Node::Array(items));
            }
            if !self.take(b',') {
                return Err("expected ',' or ']'");
            }
        }
    }

    fn note_repeated(&mut self, members: &[(String, Node)]) {
        let mut seen = HashSet::with_capacity(members.len());
        for (key, _) in members {
            if !seen.insert(key.as_str()) && self.repeated.len() < MAX_REPEATED {
                let key = pointer_segment(key);
                let path = self.pointer.iter().map(String::as_str).chain([key.as_str()]).collect::<Vec<_>>();
                let pointer = format!("/{}", path.join("/"));
                if !self.repeated.contains(&pointer) {
                    self.repeated.push(pointer);
                }
            }
        }
    }

    fn number(&mut self) -> Result<Node, Expected> {
        const DIGIT: Expected = "expected a digit";
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(DIGIT);
        }
        let whole = self.at;
        if self.take(b'.') && self.digits() == 0 {
            return Err(DIGIT);
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return Err(DIGIT);
            }
        }
        if self.at > whole {
            return Ok(Node::Float);
        }
        // Beyond i64 it is beyond every field's range too: a broken rule, not a wrong type.
        let text = &self.text[start..whole];
        let nearest = if text.starts_with('-') { i64::MIN } else { i64::MAX };
        Ok(Node::Int(text.parse().unwrap_or(nearest)))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn word(&mut self, word: &str, node: Node) -> Result<Node, Expected> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(node)
        } else {
            Err("expected a JSON value")
        }
    }

    fn white_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
