//! Pushes: create-only, with a lease, never forced; the server's own words come through.

use cre_backend_api::adapters::github::mirror::Pushed;
use cre_backend_api::adapters::github::remote::{Outcome, Push};
use cre_backend_api::domain::error::VcsError;
use git2::Oid;

use crate::support::smart_http::{Fault, TestRemote, branch, commit_on};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_six_who_make_one_branch_exactly_one_wins() {
    let remote = TestRemote::start();
    let mut pushers = Vec::new();
    for number in 0..6 {
        let mirror = remote.mirror(&number.to_string()).await;
        pushers.push(tokio::spawn(async move {
            let operation = TestRemote::operation();
            let base = mirror.fetch_base(&operation).await.unwrap();
            let make = move |repo: &git2::Repository| {
                commit_on(repo, base, &format!("{number}")).map(|(commit, ())| (commit, commit))
            };
            mirror.push_new(&branch("backend-api/x"), &operation, make).await.unwrap()
        }));
    }
    let mut outcomes = Vec::new();
    for pusher in pushers {
        outcomes.push(pusher.await.unwrap());
    }
    let tip = remote.tip("backend-api/x").unwrap();
    let winners: Vec<Oid> =
        outcomes.iter().filter(|(pushed, _)| *pushed == Pushed::Created).map(|(_, commit)| *commit).collect();
    assert_eq!(winners, [tip]);
    assert_eq!(outcomes.iter().filter(|(pushed, _)| *pushed == Pushed::Exists(tip)).count(), 5);
    remote.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn a_race_that_is_lost_after_the_look_is_lost_and_not_forced() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    // The hook runs after the server said what there is, and makes the branch first.
    remote.hook("pre-receive", "unset GIT_QUARANTINE_PATH; git update-ref refs/heads/x refs/heads/dev");
    let pushed = mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await.unwrap();
    assert_eq!(pushed.0, Pushed::Exists(base));
    assert_eq!(remote.tip("x"), Some(base));
}

#[tokio::test]
async fn the_words_of_a_hook_that_rejects_arrive() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    remote.hook("pre-receive", "printf 'error: GH006: Protected branch update \\033[31mfailed\\n' >&2; exit 1");
    let pushed = mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await;
    let Err(VcsError::Refused { missing }) = pushed else { panic!("{pushed:?}") };
    assert!(
        missing.starts_with("refs/heads/x: pre-receive hook declined: error: GH006: Protected branch"),
        "{missing}"
    );
    assert!(!missing.contains('\u{1b}'), "{missing:?}");
    assert_eq!(remote.tip("x"), None);

    remote.hook("pre-receive", "exit 0");
    mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await.unwrap();
    assert!(remote.tip("x").is_some());
}

#[tokio::test]
async fn a_branch_is_deleted_only_where_it_was_expected() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    mirror.fetch_base(&operation).await.unwrap();
    let ours = remote.commit("x", "a", "a");
    let top = remote.commit("x", "a", "b");
    assert!(!mirror.delete(&branch("x"), ours, &operation).await.unwrap(), "a reviewer's commit is on top");
    assert_eq!(remote.tip("x"), Some(top));
    assert!(mirror.delete(&branch("x"), top, &operation).await.unwrap());
    assert_eq!(remote.tip("x"), None);
    assert!(!mirror.delete(&branch("x"), top, &operation).await.unwrap(), "it is gone");
}

#[tokio::test]
async fn the_base_branch_moves_forward_only_from_where_it_was_seen() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    mirror.advance(base, &operation, move |repo| commit_on(repo, base, "one")).await.unwrap();
    let one = remote.tip("dev").unwrap();
    assert_eq!(remote.git(&["rev-parse", "dev~1"]), base.to_string());

    let moved = mirror.advance(base, &operation, move |repo| commit_on(repo, base, "two")).await;
    assert!(matches!(moved, Err(VcsError::BaseMoved)), "{moved:?}");
    assert_eq!(remote.tip("dev"), Some(one));
    let base = mirror.fetch_base(&operation).await.unwrap();
    assert_eq!(base, one);
    mirror.advance(base, &operation, move |repo| commit_on(repo, base, "two")).await.unwrap();

    let (last, other) = (remote.tip("dev").unwrap(), base);
    let sideways = mirror.advance(last, &operation, move |repo| commit_on(repo, other, "three")).await;
    assert!(matches!(sideways, Err(VcsError::WrongState(_))), "{sideways:?}");
    assert_eq!(remote.tip("dev"), Some(last));
}

#[tokio::test]
async fn a_base_branch_that_moves_during_the_push_is_not_overwritten() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    let other = remote.git(&["commit-tree", "-p", "dev", "-m", "other", "dev^{tree}"]);
    let script = format!("unset GIT_QUARANTINE_PATH; git update-ref refs/heads/dev {other}");
    remote.hook("pre-receive", &script);
    let moved = mirror.advance(base, &operation, move |repo| commit_on(repo, base, "one")).await;
    assert!(matches!(moved, Err(VcsError::BaseMoved)), "{moved:?}");
    assert_eq!(remote.tip("dev").unwrap().to_string(), other);
}

#[tokio::test]
async fn a_push_on_a_base_that_moved_sends_only_what_is_new() {
    let remote = TestRemote::start();
    let noise: String =
        (1..4096_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_string().into_bytes()).map(char::from).collect();
    remote.commit("dev", "files/noise", &noise);
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    remote.commit("dev", "nodegroups/b.yaml", "b");
    // A push of all files would be rejected.
    remote.git(&["config", "receive.maxInputSize", "2000"]);
    mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await.unwrap();
    assert_eq!(remote.git(&["rev-parse", "x~1"]), base.to_string());
    remote.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn a_push_whose_answer_is_lost_has_its_effect_and_a_look_tells() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    remote.server.fault("POST /org/repo.git/git-receive-pack", 1, Fault::CutAfter(1));
    let make = move |repo: &git2::Repository| commit_on(repo, base, "x").map(|(commit, ())| (commit, commit));
    let pushed = mirror.push_new(&branch("x"), &operation, make).await;
    assert!(matches!(pushed, Err(VcsError::Unreachable(_))), "{pushed:?}");
    let tip = remote.tip("x").unwrap();
    let (pushed, _) = mirror.push_new(&branch("x"), &operation, make).await.unwrap();
    assert_eq!(pushed, Pushed::Exists(tip));
}

#[tokio::test]
async fn a_push_is_told_when_the_base_branch_is_unknown_here() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    remote.commit("dev", "nodegroups/b.yaml", "b");
    let (direct, within) = (remote.remote(), operation.clone());
    let outcome = mirror.with(&operation, move |repo| {
        let (commit, ()) = commit_on(repo, base, "x")?;
        let push = Push { branch: branch("x"), from: None, to: Some(commit), knowing: Some(branch("dev")) };
        direct.push(repo, &push, &within)
    });
    assert_eq!(outcome.await.unwrap(), Outcome::Unknown);
    assert_eq!(remote.tip("x"), None);
}
