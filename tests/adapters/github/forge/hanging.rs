//! A Git server that hangs: it is left when the time is up, and the next request works.

use std::time::Duration;

use cre_backend_api::adapters::github::GithubForge;
use cre_backend_api::domain::change::Freshness;
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::ports::VersionControl as _;

use super::scene::{POST, Scene, change, opened};
use crate::support::smart_http::Fault;

/// Enough for an exchange with a server that answers.
const SOON: Duration = Duration::from_secs(3);
/// Whoever waits that long waits for the server, not for the deadline.
const LATE: Duration = Duration::from_secs(20);

async fn hasty(scene: &Scene) -> GithubForge {
    scene.forge_with("a", |settings| settings.git_time = SOON).await
}

#[tokio::test]
async fn a_look_at_a_git_server_that_hangs_ends_in_time_and_what_was_read_stays() {
    let scene = Scene::new();
    let forge = hasty(&scene).await;
    let base = forge.base(Freshness::Cached).await.unwrap();
    scene.remote.server.fault("git-upload-pack", 9, Fault::Hang);
    let look = tokio::time::timeout(LATE, forge.base(Freshness::Fetched)).await.unwrap();
    assert!(matches!(look, Err(VcsError::TimedOut)), "{look:?}");
    assert_eq!(forge.trouble(), Some("timed_out"));
    assert_eq!(forge.base(Freshness::Cached).await.unwrap(), base);
    assert_eq!(forge.list(&base, None).await.unwrap().len(), 1);
    scene.remote.server.heal();
    let moved = scene.remote.commit("dev", "README.md", "moved");
    assert_eq!(forge.base(Freshness::Fetched).await.unwrap().0, moved.to_string());
    assert_eq!(forge.trouble(), None);
}

#[tokio::test]
async fn a_push_to_a_git_server_that_hangs_ends_in_time_and_the_next_request_goes_on() {
    for (place, fault, branches) in [
        ("info/refs?service=git-receive-pack", Fault::Hang, 0),
        ("POST /acme/unicron.git/git-receive-pack", Fault::Hang, 0),
        // The server did what it was asked for, and its answer doesn't come.
        ("POST /acme/unicron.git/git-receive-pack", Fault::HangAfter(5), 1),
    ] {
        let scene = Scene::new();
        let forge = hasty(&scene).await;
        let wanted = change(&forge, "workers", Some("a")).await;
        scene.remote.server.fault(place, 9, fault.clone());
        let refused = tokio::time::timeout(LATE, forge.propose(&wanted)).await.unwrap();
        assert!(matches!(refused, Err(VcsError::TimedOut)), "{place} {fault:?}: {refused:?}");
        assert_eq!((scene.branches().len(), scene.double.count(POST)), (branches, 0), "{place} {fault:?}");
        scene.remote.server.heal();
        assert_eq!(opened(forge.propose(&wanted).await).number, 1, "{place} {fault:?}");
        scene.assert_one(1);
    }
}
