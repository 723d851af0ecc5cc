//! A pull request whose process died between opening and decorating gets its labels, reviewers and assignees from the sweep.

use std::time::Duration;

use cre_backend_api::adapters::github::GithubForge;
use cre_backend_api::adapters::github::api::Decorations;
use cre_backend_api::domain::change::SweepReport;
use cre_backend_api::domain::ports::VersionControl as _;

use super::scene::{Scene, propose};
use crate::support::github::{Fault, Pull};

const LABELS: &str = "POST /repos/acme/unicron/issues/1/labels";
const REVIEWERS: &str = "POST /repos/acme/unicron/pulls/1/requested_reviewers";
const EVENTS: &str = "GET /repos/acme/unicron/issues/1/events";

/// A scene with a pull request that got nothing, as one that settings without decorations opened.
async fn bare() -> Scene {
    let scene = Scene::new();
    propose(&scene.forge("a").await, "workers", Some("a")).await;
    scene
}

/// A process that decorates, and takes nothing for too young when it is impatient.
async fn process(scene: &Scene, impatient: bool) -> GithubForge {
    let list = |name: &str| vec![name.to_owned()];
    let (labels, reviewers, assignees) = (list("gitops"), list("rev"), list("ada"));
    let decorations = Decorations { labels, reviewers, team_reviewers: list("platform"), assignees };
    let edit = |settings: &mut cre_backend_api::adapters::github::GithubSettings| {
        settings.decorations = decorations;
        if impatient {
            settings.in_flight = Duration::ZERO;
        }
    };
    scene.forge_with("b", edit).await
}

async fn sweep(forge: &GithubForge) {
    assert_eq!(forge.sweep().await.unwrap(), SweepReport::default());
}

fn put_on(pull: &Pull) -> String {
    let all = [&pull.labels, &pull.reviewers, &pull.teams, &pull.assignees];
    all.map(|names| names.iter().cloned().collect::<Vec<_>>().join(",")).join(" ")
}

fn has(scene: &Scene) -> String {
    put_on(&scene.double.state().pulls[&1])
}

#[tokio::test]
async fn what_a_pull_request_never_got_it_gets_once_it_isnt_young_any_more() {
    let scene = bare().await;
    sweep(&process(&scene, false).await).await;
    assert_eq!((has(&scene).trim(), scene.double.count(EVENTS)), ("", 0), "whoever opened it may be at it");
    let forge = process(&scene, true).await;
    sweep(&forge).await;
    assert_eq!(has(&scene), "gitops rev platform ada");
    sweep(&forge).await;
    assert_eq!((scene.double.count(LABELS), scene.double.count(REVIEWERS), scene.double.count(EVENTS)), (1, 2, 1));
}

#[tokio::test]
async fn what_people_took_off_doesnt_come_back() {
    let scene = bare().await;
    sweep(&process(&scene, true).await).await;
    scene.double.edit(1, |pull| {
        pull.labels.clear();
        // They have reviewed.
        pull.reviewers.clear();
        pull.teams.clear();
    });
    sweep(&process(&scene, true).await).await;
    assert_eq!(has(&scene), "   ada");
    assert_eq!((scene.double.count(LABELS), scene.double.count(REVIEWERS)), (1, 2));
}

#[tokio::test]
async fn a_process_that_died_in_the_middle_of_it_is_taken_up_there() {
    let scene = bare().await;
    let labelled = |settings: &mut cre_backend_api::adapters::github::GithubSettings| {
        settings.decorations.labels = vec!["gitops".into()];
        settings.in_flight = Duration::ZERO;
    };
    sweep(&scene.forge_with("a", labelled).await).await;
    scene.double.edit(1, |pull| pull.labels.clear());
    sweep(&process(&scene, true).await).await;
    assert_eq!(has(&scene), " rev platform ada");
    assert_eq!(scene.double.count(LABELS), 1);
}

#[tokio::test]
async fn one_that_this_process_opened_is_asked_nothing_about() {
    let scene = Scene::new();
    let forge = process(&scene, true).await;
    propose(&forge, "workers", Some("a")).await;
    scene.double.edit(1, |pull| pull.labels.clear());
    sweep(&forge).await;
    assert_eq!((scene.double.count(LABELS), scene.double.count(EVENTS)), (1, 0));
}

#[tokio::test]
async fn what_cant_be_read_or_put_on_fails_no_sweep_and_isnt_tried_all_the_time() {
    for (place, fault) in [(EVENTS, Fault::status(403, "no")), (REVIEWERS, Fault::status(422, "nobody"))] {
        let scene = bare().await;
        scene.double.fail(place, fault);
        let forge = process(&scene, true).await;
        sweep(&forge).await;
        let asked = (scene.double.count(EVENTS), scene.double.count("POST"));
        sweep(&forge).await;
        assert_eq!((scene.double.count(EVENTS), scene.double.count("POST")), asked, "{place}");
    }
}
