//! What GitHub refuses, on either of its halves: each has its error, and the next request works.

use std::time::Duration;

use cre_backend_api::adapters::github::identity::Credentials;
use cre_backend_api::adapters::github::{GithubSettings, Token};
use cre_backend_api::domain::change::Freshness;
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::ports::VersionControl as _;

use super::scene::{POST, Scene, change, open, opened};
use crate::adapters::github::api::app::app_with;
use crate::support::github::{Fault, TOKEN, When};
use crate::support::smart_http;

/// The error of a proposal that fails once, of which the repetition works.
async fn refused(name: &str, fail: impl FnOnce(&Scene)) -> VcsError {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let wanted = change(&forge, "workers", Some("a")).await;
    fail(&scene);
    let refused = forge.propose(&wanted).await.expect_err(name);
    assert!(!format!("{refused:?} {refused}").contains(TOKEN), "{refused:?}");
    let limited = matches!(refused, VcsError::RateLimited { .. });
    // The silence that was asked for lasts; another process hasn't heard of it.
    let forge = if limited { scene.forge("b").await } else { forge };
    assert_eq!(opened(forge.propose(&wanted).await).number, 1, "{name}");
    scene.assert_one(1);
    refused
}

#[tokio::test]
async fn what_the_api_refuses_is_told_and_the_next_request_works() {
    let api = async |fault: Fault| refused(&format!("{fault:?}"), |scene| scene.double.fail(POST, fault.clone())).await;
    for (fault, word) in [
        (Fault::status(401, "Bad credentials"), "GITHUB_TOKEN"),
        (Fault::status(403, "Resource not accessible by integration"), "pull"),
        (Fault::status(404, "Not Found"), "acme/unicron not found"),
        (Fault::status(422, "Something else"), "Something else"),
    ] {
        let error = api(fault).await;
        assert!(matches!(&error, VcsError::Refused { missing } if missing.contains(word)), "{error:?}");
    }
    let reset = (jiff::Timestamp::now().as_second() + 600).to_string();
    let primary = Fault::status(403, "API rate limit exceeded").with("x-ratelimit-remaining", "0");
    for (fault, at_least) in [
        (primary.with("x-ratelimit-reset", reset), 500),
        (Fault::status(429, "Too many requests").with("retry-after", "7"), 5),
        (Fault::status(403, "You have exceeded a secondary rate limit"), 50),
    ] {
        let error = api(fault).await;
        let VcsError::RateLimited { retry_after } = error else { panic!("{error:?}") };
        assert!(retry_after >= Duration::from_secs(at_least), "{retry_after:?}");
    }
}

#[tokio::test]
async fn what_fails_while_the_branch_is_looked_at_is_told_and_the_next_request_works() {
    for (fault, times) in [(Fault::status(500, "x"), 1), (Fault::html(When::Before, 502), 3)] {
        let scene = Scene::new();
        let (forge, other) = (scene.forge("a").await, scene.forge("b").await);
        let wanted = change(&other, "workers", Some("a")).await;
        opened(forge.propose(&wanted).await);
        for _ in 0..times {
            scene.double.fail("GET /repos/acme/unicron/pulls?state=all", fault.clone());
        }
        let refused = other.propose(&wanted).await;
        assert!(matches!(refused, Err(VcsError::Unreachable(_))), "{refused:?}");
        assert_eq!(other.propose(&wanted).await.unwrap().pull_request().number, 1);
        scene.assert_one(1);
    }
}

#[tokio::test]
async fn what_the_git_server_refuses_is_told_and_the_next_request_works() {
    const PUSH: &str = "git-receive-pack";
    let git = async |status: u16, headers: Vec<(&'static str, String)>| {
        let fault = smart_http::Fault::Status(status, headers, "no");
        refused(&status.to_string(), |scene| scene.remote.server.fault(PUSH, 1, fault)).await
    };
    for status in [401, 403, 404] {
        let error = git(status, Vec::new()).await;
        assert!(matches!(error, VcsError::Refused { .. }), "{status}: {error:?}");
    }
    let error = git(429, vec![("retry-after", "7".to_owned())]).await;
    assert!(matches!(error, VcsError::RateLimited { .. }), "{error:?}");
    for status in [500, 502] {
        let error = git(status, vec![("content-type", "text/html".to_owned())]).await;
        assert!(matches!(error, VcsError::Unreachable(_)), "{status}: {error:?}");
    }
    let cut = |scene: &Scene| scene.remote.server.fault(PUSH, 1, smart_http::Fault::CutAfter(20));
    let error = refused("cut", cut).await;
    assert!(matches!(error, VcsError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_git_server_that_doesnt_take_the_token_names_the_setting_that_it_is_from() {
    let scene = Scene::new();
    let file = scene.remote.folder().join("token");
    std::fs::write(&file, TOKEN).unwrap();
    for (credentials, setting) in [
        (Credentials::Token(Token::parse(TOKEN).unwrap()), "set GITHUB_TOKEN to"),
        (Credentials::TokenFile(file), "GITHUB_TOKEN_FILE"),
        (app_with(scene.remote.folder().join("app.pem")), "GITHUB_APP_INSTALLATION_ID"),
    ] {
        let forge = open(GithubSettings { credentials: Some(credentials), ..scene.settings("a") }).await;
        scene.remote.server.fault("info/refs", 1, smart_http::Fault::Status(401, Vec::new(), "no"));
        let refused = forge.base(Freshness::Fetched).await;
        let Err(VcsError::Refused { missing }) = &refused else { panic!("{setting}: {refused:?}") };
        assert!(missing.contains(setting), "{setting} in {missing}");
    }
}

#[tokio::test]
async fn a_push_whose_answer_got_lost_is_taken_up_by_the_next_request() {
    let error = refused("cut after the effect", |scene| {
        scene.remote.server.fault("POST /acme/unicron.git/git-receive-pack", 1, smart_http::Fault::CutAfter(5));
    });
    let error = error.await;
    assert!(matches!(error, VcsError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn a_hook_that_rejects_the_branch_is_told_in_its_words() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let wanted = change(&forge, "workers", Some("a")).await;
    scene.remote.hook("pre-receive", "echo 'GH013: names must be approved' >&2; exit 1");
    let refused = forge.propose(&wanted).await;
    let Err(VcsError::Refused { missing }) = &refused else { panic!("{refused:?}") };
    assert!(missing.contains("GH013: names must be approved"), "{missing}");
    assert_eq!((scene.branches().len(), scene.double.count(POST)), (0, 0));
    std::fs::remove_file(scene.remote.bare().join("hooks/pre-receive")).unwrap();
    assert_eq!(opened(forge.propose(&wanted).await).number, 1);
}
