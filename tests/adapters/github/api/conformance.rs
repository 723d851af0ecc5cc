//! The adapter's requests and the double's answers against GitHub's own description of its API: a validating proxy between
//! the two. Where it isn't installed, the same happens without it.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use cre_backend_api::adapters::github::api::{CreateError, Decorations, GithubApi, NewPull};
use cre_backend_api::adapters::github::identity::Credentials;
use cre_backend_api::domain::change::PullRequestState;
use cre_backend_api::domain::error::VcsError;

use super::app::app;
use super::scene::{Scene, api_at, token};
use crate::support::wait_for;

/// Where `.ci/setup test` puts the proxy and the description: by the content of what they are made from.
fn installed() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/github-api");
    let arguments = ["hash-object", "--no-filters", "package-lock.json", "prune.js"];
    let hashes = Command::new("git").args(arguments).current_dir(here).output().ok()?;
    let hashes = String::from_utf8(hashes.stdout).ok()?;
    let name: Vec<&str> = hashes.lines().map(|hash| hash.get(..8)).collect::<Option<_>>()?;
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")))?;
    let folder = cache.join("cre-backend-api").join(format!("github-api-{}", name.join("-")));
    folder.join("api.json").is_file().then_some(folder)
}

/// The proxy; it ends when it is dropped, after a panic too.
struct Proxy {
    child: Child,
    url: String,
}

impl Proxy {
    fn start(folder: &Path, upstream: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = folder.join("node_modules/@stoplight/prism-cli/dist/index.js");
        let child = Command::new("node")
            .arg(program)
            .args(["proxy", "--errors", "--host", "127.0.0.1", "--port", &port.to_string()])
            .arg(folder.join("api.json"))
            .arg(upstream)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("node runs");
        let mut proxy = Self { child, url: format!("http://127.0.0.1:{port}") };
        wait_for("the proxy", || {
            assert_eq!(proxy.child.try_wait().unwrap(), None, "the proxy ended");
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn every_message_is_as_github_describes_it() {
    let scene = Scene::new();
    all(&scene, &scene.double.url()).await;
    let Some(folder) = installed() else {
        println!("skipped: the proxy with GitHub's description isn't installed; .ci/setup test does it where npm is");
        return;
    };
    let scene = Scene::new();
    let proxy = Proxy::start(&folder, &scene.double.url());
    scene.double.state().public_url.clone_from(&proxy.url);
    all(&scene, &proxy.url).await;
    // What isn't described is caught, so the rest was looked at.
    scene.double.fail(
        "GET /repos",
        crate::support::github::Fault::Answer(
            crate::support::github::When::Before,
            200,
            vec![("content-type", "application/json".to_owned())],
            r#"{"id":"no number"}"#.to_owned(),
        ),
    );
    let api = api_at(&proxy.url, Credentials::Token(token()));
    assert!(api.repository().await.is_err());
}

async fn all(scene: &Scene, url: &str) {
    let app = api_at(url, app(scene));
    app.repository().await.unwrap();
    let api = api_at(url, Credentials::Token(token()));
    api.repository().await.unwrap();
    writes(scene, &api).await;
    lists(scene, &api).await;
}

async fn writes(scene: &Scene, api: &GithubApi) {
    let wanted = NewPull { draft: true, ..scene.change("backend-api/first") };
    let opened = api.create(&wanted).await.unwrap();
    assert!(matches!(api.create(&wanted).await, Err(CreateError::AlreadyExists)));
    let gone = NewPull { head: "backend-api/gone", ..wanted };
    assert!(matches!(api.create(&gone).await, Err(CreateError::HeadInvalid)));
    let list = |word: &str| vec![word.to_owned()];
    let (labels, reviewers, assignees) = (list("gitops"), list("rev"), list("ada"));
    let team_reviewers = list("platform");
    let warnings = api.decorate(opened.number, &Decorations { labels, reviewers, team_reviewers, assignees }).await;
    assert_eq!(warnings, []);
    let had = api.ever_had(opened.number).await.unwrap();
    assert_eq!(api.get(opened.number).await.unwrap().has, had);
    assert_eq!((had.labels, had.team_reviewers), (list("gitops"), list("platform")));
    let unknown = Decorations { reviewers: list("nobody"), ..Decorations::default() };
    let warnings = api.decorate(opened.number, &unknown).await;
    assert!(warnings[0].message.contains("not a collaborator"), "{warnings:?}");
    assert_eq!(api.get(opened.number).await.unwrap(), api.find_by_head("backend-api/first").await.unwrap()[0]);
    assert_eq!(api.close(opened.number).await.unwrap().state, PullRequestState::Closed);
    assert!(matches!(api.get(999).await, Err(VcsError::NoSuchPullRequest(999))));
    scene.double.state().can_write = false;
    let outcome = api.create(&wanted).await;
    assert!(matches!(&outcome, Err(CreateError::Failed(VcsError::Refused { .. }))), "{outcome:?}");
    scene.double.state().can_write = true;
}

async fn lists(scene: &Scene, api: &GithubApi) {
    scene.double.state().page_size = 2;
    for name in ["a", "b", "c"] {
        api.create(&scene.change(&format!("backend-api/{name}"))).await.unwrap();
    }
    let merged = api.create(&scene.change("backend-api/merged")).await.unwrap().number;
    scene.double.merge(merged);
    let listing = api.poll("backend-api").await.unwrap();
    assert_eq!((listing.open.len(), listing.ended.len()), (3, 2));
    assert!(api.get(merged).await.unwrap().merged_at.is_some());
    let left = scene.double.state().remaining;
    assert!(!api.poll("backend-api").await.unwrap().changed);
    assert_eq!(scene.double.state().remaining, left, "tags pass through");
    assert!(api.find_open_by_head("backend-api/a", "dev").await.unwrap().is_some());
}
