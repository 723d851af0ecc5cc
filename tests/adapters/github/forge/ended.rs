//! After a merge or a close the object is free: its branch is deleted and made again.

use cre_backend_api::domain::change::{PullRequestState, SweepReport};
use cre_backend_api::domain::ports::VersionControl as _;

use super::scene::{BRANCH, Scene, adopted, change, listed, opened, propose, state};

#[tokio::test]
async fn the_object_is_free_after_a_close_on_each_replica() {
    for replica in ["itself", "one that knew it", "one that never saw it"] {
        let scene = Scene::new();
        let (forge, other) = (scene.forge("a").await, scene.forge("b").await);
        let first = propose(&forge, "workers", Some("a")).await;
        if replica == "one that knew it" {
            assert_eq!(state(&other, 1).await, Some(PullRequestState::Open));
        }
        scene.close(1);
        let forge = if replica == "itself" { &forge } else { &other };
        let second = propose(forge, "workers", Some("b")).await;
        assert_eq!((second.number, second.state), (2, PullRequestState::Open), "{replica}");
        assert_ne!(second.commit, first.commit);
        assert_eq!(scene.remote.git(&["rev-parse", BRANCH]), second.commit.0, "{replica}");
        assert_eq!(state(forge, 1).await, Some(PullRequestState::Closed), "{replica}");
        assert_eq!(listed(forge, 1).await.unwrap().commit, first.commit, "{replica}");
        scene.assert_one(2);
    }
}

#[tokio::test]
async fn the_object_is_free_after_a_merge_on_each_replica() {
    for replica in ["a", "b"] {
        let scene = Scene::new();
        let forge = scene.forge("a").await;
        let blind = scene.forge("b").await;
        propose(&forge, "workers", Some("a")).await;
        scene.double.merge(1);
        let forge = if replica == "a" { &forge } else { &blind };
        let gone = propose(forge, "workers", None).await;
        assert_eq!((gone.number, gone.state), (2, PullRequestState::Open));
        assert_eq!(state(forge, 1).await, Some(PullRequestState::Merged));
        assert!(listed(forge, 1).await.unwrap().merged_at.is_some());
        scene.assert_one(2);
    }
}

#[tokio::test]
async fn a_reviewers_commit_on_top_changes_nothing_of_what_is_ours() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let wanted = change(&forge, "workers", Some("a")).await;
    let pull = opened(forge.propose(&wanted).await);
    scene.review(BRANCH);
    let blind = scene.forge("b").await;
    for forge in [&forge, &blind] {
        assert_eq!(state(forge, 1).await, Some(PullRequestState::Open));
        let seen = listed(forge, 1).await.unwrap();
        assert_eq!((&seen.commit, &seen.files, &seen.base_commit), (&pull.commit, &pull.files, &pull.base_commit));
        assert_eq!(adopted(forge.propose(&wanted).await).commit, pull.commit);
    }
}

#[tokio::test]
async fn a_pull_request_that_ended_with_a_reviewers_commit_leaves_the_object_free() {
    for merged in [true, false] {
        for replica in ["the same", "blind", "new"] {
            let scene = Scene::new();
            let (forge, blind) = (scene.forge("a").await, scene.forge("b").await);
            let first = propose(&forge, "workers", Some("a")).await;
            scene.review(BRANCH);
            if merged {
                scene.double.merge(1);
            } else {
                scene.close(1);
            }
            let new = scene.forge("c").await;
            let forge = [("the same", forge), ("blind", blind), ("new", new)]
                .into_iter()
                .find(|one| one.0 == replica)
                .unwrap()
                .1;
            let ended = if merged { PullRequestState::Merged } else { PullRequestState::Closed };
            assert_eq!(state(&forge, 1).await, Some(ended), "{replica}");
            assert_eq!(listed(&forge, 1).await.unwrap().commit, first.commit, "{replica}");
            assert_eq!(propose(&forge, "workers", Some("b")).await.number, 2, "{replica}");
            scene.assert_one(2);
        }
    }
}

#[tokio::test]
async fn the_base_moved_forward_to_our_very_commit_is_a_merge_whose_change_can_still_be_read() {
    for reviewed in [false, true] {
        let scene = Scene::new();
        let forge = scene.forge("a").await;
        let pull = propose(&forge, "workers", Some("a")).await;
        if reviewed {
            scene.review(BRANCH);
            assert_eq!(state(&forge, 1).await, Some(PullRequestState::Open));
        }
        scene.remote.git(&["update-ref", "refs/heads/dev", BRANCH]);
        // The new one has the commit as the end of a history that was cut, before it reads the pull request.
        let new = scene.forge("b").await;
        for forge in [&forge, &new] {
            assert_eq!(state(forge, 1).await, Some(PullRequestState::Merged));
            let seen = listed(forge, 1).await.unwrap();
            assert_eq!((&seen.commit, &seen.base_commit), (&pull.commit, &pull.base_commit));
            assert_eq!(seen.files, pull.files);
        }
        assert_eq!(new.sweep().await.unwrap(), SweepReport { resumed: 0, deleted: 1 });
        assert_eq!(propose(&new, "workers", Some("b")).await.number, 2);
    }
}

#[tokio::test]
async fn a_branch_that_a_person_deleted_ends_its_pull_request_and_is_made_again() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    propose(&forge, "workers", Some("a")).await;
    scene.remote.git(&["update-ref", "-d", &format!("refs/heads/{BRANCH}")]);
    assert_eq!(state(&forge, 1).await, Some(PullRequestState::Closed));
    assert_eq!(propose(&forge, "workers", Some("a")).await.number, 2);
    scene.assert_one(2);
}

#[tokio::test]
async fn pull_requests_that_ended_before_this_process_started_are_listed_without_their_branches() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let first = propose(&forge, "workers", Some("a")).await;
    let second = propose(&forge, "other", Some("a")).await;
    scene.double.merge(1);
    scene.close(2);
    assert_eq!(forge.sweep().await.unwrap(), SweepReport { resumed: 0, deleted: 2 });
    assert!(scene.branches().is_empty());
    let new = scene.forge("b").await;
    for (first, ended) in [(first, PullRequestState::Merged), (second, PullRequestState::Closed)] {
        let seen = listed(&new, first.number).await.unwrap();
        assert_eq!((seen.state, &seen.commit, &seen.files), (ended, &first.commit, &first.files));
    }
}

#[tokio::test]
async fn our_commit_at_the_end_of_the_fetched_history_is_no_error() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let pull = propose(&forge, "workers", Some("a")).await;
    let tree = scene.remote.git(&["rev-parse", &format!("{BRANCH}^{{tree}}")]);
    let mut tip = pull.commit.0.clone();
    for on_top in 1..=50 {
        tip = scene.remote.git(&[
            "-c",
            "user.name=r",
            "-c",
            "user.email=r@x",
            "commit-tree",
            &tree,
            "-p",
            &tip,
            "-m",
            "on top",
        ]);
        if on_top < 48 {
            continue;
        }
        scene.remote.git(&["update-ref", &format!("refs/heads/{BRANCH}"), &tip]);
        let new = scene.forge(&format!("new{on_top}")).await;
        // Fifty commits are looked at.
        let seen = listed(&new, 1).await.map(|seen| (seen.commit, seen.base_commit));
        let ours = (pull.commit.clone(), pull.base_commit.clone());
        assert_eq!(seen, (on_top < 50).then_some(ours), "{on_top}");
        assert!(new.sweep().await.is_ok(), "{on_top}");
    }
}
