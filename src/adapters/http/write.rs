//! What all writes have in common: their parameters, and their answers.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::pull_request_view::{FileView, PullRequestView};
use super::query::Query;
use crate::application::changes::answer::{Done, DryRun, Warning, Written};
use crate::application::nodegroups::WriteOptions;
use crate::domain::cost::Cost;
use crate::domain::names::{Actor, Namespace};

/// The parameters of a write.
pub struct WriteParameters {
    dry_run: bool,
    /// Which namespace the name in the path is of.
    pub namespace: Option<Namespace>,
    revision: Option<String>,
}

impl WriteParameters {
    /// The parameters of a POST: `dry_run`.
    ///
    /// # Errors
    /// 400 with every parameter that can't be read.
    pub fn of_create(mut query: Query) -> Result<Self, ApiError> {
        let dry_run = query.flag("dry_run").unwrap_or(false);
        query.finish()?;
        Ok(Self { dry_run, namespace: None, revision: None })
    }

    /// The parameters of a PUT or DELETE: `dry_run`, `namespace`, `revision`.
    ///
    /// # Errors
    /// 400 with every parameter that can't be read.
    pub fn of_change(mut query: Query) -> Result<Self, ApiError> {
        let parameters = Self {
            dry_run: query.flag("dry_run").unwrap_or(false),
            namespace: query.parsed("namespace", Namespace::parse),
            revision: query.text("revision"),
        };
        query.finish()?;
        Ok(parameters)
    }

    /// The same, told to a use case.
    pub fn options(&self, actor: Actor) -> WriteOptions {
        WriteOptions { actor, dry_run: self.dry_run, revision: self.revision.clone() }
    }
}

/// What a write did.
#[derive(Debug, Serialize, ToSchema)]
pub struct WriteView {
    /// False when everything was as asked for already.
    changed: bool,
    /// The pull request that carries the change; null when nothing changed, and in direct mode.
    #[schema(required = true)]
    pull_request: Option<PullRequestView>,
    files: Vec<FileView>,
    /// The commit's id; null when nothing changed.
    #[schema(required = true)]
    commit: Option<String>,
    warnings: Vec<WarningView>,
}

/// Something to know that doesn't stand in the way.
#[derive(Debug, Serialize, ToSchema)]
pub struct WarningView {
    /// A fixed word for programs.
    code: &'static str,
    /// Where in the request, RFC 6901.
    pointer: String,
    /// A sentence for people.
    message: String,
}

/// What a write would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct DryRunView {
    /// Always true.
    dry_run: bool,
    /// Whether anything would change.
    changed: bool,
    /// `create`, `update` or `delete`.
    action: &'static str,
    /// The pull request that would be opened; null when nothing would change, and in direct mode.
    pull_request: Option<DraftView>,
    files: Vec<FileContentView>,
    /// The unified diff of all files.
    diff: String,
    /// What the object costs before and after.
    cost: CostChangeView,
    warnings: Vec<WarningView>,
}

/// What a write did, or would do when only that was asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum WriteAnswer {
    /// What it did.
    Done(WriteView),
    /// What it would do.
    Dry(DryRunView),
}

/// A pull request that isn't opened.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftView {
    title: String,
    /// Markdown.
    body: String,
    branch: String,
    base: String,
}

/// A file of a dry run, with its content after the change.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileContentView {
    path: String,
    /// `create`, `update` or `delete`.
    action: &'static str,
    /// The content after the change; null for a deletion.
    content: Option<String>,
}

/// What an object costs before and after a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct CostChangeView {
    #[schema(value_type = Option<super::cost_view::CostView>)]
    before: Option<Cost>,
    #[schema(value_type = Option<super::cost_view::CostView>)]
    after: Option<Cost>,
}

/// The answer of a write for a client that reached this service as `host`.
pub fn answer(written: Written, host: &str) -> Response {
    let (status, answer) = match written {
        Written::Done(done) => {
            let status = if done.made { StatusCode::CREATED } else { StatusCode::OK };
            (status, WriteAnswer::Done(done_view(&done, host)))
        }
        Written::Dry(dry) => (StatusCode::OK, WriteAnswer::Dry(dry_view(dry))),
    };
    (status, Json(answer)).into_response()
}

fn done_view(done: &Done, host: &str) -> WriteView {
    let files = done.files.iter();
    WriteView {
        changed: done.changed(),
        pull_request: done.pull_request.as_ref().map(|pull_request| PullRequestView::of(pull_request, host)),
        files: files.map(|(path, action)| FileView { path: path.to_string(), action: action.as_str() }).collect(),
        commit: done.commit.as_ref().map(|commit| commit.0.clone()),
        warnings: warnings(&done.warnings),
    }
}

fn dry_view(dry: DryRun) -> DryRunView {
    let files = dry.files.into_iter().map(|(path, action, content)| FileContentView {
        path: path.to_string(),
        action: action.as_str(),
        content,
    });
    DryRunView {
        dry_run: true,
        changed: dry.changed,
        action: dry.action.as_str(),
        pull_request: dry.pull_request.map(|(text, branch, base)| DraftView {
            title: text.title,
            body: text.body,
            branch: branch.to_string(),
            base: base.to_string(),
        }),
        files: files.collect(),
        diff: dry.diff,
        cost: CostChangeView { before: dry.cost_before, after: dry.cost_after },
        warnings: warnings(&dry.warnings),
    }
}

fn warnings(warnings: &[Warning]) -> Vec<WarningView> {
    let view = |warning: &Warning| WarningView {
        code: warning.code,
        pointer: warning.pointer.clone(),
        message: warning.message.clone(),
    };
    warnings.iter().map(view).collect()
}
