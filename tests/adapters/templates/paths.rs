//! The path templates: where manifests lie, and which templates are refused.

use cre_backend_api::adapters::templates::{TemplateSettings, TeraTemplates};
use cre_backend_api::domain::change::ObjectKind;
use cre_backend_api::domain::names::{ClusterName, RepoPath};
use cre_backend_api::domain::ports::TemplateRenderer;

use super::drafts::{built_in, key};

fn with_paths(nodegroup_path: &str, secret_path: &str) -> Result<TeraTemplates, String> {
    let settings = TemplateSettings {
        folder: None,
        nodegroup_path: nodegroup_path.to_owned(),
        secret_path: secret_path.to_owned(),
    };
    TeraTemplates::load(&settings)
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

fn refused(nodegroup_path: &str) -> String {
    with_paths(nodegroup_path, "secrets/{{ namespace }}/{{ name }}.yaml").expect_err("refused")
}

#[test]
fn by_default_each_namespace_has_a_folder_for_each_kind() {
    let templates = built_in();
    let path = |kind, name| templates.path(&key(kind, name), None).unwrap().as_str().to_owned();
    assert_eq!(path(ObjectKind::Nodegroup, "workers"), "nodegroups/team-a/workers.yaml");
    assert_eq!(path(ObjectKind::Secret, "a.b"), "secrets/team-a/a.b.yaml");
    assert_eq!(templates.root(ObjectKind::Nodegroup), RepoPath::parse("nodegroups").ok());
    assert_eq!(templates.root(ObjectKind::Secret), RepoPath::parse("secrets").ok());
}

#[test]
fn a_path_may_name_the_cluster_and_the_kind() {
    let templates = with_paths(
        "apps/eks/c-{{ cluster }}/{{ kind }}/{{ namespace }}/{{ name }}.yaml",
        "{{ namespace }}/{{ kind }}-{{ name }}.yaml",
    )
    .unwrap();
    let cluster = ClusterName::parse("prod").unwrap();
    let path = templates.path(&key(ObjectKind::Nodegroup, "workers"), Some(&cluster)).unwrap();
    assert_eq!(path.as_str(), "apps/eks/c-prod/nodegroup/team-a/workers.yaml");
    assert_eq!(templates.root(ObjectKind::Nodegroup), RepoPath::parse("apps/eks").ok());
    assert_eq!(templates.root(ObjectKind::Secret), None);
}

#[test]
fn a_path_without_name_or_namespace_is_refused() {
    assert!(refused("nodegroups/{{ name }}.yaml").contains("GITOPS_NODEGROUP_PATH"));
    assert!(refused("nodegroups/{{ namespace }}.yaml").contains("the same path"));
    assert!(refused("nodegroups/all.yaml").contains("the same path"));
}

#[test]
fn a_path_that_joins_names_ambiguously_is_refused() {
    assert!(refused("nodegroups/{{ namespace }}-{{ name }}.yaml").contains("the same path"));
    assert!(refused("nodegroups/{{ namespace }}{{ name }}.yaml").contains("the same path"));
    assert!(with_paths("n/{{ namespace }}.{{ name }}.yaml", "s/{{ namespace }}_{{ name }}.yaml").is_ok());
}

#[test]
fn a_path_that_cuts_names_short_is_refused() {
    let cut = "{{ namespace }}/{{ name | truncate(length=100, end=\"\") }}.yaml";
    assert!(with_paths("n/{{ namespace }}/{{ name }}.yaml", cut).expect_err("refused").contains("the same path"));
    assert!(with_paths(cut, "s/{{ namespace }}/{{ name }}.yaml").is_ok(), "no nodegroup's name is that long");
}

#[test]
fn a_path_that_leaves_the_repository_or_is_no_yaml_file_is_refused() {
    assert!(refused("../{{ namespace }}/{{ name }}.yaml").contains("is no path"));
    assert!(refused("/n/{{ namespace }}/{{ name }}.yaml").contains("is no path"));
    assert!(refused("n/{{ namespace }}/{{ name }}.json").contains("doesn't end in .yaml"));
}

#[test]
fn kinds_cannot_share_a_path() {
    let same = "{{ namespace }}/{{ name }}.yaml";
    assert!(with_paths(same, same).expect_err("refused").contains("two folders"));
}

#[test]
fn a_secrets_path_cannot_name_a_cluster() {
    let mistakes = with_paths("n/{{ namespace }}/{{ name }}.yaml", "{{ cluster }}/{{ namespace }}/{{ name }}.yaml")
        .expect_err("refused");
    assert!(mistakes.contains("GITOPS_SECRET_PATH"), "{mistakes}");
    assert!(mistakes.contains("this secret names no cluster"), "{mistakes}");
}

#[test]
fn the_mistakes_of_both_paths_come_at_once() {
    let mistakes = with_paths("{{ nam }}", "{{ namespace").expect_err("refused");
    assert!(mistakes.contains("GITOPS_SECRET_PATH, line 1"), "{mistakes}");
    let mistakes = with_paths("{{ nam }}", "{{ nom }}").expect_err("refused");
    assert_eq!(mistakes.lines().count(), 2, "{mistakes}");
}
