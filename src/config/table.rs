//! Every setting by name, with its default, and whether its part is built.

/// A setting that the service knows.
#[derive(Debug)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// The default, as it would be written; empty when there is none, or when it follows from another setting.
    pub default: &'static str,
    /// What the service does with it.
    pub state: State,
}

/// What the service does with a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is read.
    Built,
    /// Its part isn't built: any value but the default is refused. The text says what to do instead.
    NotBuilt(&'static str),
    /// It stands in many shells for other programs' sake, and alone selects nothing.
    Ambient,
}

const fn built(name: &'static str, default: &'static str) -> Setting {
    Setting { name, default, state: State::Built }
}

const fn later(name: &'static str, default: &'static str, instead: &'static str) -> Setting {
    Setting { name, default, state: State::NotBuilt(instead) }
}

const TOKENS_ONLY: &str = "only static tokens are built yet; unset it and use AUTH_TOKENS_FILE";

/// The settings of the contract, in the order of `.env.example`.
pub const SETTINGS: &[Setting] = &[
    built("APP_NAME", "cre-backend-api"),
    built("APP_VERSION", env!("CARGO_PKG_VERSION")),
    built("RUST_LOG", "info"),
    built("LOG_FORMAT", "text"),
    built("LISTEN_ADDRESS", "127.0.0.1:8000"),
    built("READY_MAX_AGE_SECONDS", ""),
    built("METRICS_ADDRESS", ""),
    built("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
    built("OTEL_EXPORTER_OTLP_HEADERS", ""),
    built("OTEL_TRACES_SAMPLER_ARG", "1"),
    built("AUTH", ""),
    built("AUTH_TOKENS_FILE", ""),
    built("ALLOWED_HOSTS", ""),
    later("BACKSTAGE_URL", "", TOKENS_ONLY),
    later("BACKSTAGE_PLUGINS", "", TOKENS_ONLY),
    later("TOKEN_AUDIENCES", "", TOKENS_ONLY),
    later("TOKEN_SERVICE_ACCOUNTS", "", TOKENS_ONLY),
    later("NAMESPACE_ACCESS_FILE", "", "rights per namespace aren't built yet; unset it and use WRITE_NAMESPACES"),
    built("CORS_ORIGINS", ""),
    built("WRITES_PER_MINUTE", "600"),
    Setting { name: "KUBECONFIG", default: "", state: State::Ambient },
    built("NAMESPACE", ""),
    built("WRITE_NAMESPACES", ""),
    built("CLUSTERS", ""),
    built("INSTANCE_TYPES_FILE_SOURCE", "./pricing-list.json"),
    built("INSTANCE_TYPES_URL_SOURCE", ""),
    built("INSTANCE_TYPES_REGION", "us-east-1"),
    built("INSTANCE_TYPES_REFRESH_SECONDS", ""),
    built("INSTANCE_TYPES_REFRESH_JITTER", "0.1"),
    built("INSTANCE_TYPES_URL_ALLOW_PRIVATE", "false"),
    built("INSTANCE_TYPES_MIN_KEEP", "0.5"),
    built("GITOPS_ORGANIZATION", ""),
    built("GITOPS_REPO", "unicron"),
    built("GITOPS_BRANCH", "dev"),
    built("GITOPS_DESTINATION_FOLDER", "./.gitops"),
    built("GITOPS_DIRECT", "false"),
    built("GITOPS_BRANCH_PREFIX", "backend-api"),
    built("GITOPS_AUTHOR_NAME", ""),
    built("GITOPS_AUTHOR_EMAIL", ""),
    built("GITOPS_SIGN_OFF", "false"),
    built("GITOPS_NODEGROUP_PATH", "nodegroups/{{ namespace }}/{{ name }}.yaml"),
    built("GITOPS_SECRET_PATH", "secrets/{{ namespace }}/{{ name }}.yaml"),
    built("TEMPLATES_FOLDER", ""),
    built("GITOPS_KEEP_BRANCHES", "false"),
    built("REQUEST_HASH_KEY_FILE", ""),
    built("GITHUB_TOKEN", ""),
    built("GITHUB_TOKEN_FILE", ""),
    built("GITHUB_APP_ID", ""),
    built("GITHUB_APP_INSTALLATION_ID", ""),
    built("GITHUB_APP_PRIVATE_KEY_FILE", ""),
    built("GITHUB_API_URL", "https://api.github.com"),
    built("GITHUB_URL", "https://github.com"),
    built("GITHUB_POLL_SECONDS", "60"),
    built("GITHUB_LABELS", ""),
    built("GITHUB_REVIEWERS", ""),
    built("GITHUB_TEAM_REVIEWERS", ""),
    built("GITHUB_ASSIGNEES", ""),
    built("GITHUB_DRAFT", "false"),
    built("COMMIT_SIGNING_KEY_FILE", ""),
    built("SEALED_SECRETS_CERT", ""),
    built("SEALED_SECRETS_CERT_SHA256", ""),
    built("SEALED_SECRETS_SCOPES", "all"),
    built("SECRET_METADATA_PREFIXES", "app.kubernetes.io,backstage.io"),
    built("SEALED_SECRETS_CONTROLLER_NAMESPACE", "kube-system"),
    built("SEALED_SECRETS_CONTROLLER_NAME", "sealed-secrets-controller"),
    built("SEALED_SECRETS_CONTROLLER_PORT", "8080"),
];

/// Prefixes of names that are ours alone: an unknown one in `.env` is a typing mistake. `GITHUB_` isn't: build servers set many.
pub const OUR_PREFIXES: &[&str] = &["GITOPS_", "GITPOS_", "INSTANCE_TYPES_", "SEALED_SECRETS_"];

/// A setting by its name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The second spelling of a `GITOPS_` name, which the first users have in their files.
#[must_use]
pub fn alias(name: &str) -> Option<String> {
    name.strip_prefix("GITOPS_").map(|rest| format!("GITPOS_{rest}"))
}
