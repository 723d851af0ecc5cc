//! `/api/secrets` and `/api/certificate`: names, keys and sizes, never a value; create, change, delete as SealedSecrets.

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
use crate::domain::error::Failure;
use crate::domain::names::Namespace;
use listing::Facts;
use request::{CreateSecret, UpdateSecret};
use view::{CertificateView, SecretView};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_secrets, create_secret))
        .routes(routes!(get_secret, update_secret, delete_secret))
        .routes(routes!(get_certificate))
}

/// Lists secrets: names, types, key names and sizes; never a value.
#[utoipa::path(
    get, path = "/api/secrets", tag = "secrets",
    params(
        FilterParameters,
        ("component" = Option<String>, Query, description = "Only this Backstage component"),
        PageParameters,
    ),
    responses(
        (status = 200, body = ListView<SecretView>, description = "The list; the whole one gzipped where Accept-Encoding allows it"),
        ReadErrors,
    )
)]
async fn list_secrets(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    TakesGzip(gzip): TakesGzip,
    mut query: Query,
) -> Result<Response, ApiError> {
    let filter = ObjectFilter::of(&mut query);
    let paging = Paging::of(&mut query, || format!("secrets {filter:?}"));
    query.finish()?;
    let accepts = |item: &Item<Facts>| {
        subject.sees(&item.key.namespace) && filter.accepts(&item.key, item.facts.component.as_deref())
    };
    let unfiltered = subject.reach.reads_all() && filter.is_none();
    let list = state.lists.secrets.newest(&host, || state.secrets.list()).await?;
    list.answer(&paging, (!unfiltered).then_some(accepts), gzip).await
}

/// One secret, without its values.
#[utoipa::path(
    get, path = "/api/secrets/{name}", tag = "secrets",
    params(
        ("name" = String, Path, description = "The secret's name"),
        NamespaceParameter,
    ),
    responses((status = 200, body = SecretView), ReadErrors)
)]
async fn get_secret(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    PathName(name): PathName,
    mut query: Query,
) -> Result<Json<SecretView>, ApiError> {
    let namespace = query.parsed("namespace", Namespace::parse);
    query.finish()?;
    Ok(Json(SecretView::of(&state.secrets.get(&name, &subject.place(namespace.as_ref())).await?, &host)))
}

/// Opens a pull request with a new SealedSecret. The values are encrypted before anything is written.
#[utoipa::path(
    post, path = "/api/secrets", tag = "secrets",
    params(CreateParameters),
    request_body = CreateSecret,
    responses(
        (status = 200, body = WriteAnswer, description = "Asked for a moment before, or a dry run"),
        (status = 201, body = WriteView),
        WriteErrors,
    )
)]
async fn create_secret(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    query: Query,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let parameters = WriteParameters::of_create(query)?;
    let (key, spec) = request::create(&body, &state.secrets)?;
    drop(body);
    subject.require_write_in(&key.namespace)?;
    let options = parameters.options(subject.actor);
    let secrets = state.secrets.clone();
    let written = state.run_write(async move { secrets.create(key, spec, &options).await }).await?;
    Ok(answer(written, &host))
}

/// Opens a pull request that sets and removes keys of a secret; the other keys' ciphertext stays byte for byte.
#[utoipa::path(
    put, path = "/api/secrets/{name}", tag = "secrets",
    params(
        ("name" = String, Path, description = "The secret's name"),
        ChangeParameters,
    ),
    request_body = UpdateSecret,
    responses(
        (status = 200, body = WriteAnswer, description = "Asked for a moment before, nothing to change, or a dry run"),
        (status = 201, body = WriteView),
        WriteErrors,
    )
)]
async fn update_secret(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    PathName(name): PathName,
    query: Query,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    let parameters = WriteParameters::of_change(query)?;
    let (edit, sent) = request::update(&body)?;
    drop(body);
    subject.require_write()?;
    let key = state.secrets.resolve(&name, &subject.place(parameters.namespace.as_ref())).await?;
    subject.require_write_in(&key.namespace)?;
    let options = parameters.options(subject.actor);
    let secrets = state.secrets.clone();
    let update = async move {
        // What the edit breaks is known only once the secret is looked at.
        secrets.update(key, edit, &options).await.map_err(|failure| match failure {
            Failure::Invalid(wrong) => Failure::Invalid(wrong.into_iter().map(|one| sent.place(one)).collect()),
            other => other,
        })
    };
    let written = state.run_write(update).await?;
    Ok(answer(written, &host))
}

/// Opens a pull request that deletes a secret.
#[utoipa::path(
    delete, path = "/api/secrets/{name}", tag = "secrets",
    params(
        ("name" = String, Path, description = "The secret's name"),
        ChangeParameters,
    ),
    responses(
        (status = 200, body = WriteAnswer, description = "Asked for before, or a dry run"),
        (status = 201, body = WriteView),
        WriteErrors,
    )
)]
async fn delete_secret(
    State(state): State<AppState>,
    subject: Subject,
    RequestHost(host): RequestHost,
    PathName(name): PathName,
    query: Query,
) -> Result<Response, ApiError> {
    let parameters = WriteParameters::of_change(query)?;
    subject.require_write()?;
    let key = state.secrets.resolve(&name, &subject.place(parameters.namespace.as_ref())).await?;
    subject.require_write_in(&key.namespace)?;
    let options = parameters.options(subject.actor);
    let secrets = state.secrets.clone();
    let written = state.run_write(async move { secrets.delete(key, &options).await }).await?;
    Ok(answer(written, &host))
}

/// The certificate that secrets are sealed with, for sealing elsewhere.
#[utoipa::path(
    get, path = "/api/certificate", tag = "secrets",
    responses((status = 200, body = CertificateView), ReadErrors)
)]
async fn get_certificate(State(state): State<AppState>, query: Query) -> Result<Json<CertificateView>, ApiError> {
    query.finish()?;
    Ok(Json(CertificateView::of(&state.secrets.certificate().await?)))
}
