//! Looks settings up in the environment and `.env`, and collects every problem. No message repeats a value.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io::ErrorKind;
use std::net::Ipv6Addr;
use std::path::Path;

use super::table::{OUR_PREFIXES, SETTINGS, alias, find};
use crate::domain::near::near;

/// Everything that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(pub Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the settings have {} problem(s); .env.example explains each setting:", self.0.len())?;
        self.0.iter().try_for_each(|problem| writeln!(f, "  - {problem}"))
    }
}

impl std::error::Error for ConfigError {}

/// The settings as they were given.
#[derive(Debug)]
pub struct Vars {
    values: BTreeMap<&'static str, String>,
    problems: RefCell<Vec<String>>,
}

impl Vars {
    /// Reads every known setting: the environment wins over `.env`, `GITOPS_` over `GITPOS_`, and an empty value is none.
    pub fn read(environment: impl IntoIterator<Item = (OsString, OsString)>, dotenv: &Path) -> Self {
        let vars = Self { values: BTreeMap::new(), problems: RefCell::default() };
        let environment: BTreeMap<OsString, OsString> =
            environment.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let file = vars.read_dotenv(dotenv);
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            let name = setting.name;
            let spellings: Vec<String> = [Some(name.to_owned()), alias(name)].into_iter().flatten().collect();
            let given = spellings.iter().find_map(|spelling| match environment.get(&OsString::from(spelling)) {
                Some(value) => value.to_str().map(str::to_owned).or_else(|| {
                    vars.problem(name, "is no UTF-8");
                    None
                }),
                None => None,
            });
            let from_file = || spellings.iter().find_map(|spelling| file.get(spelling).cloned());
            if let Some(value) = given.or_else(from_file) {
                vars.check(name, &value);
                values.insert(name, value);
            }
        }
        Self { values, ..vars }
    }

    /// The value, or the default; `None` when there is neither.
    pub fn get(&self, name: &str) -> Option<&str> {
        debug_assert!(find(name).is_some(), "{name} isn't in the table");
        let default = || find(name).map(|setting| setting.default).filter(|default| !default.is_empty());
        self.values.get(name).map(String::as_str).or_else(default)
    }

    /// The value through a parser, whose error says what is expected. A placeholder has been reported already.
    pub fn parsed<T, E: ToString>(&self, name: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> Option<T> {
        let value = self.get(name)?;
        if is_placeholder(value) {
            return None;
        }
        parse(value).map_err(|expected| self.problem(name, &format!("expected {}", expected.to_string()))).ok()
    }

    /// Several values, joined with commas, each through a parser. None when it isn't set.
    pub fn list<T, E: ToString>(&self, name: &str, parse: impl Fn(&str) -> Result<T, E>) -> Vec<T> {
        let items = |text: &str| text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(&parse).collect();
        self.parsed(name, items).unwrap_or_default()
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &str) -> bool {
        self.parsed(name, |text| text.parse().map_err(|_| "true or false")).unwrap_or(false)
    }

    /// Notes a problem with a setting.
    pub fn problem(&self, name: &str, what: &str) {
        self.problems.borrow_mut().push(format!("{name}: {what}"));
    }

    /// The outcome, when everything has been read.
    ///
    /// # Errors
    /// All problems.
    pub fn finish<T>(self, config: Option<T>) -> Result<T, ConfigError> {
        let problems = self.problems.into_inner();
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigError(problems)),
        }
    }

    fn check(&self, name: &str, value: &str) {
        if is_placeholder(value) {
            self.problem(name, "still has its placeholder […]; put a value there, or leave it empty");
        }
    }

    fn read_dotenv(&self, path: &Path) -> BTreeMap<String, String> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return BTreeMap::new(),
            Err(error) => {
                self.problem(".env", &format!("can't be read: {}", error.kind()));
                return BTreeMap::new();
            }
        };
        let mut values = BTreeMap::new();
        for entry in dotenvy::from_read_iter(text.as_bytes()) {
            match entry {
                Ok((name, value)) => {
                    self.check_known(&name);
                    if !value.is_empty() {
                        values.entry(name).or_insert(value);
                    }
                }
                // dotenvy's own message quotes the line, which may hold a secret.
                Err(dotenvy::Error::LineParse(line, _)) => {
                    let first = line.lines().next().unwrap_or_default();
                    let number = text.lines().position(|candidate| candidate.trim() == first.trim());
                    let at = number.map_or_else(String::new, |index| format!("line {}: ", index + 1));
                    self.problem(
                        ".env",
                        &format!("{at}expected NAME=value; quote a value with spaces or quotes in it"),
                    );
                }
                Err(_) => self.problem(".env", "can't be read"),
            }
        }
        values
    }

    fn check_known(&self, name: &str) {
        let ours = OUR_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        let known = |name: &str| find(name).is_some() || find(&name.replacen("GITPOS_", "GITOPS_", 1)).is_some();
        if ours && !known(name) {
            let meant = near(name, SETTINGS.iter().map(|setting| setting.name));
            let hint = meant.first().map(|name| format!("; did you mean {name}?")).unwrap_or_default();
            self.problem(name, &format!("there is no such setting{hint}"));
        }
    }
}

/// `[…]`, as example files have it; an IPv6 address in brackets is none.
fn is_placeholder(value: &str) -> bool {
    let inner = value.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_err())
}
