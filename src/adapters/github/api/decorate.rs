//! What a pull request gets after it is opened: labels, reviewers, assignees. None of it is worth failing a change.

use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Ask;
use super::pull::{WireLabel, WireTeam, WireUser};
use super::{GithubApi, query};
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

impl Decorations {
    /// What is wanted here of which nothing is there. What is there in part was put on, and is a person's choice since.
    #[must_use]
    pub fn missing_from(&self, there: &Self) -> Self {
        let missing = |wanted: &[String], there: &[String]| {
            // GitHub's names don't differ by case alone.
            let has_one = wanted.iter().any(|name| there.iter().any(|other| other.eq_ignore_ascii_case(name)));
            if has_one { Vec::new() } else { wanted.to_vec() }
        };
        Self {
            labels: missing(&self.labels, &there.labels),
            reviewers: missing(&self.reviewers, &there.reviewers),
            team_reviewers: missing(&self.team_reviewers, &there.team_reviewers),
            assignees: missing(&self.assignees, &there.assignees),
        }
    }
}

/// Something that happened to a pull request: GitHub has dozens of kinds.
#[derive(Deserialize)]
struct WireEvent {
    event: String,
    label: Option<WireLabel>,
    requested_reviewer: Option<WireUser>,
    requested_team: Option<WireTeam>,
    assignee: Option<WireUser>,
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
    /// What was put on a pull request after it was opened, be it still there or not.
    ///
    /// # Errors
    /// [`VcsError`].
    pub async fn ever_had(&self, number: u64) -> Result<Decorations, VcsError> {
        // Its first hundred events: what it gets at its opening is among them.
        let path = query(&self.caller.repository.path(&format!("/issues/{number}/events")), &[("per_page", "100")]);
        let reply = self.caller.read(&path, None).await?;
        if reply.status == 404 {
            return Err(VcsError::NoSuchPullRequest(number));
        }
        let mut had = Decorations::default();
        for event in reply.json::<Vec<WireEvent>>()? {
            match event.event.as_str() {
                "labeled" => had.labels.extend(event.label.map(|label| label.name)),
                "assigned" => had.assignees.extend(event.assignee.map(|user| user.login)),
                "review_requested" => {
                    had.reviewers.extend(event.requested_reviewer.map(|user| user.login));
                    had.team_reviewers.extend(event.requested_team.map(|team| team.slug));
                }
                _ => {}
            }
        }
        Ok(had)
    }

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
