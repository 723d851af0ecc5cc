//! What GitHub refuses, in words that say what to mend; never with the token.

use std::io::Write;
use std::sync::{Arc, Mutex};

use cre_backend_api::adapters::github::api::{CreateError, Decorations};
use cre_backend_api::adapters::github::identity::{Credentials, Token};
use cre_backend_api::domain::error::VcsError;
use tracing_subscriber::fmt::MakeWriter;

use super::scene::{PULLS, Scene};
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
    let api = scene.api_with(&scene.double.url(), Some(Credentials::TokenFile(path.clone())));
    let error = api.repository().await.unwrap_err().to_string();
    assert!(error.contains("GITHUB_TOKEN_FILE"), "{error}");
    std::fs::write(&path, TOKEN).unwrap();
    api.repository().await.unwrap();
}

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn the_token_is_in_no_log_error_or_debug_text() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let scene = Scene::new();
    let api = scene.hasty_api();
    let mut shown = format!("{api:?} {:?}", Token::parse(TOKEN).unwrap());
    let echo = format!("your token {TOKEN} is bad");
    for fault in
        [Fault::status(401, &echo), Fault::status(403, &echo), Fault::status(422, &echo), Fault::status(400, &echo)]
    {
        scene.double.fail("GET", fault.clone());
        scene.double.fail(&format!("POST {PULLS}"), fault.clone());
        scene.double.fail("POST /repos/acme/unicron/issues", fault);
        shown += &format!("{:?}", api.repository().await.unwrap_err());
        shown += &format!("{:?}", api.create(&scene.change("backend-api/a")).await.unwrap_err());
        let decorations = Decorations { labels: vec!["a".to_owned()], ..Decorations::default() };
        shown += &format!("{:?}", api.decorate(1, &decorations).await);
    }
    scene.double.fail("GET", Fault::Cut(When::Before));
    api.repository().await.unwrap();
    assert!(shown.contains("your token … is bad"), "{shown}");
    assert!(!shown.contains("SECRET"), "{shown}");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("GitHub answered") && log.contains("TRACE"), "the log is caught");
    assert!(!log.contains("SECRET"), "{log}");
}
