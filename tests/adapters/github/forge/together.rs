//! Several requests at once, on two replicas.

use std::collections::BTreeSet;
use std::sync::Arc;

use cre_backend_api::domain::change::{ChangeSet, Proposed};
use cre_backend_api::domain::error::VcsError;

use super::scene::{POST, Scene, change};
use crate::adapters::local::forge::mk_change;
use crate::adapters::local::together::share_out;

/// Proposes all changes at once, half of them on each of two replicas.
async fn propose_all(scene: &Scene, changes: Vec<ChangeSet>) -> Vec<Result<Proposed, VcsError>> {
    share_out([Arc::new(scene.forge("a").await), Arc::new(scene.forge("b").await)], changes).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_identical_requests_on_two_replicas_make_one_pull_request() {
    let scene = Scene::new();
    let wanted = change(&scene.forge("c").await, "workers", Some("a")).await;
    let answers = propose_all(&scene, vec![wanted; 16]).await;
    let opened = answers.iter().filter(|answer| matches!(answer, Ok(Proposed::Opened(_)))).count();
    let adopted = answers.iter().filter(|answer| matches!(answer, Ok(Proposed::Adopted(_)))).count();
    assert_eq!((opened, adopted), (1, 15), "{answers:?}");
    assert!(scene.double.count(POST) <= 2, "at most one for each replica");
    assert_eq!(scene.pulls(), 1);
    scene.assert_one(1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_different_requests_on_two_replicas_make_sixteen_pull_requests() {
    let scene = Scene::new();
    let base = change(&scene.forge("c").await, "x", Some("a")).await.base;
    let changes = (0..16).map(|n| mk_change(&format!("w{n}"), base.clone(), None, Some("a"))).collect();
    let mut numbers = BTreeSet::new();
    for answer in propose_all(&scene, changes).await {
        let Ok(Proposed::Opened(pull)) = answer else { panic!("{answer:?}") };
        numbers.insert(pull.number);
    }
    assert_eq!(numbers, (1..=16).collect());
    assert_eq!((scene.branches().len(), scene.pulls(), scene.double.count(POST)), (16, 16, 16));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_contents_for_one_object_make_one_pull_request_and_fifteen_conflicts() {
    let scene = Scene::new();
    let base = change(&scene.forge("c").await, "x", Some("a")).await.base;
    let changes = (0..16).map(|n| mk_change("workers", base.clone(), None, Some(&format!("{n}")))).collect();
    let answers = propose_all(&scene, changes).await;
    let conflicts = answers.iter().filter(|answer| matches!(answer, Err(VcsError::Conflict(_)))).count();
    assert_eq!((conflicts, scene.pulls()), (15, 1), "{answers:?}");
    scene.assert_one(1);
}
