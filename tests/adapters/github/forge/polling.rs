//! What the loop keeps up to date, and what stays readable while GitHub is away.

use std::sync::Arc;
use std::time::Duration;

use cre_backend_api::adapters::github::{GithubForge, GithubSettings};
use cre_backend_api::domain::change::{Freshness, PullRequestState};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::ports::VersionControl as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::scene::{BRANCH, Scene, change, listed, open, opened, propose, state};
use crate::adapters::local::forge::{path, until};
use crate::support::github::Fault;
use crate::support::smart_http;

/// Runs the loop until it has seen the merge of a first pull request.
async fn looped_until_merged(scene: &Scene, settings: GithubSettings) -> (JoinHandle<()>, CancellationToken) {
    let forge = Arc::new(open(settings).await);
    let cancel = CancellationToken::new();
    let (looped, token) = (Arc::clone(&forge), cancel.clone());
    let task = tokio::spawn(async move { looped.run(token).await });
    until("loaded", || async { forge.is_loaded() }).await;
    propose(&forge, "workers", Some("a")).await;
    scene.double.merge(1);
    let merged = || async { listed(&forge, 1).await.is_some_and(|pull| pull.state == PullRequestState::Merged) };
    until("merged", merged).await;
    (task, cancel)
}

#[tokio::test]
async fn the_loop_sees_a_merge_and_deletes_the_branch_and_ends_when_told() {
    let scene = Scene::new();
    let (task, cancel) = looped_until_merged(&scene, scene.settings("a")).await;
    until("swept", || async { scene.branches().is_empty() }).await;
    cancel.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn the_loop_keeps_branches_when_told_so() {
    let scene = Scene::new();
    let settings = GithubSettings { keep_branches: true, ..scene.settings("a") };
    let (task, cancel) = looped_until_merged(&scene, settings).await;
    // Two more looks, of which the first would have swept.
    for _ in 0..2 {
        let asked = scene.double.count("GET");
        until("asked again", || async { scene.double.count("GET") >= asked + 2 }).await;
    }
    assert_eq!(scene.branches(), [BRANCH]);
    cancel.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn the_loop_goes_on_after_a_failure_and_tells_what_it_was() {
    let scene = Scene::new();
    scene.double.fail("GET", Fault::status(401, "Bad credentials"));
    let forge = Arc::new(open(scene.settings("a")).await);
    let cancel = CancellationToken::new();
    let (looped, token) = (Arc::clone(&forge), cancel.clone());
    let failing = Arc::clone(&forge);
    let refused = failing.base(Freshness::Fetched).await;
    assert!(matches!(refused, Err(VcsError::Refused { .. })), "{refused:?}");
    assert_eq!(forge.trouble(), Some("refused"));
    let task = tokio::spawn(async move { looped.run(token).await });
    until("loaded", || async { forge.is_loaded() && forge.trouble().is_none() }).await;
    cancel.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn when_nothing_changed_every_answer_of_the_api_is_free() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    propose(&forge, "workers", Some("a")).await;
    propose(&forge, "other", Some("a")).await;
    scene.double.merge(2);
    state(&forge, 1).await;
    let (asked, left) = (scene.double.count("GET"), scene.double.state().remaining);
    state(&forge, 1).await;
    assert!(scene.double.count("GET") > asked);
    assert_eq!(scene.double.state().remaining, left, "an unchanged answer costs none of the limit");
    let fetched = scene.remote.server.count("POST");
    state(&forge, 1).await;
    assert_eq!(scene.remote.server.count("POST"), fetched, "git is asked for its refs only");
}

#[tokio::test]
async fn what_was_read_stays_readable_while_github_is_away() {
    let mut scene = Scene::new();
    let forge = scene.forge("a").await;
    propose(&forge, "workers", Some("a")).await;
    let base = forge.base(Freshness::Fetched).await.unwrap();
    scene.remote.server.fault("", usize::MAX, smart_http::Fault::Status(503, Vec::new(), "away"));
    let double =
        std::mem::replace(&mut scene.double, crate::support::github::GithubDouble::start(&scene.remote.bare()));
    drop(double);
    assert!(matches!(forge.base(Freshness::Fetched).await, Err(VcsError::Unreachable(_))));
    assert_eq!(forge.trouble(), Some("unreachable"));
    assert_eq!(forge.base(Freshness::Cached).await.unwrap(), base);
    assert_eq!(forge.list(&base, None).await.unwrap().len(), 1);
    assert!(forge.read(&base, &path("nodegroups/a.yaml")).await.unwrap().is_some());
    assert_eq!(listed(&forge, 1).await.unwrap().number, 1);
}

#[tokio::test]
async fn a_mirror_that_was_damaged_or_deleted_in_between_is_made_anew() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let wanted = change(&forge, "workers", Some("a")).await;
    assert!(damage(&scene.remote.folder().join("a")) > 0);
    assert_eq!(opened(forge.propose(&wanted).await).number, 1);
    assert_eq!(propose(&forge, "other", Some("a")).await.number, 2);
    assert_eq!(state(&forge, 1).await, Some(PullRequestState::Open));
}

/// Overwrites every pack and object below a folder; tells how many.
fn damage(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let mut damaged = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            damaged += damage(&path);
        } else if path.to_string_lossy().contains("/objects/") {
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, "damaged").unwrap();
            damaged += 1;
        }
    }
    damaged
}

#[tokio::test]
async fn a_pull_request_whose_commit_the_git_server_doesnt_have_yet_is_read_later() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let pull = propose(&forge, "workers", Some("a")).await;
    scene.double.merge(1);
    scene.remote.git(&["update-ref", "-d", "refs/pull/1/head"]);
    let new = scene.forge("b").await;
    assert_eq!(listed(&new, 1).await, None);
    scene.remote.git(&["update-ref", "refs/pull/1/head", &pull.commit.0]);
    assert_eq!(state(&new, 1).await, Some(PullRequestState::Merged));
}

#[tokio::test]
async fn a_look_that_began_before_a_change_of_ours_doesnt_undo_it() {
    let scene = Scene::new();
    let forge = Arc::new(scene.forge("a").await);
    propose(&forge, "workers", Some("a")).await;
    scene.remote.commit("dev", "README.md", "so that git is asked for a pack");
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let held = smart_http::Fault::Hold(Arc::clone(&gate));
    scene.remote.server.fault("POST /acme/unicron.git/git-upload-pack", 1, held);
    let packs = || scene.remote.server.count("POST /acme/unicron.git/git-upload-pack");
    let (asked, fetched) = (scene.double.count("GET /repos/acme/unicron/pulls?state=closed"), packs());
    let looking = Arc::clone(&forge);
    let look = tokio::spawn(async move { looking.base(Freshness::Fetched).await });
    until("listed", || async { scene.double.count("GET /repos/acme/unicron/pulls?state=closed") > asked }).await;
    until("fetching", || async { packs() > fetched }).await;
    forge.withdraw(1).await.unwrap();
    gate.add_permits(1);
    look.await.unwrap().unwrap();
    assert_eq!(listed(&forge, 1).await.unwrap().state, PullRequestState::Closed);
    let waited = tokio::time::timeout(Duration::from_secs(60), propose(&forge, "workers", Some("b")));
    assert_eq!(waited.await.unwrap().number, 2);
}

/// Runs the loop of a forge that has looked once.
async fn looping(scene: &Scene) -> (Arc<GithubForge>, JoinHandle<()>, CancellationToken) {
    let forge = Arc::new(scene.forge("a").await);
    let cancel = CancellationToken::new();
    let (looped, token) = (Arc::clone(&forge), cancel.clone());
    let task = tokio::spawn(async move { looped.run(token).await });
    (forge, task, cancel)
}

#[tokio::test]
async fn while_the_api_is_rate_limited_the_base_branch_is_followed_and_the_api_left_alone() {
    let scene = Scene::new();
    let (forge, task, cancel) = looping(&scene).await;
    scene.double.fail("GET", Fault::status(429, "too fast").with("retry-after", "3600"));
    until("limited", || async { forge.trouble() == Some("rate_limited") }).await;
    let asked = scene.double.count("GET");
    for number in 0..2 {
        let moved = scene.remote.commit("dev", "README.md", &format!("merged {number}")).to_string();
        until("followed", || async { forge.base(Freshness::Cached).await.unwrap().0 == moved }).await;
    }
    assert_eq!((scene.double.count("GET"), forge.trouble()), (asked, Some("rate_limited")));
    cancel.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn a_git_server_that_asks_for_silence_isnt_asked_again_before_its_time() {
    let scene = Scene::new();
    let (forge, task, cancel) = looping(&scene).await;
    let limited = smart_http::Fault::Status(429, vec![("retry-after", "3600".to_owned())], "too fast");
    scene.remote.server.fault("info/refs", usize::MAX, limited);
    until("limited", || async { forge.trouble() == Some("rate_limited") }).await;
    let (asked, looks) = (scene.remote.server.count("info/refs"), scene.double.count("GET"));
    until("looked on", || async { scene.double.count("GET") >= looks + 6 }).await;
    assert_eq!(scene.remote.server.count("info/refs"), asked);
    let refused = forge.base(Freshness::Fetched).await;
    assert!(
        matches!(&refused, Err(VcsError::RateLimited { retry_after }) if retry_after.as_secs() > 3000),
        "{refused:?}"
    );
    cancel.cancel();
    task.await.unwrap();
}
