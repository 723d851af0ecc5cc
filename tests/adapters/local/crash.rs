//! kill -9 between any two steps of a write, then the same request again.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cre_backend_api::adapters::local::{LocalForge, LocalSettings};
use cre_backend_api::domain::change::{Freshness, PullRequestState, SweepReport};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::ports::VersionControl as _;

use super::forge::{TestForge, git, mk_change, mk_settings, published};

const FOLDER: &str = "TEST_CRASH_FOLDER";
const STEP: &str = "TEST_CRASH_STEP";

/// Runs in a child process only: proposes, and kills its own process at the given step.
#[tokio::test]
async fn child_that_is_killed() {
    let (Ok(folder), Ok(step)) = (std::env::var(FOLDER), std::env::var(STEP)) else { return };
    let (count, last) = (AtomicUsize::new(0), step.parse::<usize>().unwrap());
    let step = move |_: &'static str| {
        if count.fetch_add(1, Ordering::SeqCst) == last {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
            std::thread::park();
        }
    };
    let settings = LocalSettings { keep_branches: true, ..mk_settings(&PathBuf::from(folder)) };
    let forge = LocalForge::open_with_steps(settings, Arc::new(step)).await.unwrap();
    let base = forge.base(Freshness::Cached).await.unwrap();
    forge.propose(&mk_change("workers", base, None, Some("a"))).await.unwrap();
}

/// Kills a child at its step `step`; `false` when it ended before it got there.
fn killed_at(step: usize, test: &TestForge) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "adapters::local::crash::child_that_is_killed", "--nocapture"])
        .env(FOLDER, test.folder.path().join("gitops"))
        .env(STEP, step.to_string())
        .output()
        .unwrap()
        .status;
    assert!(status.success() || status.signal() == Some(9), "{status}");
    !status.success()
}

#[tokio::test]
async fn the_same_request_after_a_kill_at_any_step_makes_one_branch_and_one_pull_request() {
    let mut steps = 0;
    loop {
        let test = TestForge::new().await;
        if !killed_at(steps, &test) {
            break;
        }
        let forge = test.another().await;
        let base = forge.base(Freshness::Fetched).await.unwrap();
        let pull = forge.propose(&mk_change("workers", base, None, Some("a"))).await.unwrap().pull_request();
        assert_eq!(pull.title, "create nodegroup workers", "step {steps}");
        assert_complete(&test, steps);
        assert_eq!(forge.sweep().await.unwrap(), SweepReport::default(), "step {steps}");
        steps += 1;
    }
    assert_eq!(steps, 5, "every step of a first proposal was killed once");
}

#[tokio::test]
async fn another_request_after_a_kill_is_shown_the_pull_request_that_the_dead_one_was_making() {
    for step in 1..5 {
        let test = TestForge::new().await;
        assert!(killed_at(step, &test));
        let forge = test.another().await;
        let base = forge.base(Freshness::Fetched).await.unwrap();
        let refused = forge.propose(&mk_change("workers", base, None, Some("b"))).await;
        let Err(VcsError::Conflict(Some(open))) = refused else { panic!("step {step}: {refused:?}") };
        assert_eq!((open.number, open.state), (1, PullRequestState::Open), "step {step}");
        assert_complete(&test, step);
    }
}

#[tokio::test]
async fn a_sweep_after_a_kill_at_any_step_leaves_no_branch_without_a_pull_request() {
    for step in 0..5 {
        let test = TestForge::new().await;
        assert!(killed_at(step, &test));
        let forge = test.another().await;
        let resumed = forge.sweep().await.unwrap().resumed;
        assert_eq!(resumed, usize::from(step == 1 || step == 2), "step {step}");
        if step == 0 {
            assert!(test.branches().is_empty() && test.pull_refs().is_empty());
            continue;
        }
        assert_complete(&test, step);
        let pull = published(&forge, 1).await.unwrap();
        assert_eq!(pull.title, "create nodegroup workers");
        assert_eq!(pull.files.len(), 1);
    }
}

#[tokio::test]
async fn a_kill_while_a_merged_objects_branch_is_made_again_is_taken_up_too() {
    let mut steps = 0;
    loop {
        let test = TestForge::with(|settings| settings.keep_branches = true).await;
        let first = test.open(&test.change("workers", Some("b")).await).await;
        test.merge(&first.branch, &["--ff-only"]);
        assert_eq!(test.state(1).await, PullRequestState::Merged);
        let gone = test.open(&test.change("workers", None).await).await;
        test.merge(&gone.branch, &["--ff-only"]);
        assert_eq!(test.state(2).await, PullRequestState::Merged);
        assert_eq!(test.branches().len(), 1, "the merged branch is kept: the child deletes it before it makes its own");
        if !killed_at(steps, &test) {
            break;
        }
        let forge = test.another().await;
        let base = forge.base(Freshness::Fetched).await.unwrap();
        let pull = forge.propose(&mk_change("workers", base, None, Some("a"))).await.unwrap().pull_request();
        assert_eq!((pull.number, pull.state), (3, PullRequestState::Open), "step {steps}");
        assert_eq!((test.branches().len(), test.pull_refs().len()), (1, 6), "step {steps}");
        git(test.forge.path(), &["fsck", "--strict"]);
        steps += 1;
    }
    assert_eq!(steps, 6, "the deletion of the old branch, and every step of a first proposal");
}

fn assert_complete(test: &TestForge, step: usize) {
    assert_eq!(test.branches().len(), 1, "step {step}");
    assert_eq!(test.pull_refs(), ["refs/pull/1/head", "refs/pull/1/meta"], "step {step}");
    let [head, branch] = ["refs/pull/1/head", &test.branches()[0]].map(|name| test.git(&["rev-parse", name]));
    assert_eq!(head, branch, "step {step}");
    test.git(&["fsck", "--strict"]);
}
