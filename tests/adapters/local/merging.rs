//! What counts as merged, and what doesn't.

use cre_backend_api::domain::change::{Freshness, PullRequestState, SweepReport};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::ports::VersionControl as _;
use tokio_util::sync::CancellationToken;

use super::forge::{TestForge, git, published, until};

#[tokio::test]
async fn a_fast_forward_a_merge_commit_and_a_squash_are_merges() {
    for flags in [&["--ff-only"][..], &["--no-ff"], &["--squash"]] {
        let test = TestForge::new().await;
        let pull = test.open(&test.change("workers", Some("a")).await).await;
        test.merge(&pull.branch, flags);
        let merged = test.pull(1).await;
        assert_eq!(merged.state, PullRequestState::Merged, "{flags:?}");
        let time: i64 = test.git(&["log", "-1", "--format=%ct", "dev"]).parse().unwrap();
        assert_eq!(merged.merged_at.unwrap().as_second(), time, "{flags:?}");
        assert!(test.branches().is_empty(), "{flags:?}");
        assert!(matches!(test.forge.withdraw(1).await, Err(VcsError::WrongState(_))));
    }
}

#[tokio::test]
async fn branches_are_kept_when_that_is_asked_for_and_the_object_is_free_all_the_same() {
    for flags in [&["--no-ff"], &["--squash"]] {
        let test = TestForge::with(|settings| settings.keep_branches = true).await;
        let pull = test.open(&test.change("workers", Some("a")).await).await;
        test.merge(&pull.branch, flags);
        assert_eq!(test.state(1).await, PullRequestState::Merged);
        assert_eq!(test.forge.sweep().await.unwrap(), SweepReport::default(), "nothing to resume");
        assert_eq!(test.branches().len(), 1);
        let next = test.open(&test.change("workers", Some("b")).await).await;
        assert_eq!(next.number, 2);
        assert_eq!(test.git(&["rev-parse", pull.branch.as_str()]), next.commit.0);
        assert_eq!((test.state(1).await, test.state(2).await), (PullRequestState::Merged, PullRequestState::Open));
    }
}

#[tokio::test]
async fn the_object_is_free_after_a_merge_and_history_before_the_change_does_not_count() {
    let test = TestForge::new().await;
    for (number, content) in [(1, Some("a")), (2, None), (3, Some("a"))] {
        let pull = test.open(&test.change("workers", content).await).await;
        assert_eq!((pull.number, pull.state), (number, PullRequestState::Open), "{content:?} was on the base before");
        test.push_file("README.md", &format!("{number}"));
        // One that starts now remembers nothing and reads the whole history.
        let fresh = published(&test.another().await, number).await.unwrap();
        assert_eq!(fresh.state, PullRequestState::Open, "{content:?} was on the base before");
        test.merge(&pull.branch, &["--squash"]);
        assert_eq!(test.state(number).await, PullRequestState::Merged);
    }
}

#[tokio::test]
async fn a_merge_stays_one_when_the_base_is_edited_later() {
    let test = TestForge::new().await;
    let pull = test.open(&test.change("workers", Some("a")).await).await;
    test.merge(&pull.branch, &["--squash"]);
    test.push_file("nodegroups/team-a/workers.yaml", "edited before anybody looked");
    assert_eq!(test.state(1).await, PullRequestState::Merged);
    let update = test.open(&test.change("workers", Some("c")).await).await;
    test.merge(&update.branch, &["--ff-only"]);
    assert_eq!(test.state(2).await, PullRequestState::Merged);
    test.push_file("nodegroups/team-a/workers.yaml", "edited after");
    assert_eq!((test.state(1).await, test.state(2).await), (PullRequestState::Merged, PullRequestState::Merged));
}

#[tokio::test]
async fn a_branch_reset_to_the_base_is_not_merged() {
    let test = TestForge::new().await;
    let pull = test.open(&test.change("workers", Some("a")).await).await;
    test.push_file("README.md", "x");
    let work = test.clone();
    git(&work, &["push", "--quiet", "--force", "origin", &format!("HEAD~1:{}", pull.branch)]);
    assert_eq!(test.state(1).await, PullRequestState::Open);
    git(&work, &["push", "--quiet", "origin", "--delete", pull.branch.as_str()]);
    assert_eq!(test.state(1).await, PullRequestState::Closed);
}

#[tokio::test]
async fn merging_and_deleting_the_branch_in_one_push_is_a_merge_in_either_order() {
    let test = TestForge::new().await;
    let pull = test.open(&test.change("workers", Some("a")).await).await;
    let commit = pull.commit.0.clone();
    test.git(&["update-ref", "-d", &format!("refs/heads/{}", pull.branch)]);
    assert_eq!(test.state(1).await, PullRequestState::Closed);
    test.git(&["update-ref", "refs/heads/dev", &commit]);
    assert_eq!(test.state(1).await, PullRequestState::Merged);
}

#[tokio::test]
async fn a_merge_is_seen_soon_and_the_loop_ends_when_told() {
    let test = std::sync::Arc::new(TestForge::new().await);
    let cancel = CancellationToken::new();
    let (looped, token) = (std::sync::Arc::clone(&test), cancel.clone());
    let task = tokio::spawn(async move { looped.forge.run(token).await });
    let pull = test.open(&test.change("workers", Some("a")).await).await;
    test.merge(&pull.branch, &["--no-ff"]);
    let forge = &test.forge;
    let took = until("merged", || async {
        published(forge, 1).await.is_some_and(|pull| pull.state == PullRequestState::Merged)
    });
    // The loop looks every half second; a busy machine takes longer for it.
    assert!(took.await < std::time::Duration::from_secs(10));
    let source = forge.pull_requests().await.unwrap().source.clone();
    let seen = source.contact.at();
    until("looked at again", || async { source.contact.at() > seen }).await;
    assert!(!source.is_stale());
    cancel.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn a_sweep_deletes_what_a_crash_left_and_packs_without_losing_anything() {
    let test = TestForge::new().await;
    let pull = test.open(&test.change("workers", Some("a")).await).await;
    let open = test.open(&test.change("other", Some("a")).await).await;
    test.merge(&pull.branch, &["--ff-only"]);
    assert_eq!(test.state(1).await, PullRequestState::Merged);
    test.git(&["update-ref", &format!("refs/heads/{}", pull.branch), &pull.commit.0]);
    assert_eq!(test.forge.sweep().await.unwrap(), SweepReport { resumed: 0, deleted: 1 });
    assert_eq!(test.branches(), [open.branch.as_str()]);
    assert_eq!(test.forge.sweep().await.unwrap(), SweepReport::default());
    test.git(&["gc", "--quiet", "--prune=now"]);
    let again = test.another().await;
    assert_eq!(published(&again, 2).await, Some(open.clone()));
    assert_eq!(
        published(&again, 1).await.unwrap().state,
        PullRequestState::Merged,
        "git gc keeps what refs/pull holds"
    );
    assert_eq!(again.withdraw(2).await.unwrap().state, PullRequestState::Closed);
    assert!(test.branches().is_empty());
    test.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn a_branch_that_cannot_be_read_is_an_error_and_closes_nothing() {
    let test = TestForge::new().await;
    let pull = test.open(&test.change("workers", Some("a")).await).await;
    let file = test.forge.path().join(format!("refs/heads/{}", pull.branch));
    let content = std::fs::read(&file).unwrap();
    for packed in [false, true] {
        if packed {
            test.git(&["pack-refs", "--all", "--no-prune"]);
        }
        std::fs::write(&file, "").unwrap();
        let failed = test.forge.base(Freshness::Fetched).await.unwrap_err();
        assert!(matches!(&failed, VcsError::Corrupt(reason) if reason.contains(pull.branch.as_str())), "{failed:?}");
        assert_eq!(published(&test.forge, 1).await.unwrap().state, PullRequestState::Open);
        std::fs::write(&file, &content).unwrap();
        assert_eq!(test.state(1).await, PullRequestState::Open);
    }
}
