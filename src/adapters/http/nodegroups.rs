//! `/api/nodegroups`: list, read, create, change, delete.

mod listing;
pub mod request;
mod view;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Subject;
use super::body::JsonBody;
use super::error::ApiError;
use super::host::RequestHost;
use super::list::kept::Item;
use super::list::{ListView, ObjectFilter, Paging};
use super::negotiation::TakesGzip;
use super::parameters::{ChangeParameters, CreateParameters, FilterParameters, NamespaceParameter, PageParameters};
use super::path::PathName;
use super::query::Query;
use super::responses::{ReadErrors, WriteErrors};
use super::state::AppState;
use super::write::{WriteAnswer, WriteParameters, WriteView, answer};
use crate::domain::names::{ClusterName, Namespace};
use crate::domain::nodegroup::phase::Phase;
use listing::Facts;
pub use request::component;
use request::{CreateNodegroup, UpdateNodegroup};
pub use view::ManifestView;
use view::NodegroupView;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_nodegroups, create_nodegroup)).routes(routes!(
        get_nodegroup,
        update_nodegroup,
        delete_nodegroup
    ))
}

/// Lists nodegroups, each with its instance types' data, cost and open pull request.
#[utoipa::path(
    get, path = "/api/nodegroups", tag = "nodegroups",
    params(
        FilterParameters,
        ("cluster" = Option<String>, Query, description = "Only this EKS cluster"),
        ("phase" = Option<String>, Query, description = "Only this phase"),
        ("component" = Option<String>, Query, description = "Only this Backstage component"),
        PageParameters,
    ),
    responses(
        (status = 200, body = ListView<NodegroupView>, description = "The list; the whole one gzipped where Accept-Encoding allows it"),
        ReadErrors,
    )
)]
async fn list_nodegroups(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    TakesGzip(gzip): TakesGzip,
    mut query: Query,
) -> Result<Response, ApiError> {
    let filter = ObjectFilter::of(&mut query);
    let cluster = query.parsed("cluster", ClusterName::parse);
    let phase = query.word("phase", &Phase::WORDS).and_then(Phase::from_word);
    let paging = Paging::of(&mut query, || format!("nodegroups {filter:?} {cluster:?} {phase:?}"));
    query.finish()?;
    let unfiltered = subject.reach.reads_all() && filter.is_none() && cluster.is_none() && phase.is_none();
    let accepts = |item: &Item<Facts>| {
        let Facts { nodegroup, phase: its_phase } = &item.facts;
        subject.sees(&item.key.namespace)
            && filter.accepts(&item.key, nodegroup.component.as_deref())
            && cluster.as_ref().is_none_or(|name| nodegroup.cluster.as_deref() == Some(name.as_str()))
            && phase.is_none_or(|phase| phase == *its_phase)
    };
    let list = state.lists.nodegroups.newest(&host, || state.nodegroups.list()).await?;
    list.answer(&paging, (!unfiltered).then_some(accepts), gzip).await
}

/// One nodegroup.
#[utoipa::path(
    get, path = "/api/nodegroups/{name}", tag = "nodegroups",
    params(
        ("name" = String, Path, description = "The nodegroup's name"),
        NamespaceParameter,
    ),
    responses((status = 200, body = NodegroupView), ReadErrors)
)]
async fn get_nodegroup(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    PathName(name): PathName,
    mut query: Query,
) -> Result<Json<NodegroupView>, ApiError> {
    let namespace = query.parsed("namespace", Namespace::parse);
    query.finish()?;
    Ok(Json(NodegroupView::of(&state.nodegroups.get(&name, &subject.place(namespace.as_ref())).await?, &host)))
}

/// Opens a pull request that adds a nodegroup.
#[utoipa::path(
    post, path = "/api/nodegroups", tag = "nodegroups",
    params(CreateParameters),
    request_body = CreateNodegroup,
    responses(
        (status = 200, body = WriteAnswer, description = "Asked for before, as asked for already, or a dry run"),
        (status = 201, body = WriteView),
        WriteErrors,
    )
)]
async fn create_nodegroup(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    query: Query,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let parameters = WriteParameters::of_create(query)?;
    let (key, spec) = request::create(&body, &state.nodegroups)?;
    subject.require_write_in(&key.namespace)?;
    let options = parameters.options(subject.actor);
    let nodegroups = state.nodegroups.clone();
    let written = state.run_write(async move { nodegroups.create(key, spec, &options).await }).await?;
    Ok(answer(written, &host))
}

/// Opens a pull request that changes a nodegroup: scaling, labels, taints, component.
#[utoipa::path(
    put, path = "/api/nodegroups/{name}", tag = "nodegroups",
    params(
        ("name" = String, Path, description = "The nodegroup's name"),
        ChangeParameters,
    ),
    request_body = UpdateNodegroup,
    responses(
        (status = 200, body = WriteAnswer, description = "Asked for before, as asked for already, or a dry run"),
        (status = 201, body = WriteView),
        WriteErrors,
    )
)]
async fn update_nodegroup(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    PathName(name): PathName,
    query: Query,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let parameters = WriteParameters::of_change(query)?;
    let place = subject.place(parameters.namespace.as_ref());
    let edit =
        request::update(&body, async |edit| state.nodegroups.fixed_violations(&name, &place, edit).await).await?;
    subject.require_write()?;
    let key = state.nodegroups.resolve(&name, &subject.place(parameters.namespace.as_ref())).await?;
    subject.require_write_in(&key.namespace)?;
    let options = parameters.options(subject.actor);
    let nodegroups = state.nodegroups.clone();
    let written = state.run_write(async move { nodegroups.update(key, edit, &options).await }).await?;
    Ok(answer(written, &host))
}

/// Opens a pull request that deletes a nodegroup.
#[utoipa::path(
    delete, path = "/api/nodegroups/{name}", tag = "nodegroups",
    params(
        ("name" = String, Path, description = "The nodegroup's name"),
        ChangeParameters,
    ),
    responses(
        (status = 200, body = WriteAnswer, description = "Asked for before, or a dry run"),
        (status = 201, body = WriteView),
        WriteErrors,
    )
)]
async fn delete_nodegroup(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    PathName(name): PathName,
    query: Query,
) -> Result<Response, ApiError> {
    let parameters = WriteParameters::of_change(query)?;
    subject.require_write()?;
    let key = state.nodegroups.resolve(&name, &subject.place(parameters.namespace.as_ref())).await?;
    subject.require_write_in(&key.namespace)?;
    let options = parameters.options(subject.actor);
    let nodegroups = state.nodegroups.clone();
    let written = state.run_write(async move { nodegroups.delete(key, &options).await }).await?;
    Ok(answer(written, &host))
}
