//! The rules of the house: who may know whom, and what every file is like.

mod imports;
mod metrics;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use imports::{breaches, crates};

/// The most lines of a file.
const LONGEST: usize = 300;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder of the repository, by its path in the repository.
fn files(folder: &str) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.strip_prefix(root()).unwrap().to_string_lossy().into_owned(), path));
            }
        }
    }
    found.sort();
    found
}

/// The Rust files of the service, with their text.
fn sources() -> Vec<(String, String)> {
    let rust = files("src").into_iter().filter(|(name, _)| name.ends_with(".rs"));
    rust.map(|(name, path)| (name, fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn everybody_knows_only_whom_they_may_know() {
    let crates = crates(&fs::read_to_string(root().join("Cargo.toml")).unwrap());
    assert!(crates.iter().any(|name| name == "git2") && crates.iter().any(|name| name == "serde_yaml"), "{crates:?}");
    let breaches: Vec<_> = sources().iter().flat_map(|(name, text)| breaches(name, text, &crates)).collect();
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn every_file_says_its_job_first_and_is_short() {
    for (name, text) in sources() {
        assert!(text.starts_with("//! "), "{name} must begin with its job");
        let lines = text.lines().count();
        assert!(lines <= LONGEST, "{name} has {lines} lines: which second job crept in?");
    }
}

/// What is built, by name and version. The lock file names more: what a dependency could bring but is never asked for.
fn built() -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none"]).current_dir(root());
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn there_is_one_stack_of_cryptography() {
    let built = built();
    let has = |name: &str| built.lines().any(|line| line.split(' ').next() == Some(name));
    assert!(has("aws-lc-rs") && has("rustls"), "{built}");
    for other in ["ring", "native-tls", "openssl", "boring", "mbedtls", "rustls-openssl", "graviola", "rsa"] {
        assert!(!has(other), "{other} is built in");
    }
}

/// Folders of the machine that this is built on, which mean nothing to anybody else.
fn machine_paths() -> Vec<String> {
    let usual = ["app", "builds", "home", "mnt", "opt", "root", "src", "srv", "tmp", "usr", "var"];
    let mut paths = vec![root().display().to_string(), "/root/".to_owned(), "/home/".to_owned(), "/Users/".to_owned()];
    let top = root().components().nth(1).map(|part| part.as_os_str().to_string_lossy().into_owned());
    paths.extend(top.filter(|top| !usual.contains(&top.as_str())).map(|top| format!("/{top}/")));
    paths
}

/// The first path of this machine that a text mentions.
fn mentioned<'a>(text: &str, paths: &'a [String]) -> Option<&'a String> {
    paths.iter().find(|path| text.contains(path.as_str()))
}

#[test]
fn nothing_mentions_a_path_of_this_machine() {
    let paths = machine_paths();
    let mut all = [files("src"), files("templates"), files("deploy")].concat();
    for name in ["README.md", "Cargo.toml", "Makefile", "Dockerfile", ".env.example"] {
        all.push((name.to_owned(), root().join(name)));
    }
    for (name, path) in all.into_iter().filter(|(_, path)| path.exists()) {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        assert_eq!(mentioned(&text, &paths), None, "in {name}");
    }
    assert!(mentioned(&format!("see {}/notes.md", root().display()), &paths).is_some(), "the search can find");
}
