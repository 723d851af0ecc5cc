//! What becomes of the pull requests that are asked for: opened, refused, unclear; never asked for twice.

use cre_backend_api::adapters::github::api::{CreateError, Decorations, NewPull};
use cre_backend_api::domain::change::PullRequestState;
use cre_backend_api::domain::error::VcsError;

use super::scene::{PULLS, Scene, api_at};
use crate::support::github::{Fault, When};

const BRANCH: &str = "backend-api/nodegroup/team-a/workers-1234abcd";

fn post() -> String {
    format!("POST {PULLS}")
}

#[tokio::test]
async fn a_pull_request_is_opened_found_and_closed() {
    let scene = Scene::new();
    let api = scene.api();
    let wanted = NewPull { draft: true, ..scene.change(BRANCH) };
    let opened = api.create(&wanted).await.unwrap();
    assert_eq!((opened.state, opened.draft, opened.head_repo_is_ours), (PullRequestState::Open, true, true));
    assert_eq!((opened.head_ref.as_str(), opened.base_ref.as_str()), (BRANCH, "dev"));
    assert_eq!(opened.body.as_deref(), Some("Please **review**."));
    let on_top = scene.commit(BRANCH, Some(BRANCH));
    let found = api.find_open_by_head(BRANCH, "dev").await.unwrap().unwrap();
    assert_eq!((found.number, found.head_sha), (opened.number, on_top));
    assert_eq!(api.close(opened.number).await.unwrap().state, PullRequestState::Closed);
    assert_eq!(api.close(opened.number).await.unwrap().state, PullRequestState::Closed);
    assert_eq!(api.find_open_by_head(BRANCH, "dev").await.unwrap(), None);
    assert_eq!(api.find_by_head(BRANCH).await.unwrap().len(), 1);
    let sent = scene.double.state().log.iter().find(|logged| logged.method == "POST").unwrap().body.clone();
    assert_eq!(sent["head"], BRANCH);
    assert_eq!(sent["draft"], true);
}

#[tokio::test]
async fn what_git_says_decides_whether_one_can_be_opened() {
    let scene = Scene::new();
    let api = scene.api();
    let wanted = scene.change(BRANCH);
    api.create(&wanted).await.unwrap();
    assert!(matches!(api.create(&wanted).await, Err(CreateError::AlreadyExists)));
    let gone = NewPull { head: "backend-api/gone", ..wanted };
    assert!(matches!(api.create(&gone).await, Err(CreateError::HeadInvalid)));
    let same = NewPull { head: "dev", ..wanted };
    assert!(matches!(api.create(&same).await, Err(CreateError::NothingToMerge)));
    let nowhere = NewPull { base: "nowhere", ..wanted };
    let Err(CreateError::Failed(VcsError::Refused { missing })) = api.create(&nowhere).await else { panic!() };
    assert!(missing.contains("no branch nowhere: set GITOPS_BRANCH"), "{missing}");
    assert_eq!(scene.double.count(&post()), 5);
}

#[tokio::test]
async fn a_lost_answer_is_unclear_and_nothing_is_sent_again() {
    for when in [When::Before, When::After] {
        for fault in [
            Fault::html(when, 502),
            Fault::Answer(when, 500, Vec::new(), String::new()),
            Fault::Cut(when),
            Fault::Hang(when),
            Fault::Answer(when, 201, Vec::new(), "{}".to_owned()),
        ] {
            let scene = Scene::new();
            let api = scene.hasty_api();
            let wanted = scene.change(BRANCH);
            scene.double.fail(&post(), fault.clone());
            let outcome = api.create(&wanted).await;
            assert!(matches!(outcome, Err(CreateError::Ambiguous(_))), "{fault:?}: {outcome:?}");
            assert_eq!(scene.double.count(&post()), 1, "{fault:?}");
            let found = api.find_open_by_head(BRANCH, "dev").await.unwrap();
            assert_eq!(found.is_some(), when == When::After, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_opened() {
    let scene = Scene::new();
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let credentials = cre_backend_api::adapters::github::identity::Credentials::Token(super::scene::token());
    let api = api_at(&format!("http://{unused}"), credentials);
    let outcome = api.create(&scene.change(BRANCH)).await;
    assert!(matches!(outcome, Err(CreateError::Failed(VcsError::Unreachable(_)))), "{outcome:?}");
}

#[tokio::test]
async fn a_merge_and_a_deleted_branch_end_a_pull_request() {
    let scene = Scene::new();
    let api = scene.api();
    let merged = api.create(&scene.change(BRANCH)).await.unwrap().number;
    let deleted = api.create(&scene.change("backend-api/other")).await.unwrap().number;
    scene.double.merge(merged);
    scene.delete("backend-api/other");
    let merged = api.get(merged).await.unwrap();
    assert_eq!(merged.state, PullRequestState::Merged);
    assert!(merged.merged_at.is_some() && merged.merge_commit_sha.is_some());
    assert_eq!(api.get(deleted).await.unwrap().state, PullRequestState::Closed);
    assert!(matches!(api.get(99).await, Err(VcsError::NoSuchPullRequest(99))));
}

#[tokio::test]
async fn a_decoration_that_fails_is_a_warning_and_the_others_are_done() {
    let scene = Scene::new();
    let api = scene.api();
    let number = api.create(&scene.change(BRANCH)).await.unwrap().number;
    let list = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    let decorations = Decorations {
        labels: list(&["gitops", "nodegroup"]),
        reviewers: list(&["nobody"]),
        team_reviewers: list(&["platform"]),
        assignees: list(&["ada", "stranger"]),
    };
    let warnings = api.decorate(number, &decorations).await;
    let settings: Vec<&str> = warnings.iter().map(|warning| warning.setting).collect();
    assert_eq!(settings, ["GITHUB_REVIEWERS", "GITHUB_ASSIGNEES"], "{warnings:?}");
    assert!(warnings[0].message.contains("not a collaborator"), "{warnings:?}");
    assert!(warnings[1].message.contains("stranger") && !warnings[1].message.contains("ada"), "{warnings:?}");
    let state = scene.double.state();
    let pull = &state.pulls[&number];
    let all = [&pull.labels, &pull.reviewers, &pull.teams, &pull.assignees].map(std::collections::BTreeSet::len);
    assert_eq!(all, [2, 0, 1, 1]);
}
