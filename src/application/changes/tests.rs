//! The way of a change, on doubles.

use jiff::SignedDuration;

use super::*;
use crate::application::doubles::{
    Setup, ann, bob, done, dry, dry_run, failed, having_seen, keys, namespace, nodegroup_key, opened, scale, secret,
    secret_key, spec,
};
use crate::application::lookup::Place;
use crate::domain::change::PullRequestState;

#[tokio::test]
async fn a_request_opens_a_pull_request_once_and_is_answered_the_same_again() {
    let service = Setup::default().start().await;
    let first = done(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    let again = done(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    assert!(first.made && !again.made);
    assert_eq!((again.pull_request, again.files, again.commit), (first.pull_request, first.files, first.commit));
    assert_eq!(service.git.count("propose"), 1);
}

#[tokio::test]
async fn the_first_warnings_are_told_again() {
    let service = Setup { in_cluster: vec!["workers"], ..Setup::default() }.start().await;
    let first = done(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    let again = done(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    assert_eq!(first.warnings[0].code, "exists_in_cluster");
    assert_eq!(again.warnings, first.warnings);
}

#[tokio::test]
async fn another_subject_content_or_action_meets_the_open_change() {
    let service = Setup::default().start().await;
    let key = || nodegroup_key("workers");
    let number = opened(service.nodegroups.create(key(), spec(), &ann()).await);
    let mut other = spec();
    other.scaling.max = 9;
    for outcome in [
        service.nodegroups.create(key(), spec(), &bob()).await,
        service.nodegroups.create(key(), other.clone(), &ann()).await,
        service.nodegroups.create(key(), other, &dry()).await,
        service.nodegroups.update(key(), scale(Some(1), None, None), &ann()).await,
        service.nodegroups.delete(key(), &ann()).await,
    ] {
        let failure = failed(outcome);
        assert!(failure.starts_with("409") && failure.contains(&format!("#Some({number})")), "{failure}");
    }
}

#[tokio::test]
async fn a_dry_run_of_a_nodegroups_open_change_works() {
    let service = Setup::default().start().await;
    opened(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    let again = dry_run(service.nodegroups.create(nodegroup_key("workers"), spec(), &dry()).await);
    assert!(again.changed && again.pull_request.is_some());
}

#[tokio::test]
async fn a_secrets_request_is_answered_again_for_ten_minutes_and_never_as_a_dry_run() {
    let service = Setup::default().start().await;
    let ask = |options| service.secrets.create(secret_key("db"), secret(&[("a", "x")]), options);
    let (now, trial) = (ann(), dry());
    let number = opened(ask(&now).await);
    assert!(!done(ask(&now).await).made);
    assert!(failed(ask(&trial).await).starts_with("409"));
    service.git.age(number, SignedDuration::from_secs(599));
    assert!(!done(ask(&now).await).made);
    service.git.age(number, SignedDuration::from_secs(601));
    assert!(failed(ask(&now).await).starts_with("409"));
}

#[tokio::test]
async fn another_value_for_an_open_secret_is_a_conflict() {
    let service = Setup::default().start().await;
    opened(service.secrets.create(secret_key("db"), secret(&[("a", "x")]), &ann()).await);
    let other = service.secrets.create(secret_key("db"), secret(&[("a", "y")]), &ann()).await;
    assert!(failed(other).starts_with("409"));
}

#[tokio::test]
async fn a_namespace_that_may_not_be_written_to_comes_before_everything_else() {
    let service = Setup::default().start().await;
    opened(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    let closed = Setup { only: vec!["team-b"], ..Setup::default() }.start().await;
    for name in ["workers", "nothing"] {
        let failure = failed(closed.nodegroups.delete(nodegroup_key(name), &ann()).await);
        assert!(failure.starts_with("403") && failure.contains("WRITE_NAMESPACES"), "{failure}");
    }
    assert_eq!(closed.git.count("fetch"), 0, "refused without asking anybody");
    assert!(closed.changes.is_writable(&namespace("team-b")) && !closed.changes.is_writable(&namespace("team-a")));
}

#[tokio::test]
async fn an_open_change_comes_before_not_found() {
    let service = Setup::default().start().await;
    assert!(failed(service.nodegroups.delete(nodegroup_key("workers"), &ann()).await).starts_with("404"));
    opened(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    assert!(failed(service.nodegroups.delete(nodegroup_key("workers"), &ann()).await).starts_with("409"));
}

#[tokio::test]
async fn once_merged_or_withdrawn_an_object_is_free() {
    let service = Setup::default().start().await;
    let key = || nodegroup_key("workers");
    let number = opened(service.nodegroups.create(key(), spec(), &ann()).await);
    service.changes.withdraw(number, &Actor::anonymous()).await.unwrap();
    let number = opened(service.nodegroups.create(key(), spec(), &bob()).await);
    service.git.merge(number);
    assert!(!done(service.nodegroups.create(key(), spec(), &ann()).await).changed(), "Git has it already");
    opened(service.nodegroups.delete(key(), &ann()).await);
}

#[tokio::test]
async fn a_change_merged_a_moment_ago_is_in_nobodys_way() {
    let service = Setup::default().start().await;
    let number = opened(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    service.git.merge_unseen(number);
    opened(service.nodegroups.update(nodegroup_key("workers"), scale(None, Some(9), None), &bob()).await);
}

#[tokio::test]
async fn a_base_that_moves_is_planned_on_anew() {
    for direct in [false, true] {
        let service = Setup { direct, ..Setup::default() }.start().await;
        service.git.move_base(ATTEMPTS - 1);
        let outcome = done(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
        assert!(outcome.made);
        assert_eq!(service.git.count(if direct { "commit" } else { "propose" }), ATTEMPTS);
    }
}

#[tokio::test]
async fn a_base_that_never_stops_moving_is_given_up() {
    let service = Setup { direct: true, ..Setup::default() }.start().await;
    service.git.move_base(usize::MAX);
    let failure = failed(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    assert!(failure.starts_with("409 the base branch keeps moving"), "{failure}");
    assert_eq!(service.git.count("commit"), ATTEMPTS);
}

#[tokio::test]
async fn without_pull_requests_a_change_is_committed_and_repeating_it_changes_nothing() {
    let service = Setup { direct: true, ..Setup::default() }.start().await;
    let first = done(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    assert!(first.made && first.pull_request.is_none() && first.commit.is_some());
    assert!(service.git.files().contains_key("nodegroups/team-a/workers.yaml"));
    assert!(!done(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await).changed());
    let dry = dry_run(service.nodegroups.delete(nodegroup_key("workers"), &dry()).await);
    assert!(dry.changed && dry.pull_request.is_none());
}

#[tokio::test]
async fn a_deletion_that_empties_a_folder_leaves_a_gitkeep() {
    let service = Setup::default().start().await;
    for name in ["workers", "batch"] {
        service.git.merge(opened(service.nodegroups.create(nodegroup_key(name), spec(), &ann()).await));
    }
    let number = opened(service.nodegroups.delete(nodegroup_key("batch"), &ann()).await);
    assert_eq!(service.git.proposed(number), [("nodegroups/team-a/batch.yaml".to_owned(), None)], "others remain");
    service.git.merge(number);
    let number = opened(service.nodegroups.delete(nodegroup_key("workers"), &ann()).await);
    let kept = ("nodegroups/team-a/.gitkeep".to_owned(), Some(String::new()));
    assert_eq!(service.git.proposed(number), [("nodegroups/team-a/workers.yaml".to_owned(), None), kept]);
    service.git.merge(number);
    service.git.merge(opened(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await));
    let number = opened(service.nodegroups.delete(nodegroup_key("workers"), &ann()).await);
    assert_eq!(service.git.proposed(number).len(), 1, "the folder has its .gitkeep already");
}

#[tokio::test]
async fn withdrawing_needs_the_namespace_and_an_open_pull_request() {
    let service = Setup::default().start().await;
    let number = opened(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    for _ in 0..2 {
        let closed = service.changes.withdraw(number, &Actor::anonymous()).await.unwrap();
        assert_eq!(closed.state, PullRequestState::Closed);
    }
    let number = opened(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await);
    service.git.merge(number);
    assert!(failed(service.changes.withdraw(number, &Actor::anonymous()).await).starts_with("409"));
    assert!(failed(service.changes.withdraw(99, &Actor::anonymous()).await).starts_with("404"));
}

#[tokio::test]
async fn only_the_newest_state_of_a_manifest_may_be_changed_when_a_revision_is_named() {
    let service = Setup::default().start().await;
    service.git.merge(opened(service.nodegroups.create(nodegroup_key("workers"), spec(), &ann()).await));
    service.git.merge(opened(service.secrets.create(secret_key("db"), secret(&[("a", "x")]), &ann()).await));
    let item = service.nodegroups.get("workers", &Place::anywhere()).await.unwrap();
    let (seen, stale) = (having_seen(&item.manifest.unwrap().blob), having_seen("other"));
    for outcome in [
        service.nodegroups.update(nodegroup_key("workers"), scale(None, Some(9), None), &stale).await,
        service.nodegroups.delete(nodegroup_key("workers"), &stale).await,
        service.secrets.update(secret_key("db"), keys(&[("a", "y")], &[]), &stale).await,
        service.secrets.delete(secret_key("db"), &stale).await,
    ] {
        assert!(failed(outcome).starts_with("409 the manifest has another revision"));
    }
    opened(service.nodegroups.update(nodegroup_key("workers"), scale(None, Some(9), None), &seen).await);
}
