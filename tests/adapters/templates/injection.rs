//! No text in a draft can add a key or a document, or be lost.

use std::collections::BTreeMap;

use cre_backend_api::domain::nodegroup::Taint;
use cre_backend_api::domain::ports::TemplateRenderer;
use cre_backend_api::domain::secret::Scope;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::drafts::{built_in, small_nodegroup, small_secret};
use super::manifests::parse;

/// Any text; more often one that means something to YAML or to Tera.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[\\PC\n\r\t\u{85}\u{2028}]{0,40}",
        prop::sample::select(vec![
            "---\n",
            "\n  evil: 1",
            "\": 1\n\"",
            "{{ name }}",
            "{% raw %}",
            "...",
            "null",
            "\u{feff}a"
        ])
        .prop_map(str::to_owned),
    ]
}

fn texts() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(text(), text(), 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_nodegroups_labels_and_taints_are_read_back_as_they_were(labels in texts(), taints in prop::collection::vec((text(), text(), text()), 0..4)) {
        let templates = built_in();
        let mut draft = small_nodegroup();
        let mut expected = parse(&templates.nodegroup(&draft).unwrap());
        if !labels.is_empty() {
            expected["spec"]["labels"] = json!(labels);
        }
        if !taints.is_empty() {
            expected["spec"]["taints"] = taints
                .iter()
                .map(|(key, value, effect)| json!({"key": key, "value": value, "effect": effect}))
                .collect::<Value>();
        }
        draft.spec.labels = labels;
        draft.spec.taints = taints.into_iter().map(|(key, value, effect)| Taint { key, value, effect }).collect();
        prop_assert_eq!(parse(&templates.nodegroup(&draft).unwrap()), expected);
    }

    #[test]
    fn a_secrets_type_labels_and_annotations_are_read_back_as_they_were(kind in text(), labels in texts(), annotations in texts()) {
        let templates = built_in();
        let mut draft = small_secret(Scope::Strict);
        let mut expected = parse(&templates.sealed_secret(&draft).unwrap());
        expected["spec"]["template"]["type"] = json!(kind);
        if !labels.is_empty() {
            expected["spec"]["template"]["metadata"]["labels"] = json!(labels);
        }
        if !annotations.is_empty() {
            expected["spec"]["template"]["metadata"]["annotations"] = json!(annotations);
        }
        draft.kind = kind;
        draft.labels = labels;
        draft.annotations = annotations;
        prop_assert_eq!(parse(&templates.sealed_secret(&draft).unwrap()), expected);
    }
}
