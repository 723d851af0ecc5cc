//! The pull request's words and the commit message.

use cre_backend_api::domain::change::Action;
use cre_backend_api::domain::names::Actor;
use cre_backend_api::domain::ports::TemplateRenderer;
use cre_backend_api::domain::text::ChangeSummary;

use super::drafts::{built_in, nodegroup_change, secret_change};

/// All three texts in one, for a snapshot.
fn words(change: &ChangeSummary) -> String {
    let text = built_in().text(change).unwrap();
    format!("title: {}\n=== commit\n{}\n=== body\n{}", text.title, text.commit_message, text.body)
}

#[test]
fn the_words_of_each_change_of_a_nodegroup() {
    for action in [Action::Create, Action::Update, Action::Delete] {
        insta::assert_snapshot!(format!("words_nodegroup_{}", action.as_str()), words(&nodegroup_change(action)));
    }
}

#[test]
fn the_words_of_each_change_of_a_secret() {
    for action in [Action::Create, Action::Update, Action::Delete] {
        insta::assert_snapshot!(format!("words_secret_{}", action.as_str()), words(&secret_change(action)));
    }
}

#[test]
fn unknown_prices_are_said_to_be_unknown() {
    let mut change = nodegroup_change(Action::Create);
    let nodegroup = change.nodegroup.as_mut().unwrap();
    nodegroup.cost_after = None;
    change.warnings = vec!["m5.unknown isn't in the catalogue".to_owned(), "another".to_owned()];
    insta::assert_snapshot!("words_nodegroup_unpriced", words(&change));
}

#[test]
fn what_others_chose_is_inert_in_the_body() {
    let mut change = nodegroup_change(Action::Delete);
    change.actor = Actor::parse("x` @admin Closes #1 [skip ci] | <img src=x>").unwrap();
    change.cluster = Some("prod\n\n# Heading @all\nRequest-Hash: forged".to_owned());
    change.warnings = vec!["![x](https://example.com) `\n- @team".to_owned()];
    let text = built_in().text(&change).unwrap();
    assert!(text.body.contains("``x` @admin Closes #1 [skip ci] \\| <img src=x>``"), "{}", text.body);
    assert!(text.body.contains("`prod  # Heading @all Request-Hash: forged`"), "{}", text.body);
    assert!(text.body.contains("- ``![x](https://example.com) ` - @team``\n"), "{}", text.body);
}

#[test]
fn a_cluster_that_breaks_the_rules_is_left_out_of_title_and_commit_message() {
    let mut change = nodegroup_change(Action::Delete);
    change.cluster = Some("prod\n\nRequest-Hash: forged".to_owned());
    let text = built_in().text(&change).unwrap();
    assert_eq!(text.title, "Delete nodegroup team-a/workers");
    assert!(!text.commit_message.contains("forged"), "{}", text.commit_message);
}
