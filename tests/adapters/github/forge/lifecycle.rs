//! A change's life: proposed, listed, adopted, in conflict; and direct commits.

use cre_backend_api::adapters::github::api::Decorations;
use cre_backend_api::domain::change::{Action, Freshness, Proposed, PullRequestState};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::ports::VersionControl as _;

use super::scene::{BRANCH, POST, Scene, adopted, change, listed, open, opened, propose};
use crate::adapters::local::forge::path;

#[tokio::test]
async fn nothing_is_known_before_the_first_look_and_everything_after_it() {
    let scene = Scene::new();
    let forge = open(scene.settings("a")).await;
    assert!(matches!(forge.base(Freshness::Cached).await, Err(VcsError::Unreachable(_))));
    assert!(forge.pull_requests().await.is_err() && !forge.is_loaded() && forge.trouble() == Some("connecting"));
    let base = forge.base(Freshness::Fetched).await.unwrap();
    assert_eq!(base.0, scene.remote.tip("dev").unwrap().to_string());
    assert_eq!(forge.base(Freshness::Cached).await.unwrap(), base);
    assert!(forge.is_loaded() && forge.trouble().is_none());
    assert_eq!(forge.list(&base, None).await.unwrap().len(), 1);
    assert_eq!(forge.read(&base, &path("nodegroups/a.yaml")).await.unwrap().unwrap().content, b"3\n");
}

#[tokio::test]
async fn a_proposal_makes_a_branch_a_commit_and_a_decorated_pull_request() {
    let scene = Scene::new();
    let forge = scene.forge_with("a", |settings| {
        settings.draft = true;
        settings.decorations = Decorations {
            labels: vec!["gitops".into()],
            reviewers: vec!["rev".into()],
            team_reviewers: vec!["platform".into()],
            assignees: vec!["ada".into()],
        };
    });
    let forge = forge.await;
    let wanted = change(&forge, "workers", Some("kind: Nodegroup\n")).await;
    let pull = opened(forge.propose(&wanted).await);
    assert_eq!(scene.branches(), [BRANCH]);
    let git = |arguments: &[&str]| scene.remote.git(arguments);
    assert_eq!(git(&["rev-parse", BRANCH, "refs/pull/1/head"]), format!("{0}\n{0}", pull.commit.0));
    assert_eq!(git(&["rev-parse", &format!("{BRANCH}^")]), wanted.base.0);
    assert_eq!(git(&["diff", "--name-status", "dev", BRANCH]), "A\tnodegroups/team-a/workers.yaml");
    let message = git(&["log", "-1", "--format=%B", BRANCH]);
    assert_eq!(
        message.rsplit_once("\nAttempt: ").unwrap().0,
        "create nodegroup workers\n\nWhy.\n\nObject: nodegroup/team-a/workers\nAction: create\nCluster: prod\n\
         Requested-By: alice\nRequest-Hash: 6b696e643a204e6f646567726f75700a"
    );
    assert_eq!((pull.number, pull.state, pull.draft), (1, PullRequestState::Open, true));
    assert_eq!(pull.url.as_deref(), Some("https://github.com/acme/unicron/pull/1"));
    assert_eq!((pull.title.as_str(), pull.base.as_str()), ("create nodegroup workers", "dev"));
    assert_eq!((&pull.base_commit, pull.requested_by.as_str()), (&wanted.base, "alice"));
    assert_eq!((&pull.key, &pull.cluster, pull.action), (&wanted.key, &wanted.cluster, Action::Create));
    assert_eq!(pull.files, [(path("nodegroups/team-a/workers.yaml"), Action::Create)]);
    assert_eq!(listed(&forge, 1).await.as_ref(), Some(&pull), "at once");
    forge.base(Freshness::Fetched).await.unwrap();
    let seen = listed(&forge, 1).await.unwrap();
    let other = scene.forge("b").await;
    assert_eq!(listed(&other, 1).await, Some(seen.clone()), "what GitHub has tells all of it");
    assert_eq!((&seen.files, &seen.commit, &seen.base_commit), (&pull.files, &pull.commit, &pull.base_commit));
    let state = scene.double.state();
    let asked = &state.pulls[&1];
    assert_eq!(
        (asked.title.as_str(), asked.body.as_str()),
        ("create nodegroup workers", Some("Body of create nodegroup workers"))
    );
    let all = [&asked.labels, &asked.reviewers, &asked.teams, &asked.assignees]
        .map(|names| names.iter().cloned().collect::<String>());
    assert_eq!(all, ["gitops", "rev", "platform", "ada"]);
}

#[tokio::test]
async fn what_a_pull_request_lacks_is_told_and_fails_nothing() {
    let scene = Scene::new();
    let forge = scene.forge_with("a", |settings| settings.decorations.reviewers = vec!["nobody".into()]).await;
    let proposed = forge.propose(&change(&forge, "workers", Some("a")).await).await.unwrap();
    let Proposed::Undecorated(pull, warnings) = proposed else { panic!("{proposed:?}") };
    assert_eq!((pull.number, warnings.len()), (1, 1));
    assert!(warnings[0].contains("GITHUB_REVIEWERS"), "{warnings:?}");
}

#[tokio::test]
async fn a_title_that_is_too_long_is_cut_to_what_github_takes() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let mut wanted = change(&forge, "workers", Some("a")).await;
    (wanted.text.title, wanted.text.body) = ("é".repeat(300), "b".repeat(70_000));
    opened(forge.propose(&wanted).await);
    let state = scene.double.state();
    let length = |text: &str| text.chars().count();
    assert_eq!((length(&state.pulls[&1].title), length(state.pulls[&1].body.as_str().unwrap())), (256, 65_536));
}

#[tokio::test]
async fn the_same_request_adopts_and_another_is_a_conflict_on_every_replica() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    // It looked before there was a pull request, so that its push finds out.
    let blind = scene.forge("b").await;
    let (same, other) = (change(&forge, "workers", Some("a")).await, change(&forge, "workers", Some("b")).await);
    let pull = opened(forge.propose(&same).await);
    let late = scene.forge("c").await;
    for (name, replica) in [("itself", &forge), ("blind", &blind), ("late", &late)] {
        assert_eq!(adopted(replica.propose(&same).await).number, 1, "{name}");
        let refused = replica.propose(&other).await;
        let Err(VcsError::Conflict(Some(found))) = refused else { panic!("{name}: {refused:?}") };
        assert_eq!((found.number, &found.request_hash, &found.commit), (1, &pull.request_hash, &pull.commit), "{name}");
    }
    let unseen = open(scene.settings("d")).await;
    let refused = unseen.propose(&other).await;
    assert!(matches!(refused, Err(VcsError::BaseMoved)), "it has no base branch yet: {refused:?}");
    assert_eq!(scene.double.count(POST), 1);
    scene.assert_one(1);
}

#[tokio::test]
async fn a_conflict_is_found_by_the_push_of_a_replica_that_knows_nothing() {
    let scene = Scene::new();
    let (forge, blind) = (scene.forge("a").await, scene.forge("b").await);
    let (same, other) = (change(&forge, "workers", Some("a")).await, change(&forge, "workers", Some("b")).await);
    opened(forge.propose(&same).await);
    let refused = blind.propose(&other).await;
    assert!(matches!(&refused, Err(VcsError::Conflict(Some(found))) if found.number == 1), "{refused:?}");
    assert_eq!(listed(&blind, 1).await.unwrap().number, 1, "what was met is listed");
    assert_eq!(adopted(blind.propose(&same).await).number, 1);
}

#[tokio::test]
async fn what_the_base_has_by_now_is_guarded() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let create = change(&forge, "workers", Some("a")).await;
    scene.remote.commit("dev", "nodegroups/team-a/workers.yaml", "by hand");
    forge.base(Freshness::Fetched).await.unwrap();
    assert!(matches!(forge.propose(&create).await, Err(VcsError::BaseMoved)));
    let unrelated = change(&forge, "other", Some("a")).await;
    scene.remote.commit("dev", "README.md", "moves the base");
    assert_eq!(opened(forge.propose(&unrelated).await).base_commit, unrelated.base);
    assert_eq!(scene.branches().len(), 1);
}

#[tokio::test]
async fn a_direct_commit_moves_the_base_and_only_from_where_it_was_planned() {
    let scene = Scene::new();
    let forge = scene.forge("a").await;
    let (first, second) = (change(&forge, "a", Some("1")).await, change(&forge, "b", Some("1")).await);
    let commit = forge.commit(&first).await.unwrap();
    assert_eq!(scene.remote.tip("dev").unwrap().to_string(), commit.0);
    assert_eq!(forge.base(Freshness::Cached).await.unwrap(), commit);
    assert!(matches!(forge.commit(&second).await, Err(VcsError::BaseMoved)));
    let again = change(&forge, "b", Some("1")).await;
    scene.double.fail("GET /repos", crate::support::github::Fault::status(500, "away"));
    let commit = forge.commit(&again).await.unwrap();
    assert_eq!(forge.base(Freshness::Cached).await.unwrap(), commit, "also when the API is away");
    assert_eq!(scene.remote.git(&["log", "-2", "--format=%s", "dev"]), "create nodegroup b\ncreate nodegroup a");
    assert!(scene.branches().is_empty() && scene.pulls() == 0);
    let pull = propose(&forge, "c", Some("1")).await;
    assert_eq!(pull.base_commit, commit);
}
