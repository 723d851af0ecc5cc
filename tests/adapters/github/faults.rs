//! What a server and a connection can do wrong: each has its error, in time, and the next operation works.

use std::time::Duration;

use cre_backend_api::adapters::github::mirror::Mirror;
use cre_backend_api::adapters::github::remote::Operation;
use cre_backend_api::domain::error::VcsError;

use crate::support::smart_http::{Fault, TestRemote, branch, commit_on, until};

const REFS: &str = "info/refs?service=git-upload-pack";
const PUSH_REFS: &str = "info/refs?service=git-receive-pack";
const FETCH: &str = "POST /org/repo.git/git-upload-pack";
const PUSH: &str = "POST /org/repo.git/git-receive-pack";

/// An operation whose time is short, for what never ends.
fn soon() -> Operation {
    Operation { deadline: std::time::Instant::now() + Duration::from_millis(400), ..TestRemote::operation() }
}

fn html(status: u16) -> Fault {
    Fault::Status(status, vec![("content-type", "text/html".into())], "<html>hunter2</html>")
}

fn text(status: u16, headers: &[(&'static str, &str)]) -> Fault {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let headers = std::iter::once(("content-type", "text/plain".to_owned())).chain(headers);
    Fault::Status(status, headers.collect(), "remote: Write access to repository\u{7} not granted.\n")
}

#[tokio::test]
async fn each_status_has_its_meaning_and_the_next_operation_works() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    for (fault, expected) in [
        (text(401, &[]), "Refused a valid token: 127.0.0.1 doesn't take the one that it was shown"),
        (
            text(403, &[]),
            "Refused the permission contents: read on org/repo.git: remote: Write access to repository not granted.",
        ),
        (html(403), "Refused the permission contents: read on org/repo.git"),
        (text(403, &[("retry-after", "7")]), "RateLimited 7"),
        (html(404), "Refused the repository org/repo.git: 127.0.0.1 has none, or the token may not see it"),
        (text(429, &[("retry-after", "30")]), "RateLimited 30"),
        (text(429, &[]), "RateLimited 60"),
        (html(500), "Unreachable 127.0.0.1 answered 500 Internal Server Error"),
        (html(502), "Unreachable 127.0.0.1 answered 502 Bad Gateway"),
        (text(503, &[("retry-after", "5")]), "RateLimited 5"),
        (html(503), "Unreachable 127.0.0.1 answered 503 Service Unavailable"),
        (html(200), "Unreachable 127.0.0.1 answered with something that isn't Git's protocol"),
        (html(418), "Refused what 127.0.0.1 means by 418 I'm a teapot"),
    ] {
        // The list of refs and the pack are answers of one kind: a few are enough to see it for both.
        for place in if expected.ends_with("granted.") || expected.ends_with("protocol") {
            vec![REFS, FETCH]
        } else {
            vec![REFS]
        } {
            let moved = remote.commit("dev", "nodegroups/a.yaml", &format!("{expected} {place} {fault:?}"));
            remote.server.fault(place, 1, fault.clone());
            let told = match mirror.fetch_base(&operation).await.unwrap_err() {
                VcsError::Refused { missing } => format!("Refused {missing}"),
                VcsError::RateLimited { retry_after } => format!("RateLimited {}", retry_after.as_secs()),
                VcsError::Unreachable(reason) => format!("Unreachable {reason}"),
                other => format!("{other:?}"),
            };
            assert_eq!(told, expected, "{place}");
            assert_eq!(mirror.fetch_base(&operation).await.unwrap(), moved, "{place}");
        }
    }
}

#[tokio::test]
async fn a_push_that_may_not_write_names_the_permission() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    for place in [PUSH_REFS, PUSH] {
        remote.server.fault(place, 1, text(403, &[]));
        let pushed = mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await;
        let Err(VcsError::Refused { missing }) = pushed else { panic!("{pushed:?}") };
        assert!(
            missing.starts_with("the permission contents: write on org/repo.git: remote: Write access"),
            "{missing}"
        );
        assert!(!missing.contains('\u{7}'), "{missing:?}");
    }
    mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await.unwrap();
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_told() {
    let remote = TestRemote::start();
    let mut settings = remote.settings("a");
    settings.address = remote.server.url("org/other.git");
    let mirror = Mirror::open(settings).await.unwrap();
    let Err(VcsError::Refused { missing }) = mirror.fetch_base(&TestRemote::operation()).await else { panic!() };
    assert!(missing.starts_with("the repository org/other.git: 127.0.0.1 has none"), "{missing}");
}

#[tokio::test]
async fn a_server_that_hangs_anywhere_is_left_when_the_time_is_up() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    for (place, fault) in
        [(REFS, Fault::Hang), (REFS, Fault::HangAfter(60)), (FETCH, Fault::Hang), (FETCH, Fault::HangAfter(120))]
    {
        let moved = remote.commit("dev", "nodegroups/a.yaml", &format!("{place} {fault:?}"));
        remote.server.fault(place, 9, fault);
        let fetched = mirror.fetch_base(&soon()).await;
        assert!(matches!(fetched, Err(VcsError::TimedOut)), "{fetched:?}");
        remote.server.heal();
        assert_eq!(mirror.fetch_base(&operation).await.unwrap(), moved);
    }
    for (place, fault) in [(PUSH_REFS, Fault::Hang), (PUSH, Fault::Hang)] {
        remote.server.fault(place, 9, fault);
        let pushed = mirror.push_new(&branch("x"), &soon(), move |repo| commit_on(repo, base, "x")).await;
        assert!(matches!(pushed, Err(VcsError::TimedOut)), "{pushed:?}");
        remote.server.heal();
    }
    mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await.unwrap();
}

#[tokio::test]
async fn a_hook_that_takes_too_long_is_left_when_the_time_is_up() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let base = mirror.fetch_base(&TestRemote::operation()).await.unwrap();
    let gate = remote.folder().join("gate");
    remote.hook("pre-receive", &format!("while [ ! -e {} ]; do sleep 0.05; done", gate.display()));
    let pushed = mirror.push_new(&branch("x"), &soon(), move |repo| commit_on(repo, base, "x")).await;
    assert!(matches!(pushed, Err(VcsError::TimedOut)), "{pushed:?}");
    std::fs::write(gate, "").unwrap();
}

#[tokio::test]
async fn a_connection_that_is_cut_anywhere_is_told_and_the_next_operation_works() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    for place in [REFS, FETCH] {
        for length in [0, 1, 60, 120] {
            let moved = remote.commit("dev", "nodegroups/a.yaml", &format!("{place} {length}"));
            remote.server.fault(place, 1, Fault::CutAfter(length));
            let fetched = mirror.fetch_base(&operation).await;
            let Err(VcsError::Unreachable(reason)) = fetched else { panic!("{place} {length}: {fetched:?}") };
            assert_eq!(reason, "127.0.0.1 broke off");
            assert_eq!(mirror.fetch_base(&operation).await.unwrap(), moved);
        }
    }
    let base = mirror.fetch_base(&operation).await.unwrap();
    mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await.unwrap();
    remote.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    drop(remote.server);
    let fetched = mirror.fetch_base(&TestRemote::operation()).await;
    let Err(VcsError::Unreachable(reason)) = fetched else { panic!("{fetched:?}") };
    assert_eq!(reason, "127.0.0.1 can't be connected to");
}

#[tokio::test]
async fn what_is_cancelled_ends() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    remote.server.fault(REFS, 1, Fault::Hang);
    let operation = TestRemote::operation();
    let (waiting, within) = (mirror.clone(), operation.clone());
    let fetch = tokio::spawn(async move { waiting.fetch_base(&within).await });
    until(|| remote.server.count(REFS) > 0).await;
    operation.cancel.cancel();
    assert!(matches!(fetch.await.unwrap(), Err(VcsError::Unreachable(_))));
    mirror.fetch_base(&TestRemote::operation()).await.unwrap();
}

#[tokio::test]
async fn a_pack_larger_than_the_limit_is_not_taken() {
    let remote = TestRemote::start();
    let mut settings = remote.settings("a");
    settings.limits.pack = 100;
    let mirror = Mirror::open(settings).await.unwrap();
    let Err(VcsError::Refused { missing }) = mirror.fetch_base(&TestRemote::operation()).await else { panic!() };
    assert!(missing.contains("limit for packs"), "{missing}");
    assert!(remote.mirror("b").await.fetch_base(&TestRemote::operation()).await.is_ok());
}

#[tokio::test]
async fn a_change_larger_than_the_limit_is_not_sent() {
    let remote = TestRemote::start();
    let mut settings = remote.settings("a");
    settings.limits.upload = 300;
    let mirror = Mirror::open(settings).await.unwrap();
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    let pushed = mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await;
    assert!(matches!(pushed, Err(VcsError::WrongState(_))), "{pushed:?}");
    assert_eq!(remote.server.count(PUSH), 0);
}

#[tokio::test]
async fn a_repository_that_was_renamed_is_followed_on_its_own_server_only() {
    let remote = TestRemote::start();
    let operation = TestRemote::operation();
    let to = |address: String| Fault::Status(301, vec![("location", address)], "moved");
    let mut settings = remote.settings("a");
    settings.address = remote.server.url("org/old.git");
    let mirror = Mirror::open(settings).await.unwrap();
    for service in ["git-upload-pack", "git-receive-pack"] {
        let refs = format!("info/refs?service={service}");
        remote.server.fault(&format!("org/old.git/{refs}"), 9, to(format!("/org/repo.git/{refs}")));
    }
    let base = mirror.fetch_base(&operation).await.unwrap();
    mirror.push_new(&branch("x"), &operation, move |repo| commit_on(repo, base, "x")).await.unwrap();
    assert!(remote.tip("x").is_some());

    let elsewhere = TestRemote::start();
    let mirror = remote.mirror("b").await;
    for (place, target) in [
        (REFS, elsewhere.server.url("org/repo.git/info/refs?service=git-upload-pack")),
        (FETCH, elsewhere.server.url("org/repo.git/git-upload-pack?hunter2")),
        (FETCH, remote.server.url("org/repo.git/git-upload-pack")),
    ] {
        remote.server.fault(place, 1, to(target.clone()));
        let Err(VcsError::Refused { missing }) = mirror.fetch_base(&operation).await else { panic!("{place}") };
        assert!(missing.contains("the server points to http://127.0.0.1"), "{missing}");
        assert!(!missing.contains('?'), "{missing}");
    }
    assert!(elsewhere.server.seen().is_empty(), "no token goes to another server");
    remote.server.fault(REFS, 9, to(format!("/org/repo.git/{REFS}")));
    assert!(matches!(mirror.fetch_base(&operation).await, Err(VcsError::Refused { .. })), "round and round");
}
