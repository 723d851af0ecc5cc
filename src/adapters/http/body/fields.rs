//! `Fields`: reads the members of a body's objects and collects every problem, each with its pointer and without a value.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::super::error::ApiError;
use super::node::Node;
use crate::domain::error::{Violation, pointer_segment};
use crate::domain::near::near;

/// Problems that are told at once; a body can hold many thousands.
const MAX_PROBLEMS: usize = 100;

/// The problems of one body. Shared by all its readers; a mutex rather than a cell, as a handler's future must be `Send`.
#[derive(Debug, Default)]
pub struct Problems(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    /// Wrong types and unknown fields: 400.
    shape: Vec<Violation>,
    /// Missing fields and broken rules: 422.
    rules: Vec<Violation>,
}

impl Problems {
    /// Notes a value that breaks a rule (422). `detail` says what is expected and never repeats the value.
    pub fn rule(&self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.extend(vec![Violation::new(pointer, detail)]);
    }

    /// Notes violations that a domain type or a use case found (422).
    pub fn extend(&self, violations: Vec<Violation>) {
        self.with(|found| found.rules.extend(violations));
    }

    /// Notes a value of the wrong type or an unknown field (400).
    pub fn shape(&self, violation: Violation) {
        self.with(|found| found.shape.push(violation));
    }

    /// Takes the outcome of a domain type's parser; its error is a problem at `pointer` (422).
    pub fn parsed<T, E: ToString>(&self, pointer: impl Into<String>, outcome: Result<T, E>) -> Option<T> {
        outcome.map_err(|expected| self.rule(pointer, format!("expected {}", expected.to_string()))).ok()
    }

    /// Passes when nothing was found. Call it when everything has been read.
    ///
    /// # Errors
    /// 400 with all problems of shape when there are any, else 422 with all broken rules.
    pub fn check(&self) -> Result<(), ApiError> {
        let found = self.with(std::mem::take);
        let first = |mut violations: Vec<Violation>| {
            violations.truncate(MAX_PROBLEMS);
            violations
        };
        if !found.shape.is_empty() {
            return Err(ApiError::bad_request(first(found.shape)));
        }
        if !found.rules.is_empty() {
            return Err(ApiError::unprocessable(first(found.rules)));
        }
        Ok(())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Found) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The members of one object. Each method reads one field and notes its problems; what is borrowed from it lives as long as
/// the body. An absent field is `None`; `null` is a wrong type except for the `nullable_` methods.
#[derive(Debug)]
pub struct Fields<'n, 'p> {
    members: &'n [(String, Node)],
    pointer: String,
    problems: &'p Problems,
    known: Vec<&'static str>,
    /// False when this was no object at all: that one problem says it, and each missing field would repeat it.
    is_object: bool,
}

impl<'n, 'p> Fields<'n, 'p> {
    /// The members of `node`, which stands at `pointer` (empty for the whole body). Something else than an object is a problem.
    pub fn of(node: &'n Node, pointer: impl Into<String>, problems: &'p Problems) -> Self {
        let pointer = pointer.into();
        let (members, is_object): (&[_], bool) = if let Node::Object(members) = node {
            (members, true)
        } else {
            problems.shape(wrong_type(&pointer, "an object", node));
            (&[], false)
        };
        Self { members, pointer, problems, known: Vec::new(), is_object }
    }

    /// The pointer of a field, or of an entry below it, for problems that the caller finds.
    #[must_use]
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{}", self.pointer, pointer_segment(name))
    }

    /// Whether the field was sent, with whatever value.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(key, _)| key == name)
    }

    /// A string.
    pub fn string(&mut self, name: &'static str) -> Option<&'n str> {
        self.typed(name, "a string", as_string)
    }

    /// A string that must be there.
    pub fn required_string(&mut self, name: &'static str) -> Option<&'n str> {
        self.required(name, Self::string)
    }

    /// A string or `null`, which is `Some(None)`.
    pub fn nullable_string(&mut self, name: &'static str) -> Option<Option<&'n str>> {
        self.nullable(name, Self::string)
    }

    /// A whole number.
    pub fn integer(&mut self, name: &'static str) -> Option<i64> {
        self.typed(name, "a whole number", |node| if let Node::Int(number) = node { Some(*number) } else { None })
    }

    /// A whole number that must be there.
    pub fn required_integer(&mut self, name: &'static str) -> Option<i64> {
        self.required(name, Self::integer)
    }

    /// A whole number or `null`, which is `Some(None)`.
    pub fn nullable_integer(&mut self, name: &'static str) -> Option<Option<i64>> {
        self.nullable(name, Self::integer)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.typed(name, "true or false", |node| if let Node::Bool(flag) = node { Some(*flag) } else { None })
    }

    /// An object inside this one.
    pub fn object(&mut self, name: &'static str) -> Option<Fields<'n, 'p>> {
        let node = self.typed(name, "an object", |node| matches!(node, Node::Object(_)).then_some(node))?;
        Some(Fields::of(node, self.pointer(name), self.problems))
    }

    /// An object that must be there.
    pub fn required_object(&mut self, name: &'static str) -> Option<Fields<'n, 'p>> {
        self.required(name, Self::object)
    }

    /// A list of anything.
    pub fn array(&mut self, name: &'static str) -> Option<&'n [Node]> {
        self.typed(name, "a list", |node| if let Node::Array(items) = node { Some(items.as_slice()) } else { None })
    }

    /// A list of objects, each with its own pointer (`/taints/0`).
    pub fn objects(&mut self, name: &'static str) -> Option<Vec<Fields<'n, 'p>>> {
        let items = self.array(name)?;
        let at = |(index, node)| Fields::of(node, format!("{}/{index}", self.pointer(name)), self.problems);
        Some(items.iter().enumerate().map(at).collect())
    }

    /// A list of strings. Indexes are those of the list when every item is a string, and else there is a problem anyway.
    pub fn string_list(&mut self, name: &'static str) -> Option<Vec<&'n str>> {
        let items = self.array(name)?;
        let entry = |(index, node): (usize, &'n Node)| self.entry(name, &index.to_string(), node);
        Some(items.iter().enumerate().filter_map(entry).collect())
    }

    /// A list of strings that must be there.
    pub fn required_string_list(&mut self, name: &'static str) -> Option<Vec<&'n str>> {
        self.required(name, Self::string_list)
    }

    /// An object of free keys with strings, in the order of the body. Nothing is copied: fit for secret values.
    pub fn string_entries(&mut self, name: &'static str) -> Option<Vec<(&'n str, &'n str)>> {
        let members = self.typed(name, "an object of strings", |node| match node {
            Node::Object(members) => Some(members),
            _ => None,
        })?;
        let entry = |(key, node): &'n (String, Node)| Some((key.as_str(), self.entry(name, key, node)?));
        Some(members.iter().filter_map(entry).collect())
    }

    /// An object of free keys with strings, such as labels, copied and sorted.
    pub fn strings(&mut self, name: &'static str) -> Option<BTreeMap<String, String>> {
        let entries = self.string_entries(name)?;
        Some(entries.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// Notes a field that nobody asked for. Call it when every field that there may be has been read.
    pub fn finish(self) {
        for (key, _) in self.members.iter().filter(|(key, _)| !self.known.contains(&key.as_str())).take(MAX_PROBLEMS) {
            let meant = near(key, self.known.iter().copied());
            let hint = meant.first().map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            let mut violation = Violation::new(self.pointer(key), format!("there is no such field{hint}"));
            violation.suggestions = meant.into_iter().map(str::to_owned).collect();
            self.problems.shape(violation);
        }
    }

    fn entry(&self, name: &str, key: &str, node: &'n Node) -> Option<&'n str> {
        let string = as_string(node);
        if string.is_none() {
            let pointer = format!("{}/{}", self.pointer(name), pointer_segment(key));
            self.problems.shape(wrong_type(&pointer, "a string", node));
        }
        string
    }

    fn find(&mut self, name: &'static str) -> Option<&'n Node> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        self.members.iter().find(|(key, _)| key == name).map(|(_, node)| node)
    }

    fn typed<T>(&mut self, name: &'static str, expected: &str, read: impl Fn(&'n Node) -> Option<T>) -> Option<T> {
        let node = self.find(name)?;
        let value = read(node);
        if value.is_none() {
            self.problems.shape(wrong_type(&self.pointer(name), expected, node));
        }
        value
    }

    fn required<T>(&mut self, name: &'static str, read: fn(&mut Self, &'static str) -> Option<T>) -> Option<T> {
        if self.is_object && !self.has(name) {
            self.problems.rule(self.pointer(name), "is required");
        }
        read(self, name)
    }

    #[expect(clippy::option_option, reason = "absent, null and a value are three things to a PUT")]
    fn nullable<T>(&mut self, name: &'static str, read: fn(&mut Self, &'static str) -> Option<T>) -> Option<Option<T>> {
        match self.find(name)? {
            Node::Null => Some(None),
            _ => read(self, name).map(Some),
        }
    }
}

fn as_string(node: &Node) -> Option<&str> {
    if let Node::String(text) = node { Some(text) } else { None }
}

/// Both kinds are named, and no value.
fn wrong_type(pointer: &str, expected: &str, node: &Node) -> Violation {
    let got = match node {
        Node::Float if expected == "a whole number" => "a number with a fraction or an exponent",
        other => other.kind(),
    };
    Violation::new(pointer, format!("expected {expected}, not {got}"))
}

#[cfg(test)]
#[path = "fields_tests.rs"]
mod tests;
