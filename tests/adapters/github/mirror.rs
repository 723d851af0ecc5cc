//! Fetches into the mirror: little is fetched, callers share, branches are seen.

use std::sync::Arc;

use cre_backend_api::adapters::github::mirror::Mirror;
use cre_backend_api::domain::error::VcsError;
use tokio::sync::Semaphore;

use crate::support::git::git;
use crate::support::smart_http::{Fault, TestRemote, branch, commit_on, until};
use crate::support::wait_for;

const REFS: &str = "GET /org/repo.git/info/refs";
const FETCH: &str = "POST /org/repo.git/git-upload-pack";

fn in_mirror(mirror: &Mirror, arguments: &[&str]) -> String {
    git(mirror.path(), arguments).trim_end().to_owned()
}

#[tokio::test]
async fn the_base_branch_is_fetched_without_history_and_then_only_what_is_new() {
    let remote = TestRemote::start();
    remote.git(&["tag", "v1", "dev"]);
    remote.commit("other", "secrets/x.yaml", "x");
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let first = mirror.fetch_base(&operation).await.unwrap();
    assert_eq!(Some(first), remote.tip("dev"));
    assert_eq!(in_mirror(&mirror, &["rev-list", "--count", &first.to_string()]), "1");
    assert_eq!(in_mirror(&mirror, &["for-each-ref", "--format=%(refname)"]), "refs/mirror/base");
    let asked = remote.server.count(FETCH);

    assert_eq!(mirror.fetch_base(&operation).await.unwrap(), first);
    assert_eq!(remote.server.count(FETCH), asked, "nothing is asked for when nothing moved");

    let objects = || in_mirror(&mirror, &["count-objects", "-v"]);
    assert!(objects().contains("\npacks: 1\n"), "{}", objects());
    let next = remote.commit("dev", "nodegroups/b.yaml", "b");
    assert_eq!(mirror.fetch_base(&operation).await.unwrap(), next);
    // A commit, its tree, the folder's tree and the blob; the file that didn't change isn't sent again.
    let packs = std::fs::read_dir(mirror.path().join("objects/pack")).unwrap().flatten();
    let counts = packs.filter(|file| file.path().extension().is_some_and(|kind| kind == "idx")).map(|file| {
        let path = file.path();
        in_mirror(&mirror, &["verify-pack", "-v", path.to_str().unwrap()])
            .lines()
            .filter(|line| line.contains(" blob "))
            .count()
    });
    assert_eq!(counts.collect::<Vec<_>>(), [1, 1]);
    let agent = remote.server.seen().into_iter().all(|seen| seen.ends_with(" git/2 (cre-backend-api)"));
    assert!(agent, "GitHub speaks Git's protocol to git/ only");
}

#[tokio::test]
async fn a_base_branch_that_was_rewound_is_followed() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let tip = mirror.fetch_base(&operation).await.unwrap();
    remote.git(&["update-ref", "refs/heads/dev", &format!("{tip}~1")]);
    let rewound = mirror.fetch_base(&operation).await.unwrap();
    assert_eq!(Some(rewound), remote.tip("dev"));
    assert_ne!(rewound, tip);
    let pushed = mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, rewound, "x")).await;
    pushed.unwrap();
    remote.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn a_repository_without_the_base_branch_is_told() {
    let remote = TestRemote::start();
    let mut settings = remote.settings("a");
    settings.base = branch("main");
    let mirror = Mirror::open(settings).await.unwrap();
    let Err(VcsError::Refused { missing }) = mirror.fetch_base(&TestRemote::operation()).await else { panic!() };
    assert!(missing.contains("the branch main"), "{missing}");
}

#[tokio::test]
async fn what_a_reviewer_put_on_top_is_seen_down_to_our_commit() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    let ours = branch("backend-api/x");
    assert_eq!(mirror.fetch_branch(&ours, &operation).await.unwrap(), None);
    let make = move |repo: &git2::Repository| commit_on(repo, base, "ours").map(|(commit, ())| (commit, commit));
    let (_, commit) = mirror.push_new(&ours, &operation, make).await.unwrap();
    let top = remote.commit("backend-api/x", "secrets/new.yaml", "the reviewer's");
    // Another mirror has nothing of it yet.
    for mirror in [remote.mirror("b").await, mirror] {
        mirror.fetch_base(&operation).await.unwrap();
        assert_eq!(mirror.fetch_branch(&ours, &operation).await.unwrap(), Some(top));
        let parent = mirror.with(&operation, move |repo| Ok(repo.find_commit(top).unwrap().parent_id(0).unwrap()));
        assert_eq!(parent.await.unwrap(), commit);
        let tree = mirror.with(&operation, move |repo| Ok(repo.find_commit(commit).unwrap().tree().unwrap().len()));
        assert_eq!(tree.await.unwrap(), 2);
    }
}

#[tokio::test]
async fn a_branch_may_follow_one_whose_name_is_its_folder() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    mirror.fetch_base(&operation).await.unwrap();
    let first = remote.commit("x", "a", "a");
    assert_eq!(mirror.fetch_branch(&branch("x"), &operation).await.unwrap(), Some(first));
    remote.git(&["update-ref", "-d", "refs/heads/x"]);
    let second = remote.commit("x/y", "a", "a");
    assert_eq!(mirror.fetch_branch(&branch("x/y"), &operation).await.unwrap(), Some(second));
    assert_eq!(mirror.fetch_branch(&branch("x"), &operation).await.unwrap(), None);
}

#[tokio::test]
async fn a_branch_from_below_the_mirrors_history_can_be_read_and_the_base_still_pushed_from() {
    let remote = TestRemote::start();
    let old = remote.git(&["rev-parse", "dev~2"]);
    remote.git(&["update-ref", "refs/heads/old", &old]);
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    let found = mirror.fetch_branch(&branch("old"), &operation).await.unwrap();
    assert_eq!(found.unwrap().to_string(), old);
    mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await.unwrap();
    remote.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn callers_share_a_fetch_only_if_it_began_after_they_asked() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    mirror.fetch_base(&operation).await.unwrap();
    let before = remote.server.count(REFS);
    let gate = Arc::new(Semaphore::new(0));
    remote.server.fault(REFS, 1, Fault::Hold(Arc::clone(&gate)));
    let fetch = || {
        let (mirror, operation) = (mirror.clone(), operation.clone());
        tokio::spawn(async move { mirror.fetch_base(&operation).await.unwrap() })
    };
    let first = fetch();
    until(|| remote.server.count(REFS) > before).await;
    let late: Vec<_> = (0..5).map(|_| fetch()).collect();
    // On this one thread, all of them have asked before this test goes on.
    tokio::task::yield_now().await;
    let moved = remote.commit("dev", "nodegroups/b.yaml", "b");
    gate.add_permits(1);
    first.await.unwrap();
    for late in late {
        assert_eq!(late.await.unwrap(), moved);
    }
    assert_eq!(remote.server.count(REFS), before + 2, "the first, and one for all who came later");
}

#[tokio::test]
async fn tips_are_those_below_a_prefix() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let tip = remote.commit("backend-api/x", "a", "a");
    remote.commit("feature", "a", "a");
    let tips = mirror.tips("refs/heads/backend-api/", &TestRemote::operation()).await.unwrap();
    assert_eq!(tips.into_iter().collect::<Vec<_>>(), [("refs/heads/backend-api/x".to_owned(), tip)]);
}

#[tokio::test]
async fn two_processes_on_one_folder_do_not_meet() {
    let remote = TestRemote::start();
    let (one, two) = (remote.mirror("a").await, remote.mirror("a").await);
    assert_ne!(one.path(), two.path());
    let operation = TestRemote::operation();
    let (first, second) = tokio::join!(one.fetch_base(&operation), two.fetch_base(&operation));
    assert_eq!(first.unwrap(), second.unwrap());
    let path = one.path().to_owned();
    drop(one);
    // The last job's thread lets go of the mirror a moment after it has answered.
    let again = wait_for("the first place", || {
        let settings = remote.settings("a");
        let opened = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(Mirror::open(settings)).unwrap()
        });
        Some(opened.join().unwrap()).filter(|mirror| mirror.path() == path)
    });
    assert!(in_mirror(&again, &["rev-parse", "refs/mirror/base"]).len() == 40, "what was fetched is still there");
}

#[tokio::test]
async fn a_ref_whose_name_is_no_text_is_in_nobodys_way() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = remote.tip("dev").unwrap();
    let mut packed = format!("{base} refs/heads/caf").into_bytes();
    packed.extend_from_slice(b"\xe9\n");
    std::fs::write(remote.bare().join("packed-refs"), packed).unwrap();
    assert_eq!(mirror.fetch_base(&operation).await.unwrap(), base);
    assert_eq!(mirror.tips("refs/heads/", &operation).await.unwrap().len(), 2);
    mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await.unwrap();
    assert!(mirror.delete(&branch("x"), remote.tip("x").unwrap(), &operation).await.unwrap());
}

#[tokio::test]
async fn calls_that_hang_hold_up_no_reader() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    let before = remote.server.count(REFS);
    remote.server.fault(REFS, 20, Fault::Hang);
    let hanging: Vec<_> = (0..10)
        .map(|_| {
            let (mirror, operation) = (mirror.clone(), operation.clone());
            tokio::spawn(async move { mirror.tips("refs/", &operation).await })
        })
        .collect();
    until(|| remote.server.count(REFS) == before + 8).await;
    assert_eq!(mirror.with(&operation, move |repo| Ok(repo.find_commit(base).unwrap().id())).await.unwrap(), base);
    operation.cancel.cancel();
    for call in hanging {
        assert!(call.await.unwrap().is_err());
    }
}
