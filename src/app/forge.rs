//! Where changes go: GitHub, or a repository on this machine.

use std::sync::Arc;

use super::StartError;
use super::tasks::Tasks;
use crate::adapters::git::build::Author;
use crate::adapters::git::sign::SigningKey;
use crate::adapters::github::api::Decorations;
use crate::adapters::github::identity::{AppCredentials, Credentials};
use crate::adapters::github::{GIT_TIME, GithubForge, GithubSettings, IN_FLIGHT, Token};
use crate::adapters::local::{LocalForge, LocalSettings};
use crate::application::readiness::{Part, PartReport};
use crate::config::{Config, GithubConfig, GithubCredentials, GitopsConfig};
use crate::domain::names::RepoPath;
use crate::domain::ports::VersionControl;
use crate::domain::snapshot::SourceInfo;

/// The forge that the settings ask for.
pub struct Forge {
    /// Its port.
    pub vcs: Arc<dyn VersionControl>,
    /// Where the repository is, and when it was last heard from.
    pub source: SourceInfo,
    /// What it is called in the log and by readiness.
    pub adapter: &'static str,
    /// Its part of readiness.
    pub part: Box<dyn Part>,
}

/// Opens the forge; the task that follows it goes to `tasks`.
///
/// # Errors
/// Which setting is to be mended.
pub async fn open(
    config: &Config,
    keep_folders: Vec<Option<RepoPath>>,
    tasks: &mut Tasks,
) -> Result<Forge, StartError> {
    match &config.gitops.github {
        Some(github) => on_github(config, github, tasks).await,
        None => here(config, keep_folders, tasks).await,
    }
}

async fn on_github(config: &Config, github: &GithubConfig, tasks: &mut Tasks) -> Result<Forge, StartError> {
    let settings = &config.gitops;
    let GithubConfig { owner, url, api_url, poll, draft, .. } = github.clone();
    let (labels, reviewers) = (github.labels.clone(), github.reviewers.clone());
    let (team_reviewers, assignees) = (github.team_reviewers.clone(), github.assignees.clone());
    let forge = GithubForge::open(GithubSettings {
        destination: settings.folder.clone(),
        url,
        api_url,
        owner,
        repo: settings.repo.clone(),
        base: settings.branch.clone(),
        branch_prefix: settings.branch_prefix.to_string(),
        keep_branches: settings.keep_branches,
        author: author(settings)?,
        credentials: credentials(github.credentials.as_ref())?,
        decorations: Decorations { labels, reviewers, team_reviewers, assignees },
        draft,
        poll,
        git_time: GIT_TIME,
        in_flight: IN_FLIGHT,
        step: Arc::new(|_| {}),
    });
    let forge = Arc::new(forge.await.map_err(StartError::Setting)?);
    let (running, stop) = (forge.clone(), tasks.stop_token());
    tasks.spawn("version_control", async move { running.run(stop).await });
    let (told, source) = (forge.clone(), forge.source().clone());
    let part = move || {
        let (ready, source) = (told.is_loaded(), told.source());
        let (age, reason) = (ready.then(|| source.contact.age()), told.trouble());
        let reason = reason.or_else(|| source.is_stale().then_some("silent"));
        PartReport {
            name: "version_control",
            adapter: "github",
            ready,
            age,
            reason,
            required: true,
            watches: Vec::new(),
        }
    };
    Ok(Forge { vcs: forge, source, adapter: "github", part: Box::new(part) })
}

fn author(settings: &GitopsConfig) -> Result<Author, StartError> {
    let key = settings.signing_key.as_deref().map(SigningKey::read).transpose().map_err(StartError::Setting)?;
    let author = Author::new(&settings.author_name, settings.author_email.as_deref());
    Ok(Author { sign_off: settings.sign_off, key: key.map(Arc::new), ..author })
}

fn credentials(given: Option<&GithubCredentials>) -> Result<Option<Credentials>, StartError> {
    Ok(Some(match given {
        None => return Ok(None),
        Some(GithubCredentials::Token(token)) => {
            let token = Token::parse(&token.0);
            Credentials::Token(token.map_err(|what| StartError::Setting(format!("GITHUB_TOKEN {what}")))?)
        }
        Some(GithubCredentials::TokenFile(path)) => Credentials::TokenFile(path.clone()),
        Some(GithubCredentials::App { id, installation_id, private_key_file }) => Credentials::App(AppCredentials {
            app_id: *id,
            installation_id: *installation_id,
            private_key_file: private_key_file.clone(),
        }),
    }))
}

async fn here(config: &Config, keep_folders: Vec<Option<RepoPath>>, tasks: &mut Tasks) -> Result<Forge, StartError> {
    let settings = &config.gitops;
    let forge = LocalForge::open(LocalSettings {
        destination: settings.folder.clone(),
        repo: settings.repo.clone(),
        base: settings.branch.clone(),
        branch_prefix: settings.branch_prefix.to_string(),
        keep_branches: settings.keep_branches,
        author: author(settings)?,
        keep_folders,
    });
    let failed = |error: &dyn std::fmt::Display| StartError::Setting(error.to_string());
    let forge = Arc::new(forge.await.map_err(|error| failed(&error))?);
    let source = forge.pull_requests().await.map_err(|error| failed(&error))?.source.clone();
    let (running, stop) = (forge.clone(), tasks.stop_token());
    tasks.spawn("version_control", async move { running.run(stop).await });
    let told = source.clone();
    let part = move || PartReport {
        name: "version_control",
        adapter: "local",
        ready: true,
        age: Some(told.contact.age()),
        reason: told.is_stale().then_some("silent"),
        required: true,
        watches: Vec::new(),
    };
    Ok(Forge { vcs: forge, source, adapter: "local", part: Box::new(part) })
}
