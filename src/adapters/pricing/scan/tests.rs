//! The scanner on whole, cut and hostile documents.

use proptest::prelude::*;

use super::walk::MAX_DEPTH;
use super::*;

/// Gives a few bytes at a time, so that every token is cut somewhere.
struct Drip<'a>(&'a [u8], usize);

impl Read for Drip<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let n = self.1.min(self.0.len()).min(into.len());
        into[..n].copy_from_slice(&self.0[..n]);
        self.0 = &self.0[n..];
        Ok(n)
    }
}

/// An object's members, each value as its bytes.
fn members(document: &str, step: usize) -> Result<Vec<(String, String)>, SourceError> {
    let mut scanner = Scanner::new(Drip(document.as_bytes(), step));
    let mut members = scanner.object("it")?;
    let mut found = Vec::new();
    while let Some(key) = members.next(&mut scanner)? {
        found.push((key, String::from_utf8_lossy(scanner.value()?).into_owned()));
    }
    scanner.finish()?;
    Ok(found)
}

/// Passes over an object's values.
fn skipped(document: &[u8], step: usize) -> Result<usize, SourceError> {
    let mut scanner = Scanner::new(Drip(document, step));
    let mut members = scanner.object("it")?;
    let mut count = 0;
    while members.next(&mut scanner)?.is_some() {
        scanner.skip()?;
        count += 1;
    }
    scanner.finish()?;
    Ok(count)
}

const DOCUMENT: &str = r#" { "a" : {"x":[1,{"y":"}\"\\"}]} , "b":-1.5e3,"c\u0041":"]" ,"d":null, "e":[]} "#;

#[test]
fn values_come_out_whole_wherever_the_reads_cut_them() {
    for step in [1, 2, 3, 7, 1000] {
        let found = members(DOCUMENT, step).unwrap();
        let expected =
            [("a", r#"{"x":[1,{"y":"}\"\\"}]}"#), ("b", "-1.5e3"), ("cA", r#""]""#), ("d", "null"), ("e", "[]")];
        assert_eq!(found, expected.map(|(key, value)| (key.to_owned(), value.to_owned())), "{step}");
        assert_eq!(skipped(DOCUMENT.as_bytes(), step).unwrap(), 5, "{step}");
    }
}

#[test]
fn every_shorter_beginning_of_a_document_is_an_error() {
    let document = DOCUMENT.trim_end();
    for end in 0..document.len() {
        assert!(members(&document[..end], 3).is_err(), "{end}");
        assert!(skipped(&document.as_bytes()[..end], 3).is_err(), "{end}");
    }
}

#[test]
fn what_is_no_object_is_an_error() {
    for document in [
        "[]",
        "{]",
        "{}x",
        "{} {}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1 "b":2}"#,
        r#"{,"a":1}"#,
        "{a:1}",
        r#"{"a":[}]}"#,
    ] {
        assert!(members(document, 3).is_err(), "{document}");
        assert!(skipped(document.as_bytes(), 3).is_err(), "{document}");
    }
}

#[test]
fn hostile_depth_and_length_are_errors() {
    for document in [
        format!(r#"{{"a":{}"#, "[".repeat(MAX_DEPTH as usize + 1)),
        format!(r#"{{"a":"{}"}}"#, "x".repeat(MAX_VALUE + 1)),
        format!(r#"{{"a":[{}]}}"#, "1,".repeat(MAX_VALUE)),
        format!(r#"{{"{}":1}}"#, "k".repeat(MAX_VALUE + 1)),
        format!(r#"{{"a":{}}}"#, "1".repeat(MAX_VALUE + 1)),
    ] {
        assert!(matches!(members(&document, usize::MAX), Err(SourceError::Malformed(_))));
    }
    let long = format!(r#"{{"a":["{}"]}}"#, "x".repeat(MAX_STRING + 1));
    assert!(matches!(skipped(long.as_bytes(), usize::MAX), Err(SourceError::Malformed(_))));
}

#[test]
fn a_value_of_any_size_is_skipped_in_constant_memory() {
    let value = r#"{"k":["v",1]},"#.repeat(100_000);
    let document = format!(r#"{{"a":[{value}0]}}"#);
    let mut scanner = Scanner::new(document.as_bytes());
    let mut members = scanner.object("it").unwrap();
    members.next(&mut scanner).unwrap();
    scanner.skip().unwrap();
    assert!(scanner.buffer.capacity() <= 3 * READ, "{}", scanner.buffer.capacity());
    assert!(members.next(&mut scanner).unwrap().is_none());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop::sample::select(br#"{}[]",:\ a1"#.to_vec()), 0..60), step in 1_usize..9) {
        let _ = skipped(&bytes, step);
        let _ = members(&String::from_utf8_lossy(&bytes), step);
    }
}

proptest! {
    /// With single bytes, no block is ever complete: what is seen by blocks is held against what is seen one by one.
    #[test]
    fn blocks_change_nothing(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "\"", "\\", "\\\"", "\"a\":", ",", "1", " ", "\"}\"", "{\"k\":[]}", "                ", "aaaaaaaaaaaaaaaaaaaaaaa",
        ]), 0..80),
        closed in any::<bool>(),
    ) {
        let document = format!("{{\"a\":{{{}{}", pieces.concat(), if closed { "}}" } else { "" });
        let told = |outcome: Result<usize, SourceError>| outcome.map_err(|error| error.to_string());
        prop_assert_eq!(told(skipped(document.as_bytes(), 1)), told(skipped(document.as_bytes(), 4096)));
        let found = |step| members(&document, step).map_err(|error| error.to_string());
        prop_assert_eq!(found(1), found(4096));
    }

    #[test]
    fn a_long_string_is_as_long_in_blocks(before in 0_usize..70, length in MAX_STRING - 70..MAX_STRING + 70) {
        let document = format!("{{\"a\":[{}\"{}\"]}}", " ".repeat(before), "x".repeat(length));
        let outcome = skipped(document.as_bytes(), usize::MAX).is_ok();
        prop_assert_eq!(outcome, length < MAX_STRING, "{}", length);
    }
}
