//! The settings: environment and `.env` to `Config`, every problem at once. The only place that reads variables.

mod parts;
pub mod table;
mod vars;

use std::ffi::OsString;
use std::path::Path;

use parts::Surroundings;
pub use parts::{
    AccessConfig, AuthConfig, BackstageConfig, CertificateAt, ClusterConfig, ControllerConfig, GithubConfig,
    GithubCredentials, GitopsConfig, InstanceTypesConfig, InstanceTypesUrl, LimitsConfig, SecretText, SecretsConfig,
    ServerConfig, TelemetryConfig, TracesConfig, WatchedNamespaces,
};
pub use vars::ConfigError;
use vars::Vars;

/// All settings, read and checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// How the log is written.
    pub telemetry: TelemetryConfig,
    /// Where traces go, if they go anywhere.
    pub traces: Option<TracesConfig>,
    /// Who may speak to the service, and where.
    pub server: ServerConfig,
    /// How much is taken on, and from where.
    pub limits: LimitsConfig,
    /// What may be changed.
    pub access: AccessConfig,
    /// Where the instance types come from.
    pub instance_types: InstanceTypesConfig,
    /// The GitOps repository.
    pub gitops: GitopsConfig,
    /// How secrets are sealed.
    pub secrets: SecretsConfig,
    /// The cluster that is watched, if one is.
    pub cluster: Option<ClusterConfig>,
}

impl Config {
    /// Reads the settings of this process: its environment, and `.env` in its working folder.
    ///
    /// # Errors
    /// Every problem, each with its setting's name and what to do, and none with a value.
    pub fn from_process() -> Result<Self, ConfigError> {
        Self::from_env(std::env::vars_os(), Path::new(".env"))
    }

    /// Reads the settings from variables and a `.env` file, which needn't exist.
    ///
    /// # Errors
    /// As [`Config::from_process`].
    pub fn from_env(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        dotenv: &Path,
    ) -> Result<Self, ConfigError> {
        let variables: Vec<(OsString, OsString)> = variables.into_iter().collect();
        let surroundings = Surroundings::of(&variables);
        let vars = Vars::read(variables, dotenv);
        let (telemetry, traces) = (TelemetryConfig::read(&vars), TracesConfig::read(&vars));
        let server = ServerConfig::read(&vars);
        let (access, limits) = (AccessConfig::read(&vars), LimitsConfig::read(&vars));
        let instance_types = InstanceTypesConfig::read(&vars);
        let gitops = GitopsConfig::read(&vars);
        let secrets = SecretsConfig::read(&vars);
        let cluster = ClusterConfig::read(&vars, &surroundings);
        let all = || {
            let (telemetry, server, limits) = (telemetry?, server?, limits?);
            let (instance_types, gitops, secrets) = (instance_types?, gitops?, secrets?);
            Some(Self { telemetry, traces, server, limits, access, instance_types, gitops, secrets, cluster })
        };
        let config = all();
        vars.finish(config)
    }
}

#[cfg(test)]
#[path = "config/tests.rs"]
mod tests;
