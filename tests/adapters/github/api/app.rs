//! A GitHub App: one token for all who ask at once, renewed before it ends and after GitHub rejected it.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use cre_backend_api::adapters::github::api::ClientSettings;
use cre_backend_api::adapters::github::identity::{AppCredentials, Credentials, Identity};
use cre_backend_api::domain::error::VcsError;
use futures_util::future::join_all;
use jiff::SignedDuration;
use rcgen::{KeyPair, PKCS_RSA_SHA256, RsaKeySize};

use super::scene::{Scene, api_at, identity};
use crate::support::github::{Fault, INSTALLATION_ID, When};

const MINT: &str = "POST /app/installations/";

/// One key for all tests, as making one takes its time.
static KEY: LazyLock<String> =
    LazyLock::new(|| KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap().serialize_pem());

pub fn app(scene: &Scene) -> Credentials {
    app_with(key_file(scene))
}

/// An App whose key is written to a file.
pub fn app_with(private_key_file: PathBuf) -> Credentials {
    std::fs::write(&private_key_file, KEY.as_bytes()).unwrap();
    Credentials::App(AppCredentials { app_id: 4711, installation_id: INSTALLATION_ID, private_key_file })
}

fn key_file(scene: &Scene) -> PathBuf {
    scene.bare().join("app.pem")
}

fn identity_of(scene: &Scene, credentials: Credentials) -> Arc<Identity> {
    identity(&ClientSettings::new(scene.double.url()), credentials).1
}

#[tokio::test]
async fn twenty_who_ask_at_once_share_one_token() {
    let scene = Scene::new();
    let identity = identity_of(&scene, app(&scene));
    let tokens = join_all((0..20).map(|_| identity.token())).await;
    let first = tokens[0].as_ref().unwrap();
    assert!(tokens.iter().all(|token| token.as_ref().unwrap() == first));
    assert_eq!(scene.double.count(MINT), 1);
    let asked = scene.double.state().log[0].body.clone();
    assert_eq!(asked["repositories"], serde_json::json!(["unicron"]));
    assert_eq!(asked["permissions"], serde_json::json!({ "contents": "write", "pull_requests": "write" }));
}

#[tokio::test]
async fn twenty_who_ask_at_once_share_one_failure() {
    let scene = Scene::new();
    let identity = identity_of(&scene, app(&scene));
    scene.double.fail(MINT, Fault::html(When::Before, 502));
    let tokens = join_all((0..20).map(|_| identity.token())).await;
    assert!(tokens.iter().all(|token| matches!(token, Err(VcsError::Unreachable(_)))), "{tokens:?}");
    assert_eq!(scene.double.count(MINT), 1);
    identity.token().await.unwrap();
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_and_still_used_when_that_fails() {
    let scene = Scene::new();
    let identity = identity_of(&scene, app(&scene));
    scene.double.state().lifetime = SignedDuration::from_secs(200);
    let ending = identity.token().await.unwrap();
    scene.double.fail(MINT, Fault::html(When::Before, 502));
    assert_eq!(identity.token().await.unwrap(), ending);
    scene.double.state().lifetime = SignedDuration::from_hours(1);
    let renewed = identity.token().await.unwrap();
    assert_ne!(renewed, ending);
    assert_eq!(identity.token().await.unwrap(), renewed);
    assert_eq!(scene.double.count(MINT), 3);
}

#[tokio::test]
async fn a_rejected_token_is_replaced_once() {
    let scene = Scene::new();
    let api = api_at(&scene.double.url(), app(&scene));
    api.repository().await.unwrap();
    scene.double.state().issued.clear();
    let answers = join_all((0..8).map(|_| api.repository())).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(scene.double.count(MINT), 2);
    for _ in 0..2 {
        scene.double.fail("GET", Fault::status(401, "Bad credentials"));
    }
    let Err(VcsError::Refused { missing }) = api.repository().await else { panic!() };
    assert!(missing.contains("GITHUB_APP_ID"), "{missing}");
    assert_eq!(scene.double.count(MINT), 3, "a call asks for one new token, not for ever more");
}

#[tokio::test]
async fn what_an_app_lacks_is_named() {
    let scene = Scene::new();
    let credentials = app(&scene);
    let Credentials::App(mut other) = credentials.clone() else { panic!() };
    other.installation_id = 1;
    for (credentials, fault, word) in [
        (Credentials::App(other), None, "GITHUB_APP_INSTALLATION_ID"),
        (credentials.clone(), Some(Fault::status(422, "The permissions requested are not granted")), "not granted"),
        (credentials.clone(), Some(Fault::status(403, "This installation has been suspended")), "suspended"),
    ] {
        let identity = identity_of(&scene, credentials);
        if let Some(fault) = fault {
            scene.double.fail(MINT, fault);
        }
        let error = identity.token().await.unwrap_err();
        assert!(matches!(&error, VcsError::Refused { missing } if missing.contains(word)), "{error:?}");
    }
    std::fs::write(key_file(&scene), "hunter2").unwrap();
    let identity = identity_of(&scene, credentials);
    let error = identity.token().await.unwrap_err().to_string();
    assert!(error.contains("GITHUB_APP_PRIVATE_KEY_FILE") && !error.contains("hunter2"), "{error}");
    std::fs::remove_file(key_file(&scene)).unwrap();
    assert!(identity.token().await.unwrap_err().to_string().contains("GITHUB_APP_PRIVATE_KEY_FILE"));
}
