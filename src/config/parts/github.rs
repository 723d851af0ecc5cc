//! The settings of GitHub.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use url::Url;
use zeroize::Zeroizing;

use super::{is_safe, seconds};
use crate::config::vars::Vars;

/// The repository on GitHub, and who this service is there.
#[derive(Debug, Clone)]
pub struct GithubConfig {
    /// `GITOPS_ORGANIZATION`: the owner, which turns GitHub on.
    pub owner: String,
    /// `GITHUB_URL`, `https://github.com`: for people and git.
    pub url: String,
    /// `GITHUB_API_URL`, `https://api.github.com`: for programs.
    pub api_url: String,
    /// None is told at the start, with what is missing.
    pub credentials: Option<GithubCredentials>,
    /// `GITHUB_POLL_SECONDS`, 60: how often GitHub is asked for what changed.
    pub poll: Duration,
    /// `GITHUB_LABELS`, none.
    pub labels: Vec<String>,
    /// `GITHUB_REVIEWERS`, none: logins.
    pub reviewers: Vec<String>,
    /// `GITHUB_TEAM_REVIEWERS`, none: slugs of the organisation's teams.
    pub team_reviewers: Vec<String>,
    /// `GITHUB_ASSIGNEES`, none: logins.
    pub assignees: Vec<String>,
    /// `GITHUB_DRAFT`, false: whether pull requests are drafts.
    pub draft: bool,
}

/// What opens GitHub's doors.
#[derive(Debug, Clone)]
pub enum GithubCredentials {
    /// `GITHUB_TOKEN`.
    Token(SecretText),
    /// `GITHUB_TOKEN_FILE`.
    TokenFile(PathBuf),
    /// A GitHub App.
    App {
        /// `GITHUB_APP_ID`.
        id: u64,
        /// `GITHUB_APP_INSTALLATION_ID`.
        installation_id: u64,
        /// `GITHUB_APP_PRIVATE_KEY_FILE`.
        private_key_file: PathBuf,
    },
}

/// A secret that stood in a variable.
#[derive(Clone)]
pub struct SecretText(pub Zeroizing<String>);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

impl GithubConfig {
    /// The settings, when `GITOPS_ORGANIZATION` is there. Without it the others say nothing: many shells have a `GITHUB_TOKEN`.
    pub(in crate::config) fn read(vars: &Vars) -> Option<Self> {
        let owner = vars.parsed("GITOPS_ORGANIZATION", |text| {
            let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
            if plain && text.len() <= 100 {
                Ok(text.to_owned())
            } else {
                Err("the name of a GitHub organisation or person")
            }
        })?;
        let names = |name| vars.list(name, listed);
        let url = vars.parsed("GITHUB_URL", address);
        let api_url = vars.parsed("GITHUB_API_URL", address);
        let poll = vars.parsed("GITHUB_POLL_SECONDS", seconds);
        let credentials = GithubCredentials::read(vars);
        Some(Self {
            owner,
            url: url?,
            api_url: api_url?,
            credentials,
            poll: poll?,
            labels: names("GITHUB_LABELS"),
            reviewers: names("GITHUB_REVIEWERS"),
            team_reviewers: names("GITHUB_TEAM_REVIEWERS"),
            assignees: names("GITHUB_ASSIGNEES"),
            draft: vars.flag("GITHUB_DRAFT"),
        })
    }
}

impl GithubCredentials {
    fn read(vars: &Vars) -> Option<Self> {
        let given = |name: &'static str| vars.get(name).is_some().then_some(name);
        let app = ["GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID", "GITHUB_APP_PRIVATE_KEY_FILE"];
        let of_app: Vec<&str> = app.into_iter().filter_map(given).collect();
        let ways: Vec<&str> = [given("GITHUB_TOKEN"), given("GITHUB_TOKEN_FILE"), of_app.first().copied()]
            .into_iter()
            .flatten()
            .collect();
        if let [first, others @ ..] = ways.as_slice()
            && !others.is_empty()
        {
            vars.problem(first, &format!("stands beside {}; keep one way to sign in to GitHub", others.join(" and ")));
            return None;
        }
        if !of_app.is_empty() && of_app.len() < app.len() {
            for missing in app.into_iter().filter(|name| !of_app.contains(name)) {
                vars.problem(
                    missing,
                    "is missing; a GitHub App is named by its id, its installation's id and its private key's file",
                );
            }
            return None;
        }
        let number = |name| vars.parsed(name, |text| text.parse::<u64>().map_err(|_| "a number"));
        if let Some(token) = vars.get("GITHUB_TOKEN") {
            return Some(Self::Token(SecretText(token.to_owned().into())));
        }
        if let Some(path) = vars.get("GITHUB_TOKEN_FILE") {
            return Some(Self::TokenFile(path.into()));
        }
        let private_key_file = vars.get("GITHUB_APP_PRIVATE_KEY_FILE")?.into();
        let (id, installation_id) = (number("GITHUB_APP_ID"), number("GITHUB_APP_INSTALLATION_ID"));
        Some(Self::App { id: id?, installation_id: installation_id?, private_key_file })
    }
}

/// https, or http on this machine: a token is sent there.
fn address(text: &str) -> Result<String, &'static str> {
    let expected =
        "an https address without credentials, such as https://github.example.com; http for a loopback address only";
    let url = Url::parse(text).map_err(|_| expected)?;
    let bare =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if is_safe(&url) && bare { Ok(text.trim_end_matches('/').to_owned()) } else { Err(expected) }
}

fn listed(text: &str) -> Result<String, &'static str> {
    let plain = text.len() <= 100 && !text.chars().any(char::is_control);
    if plain { Ok(text.to_owned()) } else { Err("names of at most 100 characters, with commas between them") }
}
