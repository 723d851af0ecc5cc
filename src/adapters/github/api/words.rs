//! What the server says in words, made fit for an error and a log: bounded, one line, without secrets.

use serde::Deserialize;
use serde_json::Value;

/// Longer texts are cut.
const LONGEST: usize = 300;

/// An error of GitHub's API.
#[derive(Deserialize)]
struct Told {
    message: String,
    #[serde(default)]
    errors: Vec<Value>,
}

/// The message of an error, with those of its parts. `None` when the body isn't GitHub's JSON: a proxy's page tells nothing.
pub(super) fn of(body: &[u8], secrets: &[&str]) -> Option<String> {
    let told: Told = serde_json::from_slice(body).ok()?;
    let mut text = told.message;
    for error in &told.errors {
        let word = |name: &str| error[name].as_str().map(str::to_owned);
        let detail = word("message").or_else(|| Some(format!("{} is {}", word("field")?, word("code")?)));
        if let Some(detail) = detail.or_else(|| error.as_str().map(str::to_owned)) {
            text = format!("{text}: {detail}");
        }
    }
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "…");
    }
    Some(clean(&text)).filter(|text| !text.is_empty())
}

/// One bounded line without control characters.
pub(super) fn clean(text: &str) -> String {
    let visible: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_bounded_line_without_secrets() {
        let body = r#"{"message":"Validation Failed\n\u001b[31m","errors":[{"resource":"PullRequest","field":"head","code":"invalid"},
            {"code":"custom","message":"No commits between dev and x"},"token ghp_abc is bad"]}"#;
        assert_eq!(
            of(body.as_bytes(), &["ghp_abc"]).unwrap(),
            "Validation Failed [31m: head is invalid: No commits between dev and x: token … is bad"
        );
        assert_eq!(clean(&"é".repeat(1000)).chars().count(), LONGEST + 1);
        assert_eq!(of(b"<html>502</html>", &[]), None);
        assert_eq!(of(br#"{"message":""}"#, &[]), None);
    }
}
