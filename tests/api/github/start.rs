//! Settings of GitHub that the service can't start with.

use super::Scene;
use crate::support::TestApp;
use crate::support::process::Builder;

/// The text of a start that ends with exit code 2.
#[track_caller]
fn refused(settings: Builder) -> String {
    let output = settings.output();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
    told
}

#[test]
fn without_credentials_the_start_names_the_settings_and_the_permissions() {
    let told = refused(Scene::start().nameless());
    for part in [
        "GITHUB_TOKEN",
        "GITHUB_TOKEN_FILE",
        "GITHUB_APP_ID",
        "GITHUB_APP_INSTALLATION_ID",
        "GITHUB_APP_PRIVATE_KEY_FILE",
        "contents: write",
        "pull requests: write",
        "acme/unicron",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn several_ways_to_sign_in_are_refused() {
    let scene = Scene::start();
    let told = refused(scene.nameless().env("GITHUB_TOKEN", "hunter2").env("GITHUB_APP_ID", "7"));
    assert!(told.contains("GITHUB_TOKEN: ") && told.contains("GITHUB_APP_ID"), "{told}");
}

#[test]
fn a_token_is_not_sent_in_the_clear() {
    for name in ["GITHUB_URL", "GITHUB_API_URL"] {
        let settings = TestApp::builder().env("GITOPS_ORGANIZATION", "acme").env("GITHUB_TOKEN", "hunter2");
        let told = refused(settings.env(name, "http://github.example.com"));
        assert!(told.contains(&format!("{name}: ")) && told.contains("https"), "{told}");
    }
}

#[test]
fn a_token_alone_turns_nothing_on() {
    let app = TestApp::builder().with_few_prices().env("GITHUB_TOKEN", "hunter2").start();
    app.wait_until_ready();
    let parts = app.get("/api/readiness").json()["parts"].to_string();
    assert!(parts.contains("\"local\"") && !parts.contains("github"), "{parts}");
    assert!(!app.log().contains("hunter2"));
}
