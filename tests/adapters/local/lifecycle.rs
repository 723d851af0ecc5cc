//! A change's life: proposed, adopted, in conflict, withdrawn, made again; and direct commits.

use cre_backend_api::domain::change::{Action, Proposed, PullRequestState};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::names::Actor;
use cre_backend_api::domain::ports::VersionControl as _;

use super::forge::{TestForge, git, path};

#[tokio::test]
async fn a_proposal_makes_a_branch_a_commit_and_a_pull_request() {
    let test = TestForge::new().await;
    let base = test.base().await;
    let pull = test.open(&test.change("workers", Some("kind: Nodegroup\n")).await).await;
    let [branch] = &test.branches()[..] else { panic!("{:?}", test.branches()) };
    assert_eq!(branch, "backend-api/nodegroup/team-a/workers-a0b5740b");
    assert_eq!(branch, pull.branch.as_str());
    assert_eq!(test.pull_refs(), ["refs/pull/1/head", "refs/pull/1/meta"]);
    assert_eq!(test.git(&["rev-parse", "refs/pull/1/head", branch]), format!("{0}\n{0}", pull.commit.0));
    assert_eq!(test.git(&["rev-parse", &format!("{branch}^")]), base.0);
    assert_eq!(test.git(&["show", &format!("{branch}:nodegroups/team-a/workers.yaml")]), "kind: Nodegroup");
    assert_eq!(test.git(&["diff", "--name-status", "dev", branch]), "A\tnodegroups/team-a/workers.yaml");
    let message = test.git(&["log", "-1", "--format=%B", branch]);
    assert_eq!(
        message.rsplit_once("\nAttempt: ").unwrap().0,
        "create nodegroup workers\n\nWhy.\n\nObject: nodegroup/team-a/workers\nAction: create\nCluster: prod\n\
         Requested-By: alice\nRequest-Hash: 6b696e643a204e6f646567726f75700a"
    );
    let trailer = |key: &str| test.git(&["log", "-1", &format!("--format=%(trailers:key={key},valueonly)"), branch]);
    assert_eq!(trailer("Requested-By"), "alice");
    assert_eq!((pull.number, pull.state, pull.base_commit), (1, PullRequestState::Open, base));
    assert_eq!(pull.files, [(path("nodegroups/team-a/workers.yaml"), Action::Create)]);
    let meta = test.git(&["cat-file", "blob", "refs/pull/1/meta"]);
    assert!(meta.contains("Body of create nodegroup workers"), "{meta}");
    test.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn the_same_request_adopts_and_another_is_a_conflict_that_names_the_pull_request() {
    let test = TestForge::new().await;
    let change = test.change("workers", Some("a")).await;
    let pull = test.open(&change).await;
    assert_eq!(test.forge.propose(&change).await.unwrap(), Proposed::Adopted(pull.clone()));
    let other = test.change("workers", Some("b")).await;
    let Err(VcsError::Conflict(Some(found))) = test.forge.propose(&other).await else { panic!("no conflict") };
    assert_eq!(*found, pull);
    assert_eq!(test.pull_refs().len(), 2);
}

#[tokio::test]
async fn a_withdrawn_pull_request_is_closed_for_good_and_the_object_is_free() {
    let test = TestForge::new().await;
    let change = test.change("workers", Some("a")).await;
    test.open(&change).await;
    let closed = test.forge.withdraw(1).await.unwrap();
    assert_eq!(closed.state, PullRequestState::Closed);
    assert!(test.branches().is_empty());
    assert_eq!(test.forge.withdraw(1).await.unwrap(), closed);
    assert!(matches!(test.forge.withdraw(7).await, Err(VcsError::NoSuchPullRequest(7))));
    let again = test.open(&change).await;
    assert_eq!((again.number, again.state), (2, PullRequestState::Open));
    assert_eq!(test.state(1).await, PullRequestState::Closed);
    assert_eq!(test.branches().len(), 1);
}

#[tokio::test]
async fn a_deleted_branch_closes_its_pull_request() {
    let test = TestForge::new().await;
    let pull = test.open(&test.change("workers", Some("a")).await).await;
    let work = test.clone();
    git(&work, &["push", "--quiet", "origin", "--delete", pull.branch.as_str()]);
    assert_eq!(test.state(1).await, PullRequestState::Closed);
    assert_eq!(test.open(&test.change("workers", Some("b")).await).await.number, 2);
}

#[tokio::test]
async fn a_reviewers_commit_on_top_moves_the_head_and_hides_nothing() {
    let test = TestForge::new().await;
    let change = test.change("workers", Some("a")).await;
    let pull = test.open(&change).await;
    let work = test.clone();
    git(&work, &["fetch", "--quiet", "origin"]);
    git(&work, &["checkout", "--quiet", &format!("origin/{}", pull.branch)]);
    std::fs::write(work.join("nodegroups/team-a/workers.yaml"), "reviewed").unwrap();
    git(&work, &["commit", "--quiet", "-am", "Better"]);
    git(&work, &["push", "--quiet", "origin", &format!("HEAD:{}", pull.branch)]);
    let after = test.pull(1).await;
    assert_eq!(test.git(&["rev-parse", "refs/pull/1/head"]), git(&work, &["rev-parse", "HEAD"]));
    assert_eq!((&after.commit, after.state), (&pull.commit, PullRequestState::Open));
    assert!(matches!(test.forge.propose(&change).await.unwrap(), Proposed::Adopted(_)));
    test.merge(&pull.branch, &["--squash"]);
    assert_eq!(test.state(1).await, PullRequestState::Merged);
}

#[tokio::test]
async fn a_deletion_that_empties_a_folder_leaves_a_gitkeep_and_one_that_does_not_leaves_none() {
    let test = TestForge::new().await;
    test.push_file("nodegroups/team-a/workers.yaml", "a");
    test.push_file("nodegroups/team-a/other.yaml", "b");
    let first = test.open(&test.change("workers", None).await).await;
    assert_eq!(first.files.len(), 1);
    test.merge(&first.branch, &["--ff-only"]);
    let last = test.open(&test.change("other", None).await).await;
    assert_eq!(last.files[1], (path("nodegroups/team-a/x").gitkeep_beside(), Action::Create));
    let tree = test.git(&["ls-tree", "-r", "--name-only", last.branch.as_str()]);
    assert_eq!(tree, "nodegroups/.gitkeep\nnodegroups/team-a/.gitkeep\nsecrets/.gitkeep");
    test.merge(&last.branch, &["--no-ff"]);
    assert_eq!(test.state(2).await, PullRequestState::Merged);
    assert_eq!(super::forge::published(&test.another().await, 2).await.unwrap().files, last.files);
}

#[tokio::test]
async fn what_the_base_has_by_now_is_guarded() {
    let test = TestForge::new().await;
    let create = test.change("workers", Some("a")).await;
    test.push_file("nodegroups/team-a/workers.yaml", "by hand");
    assert!(matches!(test.forge.propose(&create).await, Err(VcsError::BaseMoved)), "planned before the push");
    let same = test.change("workers", Some("by hand")).await;
    assert!(matches!(test.forge.propose(&same).await, Err(VcsError::WrongState(_))), "identical content");
    let unrelated = test.change("other", Some("a")).await;
    test.push_file("README.md", "moves the base");
    test.open(&unrelated).await;
}

#[tokio::test]
async fn a_direct_commit_moves_the_base_and_only_from_where_it_was_planned() {
    let test = TestForge::new().await;
    let (first, second) = (test.change("a", Some("1")).await, test.change("b", Some("1")).await);
    let commit = test.forge.commit(&first).await.unwrap();
    assert_eq!(test.git(&["rev-parse", "dev"]), commit.0);
    assert_eq!(test.forge.base(cre_backend_api::domain::change::Freshness::Cached).await.unwrap(), commit);
    assert!(matches!(test.forge.commit(&second).await, Err(VcsError::BaseMoved)));
    let again = test.change("b", Some("1")).await;
    test.forge.commit(&again).await.unwrap();
    assert_eq!(
        test.git(&["log", "--format=%s", "dev"]),
        "create nodegroup b\ncreate nodegroup a\nMake the GitOps repository"
    );
    assert!(test.branches().is_empty() && test.pull_refs().is_empty());
}

#[tokio::test]
async fn a_branch_that_nobody_of_us_made_is_left_alone() {
    let test = TestForge::new().await;
    let branch = "refs/heads/backend-api/nodegroup/team-a/workers-a0b5740b";
    test.git(&["update-ref", branch, "dev"]);
    test.push_file("README.md", "x");
    let change = test.change("workers", Some("a")).await;
    let Err(VcsError::WrongState(reason)) = test.forge.propose(&change).await else { panic!("proposed") };
    assert!(reason.contains("isn't of this service"), "{reason}");
    test.forge.sweep().await.unwrap();
    assert_eq!(test.branches().len(), 1);
    test.git(&["update-ref", "-d", branch]);
    test.git(&["update-ref", "refs/heads/backend-api", "dev"]);
    let Err(VcsError::WrongState(reason)) = test.forge.propose(&change).await else { panic!("proposed") };
    assert!(reason.contains("refs/heads/backend-api is in the way"), "{reason}");
}

#[tokio::test]
async fn two_subjects_requests_differ_even_with_equal_content() {
    let test = TestForge::new().await;
    let mut change = test.change("workers", Some("a")).await;
    test.open(&change).await;
    change.actor = Actor::parse("bob").unwrap();
    change.request_hash.0.push('0');
    assert!(matches!(test.forge.propose(&change).await, Err(VcsError::Conflict(Some(_)))));
}

#[tokio::test]
async fn a_pull_request_made_under_another_prefix_stays_open_and_holds_its_object() {
    let test = TestForge::with(|settings| settings.branch_prefix = "before".into()).await;
    let change = test.change("workers", Some("a")).await;
    let pull = test.open(&change).await;
    let now = test.another().await;
    assert_eq!(super::forge::published(&now, 1).await.unwrap().state, PullRequestState::Open);
    assert_eq!(now.propose(&change).await.unwrap(), Proposed::Adopted(pull.clone()));
    test.merge(&pull.branch, &["--ff-only"]);
    now.base(cre_backend_api::domain::change::Freshness::Fetched).await.unwrap();
    assert_eq!(super::forge::published(&now, 1).await.unwrap().state, PullRequestState::Merged);
    assert_eq!(test.git(&["for-each-ref", "refs/heads/before"]), "");
}

#[tokio::test]
async fn refs_with_numbers_out_of_range_are_somebody_elses() {
    let test = TestForge::new().await;
    let base = test.base().await;
    for number in ["0", "9007199254740992", "18446744073709551615"] {
        test.git(&["update-ref", &format!("refs/pull/{number}/head"), &base.0]);
    }
    let pull = test.open(&test.change("workers", Some("a")).await).await;
    assert_eq!(pull.number, 1);
    test.git(&["update-ref", "refs/pull/9007199254740991/head", &base.0]);
    let full = test.forge.propose(&test.change("other", Some("a")).await).await.unwrap_err();
    assert!(matches!(&full, VcsError::WrongState(reason) if reason.contains("no number is left")), "{full:?}");
    assert_eq!(test.state(1).await, PullRequestState::Open);
}
