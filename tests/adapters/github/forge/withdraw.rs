//! Withdrawing a pull request.

use cre_backend_api::domain::change::{PullRequestState, SweepReport};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::ports::VersionControl as _;

use super::scene::{BRANCH, POST, Scene, change, listed, opened, propose, state};
use crate::support::github::{Fault, When};
use crate::support::smart_http;

#[tokio::test]
async fn a_withdrawn_pull_request_is_closed_for_good_and_the_object_is_free() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let wanted = change(&forge, "workers", Some("a")).await;
    opened(forge.propose(&wanted).await);
    let closed = forge.withdraw(1).await.unwrap();
    assert_eq!(closed.state, PullRequestState::Closed);
    assert!(scene.branches().is_empty());
    assert_eq!(listed(&forge, 1).await.unwrap().state, PullRequestState::Closed, "at once");
    assert_eq!(forge.withdraw(1).await.unwrap(), closed);
    assert!(matches!(forge.withdraw(7).await, Err(VcsError::NoSuchPullRequest(7))));
    assert_eq!(opened(forge.propose(&wanted).await).number, 2);
    assert_eq!(state(&forge, 1).await, Some(PullRequestState::Closed));
    scene.assert_one(2);
}

#[tokio::test]
async fn the_same_request_made_again_at_once_isnt_taken_for_the_withdrawn_one() {
    let scene = Scene::new();
    let (forge, other) = (scene.forge("a").await, scene.forge("b").await);
    let wanted = change(&forge, "workers", Some("a")).await;
    let second = |commit: &str| scene.remote.git(&["log", "-1", "--format=%ct", commit]);
    let mut number = 0;
    // Until both are made in one second, which is how exactly a commit tells its time.
    loop {
        let first = opened(forge.propose(&wanted).await);
        forge.withdraw(first.number).await.unwrap();
        assert_eq!(state(&other, first.number).await, Some(PullRequestState::Closed));
        // The branch is pushed, and its pull request isn't open yet.
        for _ in 0..2 {
            scene.double.fail(POST, Fault::html(When::Before, 502));
        }
        assert!(forge.propose(&wanted).await.is_err());
        number += 2;
        let again = scene.remote.git(&["rev-parse", BRANCH]);
        assert_ne!(again, first.commit.0);
        assert_eq!(other.sweep().await.unwrap(), SweepReport::default(), "it may be in flight");
        assert_eq!(opened(forge.propose(&wanted).await).number, number);
        scene.assert_one(number);
        if second(&again) == second(&first.commit.0) {
            break;
        }
        forge.withdraw(number).await.unwrap();
    }
}

#[tokio::test]
async fn another_replica_withdraws_what_it_has_seen_with_the_commits_on_top() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    propose(&forge, "workers", Some("a")).await;
    let other = scene.forge("b").await;
    scene.review(BRANCH);
    assert_eq!(other.withdraw(1).await.unwrap().state, PullRequestState::Closed);
    assert!(scene.branches().is_empty());
    assert_eq!(forge.withdraw(1).await.unwrap().state, PullRequestState::Closed);
}

#[tokio::test]
async fn a_merged_pull_request_cant_be_withdrawn() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    propose(&forge, "workers", Some("a")).await;
    scene.double.merge(1);
    let refused = forge.withdraw(1).await;
    assert!(matches!(&refused, Err(VcsError::WrongState(reason)) if reason.contains("is merged")), "{refused:?}");
    assert_eq!(listed(&forge, 1).await.unwrap().state, PullRequestState::Merged, "it was seen by the way");
}

#[tokio::test]
async fn a_branch_that_couldnt_be_deleted_after_the_close_is_swept() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    propose(&forge, "workers", Some("a")).await;
    scene.remote.server.fault("git-receive-pack", 1, smart_http::Fault::Status(503, Vec::new(), "later"));
    assert!(matches!(forge.withdraw(1).await, Err(VcsError::Unreachable(_))));
    assert_eq!(state(&forge, 1).await, Some(PullRequestState::Closed));
    assert_eq!(scene.branches(), [BRANCH]);
    assert_eq!(forge.sweep().await.unwrap(), SweepReport { resumed: 0, deleted: 1 });
    assert!(scene.branches().is_empty());
}

#[tokio::test]
async fn kept_branches_are_in_nobody_s_way() {
    let scene = Scene::new();
    let forge = scene.forge_with("a", |settings| settings.keep_branches = true).await;
    let wanted = change(&forge, "workers", Some("a")).await;
    opened(forge.propose(&wanted).await);
    forge.withdraw(1).await.unwrap();
    assert_eq!(forge.sweep().await.unwrap(), SweepReport::default());
    assert_eq!(scene.branches(), [BRANCH]);
    assert_eq!(propose(&forge, "workers", Some("b")).await.number, 2);
    scene.assert_one(2);
}
