//! Templates from a folder: what stands in for the built-in ones, and how mistakes are told.

use std::fs;
use std::path::Path;

use cre_backend_api::adapters::templates::{TemplateSettings, TeraTemplates};
use cre_backend_api::domain::change::Action;
use cre_backend_api::domain::ports::TemplateRenderer;

use super::drafts::{secret_change, small_nodegroup};

fn load(folder: &Path) -> Result<TeraTemplates, Vec<String>> {
    let settings = TemplateSettings { folder: Some(folder.to_owned()), ..TemplateSettings::default() };
    TeraTemplates::load(&settings).map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect())
}

/// What is wrong with one template.
fn mistakes(name: &str, content: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), content).unwrap();
    load(folder.path()).expect_err("refused")
}

/// The built-in nodegroup template with one thing replaced.
fn nodegroup_with(from: &str, to: &str) -> String {
    let built_in = include_str!("../../../templates/nodegroup.yaml");
    assert!(built_in.contains(from));
    built_in.replace(from, to)
}

#[test]
fn a_template_in_the_folder_stands_in_for_the_built_in_one_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pull-request-title.txt");
    fs::write(&file, "[{{ kind }}] {{ action }} {{ name }}\n").unwrap();
    let templates = load(folder.path()).unwrap();
    assert_eq!(templates.text(&secret_change(Action::Create)).unwrap().title, "[secret] create db");
    assert!(templates.nodegroup(&small_nodegroup()).is_ok());
    let sources = templates.templates();
    assert_eq!(sources.len(), 5);
    for (name, source) in sources {
        let expected =
            if name == "pull-request-title.txt" { file.display().to_string() } else { "built in".to_owned() };
        assert_eq!(source, expected, "{name}");
    }
}

#[test]
fn a_folder_that_is_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mistakes = load(&folder.path().join("absent")).expect_err("refused");
    assert!(mistakes[0].starts_with("TEMPLATES_FOLDER"), "{mistakes:?}");
}

#[test]
fn a_mistake_names_the_template_and_the_line() {
    let mistakes = mistakes("nodegroup.yaml", "a: 1\nb: {{ nmae }}\n");
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    assert!(mistakes[0].starts_with("nodegroup.yaml, line 2: "), "{mistakes:?}");
    assert!(mistakes[0].contains("nmae"), "{mistakes:?}");
}

#[test]
fn a_mistake_in_a_branch_that_few_requests_take_is_found_too() {
    let broken = nodegroup_with("{{ taint.effect }}", "{{ taint.efect }}");
    assert!(mistakes("nodegroup.yaml", &broken)[0].contains("efect"));
}

#[test]
fn the_mistakes_of_all_templates_come_at_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("nodegroup.yaml"), "{% if %}").unwrap();
    fs::write(folder.path().join("commit-message.txt"), "\n\n{{ name").unwrap();
    let mistakes = load(folder.path()).expect_err("refused");
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    assert!(mistakes.iter().any(|mistake| mistake.starts_with("nodegroup.yaml, line 1: ")), "{mistakes:?}");
    assert!(mistakes.iter().any(|mistake| mistake.starts_with("commit-message.txt, line 3: ")), "{mistakes:?}");
}

#[test]
fn a_manifest_that_is_no_single_document_of_its_object_is_refused() {
    let two = nodegroup_with("kind: Nodegroup", "kind: Nodegroup\n---\na: 1");
    assert!(!mistakes("nodegroup.yaml", &two).is_empty());
    let quoted_twice = nodegroup_with("clusterName: {{ cluster }}", "clusterName: \"{{ cluster }}\"");
    assert!(mistakes("nodegroup.yaml", &quoted_twice)[0].contains("no valid YAML"));
    let other = nodegroup_with("kind: Nodegroup", "kind: Cluster");
    assert!(mistakes("nodegroup.yaml", &other)[0].contains("\"Nodegroup\" at /kind"));
}

#[test]
fn a_title_of_two_lines_and_a_commit_message_with_our_trailers_are_refused() {
    assert!(mistakes("pull-request-title.txt", "a\nb")[0].contains("one line"));
    assert!(mistakes("commit-message.txt", "a\n\nrequest-hash: 0")[0].contains("trailers"));
    assert!(mistakes("commit-message.txt", "a\nb")[0].contains("second line"));
}
