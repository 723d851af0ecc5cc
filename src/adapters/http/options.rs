//! `/api/options`: what a form needs to know before somebody fills it in.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::auth::Subject;
use super::error::ApiError;
use super::query::Query;
use super::responses::ReadErrors;
use super::state::AppState;
use crate::domain::error::Failure;
use crate::domain::names::{ClusterName, Namespace};
use crate::domain::nodegroup::{
    CapacityType, MAX_DISK_GIB, MAX_INSTANCE_TYPES, MAX_LABEL_LENGTH, MAX_NODES, MAX_TAINTS, MUTABLE_FIELDS,
    TaintEffect,
};
use crate::domain::secret::{KNOWN_TYPES, KnownType, MAX_SECRET_BYTES, Scope};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_options))
}

/// What a form needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct OptionsView {
    /// The clusters that may be named; when any may, those that nodegroups name already.
    clusters: Vec<String>,
    /// Whether a cluster that isn't listed may be named as well.
    any_cluster: bool,
    /// Namespaces that are known, from the settings and from what exists.
    namespaces: Vec<NamespaceView>,
    /// Whether a namespace that isn't listed may be written to as well.
    any_namespace: bool,
    secret_types: Vec<SecretTypeView>,
    /// The scopes that may be asked for, narrowest first.
    scopes: Vec<&'static str>,
    capacity_types: [&'static str; 2],
    taint_effects: [&'static str; 3],
    defaults: DefaultsView,
    limits: LimitsView,
    mutable_fields: MutableFieldsView,
    /// The prefixes that labels and annotations of secrets may have.
    secret_metadata_prefixes: Vec<String>,
    templates: Vec<TemplateView>,
    repository: RepositoryView,
    subject: SubjectView,
}

/// A namespace.
#[derive(Debug, Serialize, ToSchema)]
pub struct NamespaceView {
    name: String,
    /// Whether it may be written to.
    writable: bool,
}

/// A type of Secret and the keys that it needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct SecretTypeView {
    name: &'static str,
    /// Keys of which all are needed.
    required_keys: &'static [&'static str],
    /// Keys of which at least one is needed.
    any_of_keys: &'static [&'static str],
}

/// What a field is when it is left out.
#[derive(Debug, Serialize, ToSchema)]
pub struct DefaultsView {
    capacity_type: &'static str,
    secret_type: &'static str,
    scope: &'static str,
}

/// The limits of fields.
#[derive(Debug, Serialize, ToSchema)]
pub struct LimitsView {
    max_nodes: u32,
    min_disk_size_gib: u32,
    max_disk_size_gib: u32,
    max_instance_types: usize,
    max_taints: usize,
    max_label_length: usize,
    max_secret_bytes: usize,
    max_body_bytes: usize,
}

/// Which fields a PUT may change.
#[derive(Debug, Serialize, ToSchema)]
pub struct MutableFieldsView {
    nodegroup: [&'static str; 4],
    secret: [&'static str; 3],
}

/// A template in use.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemplateView {
    name: String,
    /// `built in`, or its file.
    source: String,
}

/// The GitOps repository.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepositoryView {
    url: String,
    /// The branch that changes are merged into.
    base: String,
    /// Whether changes are committed straight to it.
    direct: bool,
}

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubjectView {
    name: String,
    can_write: bool,
}

/// What a form needs: clusters, namespaces, types, scopes, defaults, limits.
#[utoipa::path(
    get, path = "/api/options", tag = "options",
    responses((status = 200, body = OptionsView), ReadErrors)
)]
async fn get_options(
    State(state): State<AppState>,
    subject: Subject,
    query: Query,
) -> Result<Json<OptionsView>, ApiError> {
    query.finish()?;
    let nodegroups = if_known(state.nodegroups.list().await)?;
    let secrets = if_known(state.secrets.list().await)?;
    let clusters: BTreeSet<&str> = match state.nodegroups.clusters() {
        Some(named) => named.iter().map(ClusterName::as_str).collect(),
        None => nodegroups.iter().flat_map(|list| list.clusters(&subject.reach)).collect(),
    };
    let policy = state.changes.policy();
    let seen = nodegroups.iter().flat_map(|list| list.keys()).chain(secrets.iter().flat_map(|list| list.keys()));
    let namespaces = seen.map(|key| &key.namespace).chain(policy.named());
    let namespaces: BTreeSet<&Namespace> = namespaces.filter(|namespace| subject.sees(namespace)).collect();
    let repository = state.changes.repository();
    Ok(Json(OptionsView {
        clusters: clusters.into_iter().map(str::to_owned).collect(),
        any_cluster: state.nodegroups.clusters().is_none(),
        namespaces: namespaces
            .into_iter()
            .map(|namespace| NamespaceView {
                name: namespace.to_string(),
                writable: subject.require_write_in(namespace).is_ok() && state.changes.is_writable(namespace),
            })
            .collect(),
        any_namespace: policy.is_everywhere() && subject.reach.writes_all(),
        secret_types: KNOWN_TYPES.iter().map(secret_type).collect(),
        scopes: state.secrets.policy().scopes.iter().map(|scope| scope.as_str()).collect(),
        capacity_types: CapacityType::WORDS,
        taint_effects: TaintEffect::WORDS,
        defaults: DefaultsView {
            capacity_type: CapacityType::default().as_str(),
            secret_type: "Opaque",
            scope: Scope::Strict.as_str(),
        },
        limits: LimitsView {
            max_nodes: MAX_NODES,
            min_disk_size_gib: 1,
            max_disk_size_gib: MAX_DISK_GIB,
            max_instance_types: MAX_INSTANCE_TYPES,
            max_taints: MAX_TAINTS,
            max_label_length: MAX_LABEL_LENGTH,
            max_secret_bytes: MAX_SECRET_BYTES,
            max_body_bytes: super::body::MAX_BODY_BYTES,
        },
        mutable_fields: MutableFieldsView { nodegroup: MUTABLE_FIELDS, secret: ["component", "remove", "set"] },
        secret_metadata_prefixes: state.secrets.policy().metadata_prefixes.iter().cloned().collect(),
        templates: state.changes.templates().into_iter().map(|(name, source)| TemplateView { name, source }).collect(),
        repository: RepositoryView {
            url: repository.url,
            base: repository.base.to_string(),
            direct: state.changes.is_direct(),
        },
        subject: SubjectView { name: subject.actor.to_string(), can_write: subject.can_write },
    }))
}

/// What exists is only suggested: a form can do without, as in a cluster that has no nodegroups' definition.
fn if_known<L>(list: Result<L, Failure>) -> Result<Option<L>, Failure> {
    match list {
        Err(Failure::Unavailable { .. }) => Ok(None),
        list => list.map(Some),
    }
}

fn secret_type(known: &KnownType) -> SecretTypeView {
    SecretTypeView { name: known.name, required_keys: known.required, any_of_keys: known.any_of }
}
