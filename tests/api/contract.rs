//! The contract over a socket: each status of its table, for nodegroups and secrets.

mod access;
mod conflicts;
mod direct;
mod dry_run;
mod envelope;
mod order;
mod pages;
mod reading;
mod rules;
mod shapes;
mod syntax;
mod tls;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::client::Answer;

/// Stands for a value that nobody may see again.
const CANARY: &str = "hunter2-canary";

/// The pointers of an error, sorted.
#[track_caller]
fn pointers(answer: &Answer) -> Vec<String> {
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    let all: BTreeSet<String> = errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
    assert_eq!(all.len(), errors.len(), "a pointer is told twice: {errors:?}");
    all.into_iter().collect()
}

/// Checks an error's status, name and pointers, and that it doesn't echo the canary.
#[track_caller]
fn assert_error(answer: &Answer, status: u16, name: &str, expected: &[&str]) {
    assert_eq!((answer.status, answer.error_name().as_str()), (status, name), "{}", answer.text());
    assert_eq!(pointers(answer), expected, "{}", answer.text());
    assert!(!answer.text().contains(CANARY), "{}", answer.text());
}

/// The names of an object's members, sorted.
#[track_caller]
fn members(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {value}"));
    let mut names: Vec<&str> = object.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
