//! What a pull request gets after it is opened: labels, reviewers, assignees. None of it is worth failing a change.

use serde_json::{Value, json};

use super::GithubApi;
use super::client::Ask;
use crate::domain::error::VcsError;

/// What to put on each pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decorations {
    /// `GITHUB_LABELS`.
    pub labels: Vec<String>,
    /// `GITHUB_REVIEWERS`: logins.
    pub reviewers: Vec<String>,
    /// `GITHUB_TEAM_REVIEWERS`: slugs of teams of the organisation.
    pub team_reviewers: Vec<String>,
    /// `GITHUB_ASSIGNEES`: logins.
    pub assignees: Vec<String>,
}

/// Something that GitHub didn't put on a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The setting that asks for it.
    pub setting: &'static str,
    /// A sentence that says what is missing and why.
    pub message: String,
}

impl GithubApi {
    /// Labels, asks reviewers and assigns, each on its own: one that fails doesn't keep the others from being done.
    pub async fn decorate(&self, number: u64, decorations: &Decorations) -> Vec<Warning> {
        let issue = |rest: &str| self.caller.repository.path(&format!("/issues/{number}/{rest}"));
        let reviewers = self.caller.repository.path(&format!("/pulls/{number}/requested_reviewers"));
        let Decorations { labels, reviewers: people, team_reviewers: teams, assignees } = decorations;
        let mut warnings = Vec::new();
        // People and teams apart: GitHub refuses a whole request for one name that it doesn't know.
        for (setting, path, field, names) in [
            ("GITHUB_LABELS", issue("labels"), "labels", labels),
            ("GITHUB_REVIEWERS", reviewers.clone(), "reviewers", people),
            ("GITHUB_TEAM_REVIEWERS", reviewers, "team_reviewers", teams),
            ("GITHUB_ASSIGNEES", issue("assignees"), "assignees", assignees),
        ] {
            if names.is_empty() {
                continue;
            }
            let answer = self.caller.write(Ask::post(&path, &json!({ field: names }))).await;
            let reason = match answer.map_err(VcsError::from) {
                Err(error) => error.to_string(),
                Ok(reply) if setting == "GITHUB_ASSIGNEES" => {
                    // Whoever can't be assigned is left out without a word.
                    let told = reply.json::<Value>().unwrap_or_default();
                    let left_out: Vec<&str> =
                        names.iter().map(String::as_str).filter(|name| !has(&told, name)).collect();
                    if left_out.is_empty() {
                        continue;
                    }
                    format!("GitHub didn't assign {}: they have no access to the repository", left_out.join(", "))
                }
                Ok(_) => continue,
            };
            warnings.push(Warning { setting, message: format!("{setting} of pull request {number}: {reason}") });
        }
        warnings
    }
}

fn has(issue: &Value, login: &str) -> bool {
    let logins = issue["assignees"].as_array().into_iter().flatten().filter_map(|user| user["login"].as_str());
    logins.into_iter().any(|other| other.eq_ignore_ascii_case(login))
}
