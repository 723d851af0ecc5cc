//! Answers to the opening of a pull request that don't say whether it was opened, or why not.

use cre_backend_api::adapters::github::GithubForge;
use cre_backend_api::domain::change::Freshness;
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::ports::VersionControl as _;

use super::scene::{BRANCH, POST, Scene, adopted, change, open, open_hasty, opened, propose};
use crate::support::github::{Fault, When};

fn faults(when: When) -> [Fault; 5] {
    [
        Fault::Hang(when),
        Fault::Cut(when),
        Fault::html(when, 502),
        Fault::Answer(when, 500, Vec::new(), String::new()),
        Fault::Answer(when, 201, Vec::new(), "{}".to_owned()),
    ]
}

/// A forge that waits for a fault no longer than it must, and labels what it opens.
async fn forge_for(scene: &Scene, fault: &Fault) -> GithubForge {
    let mut settings = scene.settings("a");
    settings.decorations.labels = vec!["gitops".into()];
    let hangs = matches!(fault, Fault::Hang(_));
    let forge = if hangs { open_hasty(settings).await } else { open(settings).await };
    forge.base(Freshness::Fetched).await.unwrap();
    forge
}

#[tokio::test]
async fn an_answer_that_got_lost_is_looked_for_and_never_asked_for_twice() {
    for fault in faults(When::After) {
        let scene = Scene::new();
        let forge = forge_for(&scene, &fault).await;
        scene.double.fail(POST, fault.clone());
        let wanted = change(&forge, "workers", Some("a")).await;
        assert_eq!(opened(forge.propose(&wanted).await).number, 1, "{fault:?}");
        assert_eq!((scene.double.count(POST), scene.pulls()), (1, 1), "{fault:?}");
        assert_eq!(scene.double.state().pulls[&1].labels.len(), 1, "{fault:?}");
        assert_eq!(adopted(forge.propose(&wanted).await).number, 1, "{fault:?}");
        scene.assert_one(1);
    }
}

#[tokio::test]
async fn a_request_that_got_lost_is_sent_once_more_after_a_look() {
    for fault in faults(When::Before) {
        let scene = Scene::new();
        let forge = forge_for(&scene, &fault).await;
        scene.double.fail(POST, fault.clone());
        assert_eq!(propose(&forge, "workers", Some("a")).await.number, 1, "{fault:?}");
        assert_eq!((scene.double.count(POST), scene.pulls()), (2, 1), "{fault:?}");
        scene.assert_one(1);
    }
}

#[tokio::test]
async fn what_stays_unclear_is_an_error_and_the_next_request_goes_on() {
    let html = |when| Fault::html(when, 502);
    // Twice before the effect; after it, with a look that fails too; before it, with such a look.
    for (faults, posts) in [
        (vec![(POST, html(When::Before)), (POST, html(When::Before))], 2),
        (
            vec![(POST, html(When::After)), ("GET /repos/acme/unicron/pulls?state=open&head", Fault::status(500, "x"))],
            1,
        ),
        (
            vec![
                (POST, html(When::Before)),
                ("GET /repos/acme/unicron/pulls?state=open&head", Fault::status(500, "x")),
            ],
            1,
        ),
    ] {
        let scene = Scene::new();
        let forge = scene.forge("a").await;
        let wanted = change(&forge, "workers", Some("a")).await;
        for (begin, fault) in faults {
            scene.double.fail(begin, fault);
        }
        let refused = forge.propose(&wanted).await;
        assert!(matches!(refused, Err(VcsError::Unreachable(_))), "{refused:?}");
        assert_eq!((scene.double.count(POST), scene.branches().len()), (posts, 1));
        assert_eq!(forge.propose(&wanted).await.unwrap().pull_request().number, 1);
        assert_eq!(scene.pulls(), 1);
        scene.assert_one(1);
    }
}

#[tokio::test]
async fn one_that_exists_by_now_is_adopted() {
    let scene = Scene::new();
    let (forge, other) = (scene.forge("a").await, scene.forge("b").await);
    let wanted = change(&forge, "workers", Some("a")).await;
    // It pushed its branch and got no answer; another replica opened the pull request since.
    for _ in 0..2 {
        scene.double.fail(POST, Fault::html(When::Before, 502));
    }
    assert!(forge.propose(&wanted).await.is_err());
    opened(other.propose(&wanted).await);
    // What it knows doesn't say so, and neither does the look before it asks.
    let empty = Fault::Answer(When::Before, 200, vec![("content-type", "application/json".into())], "[]".into());
    scene.double.fail("GET /repos/acme/unicron/pulls?state=all", empty);
    assert_eq!(adopted(forge.propose(&wanted).await).number, 1);
    assert_eq!(scene.pulls(), 1);
    scene.assert_one(1);
}

#[tokio::test]
async fn a_branch_that_github_doesnt_see_yet_is_a_conflict_and_the_next_request_works() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let wanted = change(&forge, "workers", Some("a")).await;
    let body =
        r#"{"message":"Validation Failed","errors":[{"resource":"PullRequest","field":"head","code":"invalid"}]}"#;
    scene.double.fail(POST, Fault::Answer(When::Before, 422, Vec::new(), body.into()));
    let refused = forge.propose(&wanted).await;
    assert!(matches!(refused, Err(VcsError::Conflict(None))), "{refused:?}");
    assert_eq!(opened(forge.propose(&wanted).await).number, 1);
    scene.assert_one(1);
}

#[tokio::test]
async fn a_branch_without_a_change_is_deleted_and_the_request_planned_again() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let wanted = change(&forge, "workers", Some("a")).await;
    let body = r#"{"message":"Validation Failed","errors":[{"resource":"PullRequest","code":"custom",
        "message":"No commits between dev and x"}]}"#;
    scene.double.fail(POST, Fault::Answer(When::Before, 422, Vec::new(), body.into()));
    let refused = forge.propose(&wanted).await;
    assert!(matches!(refused, Err(VcsError::BaseMoved)), "{refused:?}");
    assert!(scene.branches().is_empty());
    assert_eq!(propose(&forge, "workers", Some("a")).await.number, 1);
    assert_eq!(scene.branches(), [BRANCH]);
}
