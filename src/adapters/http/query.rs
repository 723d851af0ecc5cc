//! `Query`: reads the parameters of a request's address and tells every problem at once.

use std::convert::Infallible;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use rust_decimal::Decimal;

use super::error::ApiError;
use crate::domain::error::Violation;
use crate::domain::near::near;

/// Problems that are told at once.
const MAX_PROBLEMS: usize = 100;

/// The parameters, as an extractor or [`Query::of`] an address. Each method reads one parameter; an absent one is `None`, an
/// unreadable one a problem. [`Query::finish`] tells the problems, unknown and repeated parameters among them.
#[derive(Debug)]
pub struct Query {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    problems: Vec<Violation>,
}

impl Query {
    /// The parameters of an address.
    #[must_use]
    pub fn of(uri: &Uri) -> Self {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        Self { pairs, known: Vec::new(), problems: Vec::new() }
    }

    /// The text as it is, which may be empty.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        // What is known matters only where something was sent.
        if self.pairs.is_empty() {
            return None;
        }
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        let value = self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())?;
        // The decoder puts this character where bytes are no UTF-8.
        if value.contains(char::REPLACEMENT_CHARACTER) {
            self.problem(name, "expected UTF-8, percent-encoded");
            return None;
        }
        Some(value)
    }

    /// What a parser makes of the text. Its error says what is expected and never repeats the text.
    pub fn parsed<T, E: ToString>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(name)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.problem(name, format!("expected {}", expected.to_string()));
                None
            }
        }
    }

    /// A whole number within a range.
    pub fn integer(&mut self, name: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        self.parsed(name, |text| {
            // `parse` would take `+5`, which an address means as a space and a 5.
            let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
            let number = plain.then(|| text.parse().ok()).flatten().filter(|number| range.contains(number));
            number.ok_or_else(|| format!("a whole number from {} to {}", range.start(), range.end()))
        })
    }

    /// A decimal number from 0 on, such as a price.
    pub fn decimal(&mut self, name: &'static str) -> Option<Decimal> {
        self.parsed(name, |text| {
            let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            plain.then(|| Decimal::from_str(text).ok()).flatten().ok_or("a decimal number such as 0.25")
        })
    }

    /// `true` or `false`.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        self.parsed(name, |text| text.parse().map_err(|_| "true or false"))
    }

    /// One of some words.
    pub fn word<'w>(&mut self, name: &'static str, words: &[&'w str]) -> Option<&'w str> {
        self.parsed(name, |text| one_of(text, words))
    }

    /// Some of some words, joined with commas.
    pub fn words<'w>(&mut self, name: &'static str, words: &[&'w str]) -> Option<Vec<&'w str>> {
        self.parsed(name, |text| text.split(',').map(|word| one_of(word, words)).collect::<Result<_, _>>())
    }

    /// Notes a problem with a parameter that the caller found.
    pub fn problem(&mut self, name: &str, detail: impl Into<String>) {
        self.problems.push(Violation::new(format!("?{name}"), detail));
    }

    /// Notes a problem that has near names.
    pub fn violation(&mut self, violation: Violation) {
        self.problems.push(violation);
    }

    /// Passes when every parameter was known, read and given once. Call it when every parameter has been read.
    ///
    /// # Errors
    /// 400 with all problems.
    pub fn finish(mut self) -> Result<(), ApiError> {
        for (index, (name, _)) in self.pairs.iter().enumerate().take(MAX_PROBLEMS) {
            if !self.known.contains(&name.as_str()) {
                let meant = near(name, self.known.iter().copied());
                let hint = meant.first().map(|name| format!("; did you mean {name}?")).unwrap_or_default();
                let mut violation = Violation::new(format!("?{name}"), format!("there is no such parameter{hint}"));
                violation.suggestions = meant.into_iter().map(str::to_owned).collect();
                self.problems.push(violation);
            } else if self.pairs[..index].iter().any(|(earlier, _)| earlier == name) {
                self.problems.push(Violation::new(format!("?{name}"), "is given more than once; keep one"));
            }
        }
        self.problems.dedup();
        if self.problems.is_empty() { Ok(()) } else { Err(ApiError::bad_request(self.problems)) }
    }
}

fn one_of<'w>(text: &str, words: &[&'w str]) -> Result<&'w str, String> {
    words.iter().find(|word| **word == text).copied().ok_or_else(|| format!("one of {}", words.join(", ")))
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::Namespace;

    fn query(query: &str) -> Query {
        Query::of(&format!("/api/x?{query}").parse().unwrap())
    }

    /// `pointer: detail` of each problem.
    fn told(query: Query) -> Vec<String> {
        let Err(error) = query.finish() else { return Vec::new() };
        assert_eq!((error.status.as_u16(), error.name()), (400, "InputError"));
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        error.errors.iter().map(|p| format!("{}: {}", p.pointer, p.detail)).collect()
    }

    #[test]
    fn parameters_are_read_by_their_type() {
        let mut q =
            query("name=m5.%2A&limit=10&price_min=0.25&dry_run=true&phase=Active&state=open,closed&namespace=a");
        assert_eq!(q.text("name").as_deref(), Some("m5.*"));
        assert_eq!(q.integer("limit", 1..=1000), Some(10));
        assert_eq!(q.decimal("price_min"), Some(Decimal::new(25, 2)));
        assert_eq!(q.flag("dry_run"), Some(true));
        assert_eq!(q.word("phase", &["Active", "Pending"]), Some("Active"));
        assert_eq!(q.words("state", &["open", "merged", "closed"]), Some(vec!["open", "closed"]));
        assert_eq!(q.parsed("namespace", Namespace::parse).unwrap().as_str(), "a");
        assert_eq!(q.text("cursor"), None);
        assert!(told(q).is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_told_all_at_once_without_the_value() {
        let mut q = query(
            "limit=0&price_min=hunter2&dry_run=hunter2&phase=hunter2&state=open,hunter2&namespace=Hunter2&name=%ff",
        );
        q.integer("limit", 1..=1000);
        q.decimal("price_min");
        q.flag("dry_run");
        q.word("phase", &["Active", "Pending"]);
        q.words("state", &["open"]);
        q.parsed("namespace", Namespace::parse);
        q.text("name");
        let told = told(q);
        assert_eq!(told.len(), 7);
        assert_eq!(
            told[..5],
            [
                "?limit: expected a whole number from 1 to 1000",
                "?price_min: expected a decimal number such as 0.25",
                "?dry_run: expected true or false",
                "?phase: expected one of Active, Pending",
                "?state: expected one of open",
            ]
        );
        assert!(told[5].starts_with("?namespace: expected 1-63") && told[6].starts_with("?name: expected UTF-8"));
    }

    #[test]
    fn numbers_in_other_spellings_are_refused() {
        for bad in ["%2B5", "", "5.0", "1_0", "+5", "99999999999999999999"] {
            let mut q = query(&format!("limit={bad}"));
            assert_eq!(q.integer("limit", 1..=1000), None, "{bad}");
        }
        for bad in ["-1", "1e3", "1_0", "", ".", "0x1"] {
            let mut q = query(&format!("price={bad}"));
            assert_eq!(q.decimal("price"), None, "{bad}");
        }
    }

    #[test]
    fn an_unknown_parameter_is_named_with_a_near_name() {
        let mut q = query("limt=hunter2&colour=hunter2");
        q.integer("limit", 1..=1000);
        assert_eq!(
            told(q),
            ["?limt: there is no such parameter; did you mean limit?", "?colour: there is no such parameter"]
        );
    }

    #[test]
    fn a_repeated_parameter_is_a_problem() {
        let mut q = query("limit=1&limit=2&limit=3");
        q.integer("limit", 1..=1000);
        assert_eq!(told(q), ["?limit: is given more than once; keep one"]);
    }

    #[test]
    fn an_address_without_parameters_is_fine() {
        assert!(told(Query::of(&"/api/x".parse().unwrap())).is_empty());
        assert!(told(query("")).is_empty());
    }
}
