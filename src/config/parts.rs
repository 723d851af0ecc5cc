//! One small struct per concern, each field with its variable and default.

mod auth;
mod cluster;
mod github;
mod instance_types;
mod limits;
mod secrets;
mod traces;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tracing_subscriber::filter::{EnvFilter, LevelFilter};
use url::{Host, Url};

pub use self::auth::{AuthConfig, BackstageConfig};
pub(super) use self::cluster::Surroundings;
pub use self::cluster::{ClusterConfig, WatchedNamespaces};
pub use self::github::{GithubConfig, GithubCredentials, SecretText};
pub use self::instance_types::{InstanceTypesConfig, InstanceTypesUrl};
pub use self::limits::LimitsConfig;
pub use self::secrets::{CertificateAt, ControllerConfig, SecretsConfig};
pub use self::traces::TracesConfig;
use super::vars::Vars;
use crate::domain::names::{BranchName, ClusterName, Namespace};

/// How the log is written.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// `APP_NAME`, cre-backend-api.
    pub app_name: String,
    /// `APP_VERSION`, the crate's.
    pub app_version: String,
    /// `RUST_LOG`, info: checked to be a filter.
    pub filter: String,
    /// `LOG_FORMAT`, text: whether it is json.
    pub json: bool,
}

impl TelemetryConfig {
    pub(super) fn read(vars: &Vars) -> Option<Self> {
        let filter = vars.parsed("RUST_LOG", |text| {
            // A misspelt level alone would be taken for a target's name, and nothing be logged.
            let valid = !misspelt_level(text) && EnvFilter::builder().parse(text).is_ok();
            if valid { Ok(text.to_owned()) } else { Err("a filter such as info, or info,cre_backend_api=debug") }
        });
        let json = vars.parsed("LOG_FORMAT", |text| match text {
            "text" => Ok(false),
            "json" => Ok(true),
            _ => Err("text or json"),
        });
        let line = |name| vars.parsed(name, one_line);
        let (app_name, app_version) = (line("APP_NAME"), line("APP_VERSION"));
        Some(Self { app_name: app_name?, app_version: app_version?, filter: filter?, json: json? })
    }
}

/// A single word that is no level, such as `inof`.
fn misspelt_level(text: &str) -> bool {
    let word = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    word && text.parse::<LevelFilter>().is_err()
}

/// Who may speak to the service, and where.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// `LISTEN_ADDRESS`, 127.0.0.1:8000. Beyond loopback only with authentication or `AUTH=none`.
    pub listen: SocketAddr,
    /// `METRICS_ADDRESS`, none: where `/metrics` and the probes are served beside, without authentication.
    pub metrics: Option<SocketAddr>,
    /// Whose tokens are taken.
    pub auth: AuthConfig,
    /// `ALLOWED_HOSTS`, none: loopback names.
    pub allowed_hosts: Vec<String>,
    /// `READY_MAX_AGE_SECONDS`, none: data may grow stale.
    pub ready_max_age: Option<Duration>,
}

impl ServerConfig {
    pub(super) fn read(vars: &Vars) -> Option<Self> {
        let address = |text: &str| {
            text.parse::<SocketAddr>().map_err(|_| "an IP address and a port, such as 127.0.0.1:8000 or [::1]:8000")
        };
        let listen = vars.parsed("LISTEN_ADDRESS", address);
        let metrics = vars.parsed("METRICS_ADDRESS", address);
        let auth = AuthConfig::read(vars);
        if metrics.is_some() && metrics == listen && metrics.is_some_and(|address| address.port() != 0) {
            vars.problem("METRICS_ADDRESS", "is LISTEN_ADDRESS; take another port");
        }
        if listen.is_some_and(|address| !address.ip().is_loopback()) && !auth.is_on() && !auth.off_on_purpose {
            let what = "is beyond loopback and nobody is asked for credentials; \
                set AUTH_TOKENS_FILE, BACKSTAGE_URL or TOKEN_SERVICE_ACCOUNTS, or AUTH=none if that is what you want";
            vars.problem("LISTEN_ADDRESS", what);
        }
        let allowed_hosts = vars.list("ALLOWED_HOSTS", |name| {
            let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b)) || name == "*";
            if plain { Ok(name.to_owned()) } else { Err("host names with commas, each with or without a port, or *") }
        });
        let ready_max_age = vars.parsed("READY_MAX_AGE_SECONDS", seconds);
        Some(Self { listen: listen?, metrics, auth, allowed_hosts, ready_max_age })
    }
}

/// What may be changed.
#[derive(Debug, Clone)]
pub struct AccessConfig {
    /// `WRITE_NAMESPACES`, `NAMESPACE` or `*`: whether every namespace may be written to, the protected ones excepted.
    pub write_everywhere: bool,
    /// `WRITE_NAMESPACES`: the namespaces that are named; a protected one may be written to only when it is.
    pub write_namespaces: Vec<Namespace>,
    /// `CLUSTERS`, any: the clusters that nodegroups may name; `None` for any.
    pub clusters: Option<Vec<ClusterName>>,
}

impl AccessConfig {
    pub(super) fn read(vars: &Vars) -> Self {
        let star_or = |what: &str| format!("names with commas, each {what}, or *");
        let setting = if vars.get("WRITE_NAMESPACES").is_some() { "WRITE_NAMESPACES" } else { "NAMESPACE" };
        let namespaces = vars.list(setting, |name| match name {
            "*" => Ok(None),
            name => Namespace::parse(name).map(Some).map_err(|_| star_or(Namespace::EXPECTED)),
        });
        let clusters = vars.list("CLUSTERS", |name| match name {
            "*" => Ok(None),
            name => ClusterName::parse(name).map(Some).map_err(|_| star_or(ClusterName::EXPECTED)),
        });
        let any_cluster = clusters.is_empty() || clusters.contains(&None);
        Self {
            write_everywhere: namespaces.is_empty() || namespaces.contains(&None),
            write_namespaces: namespaces.into_iter().flatten().collect(),
            clusters: (!any_cluster).then(|| clusters.into_iter().flatten().collect()),
        }
    }
}

/// The GitOps repository.
#[derive(Debug, Clone)]
pub struct GitopsConfig {
    /// `GITOPS_REPO`, unicron.
    pub repo: String,
    /// `GITOPS_BRANCH`, dev.
    pub branch: BranchName,
    /// `GITOPS_DESTINATION_FOLDER`, ./.gitops.
    pub folder: PathBuf,
    /// `GITOPS_DIRECT`, false: whether a write commits to the base branch.
    pub direct: bool,
    /// `GITOPS_BRANCH_PREFIX`, backend-api.
    pub branch_prefix: BranchName,
    /// `GITOPS_AUTHOR_NAME`, `APP_NAME`.
    pub author_name: String,
    /// `GITOPS_AUTHOR_EMAIL`, none.
    pub author_email: Option<String>,
    /// `GITOPS_SIGN_OFF`, false: whether commits' messages say `Signed-off-by`.
    pub sign_off: bool,
    /// `COMMIT_SIGNING_KEY_FILE`, none: an SSH key that signs commits.
    pub signing_key: Option<PathBuf>,
    /// `GITOPS_NODEGROUP_PATH`, `nodegroups/{{ namespace }}/{{ name }}.yaml`.
    pub nodegroup_path: String,
    /// `GITOPS_SECRET_PATH`, `secrets/{{ namespace }}/{{ name }}.yaml`.
    pub secret_path: String,
    /// `TEMPLATES_FOLDER`, none: the built-in templates.
    pub templates: Option<PathBuf>,
    /// `GITOPS_KEEP_BRANCHES`, false: whether branches of merged and closed changes stay.
    pub keep_branches: bool,
    /// `REQUEST_HASH_KEY_FILE`, none: made on first start.
    pub request_hash_key: Option<PathBuf>,
    /// With `GITOPS_ORGANIZATION`, GitHub; without, the repository is on this machine.
    pub github: Option<GithubConfig>,
}

impl GitopsConfig {
    pub(super) fn read(vars: &Vars) -> Option<Self> {
        let repo = vars.parsed("GITOPS_REPO", repo_name);
        let branch = vars.parsed("GITOPS_BRANCH", BranchName::parse);
        let folder = vars.get("GITOPS_DESTINATION_FOLDER").map(PathBuf::from);
        let branch_prefix = vars.parsed("GITOPS_BRANCH_PREFIX", BranchName::parse);
        let author_name = vars.parsed("GITOPS_AUTHOR_NAME", identity).or_else(|| vars.parsed("APP_NAME", identity));
        let author_email = vars.parsed("GITOPS_AUTHOR_EMAIL", identity);
        let (direct, keep_branches) = (vars.flag("GITOPS_DIRECT"), vars.flag("GITOPS_KEEP_BRANCHES"));
        let path = |name| vars.get(name).map(str::to_owned);
        Some(Self {
            repo: repo?,
            branch: branch?,
            folder: folder?,
            direct,
            branch_prefix: branch_prefix?,
            author_name: author_name?,
            author_email,
            sign_off: vars.flag("GITOPS_SIGN_OFF"),
            signing_key: vars.get("COMMIT_SIGNING_KEY_FILE").map(PathBuf::from),
            nodegroup_path: path("GITOPS_NODEGROUP_PATH")?,
            secret_path: path("GITOPS_SECRET_PATH")?,
            templates: vars.get("TEMPLATES_FOLDER").map(PathBuf::from),
            keep_branches,
            request_hash_key: vars.get("REQUEST_HASH_KEY_FILE").map(PathBuf::from),
            github: GithubConfig::read(vars),
        })
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, &'static str> {
    let number = text.parse().ok().filter(|seconds| (1..=31_536_000).contains(seconds));
    number.map(Duration::from_secs).ok_or("a number of seconds from 1 on")
}

/// https, or http on this machine: nobody on the way can read it or put something else in its place.
fn is_safe(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && loopback)
}

fn one_line(text: &str) -> Result<String, &'static str> {
    let valid = text.len() <= 100 && text.bytes().all(|b| (0x20..0x7f).contains(&b));
    if valid { Ok(text.to_owned()) } else { Err("at most 100 printable ASCII characters") }
}

/// Git's own rule for names in commits.
fn identity(text: &str) -> Result<String, &'static str> {
    let valid = text.len() <= 200 && !text.contains(['<', '>']) && !text.chars().any(char::is_control);
    if valid { Ok(text.to_owned()) } else { Err("at most 200 characters on one line, without < and >") }
}

fn repo_name(text: &str) -> Result<String, &'static str> {
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
    let valid = first && plain && text.len() <= 100 && !text.ends_with(".git") && !text.ends_with(".lock");
    let expected =
        "a repository's name: letters, digits, '.', '_' and '-', starting with a letter or digit, not ending in .git";
    if valid { Ok(text.to_owned()) } else { Err(expected) }
}
