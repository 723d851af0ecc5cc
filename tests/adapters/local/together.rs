//! Several at once on one folder, and beside the git command.

use std::collections::BTreeSet;
use std::sync::Arc;

use cre_backend_api::domain::change::{ChangeSet, Proposed};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::ports::VersionControl;
use tokio::task::JoinSet;

use super::forge::{TestForge, mk_change};

/// Proposes all changes at once, half of them through each of two forges.
pub async fn share_out(
    forges: [Arc<dyn VersionControl>; 2],
    changes: Vec<ChangeSet>,
) -> Vec<Result<Proposed, VcsError>> {
    let mut tasks = JoinSet::new();
    for (at, change) in changes.into_iter().enumerate() {
        let forge = Arc::clone(&forges[at % 2]);
        tasks.spawn(async move { forge.propose(&change).await });
    }
    tasks.join_all().await
}

async fn propose_all(test: &TestForge, changes: Vec<ChangeSet>) -> Vec<Result<Proposed, VcsError>> {
    share_out([Arc::new(test.another().await), Arc::new(test.another().await)], changes).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_identical_requests_on_two_processes_make_one_pull_request() {
    let test = TestForge::new().await;
    let change = test.change("workers", Some("a")).await;
    let answers = propose_all(&test, vec![change; 16]).await;
    let opened = answers.iter().filter(|answer| matches!(answer, Ok(Proposed::Opened(_)))).count();
    let adopted = answers.iter().filter(|answer| matches!(answer, Ok(Proposed::Adopted(_)))).count();
    assert_eq!((opened, adopted), (1, 15), "{answers:?}");
    assert_eq!((test.branches().len(), test.pull_refs().len()), (1, 2));
    test.git(&["fsck", "--strict"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_different_requests_on_two_processes_make_sixteen_pull_requests() {
    let test = TestForge::new().await;
    let base = test.base().await;
    let changes = (0..16).map(|n| mk_change(&format!("w{n}"), base.clone(), None, Some("a"))).collect();
    let mut numbers = BTreeSet::new();
    for answer in propose_all(&test, changes).await {
        let Ok(Proposed::Opened(pull)) = answer else { panic!("{answer:?}") };
        numbers.insert(pull.number);
    }
    assert_eq!(numbers, (1..=16).collect());
    assert_eq!((test.branches().len(), test.pull_refs().len()), (16, 32));
    test.git(&["fsck", "--strict"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_contents_for_one_object_make_one_pull_request_and_fifteen_conflicts() {
    let test = TestForge::new().await;
    let base = test.base().await;
    let changes = (0..16).map(|n| mk_change("workers", base.clone(), None, Some(&format!("{n}")))).collect();
    let answers = propose_all(&test, changes).await;
    let conflicts = answers.iter().filter(|answer| matches!(answer, Err(VcsError::Conflict(Some(_))))).count();
    assert_eq!((conflicts, test.branches().len(), test.pull_refs().len()), (15, 1, 2), "{answers:?}");
}

#[tokio::test]
async fn lock_files_that_a_killed_process_left_hold_nobody_up_for_long() {
    let test = TestForge::new().await;
    let change = test.change("workers", Some("a")).await;
    let branch = "refs/heads/backend-api/nodegroup/team-a/workers-a0b5740b";
    let locks = [branch, "refs/pull/1/meta", "refs/heads/dev", "packed-refs", "HEAD"];
    for lock in locks {
        let lock = test.forge.path().join(format!("{lock}.lock"));
        std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
        std::fs::write(lock, "").unwrap();
    }
    let pull = test.open(&change).await;
    test.forge.withdraw(pull.number).await.unwrap();
    let direct = test.change("other", Some("a")).await;
    test.forge.commit(&direct).await.unwrap();
    let left: Vec<_> = locks.iter().filter(|lock| test.forge.path().join(format!("{lock}.lock")).exists()).collect();
    assert!(left.is_empty() || left == [&"HEAD"], "{left:?}");
    test.another().await;
}

#[tokio::test]
async fn a_lock_that_a_git_command_holds_for_a_moment_is_waited_for() {
    let test = TestForge::new().await;
    let change = test.change("workers", Some("a")).await;
    let lock = test.forge.path().join("refs/heads/dev.lock");
    std::fs::write(&lock, "").unwrap();
    let holder = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        std::fs::remove_file(lock)
    });
    test.forge.commit(&change).await.unwrap();
    assert!(holder.join().unwrap().is_ok(), "its holder removed it, not we");
}
