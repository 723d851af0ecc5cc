//! What other people have below our prefix, and what they do to our pull requests.

use cre_backend_api::domain::change::{PullRequestState, SweepReport};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::ports::VersionControl as _;

use super::scene::{BRANCH, POST, Scene, change, listed, opened, propose, state};

#[tokio::test]
async fn a_branch_that_isnt_ours_is_left_alone() {
    let scene = Scene::new();
    let forge = scene.forge_with("a", |settings| settings.in_flight = std::time::Duration::ZERO).await;
    let wanted = change(&forge, "workers", Some("a")).await;
    let theirs = scene.remote.commit(BRANCH, "theirs.txt", "x");
    let refused = forge.propose(&wanted).await;
    let Err(VcsError::WrongState(reason)) = refused else { panic!("{refused:?}") };
    assert!(reason.contains(BRANCH) && reason.contains("isn't of this service"), "{reason}");
    assert_eq!(forge.sweep().await.unwrap(), SweepReport::default());
    assert_eq!((scene.remote.tip(BRANCH), scene.double.count(POST)), (Some(theirs), 0));
    propose(&forge, "other", Some("a")).await;
}

#[tokio::test]
async fn a_fork_s_pull_request_with_our_branch_s_name_isnt_ours() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    scene.double.state().add("from a fork", BRANCH, "dev", Some(99));
    let pull = propose(&forge, "workers", Some("a")).await;
    assert_eq!(pull.number, 2);
    assert_eq!(state(&forge, 1).await, None);
    assert_eq!(state(&forge, 2).await, Some(PullRequestState::Open));
}

#[tokio::test]
async fn a_person_s_pull_request_below_our_prefix_isnt_listed_and_breaks_nothing() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let theirs = "backend-api/nodegroup/theirs";
    scene.remote.commit(theirs, "theirs.txt", "x");
    scene.double.state().add("by hand", theirs, "dev", None);
    // Without any history in common, and with our words in it.
    let tree = scene.remote.git(&["rev-parse", "dev^{tree}"]);
    let words = "Hm\n\nObject: nodegroup/team-a/orphan\nAction: create\nRequested-By: eve\nRequest-Hash: ff";
    let orphan = scene.remote.git(&["-c", "user.name=e", "-c", "user.email=e@x", "commit-tree", &tree, "-m", words]);
    let name = forge.branch(&change(&forge, "orphan", Some("a")).await.key).unwrap();
    scene.remote.git(&["update-ref", &format!("refs/heads/{name}"), &orphan]);
    scene.double.state().add("orphan", name.as_str(), "dev", None);
    assert_eq!((state(&forge, 1).await, state(&forge, 2).await), (None, None));
    assert_eq!(forge.sweep().await.unwrap(), SweepReport::default());
    assert!(matches!(forge.withdraw(1).await, Err(VcsError::NoSuchPullRequest(1))));
    assert_eq!(propose(&forge, "workers", Some("a")).await.number, 3);
    assert_eq!(scene.forge("b").await.pull_requests().await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_pull_request_that_a_reviewer_gave_another_base_still_holds_its_object() {
    let scene = Scene::new();
    let (forge, blind) = (scene.forge("a").await, scene.forge("b").await);
    let (same, other) = (change(&forge, "workers", Some("a")).await, change(&forge, "workers", Some("b")).await);
    opened(forge.propose(&same).await);
    scene.remote.git(&["branch", "next", "dev"]);
    scene.double.edit(1, |pull| pull.base = "next".into());
    assert!(matches!(blind.propose(&other).await, Err(VcsError::Conflict(Some(found))) if found.number == 1));
    assert_eq!(state(&forge, 1).await, Some(PullRequestState::Open));
    assert_eq!(listed(&forge, 1).await.unwrap().base.as_str(), "next");
    scene.double.merge(1);
    assert_eq!(state(&forge, 1).await, Some(PullRequestState::Merged));
    assert_eq!(propose(&forge, "workers", Some("b")).await.number, 2);
}

#[tokio::test]
async fn a_merge_a_close_a_reopening_and_a_new_title_are_seen_at_the_next_look() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    propose(&forge, "workers", Some("a")).await;
    let mut revisions = std::collections::BTreeSet::new();
    let mut look = async |forge| {
        let state = state(forge, 1).await.unwrap();
        let snapshot = forge.pull_requests().await.unwrap();
        assert!(revisions.insert(snapshot.revision.0.clone()), "clients see that something changed");
        state
    };
    assert_eq!(look(&forge).await, PullRequestState::Open);
    scene.double.edit(1, |pull| pull.title = "Better words".into());
    assert_eq!(look(&forge).await, PullRequestState::Open);
    assert_eq!(listed(&forge, 1).await.unwrap().title, "Better words");
    scene.close(1);
    assert_eq!(look(&forge).await, PullRequestState::Closed);
    scene.double.edit(1, |pull| {
        (pull.open, pull.closed_at, pull.title) = (true, None, "Again".into());
    });
    assert_eq!(look(&forge).await, PullRequestState::Open);
    scene.double.merge(1);
    assert_eq!(look(&forge).await, PullRequestState::Merged);
}
