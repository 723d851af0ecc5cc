//! Every setting by name, with its default.

/// A setting that the service knows.
#[derive(Debug)]
pub struct Setting {
    /// The variable.
    pub name: &'static str,
    /// The default, as it would be written; empty when there is none, or when it follows from another setting.
    pub default: &'static str,
}

const fn setting(name: &'static str, default: &'static str) -> Setting {
    Setting { name, default }
}

/// The settings of the contract, in the order of `.env.example`.
pub const SETTINGS: &[Setting] = &[
    setting("APP_NAME", "cre-backend-api"),
    setting("APP_VERSION", env!("CARGO_PKG_VERSION")),
    setting("RUST_LOG", "info"),
    setting("LOG_FORMAT", "text"),
    setting("LISTEN_ADDRESS", "127.0.0.1:8000"),
    setting("READY_MAX_AGE_SECONDS", ""),
    setting("METRICS_ADDRESS", ""),
    setting("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
    setting("OTEL_EXPORTER_OTLP_HEADERS", ""),
    setting("OTEL_TRACES_SAMPLER_ARG", "1"),
    setting("AUTH", ""),
    setting("AUTH_TOKENS_FILE", ""),
    setting("ALLOWED_HOSTS", ""),
    setting("BACKSTAGE_URL", ""),
    setting("BACKSTAGE_PLUGINS", ""),
    setting("TOKEN_SERVICE_ACCOUNTS", ""),
    setting("TOKEN_AUDIENCES", ""),
    setting("NAMESPACE_ACCESS_FILE", ""),
    setting("CORS_ORIGINS", ""),
    setting("WRITES_PER_MINUTE", "600"),
    // Stands in many shells for other programs' sake, and alone selects nothing.
    setting("KUBECONFIG", ""),
    setting("NAMESPACE", ""),
    setting("WRITE_NAMESPACES", ""),
    setting("CLUSTERS", ""),
    setting("INSTANCE_TYPES_FILE_SOURCE", "./pricing-list.json"),
    setting("INSTANCE_TYPES_URL_SOURCE", ""),
    setting("INSTANCE_TYPES_REGION", "us-east-1"),
    setting("INSTANCE_TYPES_REFRESH_SECONDS", ""),
    setting("INSTANCE_TYPES_REFRESH_JITTER", "0.1"),
    setting("INSTANCE_TYPES_URL_ALLOW_PRIVATE", "false"),
    setting("INSTANCE_TYPES_MIN_KEEP", "0.5"),
    setting("GITOPS_ORGANIZATION", ""),
    setting("GITOPS_REPO", "unicron"),
    setting("GITOPS_BRANCH", "dev"),
    setting("GITOPS_DESTINATION_FOLDER", "./.gitops"),
    setting("GITOPS_DIRECT", "false"),
    setting("GITOPS_BRANCH_PREFIX", "backend-api"),
    setting("GITOPS_AUTHOR_NAME", ""),
    setting("GITOPS_AUTHOR_EMAIL", ""),
    setting("GITOPS_SIGN_OFF", "false"),
    setting("GITOPS_NODEGROUP_PATH", "nodegroups/{{ namespace }}/{{ name }}.yaml"),
    setting("GITOPS_SECRET_PATH", "secrets/{{ namespace }}/{{ name }}.yaml"),
    setting("TEMPLATES_FOLDER", ""),
    setting("GITOPS_KEEP_BRANCHES", "false"),
    setting("REQUEST_HASH_KEY_FILE", ""),
    setting("GITHUB_TOKEN", ""),
    setting("GITHUB_TOKEN_FILE", ""),
    setting("GITHUB_APP_ID", ""),
    setting("GITHUB_APP_INSTALLATION_ID", ""),
    setting("GITHUB_APP_PRIVATE_KEY_FILE", ""),
    setting("GITHUB_API_URL", "https://api.github.com"),
    setting("GITHUB_URL", "https://github.com"),
    setting("GITHUB_POLL_SECONDS", "60"),
    setting("GITHUB_LABELS", ""),
    setting("GITHUB_REVIEWERS", ""),
    setting("GITHUB_TEAM_REVIEWERS", ""),
    setting("GITHUB_ASSIGNEES", ""),
    setting("GITHUB_DRAFT", "false"),
    setting("COMMIT_SIGNING_KEY_FILE", ""),
    setting("SEALED_SECRETS_CERT", ""),
    setting("SEALED_SECRETS_CERT_SHA256", ""),
    setting("SEALED_SECRETS_SCOPES", "all"),
    setting("SECRET_METADATA_PREFIXES", "app.kubernetes.io,backstage.io"),
    setting("SEALED_SECRETS_CONTROLLER_NAMESPACE", "kube-system"),
    setting("SEALED_SECRETS_CONTROLLER_NAME", "sealed-secrets-controller"),
    setting("SEALED_SECRETS_CONTROLLER_PORT", "8080"),
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
