//! Any text as a token, and any file as rights per namespace: no panic, and nothing that wasn't signed is taken.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cre_backend_api::adapters::backstage::{BackstageSettings, BackstageTokens};
use cre_backend_api::domain::access::{Reach, Rules};
use cre_backend_api::domain::identity::Identity;
use cre_backend_api::domain::names::Actor;
use cre_backend_api::domain::ports::TokenVerifier;
use libfuzzer_sys::fuzz_target;

/// Nobody is there: whatever would need a key can't be told.
static BACKSTAGE: LazyLock<BackstageTokens> = LazyLock::new(|| {
    let settings = BackstageSettings {
        url: "http://127.0.0.1:9".parse().expect("an address"),
        plugins: BTreeMap::from([("scaffolder".to_owned(), true)]),
        audiences: vec!["backend-api".to_owned()],
        groups: true,
    };
    BackstageTokens::new(settings).expect("a client")
});

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));

fuzz_target!(|text: &str| {
    if BACKSTAGE.knows(text) {
        assert!(RUNTIME.block_on(BACKSTAGE.verify(text)).is_err(), "{text:?}");
    }
    if let Ok(rules) = Rules::parse(text) {
        let actor = Actor::parse("nobody-that-rules-name").expect("a name");
        let reach = rules.reach(&Identity { actor, can_write: true, groups: Vec::new() });
        assert!(text.contains('*') || text.contains("nobody-that-rules-name") || reach == Reach::nothing());
    }
});
