//! `/api/pull_requests`: the changes that this service opened; DELETE withdraws one.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Subject;
use super::error::ApiError;
use super::host::RequestHost;
use super::list::source::SourceView;
use super::list::{ListView, Paging};
use super::parameters::{FilterParameters, PageParameters};
use super::path::PathName;
use super::pull_request_view::PullRequestView;
use super::query::Query;
use super::responses::{ReadErrors, WriteErrors};
use super::state::AppState;
use crate::domain::change::{ObjectKind, PullRequest, PullRequestState};
use crate::domain::cursor::Part;
use crate::domain::error::{Failure, VcsError};
use crate::domain::glob::glob;
use crate::domain::names::Namespace;
use crate::domain::snapshot::Observed;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_pull_requests)).routes(routes!(get_pull_request, withdraw_pull_request))
}

/// Lists the pull requests that this service opened, newest first.
#[utoipa::path(
    get, path = "/api/pull_requests", tag = "pull_requests",
    params(
        ("state" = Option<String>, Query, description = "Only `open`, `merged` or `closed` ones; all by default"),
        ("kind" = Option<String>, Query, description = "Only changes of a `nodegroup` or of a `secret`"),
        FilterParameters,
        PageParameters,
    ),
    responses((status = 200, body = ListView<PullRequestView>), ReadErrors)
)]
async fn list_pull_requests(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    mut query: Query,
) -> Result<Json<ListView<PullRequestView>>, ApiError> {
    let in_state = query.word("state", &["open", "merged", "closed"]).and_then(PullRequestState::from_word);
    let kind = query.word("kind", &["nodegroup", "secret"]).and_then(ObjectKind::from_word);
    let namespace = query.parsed("namespace", Namespace::parse);
    let name = query.text("name");
    let paging = Paging::of(&mut query, || format!("pull_requests {in_state:?} {kind:?} {namespace:?} {name:?}"));
    query.finish()?;
    let snapshot = state.changes.pull_requests().await?;
    let accepts = |pull_request: &&PullRequest| {
        subject.sees(&pull_request.key.namespace)
            && in_state.is_none_or(|wanted| pull_request.state == wanted)
            && kind.is_none_or(|kind| pull_request.key.kind == kind)
            && namespace.as_ref().is_none_or(|namespace| pull_request.key.namespace == *namespace)
            && name.as_ref().is_none_or(|pattern| glob(pattern, pull_request.key.name.as_str()))
    };
    let newest_first = snapshot.items.values().rev().filter_map(|observed| match observed {
        Observed::Valid(pull_request) => Some(&**pull_request),
        Observed::Invalid(_) => None,
    });
    let page = paging.page(
        newest_first.filter(accepts).collect(),
        |pull_request| Reverse(pull_request.number),
        |parts| match parts {
            [Part::Number(number)] => u64::try_from(*number).ok().map(Reverse),
            _ => None,
        },
        |Reverse(number)| vec![Part::Number(i64::try_from(number).unwrap_or(i64::MAX))],
    )?;
    let view = |pull_request| PullRequestView::of(pull_request, &host);
    Ok(Json(ListView::of(page, view, SourceView::of(&snapshot.source))))
}

/// One pull request.
#[utoipa::path(
    get, path = "/api/pull_requests/{number}", tag = "pull_requests",
    params(("number" = u64, Path, description = "The pull request's number")),
    responses((status = 200, body = PullRequestView), ReadErrors)
)]
async fn get_pull_request(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    PathName(number): PathName,
    query: Query,
) -> Result<Json<PullRequestView>, ApiError> {
    query.finish()?;
    Ok(Json(PullRequestView::of(&seen(&state, &subject, &number).await?, &host)))
}

/// Withdraws a pull request: it is closed and its branch deleted. Again: the same answer. Merged: 409.
#[utoipa::path(
    delete, path = "/api/pull_requests/{number}", tag = "pull_requests",
    params(("number" = u64, Path, description = "The pull request's number")),
    responses((status = 200, body = PullRequestView), WriteErrors)
)]
async fn withdraw_pull_request(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    PathName(number): PathName,
    query: Query,
) -> Result<Json<PullRequestView>, ApiError> {
    query.finish()?;
    subject.require_write()?;
    let PullRequest { number, key, .. } = seen(&state, &subject, &number).await?;
    subject.require_write_in(&key.namespace)?;
    let changes = state.changes.clone();
    let pull_request = state.run_write(async move { changes.withdraw(number, &subject.actor).await }).await?;
    Ok(Json(PullRequestView::of(&pull_request, &host)))
}

/// A pull request, as far as the subject may see it.
async fn seen(state: &AppState, subject: &Subject, number: &str) -> Result<PullRequest, Failure> {
    let number = parse(number)?;
    let found = state.changes.pull_request(number).await?;
    if subject.sees(&found.key.namespace) { Ok(found) } else { Err(VcsError::NoSuchPullRequest(number).into()) }
}

/// What is no number is no pull request.
fn parse(number: &str) -> Result<u64, Failure> {
    number
        .parse()
        .map_err(|_| Failure::not_found("pull requests have whole numbers; GET /api/pull_requests lists them"))
}
