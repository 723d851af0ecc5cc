//! `Node`: a tree of JSON whose strings are wiped and never shown.

use std::fmt;

use zeroize::Zeroizing;

/// A JSON value. Its `Debug` shows the shape and no value, as a value may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number; one beyond `i64` is the nearest within.
    Int(i64),
    /// Any other number, `1.0` included; no field takes one, so that its value isn't kept.
    Float,
    /// A string.
    String(Zeroizing<String>),
    /// A list.
    Array(Vec<Node>),
    /// Members in the order of the text; no key stands twice.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// The kind of value, as an error names it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "a whole number",
            Self::Float => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Array(items) => f.debug_list().entries(items).finish(),
            Self::Object(members) => f.debug_map().entries(members.iter().map(|(key, value)| (key, value))).finish(),
            other => f.write_str(other.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_shape_and_no_value() {
        let secret = || Node::String(Zeroizing::new("hunter2".to_owned()));
        let node = Node::Object(vec![("data".to_owned(), Node::Array(vec![secret(), Node::Int(4711)]))]);
        assert_eq!(format!("{node:?}"), r#"{"data": [a string, a whole number]}"#);
    }
}
