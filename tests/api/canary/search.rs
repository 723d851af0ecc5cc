//! The places that a secret could get out to, and the codings that it could hide in.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use crate::support::TestApp;
use crate::support::git::{git, repository, try_git};

/// Everything that is searched, each with its place's name.
#[derive(Default)]
pub struct Haystack(Vec<(String, Vec<u8>)>);

impl Haystack {
    /// Adds some bytes.
    pub fn add(&mut self, place: &str, bytes: &[u8]) {
        self.0.push((place.to_owned(), bytes.to_vec()));
    }

    /// Adds every file below a folder, names included, but for `.gitops/keys`, where keys belong, and the tests' `tokens`.
    pub fn add_folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            self.add("a file's name", path.as_os_str().as_encoded_bytes());
            if path.ends_with(".gitops/keys") || path.ends_with("tokens") {
                continue;
            }
            if path.is_dir() {
                self.add_folder(&path);
            } else {
                self.add(&path.display().to_string(), &std::fs::read(&path).unwrap());
            }
        }
    }

    /// Adds every object of the repository, reachable or not, inflated, and every ref.
    pub fn add_objects(&mut self, app: &TestApp) {
        self.add_objects_of(&repository(app));
    }

    /// The same of any repository.
    pub fn add_objects_of(&mut self, repository: &Path) {
        let output = try_git(repository, &["cat-file", "--batch-all-objects", "--batch", "--unordered"]);
        assert!(output.status.success() && !output.stdout.is_empty());
        self.add("Git's objects", &output.stdout);
        self.add("Git's refs", git(repository, &["for-each-ref"]).as_bytes());
    }

    /// The first place that holds the needle.
    pub fn find(&self, needle: &[u8]) -> Option<String> {
        assert!(needle.len() >= 12, "too short to mean anything");
        self.0.iter().find(|(_, bytes)| holds(bytes, needle)).map(|(place, _)| place.clone())
    }
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    let mut rest = bytes;
    // By the first byte: a search by windows would take minutes in a debug build.
    while let Some(at) = rest.iter().position(|byte| *byte == needle[0]) {
        if rest[at..].starts_with(needle) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// A text in every coding that it could be written in by mistake.
pub fn codings(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let json = |text: &str| serde_json::to_string(text).unwrap().trim_matches('"').to_owned();
    let encoded = STANDARD.encode(text);
    let percent: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let decimal: Vec<String> = text.bytes().map(|byte| byte.to_string()).collect();
    let debug = format!("{text:?}");
    let mut all = vec![
        ("plain", text.to_owned()),
        ("base64", STANDARD_NO_PAD.encode(text)),
        ("base64 for addresses", URL_SAFE.encode(text)),
        ("base64 of base64", STANDARD_NO_PAD.encode(&encoded)),
        ("hex", hex::encode(text)),
        ("hex in upper case", hex::encode_upper(text)),
        ("JSON", json(text)),
        ("JSON in JSON", json(&json(text))),
        ("Rust's debug form", debug[1..debug.len() - 1].to_owned()),
        ("percent", percent),
        ("a list of bytes", decimal.join(", ")),
        ("a list of bytes without spaces", decimal.join(",")),
    ];
    // Inside of something longer the text begins at any of three places of the coding.
    for (name, shift) in [("base64 from the second byte", 1), ("base64 from the third byte", 2)] {
        let shifted = STANDARD_NO_PAD.encode([&vec![0; shift][..], text.as_bytes()].concat());
        let whole = &shifted[4..shifted.len() - 4];
        all.push((name, whole.to_owned()));
    }
    all.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}
