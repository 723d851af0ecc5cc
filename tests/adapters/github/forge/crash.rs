//! kill -9 between any two steps of a write, then the same request again, another one, or the sweep alone.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cre_backend_api::adapters::github::{GithubForge, GithubSettings};
use cre_backend_api::domain::change::{PullRequestState, SweepReport};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::ports::VersionControl as _;

use super::scene::{BRANCH, POST, Scene, change, listed, mk_settings, open, opened, propose, state};

const PLACE: &str = "TEST_GITHUB_CRASH_PLACE";
const STEP: &str = "TEST_GITHUB_CRASH_STEP";
/// The number of the pull request to withdraw; without it, a change is proposed.
const NUMBER: &str = "TEST_GITHUB_CRASH_NUMBER";

/// Runs in a child process only: writes, and kills its own process at the given step.
#[tokio::test]
async fn child_that_is_killed() {
    let (Ok(place), Ok(last)) = (std::env::var(PLACE), std::env::var(STEP)) else { return };
    let [url, api_url, folder] = place.split(' ').collect::<Vec<_>>()[..] else { panic!("{place}") };
    let (count, last) = (AtomicUsize::new(0), last.parse::<usize>().unwrap());
    let step = move |_: &'static str| {
        if count.fetch_add(1, Ordering::SeqCst) == last {
            let own = rustix::process::getpid();
            rustix::process::kill_process(own, rustix::process::Signal::KILL).unwrap();
            std::thread::park();
        }
    };
    let settings = mk_settings(url, api_url, &PathBuf::from(folder));
    let forge = open(GithubSettings { step: Arc::new(step), ..settings }).await;
    let wanted = change(&forge, "workers", Some("a")).await;
    match std::env::var(NUMBER) {
        Ok(number) => drop(forge.withdraw(number.parse().unwrap()).await.unwrap()),
        Err(_) => drop(forge.propose(&wanted).await.unwrap()),
    }
}

/// Kills a child at its step `step`; `false` when it ended before it got there.
fn killed_at(step: usize, scene: &Scene, number: Option<u64>) -> bool {
    let folder = scene.remote.folder().join("a");
    let place = format!("{} {} {}", scene.remote.server.url(""), scene.double.url(), folder.to_str().unwrap());
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "adapters::github::forge::crash::child_that_is_killed", "--nocapture"]);
    child.env(PLACE, place).env(STEP, step.to_string());
    if let Some(number) = number {
        child.env(NUMBER, number.to_string());
    }
    let output = child.output().unwrap();
    let status = output.status;
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(status.success() || status.signal() == Some(9), "{status} {told}");
    assert!(status.signal() == Some(9) || told.contains("1 passed"), "{told}");
    !status.success()
}

/// The forge of the process that comes after; it waits for nobody when told so.
async fn next(scene: &Scene, impatient: bool) -> GithubForge {
    let edit = |settings: &mut GithubSettings| {
        if impatient {
            settings.in_flight = Duration::ZERO;
        }
    };
    scene.forge_with("a", edit).await
}

#[tokio::test]
async fn the_same_request_after_a_kill_at_any_step_makes_one_branch_and_one_pull_request() {
    let mut steps = 0;
    loop {
        let scene = Scene::new();
        if !killed_at(steps, &scene, None) {
            break;
        }
        let forge = next(&scene, true).await;
        let pull = forge.propose(&change(&forge, "workers", Some("a")).await).await.unwrap().pull_request();
        assert_eq!((pull.number, pull.title.as_str()), (1, "create nodegroup workers"), "step {steps}");
        assert_eq!((scene.pulls(), scene.double.count(POST)), (1, 1), "step {steps}");
        scene.assert_one(1);
        assert_eq!(forge.sweep().await.unwrap(), SweepReport::default(), "step {steps}");
        steps += 1;
    }
    assert_eq!(steps, 4, "every step of a first proposal was killed once");
}

#[tokio::test]
async fn another_request_after_a_kill_is_shown_the_pull_request_that_the_dead_one_was_making() {
    for step in 1..4 {
        let scene = Scene::new();
        assert!(killed_at(step, &scene, None));
        if step == 1 {
            let patient = scene.forge("b").await;
            let refused = patient.propose(&change(&patient, "workers", Some("b")).await).await;
            assert!(matches!(refused, Err(VcsError::Conflict(None))), "it may be alive: {refused:?}");
        }
        let forge = next(&scene, true).await;
        let refused = forge.propose(&change(&forge, "workers", Some("b")).await).await;
        let Err(VcsError::Conflict(Some(open))) = refused else { panic!("step {step}: {refused:?}") };
        assert_eq!((open.number, open.state), (1, PullRequestState::Open), "step {step}");
        assert_eq!((open.title.as_str(), scene.pulls()), ("create nodegroup workers", 1), "step {step}");
        scene.assert_one(1);
    }
}

#[tokio::test]
async fn a_sweep_after_a_kill_at_any_step_leaves_no_branch_without_a_pull_request() {
    for step in 0..4 {
        let scene = Scene::new();
        assert!(killed_at(step, &scene, None));
        assert_eq!(next(&scene, false).await.sweep().await.unwrap(), SweepReport::default(), "it may be alive");
        let forge = next(&scene, true).await;
        let report = forge.sweep().await.unwrap();
        assert_eq!(report, SweepReport { resumed: usize::from(step == 1), deleted: 0 }, "step {step}");
        if step == 0 {
            assert!(scene.branches().is_empty() && scene.pulls() == 0);
            continue;
        }
        scene.assert_one(1);
        let pull = listed(&forge, 1).await.unwrap();
        assert_eq!((pull.title.as_str(), pull.files.len()), ("create nodegroup workers", 1));
        assert_eq!(forge.sweep().await.unwrap(), SweepReport::default(), "step {step}");
    }
}

#[tokio::test]
async fn a_kill_while_an_ended_change_s_branch_is_made_again_is_taken_up_too() {
    // A push that finds the old branch, its deletion, and the first steps of the new proposal.
    for step in 0..5 {
        let scene = Scene::new();
        let before = scene.forge("b").await;
        propose(&before, "workers", Some("b")).await;
        scene.close(1);
        assert!(killed_at(step, &scene, None));
        let forge = next(&scene, true).await;
        let pull = forge.propose(&change(&forge, "workers", Some("a")).await).await.unwrap().pull_request();
        assert_eq!((pull.number, pull.state), (2, PullRequestState::Open), "step {step}");
        assert_eq!((scene.pulls(), state(&forge, 1).await), (2, Some(PullRequestState::Closed)), "step {step}");
        scene.assert_one(2);
    }
}

#[tokio::test]
async fn a_withdrawal_that_was_killed_is_ended_by_the_sweep_or_by_asking_again() {
    for again in [true, false] {
        for step in 0..2 {
            let scene = Scene::new();
            let before = scene.forge("b").await;
            opened(before.propose(&change(&before, "workers", Some("a")).await).await);
            assert!(killed_at(step, &scene, Some(1)));
            assert_eq!(scene.branches().len(), 1 - step, "step {step}");
            let forge = next(&scene, false).await;
            if again {
                assert_eq!(forge.withdraw(1).await.unwrap().state, PullRequestState::Closed);
            } else {
                assert_eq!(forge.sweep().await.unwrap(), SweepReport { resumed: 0, deleted: 1 - step });
            }
            assert!(scene.branches().is_empty(), "{BRANCH}");
            assert_eq!(state(&forge, 1).await, Some(PullRequestState::Closed));
        }
    }
}
