//! Picks an adapter for each port and makes the use cases: the one place that names concrete adapters.

use std::sync::Arc;
use std::time::Duration;

use super::authentication::authenticator;
use super::cluster::Cluster;
use super::forge::{self, Forge};
use super::sealing::{Sealing, sealing};
use super::tasks::Tasks;
use super::{StartError, request_key};
use crate::adapters::http::state::UseCases;
use crate::adapters::http::{AppState, HostRule, Limits};
use crate::adapters::manifests::DeclaredStore;
use crate::adapters::pricing::{FileSource, Interval, UrlLimits, UrlSettings, UrlSource};
use crate::adapters::templates::{TemplateSettings, TeraTemplates};
use crate::application::catalog::InstanceTypes;
use crate::application::changes::Changes;
use crate::application::changes::identity::RequestKey;
use crate::application::changes::policy::WritePolicy;
use crate::application::nodegroups::Nodegroups;
use crate::application::readiness::{Part, PartReport, Readiness};
use crate::application::secrets::{SecretPolicy, Secrets};
use crate::config::{Config, InstanceTypesUrl};
use crate::domain::change::ObjectKind;
use crate::domain::ports::{InstanceTypeSource, TemplateRenderer};

/// What the settings were wired to.
pub struct Wired {
    /// What the handlers reach.
    pub state: AppState,
    /// Called on SIGHUP: to read again what is read from files.
    pub on_hangup: Box<dyn Fn() + Send + Sync>,
    /// Called before metrics are written: to tell what changes by itself.
    pub observe: Box<dyn Fn() + Send + Sync>,
}

/// Makes everything that the settings ask for. Background tasks go to `tasks`, which owns them.
///
/// # Errors
/// When a part can't start; the message says what to do.
pub async fn wire(config: &Config, tasks: &mut Tasks) -> Result<Wired, StartError> {
    let instance_types = instance_types(config, tasks)?;
    let (templates, key) = match (templates(config), request_key(config)) {
        (Ok(templates), Ok(key)) => (Arc::new(templates), key),
        (templates, key) => return Err(StartError::of_all([templates.err(), key.err()])),
    };
    let roots = roots(&*templates);
    let keep_folders = roots.iter().map(|(_, root)| root.clone()).collect();
    let Forge { vcs: forge, source, adapter, part: forge_part } = forge::open(config, keep_folders, tasks).await?;
    let declared = Arc::new(DeclaredStore::new(forge.clone(), roots));
    let (running, stop) = (declared.clone(), tasks.stop_token());
    tasks.spawn("declared", async move { running.run(stop).await });
    let cluster = match &config.cluster {
        Some(cluster) => Some(Cluster::open(cluster, tasks).await?),
        None => None,
    };
    let (nodegroups, secrets) = cluster.as_ref().map(Cluster::stores).unzip();
    let client = match &cluster {
        Some(cluster) => Some(cluster.client().await?),
        None => None,
    };
    let Sealing { sealer, adapter: sealing, part: sealing_part, again: seal_again } = sealing(config, client, tasks)?;

    let named = config.access.write_namespaces.iter().cloned().collect();
    let policy = WritePolicy::new(config.access.write_everywhere, named, config.secrets.controller.namespace.as_str());
    let changes = Arc::new(Changes::new(forge.clone(), templates.clone(), policy, key, config.gitops.direct));
    let clusters = config.access.clusters.as_ref().map(|names| names.iter().cloned().collect());
    let use_cases = UseCases {
        nodegroups: Arc::new(Nodegroups::new(
            declared.clone(),
            nodegroups,
            instance_types.clone(),
            forge.clone(),
            templates.clone(),
            changes.clone(),
            clusters,
        )),
        secrets: Arc::new(Secrets::new(
            declared.clone(),
            secrets,
            sealer,
            forge.clone(),
            templates,
            changes.clone(),
            SecretPolicy {
                scopes: config.secrets.scopes.clone(),
                metadata_prefixes: config.secrets.metadata_prefixes.iter().cloned().collect(),
            },
        )),
        instance_types: instance_types.clone(),
        changes,
    };

    let mut parts: Vec<Box<dyn Part>> = vec![instance_types_part(instance_types.clone())];
    if let Some(cluster) = &cluster {
        parts.extend(cluster.parts());
        parts.push(declared_part("manifests", declared, source.stale_after));
    } else {
        parts.push(declared_part("nodegroups", declared.clone(), source.stale_after));
        parts.push(declared_part("secrets", declared, source.stale_after));
    }
    parts.extend([forge_part, sealing_part]);
    let instance_types_location = instance_types.status().source.location;
    log_choice(config, cluster.as_ref(), adapter, sealing, &source.location, &instance_types_location);

    let readiness = Arc::new(Readiness::new(parts, config.server.ready_max_age));
    let authenticator = authenticator(&config.server.auth, cluster.as_ref()).await?;
    let hosts = HostRule::new(authenticator.is_on(), &config.server.allowed_hosts);
    let limits = Limits::new(config.limits.writes_per_minute);
    let state = AppState::new(use_cases, readiness, authenticator, hosts, limits);
    let on_hangup = Box::new(move || {
        instance_types.request_reload();
        seal_again.notify_one();
    });
    let observe: Box<dyn Fn() + Send + Sync> = match &cluster {
        Some(cluster) => Box::new(cluster.observer()),
        None => Box::new(|| {}),
    };
    Ok(Wired { state, on_hangup, observe })
}

/// Starts loading the price list first: it is what takes longest.
fn instance_types(config: &Config, tasks: &mut Tasks) -> Result<Arc<InstanceTypes>, StartError> {
    let settings = &config.instance_types;
    let interval = Interval::new(settings.refresh, settings.jitter);
    let source: Arc<dyn InstanceTypeSource> = match &settings.url {
        Some(InstanceTypesUrl { url, region, allow_private }) => {
            let (url, region, allow_private) = (url.clone(), region.clone(), *allow_private);
            let settings = UrlSettings { url, region, allow_private, interval, limits: UrlLimits::default() };
            let source = UrlSource::new(settings);
            Arc::new(source.map_err(|what| StartError::Setting(format!("INSTANCE_TYPES_URL_SOURCE {what}")))?)
        }
        None => Arc::new(FileSource::new(settings.file.clone(), interval)),
    };
    let instance_types = Arc::new(InstanceTypes::new(source, settings.min_keep));
    let (running, stop) = (instance_types.clone(), tasks.stop_token());
    tasks.spawn("instance_types", async move { running.run(stop).await });
    Ok(instance_types)
}

fn templates(config: &Config) -> Result<TeraTemplates, StartError> {
    let settings = TemplateSettings {
        folder: config.gitops.templates.clone(),
        nodegroup_path: config.gitops.nodegroup_path.clone(),
        secret_path: config.gitops.secret_path.clone(),
    };
    TeraTemplates::load(&settings).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        StartError::Setting(format!("the templates can't be used: {}", all.join("; ")))
    })
}

fn request_key(config: &Config) -> Result<RequestKey, StartError> {
    request_key::load(config.gitops.request_hash_key.as_deref(), &config.gitops.folder)
        .map_err(|error| StartError::Setting(error.to_string()))
}

/// Where manifests of each kind lie.
fn roots(templates: &dyn TemplateRenderer) -> Vec<(ObjectKind, Option<crate::domain::names::RepoPath>)> {
    [ObjectKind::Nodegroup, ObjectKind::Secret].map(|kind| (kind, templates.root(kind))).into()
}

fn instance_types_part(instance_types: Arc<InstanceTypes>) -> Box<dyn Part> {
    Box::new(move || {
        let status = instance_types.status();
        let ready = status.current.is_some();
        let reason = match (ready, &status.last_error) {
            (false, None) => Some("loading"),
            (false, Some(_)) => Some("load_failed"),
            (true, Some(_)) => Some("reload_failed"),
            (true, None) => status.stale.then_some("stale"),
        };
        let (age, adapter) = (ready.then_some(status.age), status.source.kind.as_str());
        PartReport { name: "instance_types", adapter, ready, age, reason, required: true, watches: Vec::new() }
    })
}

fn declared_part(name: &'static str, declared: Arc<DeclaredStore>, stale_after: Duration) -> Box<dyn Part> {
    Box::new(move || {
        let ready = declared.is_loaded();
        let age = declared.contact().age();
        let reason = if ready { (age > stale_after).then_some("stale") } else { Some("loading") };
        PartReport {
            name,
            adapter: "git",
            ready,
            age: ready.then_some(age),
            reason,
            required: true,
            watches: Vec::new(),
        }
    })
}

/// Says which adapters were chosen, as the operator can't see it otherwise.
fn log_choice(
    config: &Config,
    cluster: Option<&Cluster>,
    version_control: &str,
    sealing: &str,
    repository: &str,
    instance_types: &str,
) {
    tracing::info!(
        instance_types,
        stores = if cluster.is_some() { "kubernetes" } else { "git" },
        cluster = cluster.map(|cluster| cluster.connector.location()),
        namespaces = cluster.map(|cluster| cluster.namespaces.as_str()),
        version_control,
        folder = %config.gitops.folder.display(),
        repository,
        base = %config.gitops.branch,
        direct = config.gitops.direct,
        sealing,
        templates = if config.gitops.templates.is_some() { "folder" } else { "built in" },
        "adapters"
    );
}
