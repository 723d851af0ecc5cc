//! Reads which modules and crates a source file names, and holds them against the rules.

/// The crates that the domain stands on: values, formats, errors, and what tests need.
const DOMAIN_CRATES: [&str; 14] = [
    "async_trait",
    "base64",
    "insta",
    "jiff",
    "mockall",
    "proptest",
    "rust_decimal",
    "serde",
    "serde_json",
    "serde_yaml",
    "similar",
    "thiserror",
    "tokio_test",
    "zeroize",
];
/// What the use cases need besides: plumbing, and a keyed hash.
const APPLICATION_CRATES: [&str; 7] = ["arc_swap", "aws_lc_rs", "hex", "metrics", "tokio", "tokio_util", "tracing"];

/// The names of the crates that a manifest depends on, as code writes them.
pub fn crates(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.contains("dependencies");
        } else if let Some((name, _)) = line.split_once('=').filter(|_| inside && !line.starts_with('#')) {
            names.push(name.trim().replace('-', "_"));
        }
    }
    names
}

/// The rules that a file breaks, each told with the file's name.
pub fn breaches(file: &str, text: &str, crates: &[String]) -> Vec<String> {
    let module = module_of(file);
    let code = without_comments(text);
    let mut found: Vec<String> = named_modules(&module, &code)
        .into_iter()
        .filter(|other| !may_know(&module, other))
        .map(|other| format!("{file} must not know {}", other.join("::")))
        .collect();
    let named = crates.iter().filter(|name| names_crate(&code, name));
    found.extend(named.filter(|name| !may_use(&module, name)).map(|name| format!("{file} must not use {name}")));
    found
}

/// Whether a module may name another one.
fn may_know(module: &[String], other: &[String]) -> bool {
    let part = |path: &[String], index: usize| path.get(index).cloned().unwrap_or_default();
    let (own, own_part) = (part(module, 0), part(module, 1));
    match (own.as_str(), part(other, 0).as_str()) {
        // The crate's root only lists its modules; `main` and the composition root may know everybody.
        ("" | "main" | "app", _) => true,
        (own, "config") => own == "config",
        ("adapters", "adapters") => {
            let other_part = part(other, 1);
            other_part.is_empty()
                || own_part == other_part
                || (other_part == "git" && ["local", "github"].contains(&own_part.as_str()))
        }
        ("adapters", "application") => own_part == "http",
        (own, "domain") => own != "telemetry",
        (own, other) => own == other || !["adapters", "app", "application", "main", "telemetry"].contains(&other),
    }
}

/// Whether a module may use a crate.
fn may_use(module: &[String], name: &str) -> bool {
    match module.first().map_or("", String::as_str) {
        "domain" => DOMAIN_CRATES.contains(&name),
        "application" => DOMAIN_CRATES.contains(&name) || APPLICATION_CRATES.contains(&name),
        _ => true,
    }
}

/// `src/adapters/http/list.rs` → `adapters::http::list`; the crate's root is empty. `list_tests.rs` is `list`'s module of tests.
fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    let path = path.strip_suffix("_tests").map_or_else(|| path.to_owned(), |tested| format!("{tested}/tests"));
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// The module that stands in braces around a place of a file, if one does.
fn inline_module(code: &str, at: usize) -> Option<&str> {
    let before = code[..at].lines().rev();
    let mut outermost =
        before.filter(|line| line.starts_with('}') || line.starts_with("mod ") || line.starts_with("pub mod "));
    let line = outermost.next().filter(|line| line.ends_with('{'))?;
    line.split_whitespace().rev().nth(1)
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The places where a word stands on its own and no path leads up to it.
fn places<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let before = code[..*at].bytes().next_back();
        !before.is_some_and(|byte| is_word(byte) || byte == b':')
    })
}

fn names_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    let used = places(code, &path).next().is_some();
    used || code.contains(&format!("use {name};")) || code.contains(&format!("use {name} as "))
}

/// The modules of this crate that a file names, from `crate::` and `super::` paths, those in braces included.
fn named_modules(module: &[String], code: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for at in places(code, "crate::") {
        expand(&code[at + "crate::".len()..], &[], &mut found);
    }
    for at in places(code, "super::") {
        let mut rest = &code[at..];
        let mut base: Vec<String> = module.iter().cloned().chain(inline_module(code, at).map(str::to_owned)).collect();
        while let Some(inner) = rest.strip_prefix("super::") {
            base.pop();
            rest = inner;
        }
        expand(rest, &base, &mut found);
    }
    found
}

/// Reads one path, or the paths in a group of braces, each below `base`. Gives what follows.
fn expand<'a>(text: &'a str, base: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = base.to_vec();
    let mut rest = text;
    loop {
        if let Some(mut group) = rest.strip_prefix('{') {
            loop {
                group = group.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
                match group.strip_prefix('}') {
                    Some(after) => return after,
                    None if group.is_empty() => return group,
                    None => {
                        let after = expand(group, &path, found);
                        // Something that is no path, such as `as name`: go on behind it.
                        group = after.trim_start_matches(|c: char| c != ',' && c != '}' && c != '{');
                        group = group.strip_prefix('{').unwrap_or(group);
                    }
                }
            }
        }
        let end = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
        if end > 0 {
            path.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
        let Some(after) = rest.strip_prefix("::") else {
            found.push(path);
            return rest;
        };
        rest = after;
    }
}

#[test]
fn what_breaks_a_rule_is_found() {
    let crates: Vec<String> = ["git2", "tokio", "serde_json", "axum"].map(str::to_owned).into();
    for (file, code) in [
        ("src/domain/names.rs", "use crate::application::changes::Changes;"),
        ("src/domain/names.rs", "use super::super::adapters::git;"),
        ("src/domain/names.rs", "fn f() { crate::adapters::git::open() }"),
        ("src/domain/names.rs", "use tokio::sync::Mutex;"),
        ("src/domain/names.rs", "fn f(_: git2::Repository) {}"),
        ("src/domain/names.rs", "use crate::{domain::{cost, error::Failure}, adapters::git};"),
        ("src/application/changes.rs", "use crate::adapters::local::LocalForge;"),
        ("src/application/changes.rs", "use axum::Json;"),
        ("src/adapters/local.rs", "use crate::adapters::http::state;"),
        ("src/adapters/local/core.rs", "use super::super::templates::TeraTemplates;"),
        ("src/adapters/git/refs.rs", "use crate::adapters::local::core;"),
        ("src/adapters/git.rs", "mod tests {\n    use super::super::local::core;\n}\n"),
        ("src/adapters/git.rs", "mod inner {\n}\nuse super::local::core;"),
        ("src/adapters/manifests.rs", "use crate::application::catalog;"),
        ("src/adapters/http/list.rs", "use crate::config::Config;"),
        ("src/telemetry.rs", "use crate::config::{Config};"),
        ("src/telemetry.rs", "use crate::adapters::git;"),
    ] {
        assert_eq!(breaches(file, code, &crates).len(), 1, "{file}: {code}");
    }
}

#[test]
fn what_keeps_the_rules_is_left_alone() {
    let crates: Vec<String> = ["git2", "tokio", "serde_json", "axum"].map(str::to_owned).into();
    for (file, code) in [
        ("src/domain/names.rs", "//! See crate::adapters::git and tokio::sync.\nuse serde_json::Value;"),
        ("src/domain/nodegroup/rules.rs", "use super::{Taint, super::error};\nuse crate::domain::names;"),
        ("src/application/changes.rs", "use crate::domain::error::Failure;\nuse tokio::sync::Mutex;"),
        ("src/adapters/local/core.rs", "use crate::adapters::git::{self, refs};\nuse super::lock;"),
        ("src/adapters/http/list.rs", "use crate::application::nodegroups::Nodegroups;\nuse super::error::ApiError;"),
        ("src/adapters/git.rs", "use git2::Repository;\nmod tests {\n    use super::super::git::open;\n}\n"),
        ("src/adapters/http/list_tests.rs", "use super::super::router::wrap;"),
        ("src/app.rs", "use crate::config::Config;\nuse crate::adapters::{git, http};"),
        ("src/app/parts.rs", "use crate::adapters::local::LocalForge;"),
        ("src/main.rs", "use cre_backend_api::config::Config;"),
    ] {
        assert_eq!(breaches(file, code, &crates), Vec::<String>::new(), "{file}: {code}");
    }
}
