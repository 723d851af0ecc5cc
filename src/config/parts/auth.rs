//! The settings of who may: whose tokens are taken, and rights per namespace.

use std::path::PathBuf;

use url::Url;

use super::is_safe;
use crate::config::vars::Vars;
use crate::domain::names::{Actor, Namespace, ObjectName};

/// Whose tokens are taken.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// `AUTH_TOKENS_FILE`, none, unless `AUTH` leaves it out.
    pub tokens_file: Option<PathBuf>,
    /// `BACKSTAGE_URL`, none, unless `AUTH` leaves it out.
    pub backstage: Option<BackstageConfig>,
    /// `TOKEN_SERVICE_ACCOUNTS`, none, unless `AUTH` leaves it out: namespace, name, and whether it may write.
    pub service_accounts: Vec<(String, String, bool)>,
    /// `TOKEN_AUDIENCES`, `APP_NAME`: what this API is called in tokens.
    pub audiences: Vec<String>,
    /// `NAMESPACE_ACCESS_FILE`, none: who is in may see everything, and write everywhere if at all.
    pub access_file: Option<PathBuf>,
    /// `AUTH=none`: nobody is asked for credentials, on purpose.
    pub off_on_purpose: bool,
}

/// Backstage's tokens.
#[derive(Debug, Clone)]
pub struct BackstageConfig {
    /// `BACKSTAGE_URL`: its backend's address.
    pub url: Url,
    /// `BACKSTAGE_PLUGINS`, none: the plugins that may call, and whether they may write.
    pub plugins: Vec<(String, bool)>,
}

impl AuthConfig {
    pub(in crate::config) fn read(vars: &Vars) -> Self {
        let words = vars.list("AUTH", |word| match word {
            "none" | "tokens" | "backstage" | "token_review" => Ok(word.to_owned()),
            _ => Err("none, or some of tokens, backstage, token_review with commas"),
        });
        let says = |word: &str| words.iter().any(|said| said == word);
        let off_on_purpose = says("none");
        let ways = [
            ("tokens", "AUTH_TOKENS_FILE"),
            ("backstage", "BACKSTAGE_URL"),
            ("token_review", "TOKEN_SERVICE_ACCOUNTS"),
        ];
        for (word, setting) in ways {
            let is_set = vars.get(setting).is_some();
            if off_on_purpose && says(word) {
                vars.problem("AUTH", "none stands alone; take it out, or the others");
            } else if off_on_purpose && is_set {
                vars.problem("AUTH", &format!("is none, but {setting} is set; unset one of the two"));
            } else if says(word) && !is_set {
                vars.problem("AUTH", &format!("names {word}; set {setting} as well"));
            }
        }
        let url = vars.parsed("BACKSTAGE_URL", backstage_url);
        let plugins = vars.list("BACKSTAGE_PLUGINS", plugin);
        if vars.get("BACKSTAGE_PLUGINS").is_some() && vars.get("BACKSTAGE_URL").is_none() {
            vars.problem("BACKSTAGE_PLUGINS", "names plugins of no Backstage; set BACKSTAGE_URL as well, or unset it");
        }
        let service_accounts = vars.list("TOKEN_SERVICE_ACCOUNTS", service_account);
        let audiences = vars.list("TOKEN_AUDIENCES", audience);
        let audiences = if audiences.is_empty() {
            vars.get("APP_NAME").map(str::to_owned).into_iter().collect()
        } else {
            audiences
        };
        let on = |word: &str| words.is_empty() || says(word);
        Self {
            tokens_file: vars.get("AUTH_TOKENS_FILE").map(PathBuf::from).filter(|_| on("tokens")),
            backstage: url.filter(|_| on("backstage")).map(|url| BackstageConfig { url, plugins }),
            service_accounts: if on("token_review") { service_accounts } else { Vec::new() },
            audiences,
            access_file: vars.get("NAMESPACE_ACCESS_FILE").map(PathBuf::from),
            off_on_purpose,
        }
    }

    /// Whether credentials are asked for.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.tokens_file.is_some() || self.backstage.is_some() || !self.service_accounts.is_empty()
    }
}

/// Who could stand between could hand out keys of their own.
fn backstage_url(text: &str) -> Result<Url, &'static str> {
    let expected = "the https address of Backstage's backend, such as https://backstage.example.com, without credentials; \
                    http on this machine only";
    let url = Url::parse(text).map_err(|_| expected)?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    if plain && is_safe(&url) { Ok(url) } else { Err(expected) }
}

/// `scaffolder`, `scaffolder:read` or `scaffolder:write`.
fn plugin(text: &str) -> Result<(String, bool), &'static str> {
    let expected = "names of plugins with commas, each with :read or :write after it, or neither, which is read";
    let (name, can_write) = right(text).ok_or(expected)?;
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
    if plain && (1..=64).contains(&name.len()) { Ok((name.to_owned(), can_write)) } else { Err(expected) }
}

/// `team-a/deployer`, with a right as plugins have.
fn service_account(text: &str) -> Result<(String, String, bool), &'static str> {
    let expected =
        "service accounts as namespace/name with commas, each with :read or :write after it, or neither, which is read";
    let (account, can_write) = right(text).ok_or(expected)?;
    let (namespace, name) = account.split_once('/').ok_or(expected)?;
    match (Namespace::parse(namespace), ObjectName::parse(name)) {
        (Ok(_), Ok(_)) => Ok((namespace.to_owned(), name.to_owned(), can_write)),
        _ => Err(expected),
    }
}

fn right(text: &str) -> Option<(&str, bool)> {
    match text.split_once(':') {
        None => Some((text, false)),
        Some((name, "read")) => Some((name, false)),
        Some((name, "write")) => Some((name, true)),
        Some(_) => None,
    }
}

fn audience(text: &str) -> Result<String, &'static str> {
    Actor::parse(text).map(|name| name.to_string()).map_err(|_| "names with commas, of printable ASCII characters")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_read_unless_it_says_write() {
        assert_eq!(plugin("catalog").unwrap(), ("catalog".to_owned(), false));
        assert_eq!(plugin("scaffolder:write").unwrap(), ("scaffolder".to_owned(), true));
        assert_eq!(service_account("team-a/ci:write").unwrap(), ("team-a".to_owned(), "ci".to_owned(), true));
        for bad in ["", ":write", "a:admin", "../auth", "a/b", "a%2f"] {
            assert!(plugin(bad).is_err(), "{bad}");
        }
        for bad in ["ci", "team-a/ci:admin", "/ci", "team-a/", "Team/ci"] {
            assert!(service_account(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn backstage_is_reached_where_nobody_can_stand_between() {
        assert!(
            backstage_url("https://backstage.example.com").is_ok() && backstage_url("http://localhost:7007").is_ok()
        );
        for bad in
            ["http://backstage.example.com", "https://a:hunter2@example.com", "backstage.example.com", "file:///a"]
        {
            assert!(backstage_url(bad).is_err_and(|rule| !rule.contains("hunter2")), "{bad}");
        }
    }
}
