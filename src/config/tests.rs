//! The settings: defaults, spellings, every problem at once, and no value in any message.

mod github_tests;
mod sealing_tests;

use std::path::PathBuf;

use super::table::SETTINGS;
use super::*;

/// Reads a configuration from variables and the text of a `.env` file.
fn read_with(variables: &[(&str, &str)], dotenv: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    std::fs::write(&path, dotenv).unwrap();
    let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::from_env(variables, &path)
}

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    read_with(variables, "")
}

/// The problems, as lines; the canary is never in one.
fn problems(variables: &[(&str, &str)], dotenv: &str) -> Vec<String> {
    let problems = read_with(variables, dotenv).expect_err("no problem was found").0;
    assert!(!format!("{problems:?}").contains("hunter2"), "{problems:?}");
    problems
}

#[test]
fn nothing_set_gives_the_defaults_of_the_contract() {
    let config = read(&[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
    assert_eq!((config.server.auth.tokens_file, config.server.ready_max_age), (None, None));
    assert_eq!((config.telemetry.app_name.as_str(), config.telemetry.json), ("cre-backend-api", false));
    assert_eq!(config.instance_types.file, PathBuf::from("./pricing-list.json"));
    assert_eq!(config.instance_types.refresh.as_secs(), 5);
    assert!((config.instance_types.min_keep - 0.5).abs() < f64::EPSILON);
    assert_eq!((config.gitops.repo.as_str(), config.gitops.branch.as_str()), ("unicron", "dev"));
    assert_eq!(config.gitops.author_name, "cre-backend-api");
    assert!(!config.gitops.direct && config.access.write_everywhere && config.access.clusters.is_none());
    assert_eq!(config.secrets.scopes, crate::domain::secret::Scope::ALL);
    assert_eq!(config.secrets.metadata_prefixes, ["app.kubernetes.io", "backstage.io"]);
}

#[test]
fn the_example_file_has_every_setting_with_its_default_and_is_accepted() {
    let text = include_str!("../../.env.example");
    let example: Vec<(String, String)> = dotenvy::from_read_iter(text.as_bytes()).map(Result::unwrap).collect();
    let table: Vec<(String, String)> =
        SETTINGS.iter().map(|setting| (setting.name.to_owned(), setting.default.to_owned())).collect();
    let sorted = |mut pairs: Vec<(String, String)>| {
        pairs.sort();
        pairs
    };
    assert_eq!(sorted(example), sorted(table));
    assert!(read_with(&[], text).is_ok());
}

#[test]
fn the_environment_wins_over_the_file_and_empty_is_unset() {
    let dotenv = "GITOPS_REPO=from-file\nGITOPS_BRANCH=main\n";
    let config = read_with(&[("GITOPS_REPO", "from-env"), ("GITOPS_BRANCH", "")], dotenv).unwrap();
    assert_eq!((config.gitops.repo.as_str(), config.gitops.branch.as_str()), ("from-env", "main"));
}

#[test]
fn the_second_spelling_is_read_and_the_first_wins() {
    assert_eq!(read(&[("GITPOS_REPO", "old")]).unwrap().gitops.repo, "old");
    assert_eq!(read(&[("GITPOS_REPO", "old"), ("GITOPS_REPO", "new")]).unwrap().gitops.repo, "new");
    assert_eq!(read_with(&[], "GITPOS_REPO=old\n").unwrap().gitops.repo, "old");
}

#[test]
fn every_problem_is_told_at_once_without_a_value() {
    let told = problems(
        &[
            ("LISTEN_ADDRESS", "hunter2"),
            ("RUST_LOG", "hunter2"),
            ("LOG_FORMAT", "hunter2"),
            ("AUTH", "hunter2"),
            ("INSTANCE_TYPES_MIN_KEEP", "2"),
            ("GITOPS_REPO", "hunter2.git"),
            ("GITOPS_BRANCH", "hunter2 x"),
            ("GITOPS_DIRECT", "hunter2"),
            ("CORS_ORIGINS", "hunter2"),
            ("SEALED_SECRETS_CERT_SHA256", "hunter2"),
            ("WRITE_NAMESPACES", "Hunter2hunter2"),
        ],
        "",
    );
    let names: Vec<&str> = told.iter().filter_map(|problem| problem.split(':').next()).collect();
    for name in
        ["LISTEN_ADDRESS", "RUST_LOG", "LOG_FORMAT", "AUTH", "INSTANCE_TYPES_MIN_KEEP", "GITOPS_REPO", "GITOPS_BRANCH"]
    {
        assert!(names.contains(&name), "{name} in {told:?}");
    }
    assert_eq!(told.len(), 11, "{told:?}");
}

#[test]
fn a_kubeconfig_alone_turns_nothing_on() {
    assert!(read(&[("KUBECONFIG", "/somewhere")]).unwrap().cluster.is_none(), "it stands in many shells");
}

#[test]
fn a_placeholder_is_a_problem_and_an_address_in_brackets_is_none() {
    let told = problems(&[("GITOPS_REPO", "[your repository]"), ("NAMESPACE", "[hunter2]")], "");
    assert_eq!(told.len(), 2);
    assert!(told.iter().all(|problem| problem.contains("placeholder")), "{told:?}");
    assert_eq!(read(&[("ALLOWED_HOSTS", "[::1]")]).unwrap().server.allowed_hosts, ["[::1]"]);
}

#[test]
fn a_bind_beyond_loopback_says_what_to_set() {
    for address in ["0.0.0.0:8000", "[::]:8000", "192.168.0.1:80"] {
        let told = problems(&[("LISTEN_ADDRESS", address)], "");
        assert!(told[0].contains("AUTH_TOKENS_FILE") && told[0].contains("AUTH=none"), "{told:?}");
        assert!(read(&[("LISTEN_ADDRESS", address), ("AUTH", "none")]).is_ok());
        assert!(read(&[("LISTEN_ADDRESS", address), ("AUTH_TOKENS_FILE", "tokens")]).is_ok());
    }
    assert!(read(&[("LISTEN_ADDRESS", "[::1]:0")]).is_ok());
}

#[test]
fn authentication_that_contradicts_itself_is_a_problem() {
    assert_eq!(problems(&[("AUTH", "tokens")], "").len(), 1);
    assert_eq!(problems(&[("AUTH", "none"), ("AUTH_TOKENS_FILE", "tokens")], "").len(), 1);
    assert_eq!(problems(&[("AUTH", "none,tokens"), ("AUTH_TOKENS_FILE", "tokens")], "").len(), 1);
    assert!(read(&[("AUTH", "tokens"), ("AUTH_TOKENS_FILE", "tokens")]).is_ok());
}

#[test]
fn a_broken_line_of_the_file_is_named_by_number_and_never_quoted() {
    let told = problems(&[], "# first\nGITOPS_REPO=a\nhunter2 hunter2\n");
    assert!(told[0].starts_with(".env: line 3: "), "{told:?}");
}

#[test]
fn a_misspelt_setting_in_the_file_is_answered_with_what_was_meant() {
    let told = problems(&[], "GITOPS_BRNCH=hunter2\nGITPOS_NOTHING=hunter2\nOTHER=1\nGITHUB_ACTIONS=true\n");
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0], "GITOPS_BRNCH: there is no such setting; did you mean GITOPS_BRANCH?");
}

#[test]
fn lists_of_namespaces_and_clusters_are_read() {
    let config = read(&[("WRITE_NAMESPACES", "*, kube-system"), ("CLUSTERS", "prod,stage")]).unwrap();
    assert!(config.access.write_everywhere);
    assert_eq!(config.access.write_namespaces[0].as_str(), "kube-system");
    assert_eq!(config.access.clusters.unwrap().len(), 2);
    assert!(!read(&[("WRITE_NAMESPACES", "team-a")]).unwrap().access.write_everywhere);
}

#[test]
fn the_message_is_readable_as_it_is_printed() {
    let error = read(&[("LOG_FORMAT", "xml"), ("AUTH", "x")]).unwrap_err().to_string();
    assert!(error.starts_with("the settings have 2 problem(s)") && error.contains("\n  - LOG_FORMAT: "), "{error}");
}

#[test]
fn a_price_list_behind_a_url_is_asked_for_hourly_and_its_address_is_told_to_nobody() {
    let url = "https://user:hunter2@prices.example.com/region_index.json?token=hunter2";
    let config = read(&[("INSTANCE_TYPES_URL_SOURCE", url)]).unwrap().instance_types;
    assert_eq!((config.refresh.as_secs(), config.jitter.to_string().as_str()), (3600, "0.1"));
    assert!(!format!("{config:?}").contains("hunter2"), "{config:?}");
    let source = config.url.unwrap();
    assert_eq!((source.url.as_str(), source.region.as_str(), source.allow_private), (url, "us-east-1", false));
}

#[test]
fn what_is_wrong_with_a_url_is_told_without_it() {
    let problems = problems(
        &[
            ("INSTANCE_TYPES_URL_SOURCE", "hunter2.example.com/list.json"),
            ("INSTANCE_TYPES_REGION", "Hunter2"),
            ("INSTANCE_TYPES_REFRESH_JITTER", "1.5"),
            ("INSTANCE_TYPES_URL_ALLOW_PRIVATE", "yes"),
        ],
        "",
    );
    assert_eq!(problems.len(), 4, "{problems:?}");
}
