//! What GitHub refuses, in words that say what to mend; never with the token.

use std::process::Command;

use cre_backend_api::adapters::github::api::{CreateError, Decorations};
use cre_backend_api::adapters::github::identity::{Credentials, Token};
use cre_backend_api::domain::error::VcsError;

use super::scene::{PULLS, Scene, api_at};
use crate::support::github::{Fault, TOKEN, When};

async fn refusal_of(fault: Fault) -> VcsError {
    let scene = Scene::new();
    scene.double.fail("GET", fault);
    let error = scene.api().repository().await.unwrap_err();
    assert_eq!(scene.double.count("GET"), 1, "a refusal isn't asked for twice: {error:?}");
    error
}

#[tokio::test]
async fn each_refusal_says_what_to_mend() {
    for (fault, words) in [
        (Fault::status(401, "Bad credentials"), vec!["rejected the credentials", "GITHUB_TOKEN", "Bad credentials"]),
        (
            Fault::status(403, "Resource not accessible"),
            vec!["contents: write and pull requests: write", "not accessible"],
        ),
        (
            Fault::status(403, "Resource not accessible").with("x-accepted-github-permissions", "issues=write"),
            vec!["issues=write"],
        ),
        (Fault::status(404, "Not Found"), vec!["acme/unicron not found", "contents: write and pull requests: write"]),
        (Fault::status(301, "Moved").with("location", "/repositories/5"), vec!["GITOPS_ORGANIZATION", "GITOPS_REPO"]),
        (Fault::status(451, "Blocked"), vec!["451", "Blocked"]),
    ] {
        let shown = format!("{fault:?}");
        let VcsError::Refused { missing } = refusal_of(fault).await else { panic!("{shown}") };
        for word in words {
            assert!(missing.contains(word), "{word} in {missing}");
        }
    }
}

#[tokio::test]
async fn what_isnt_githubs_is_unreachable() {
    for fault in [
        Fault::status(500, "down"),
        Fault::html(When::Before, 200),
        Fault::Answer(When::Before, 200, Vec::new(), "{}".to_owned()),
    ] {
        let error = refusal_of(fault.clone()).await;
        assert!(matches!(error, VcsError::Unreachable(_)), "{fault:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_write_without_permission_names_it() {
    let scene = Scene::new();
    scene.double.state().can_write = false;
    let api = scene.api();
    assert_eq!(api.repository().await.unwrap().can_push(), Some(false));
    let outcome = api.create(&scene.change("backend-api/a")).await;
    let Err(CreateError::Failed(VcsError::Refused { missing })) = outcome else { panic!("{outcome:?}") };
    assert!(missing.contains("pull_requests=write"), "{missing}");
}

#[tokio::test]
async fn a_token_file_that_was_rotated_is_used_at_once() {
    let scene = Scene::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "ghp_old").unwrap();
    let api = api_at(&scene.double.url(), Credentials::TokenFile(path.clone()));
    let error = api.repository().await.unwrap_err().to_string();
    assert!(error.contains("GITHUB_TOKEN_FILE"), "{error}");
    std::fs::write(&path, TOKEN).unwrap();
    api.repository().await.unwrap();
}

/// Set for the process that logs everything to its output.
const LOGGING: &str = "TEST_LOGS_EVERYTHING";

#[tokio::test]
async fn the_token_is_in_no_log_error_or_debug_text() {
    if std::env::var_os(LOGGING).is_some() {
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).init();
        show_everything().await;
        return;
    }
    // Of its own process only can everything be caught: what is logged is decided once for all threads.
    let name = "adapters::github::api::refusals::the_token_is_in_no_log_error_or_debug_text";
    let own = std::env::current_exe().unwrap();
    let output = Command::new(own).args(["--exact", name, "--nocapture"]).env(LOGGING, "1").output().unwrap();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{told}");
    assert!(told.contains("GitHub answered") && told.contains("TRACE"), "the log is caught: {told}");
    assert!(told.contains("your token … is bad"), "what is shown is caught: {told}");
    assert!(!told.contains("SECRET"), "{told}");
}

/// Prints all that could show the token.
async fn show_everything() {
    let scene = Scene::new();
    let api = scene.hasty_api();
    println!("{api:?} {:?}", Token::parse(TOKEN).unwrap());
    let echo = format!("your token {TOKEN} is bad");
    for status in [400, 401, 403, 422] {
        let fault = Fault::status(status, &echo);
        scene.double.fail("GET", fault.clone());
        scene.double.fail(&format!("POST {PULLS}"), fault.clone());
        scene.double.fail("POST /repos/acme/unicron/issues", fault);
        println!("{:?}", api.repository().await.unwrap_err());
        println!("{:?}", api.create(&scene.change("backend-api/a")).await.unwrap_err());
        let decorations = Decorations { labels: vec!["a".to_owned()], ..Decorations::default() };
        println!("{:?}", api.decorate(1, &decorations).await);
    }
    scene.double.fail("GET", Fault::Cut(When::Before));
    api.repository().await.unwrap();
}
