//! Any valid request renders to a manifest that reads back as the request, and no text in one breaks out of its place.

use std::collections::BTreeMap;

use cre_backend_api::adapters::templates::{TemplateSettings, TeraTemplates};
use cre_backend_api::domain::change::{ObjectKey, ObjectKind};
use cre_backend_api::domain::manifest::{documents, nodegroup, sealed_secret};
use cre_backend_api::domain::names::{ClusterName, DataKey, InstanceTypeName, LabelValue};
use cre_backend_api::domain::nodegroup::rules::{check_labels, check_taints};
use cre_backend_api::domain::nodegroup::{
    Architecture, CapacityType, NodegroupDraft, NodegroupSpec, Scaling, Taint, TaintEffect,
};
use cre_backend_api::domain::ports::TemplateRenderer;
use cre_backend_api::domain::secret::{Scope, Sealed, SealedSecretDraft};
use proptest::prelude::*;

use super::yaml::text;

thread_local! {
    /// Compiled once for all cases.
    static TEMPLATES: TeraTemplates = TeraTemplates::load(&TemplateSettings::default()).unwrap();
}

/// A label's value; often one that an old reader takes for something else.
fn label_value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?",
        prop::sample::select(vec!["no", "on", "1e3", "0x1", "null", "2026-01-01", "1_0", "0b1", "017"])
            .prop_map(str::to_owned)
    ]
}

fn label_key() -> impl Strategy<Value = String> {
    prop_oneof![label_value(), "[a-z][a-z0-9]{0,9}\\.(com|io)/[A-Za-z0-9]([-A-Za-z0-9_.]{0,20}[A-Za-z0-9])?"]
}

fn taint() -> impl Strategy<Value = Taint> {
    let effect = prop::sample::select(TaintEffect::WORDS.to_vec());
    (label_key(), prop_oneof![Just(String::new()), label_value()], effect).prop_map(|(key, value, effect)| Taint {
        key,
        value,
        effect: effect.to_owned(),
    })
}

fn scaling() -> impl Strategy<Value = Scaling> {
    (0u32..=10_000, 1u32..=10_000, 0u32..=10_000).prop_map(|(a, b, c)| {
        let (min, max) = (a.min(b), a.max(b));
        Scaling { min, max, desired: c.clamp(min, max) }
    })
}

/// Any nodegroup that passes the rules.
fn valid_nodegroup() -> impl Strategy<Value = NodegroupDraft> {
    let names =
        ("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", "[0-9A-Za-z][A-Za-z0-9_-]{0,99}");
    let types = prop::collection::btree_set("[a-z][0-9][a-z]?\\.[0-9]{0,2}(large|xlarge|metal)", 1..20);
    let choices = (prop::option::of(label_value()), any::<bool>(), any::<bool>(), any::<bool>());
    let nodes = (
        scaling(),
        prop::option::of(1u32..=16_384),
        prop::collection::btree_map(label_key(), label_value(), 0..6),
        prop::collection::vec(taint(), 0..6),
    );
    (names, types, choices, nodes)
        .prop_map(
            |((namespace, name, cluster), types, (component, spot, arm, gpu), (scaling, disk, labels, taints))| {
                NodegroupDraft {
                    key: ObjectKey::parse(ObjectKind::Nodegroup, &namespace, &name).unwrap(),
                    spec: NodegroupSpec {
                        cluster: ClusterName::parse(&cluster).unwrap(),
                        component: component.map(|name| LabelValue::parse(&name).unwrap()),
                        instance_types: types.iter().map(|name| InstanceTypeName::parse(name).unwrap()).collect(),
                        capacity_type: if spot { CapacityType::Spot } else { CapacityType::OnDemand },
                        scaling,
                        disk_size_gib: disk,
                        labels,
                        taints,
                    },
                    architecture: if arm { Architecture::Arm64 } else { Architecture::X86_64 },
                    gpu,
                }
            },
        )
        .prop_filter("the rules hold", |draft| {
            check_labels(&draft.spec.labels).is_empty() && check_taints(&draft.spec.taints).is_empty()
        })
}

fn texts() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(text(), text(), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_valid_nodegroup_renders_to_a_manifest_that_reads_back_as_the_request(draft in valid_nodegroup()) {
        let rendered = TEMPLATES.with(|templates| templates.nodegroup(&draft)).unwrap();
        prop_assert_eq!(nodegroup::verify(&rendered, &draft), Ok(()), "{}", rendered);
        let documents = documents(rendered.as_bytes()).unwrap();
        let read = nodegroup::read(&documents[0]).unwrap();
        prop_assert_eq!(nodegroup::differences(&read, &draft.spec), Vec::<&str>::new());
        let mut other = draft.clone();
        other.spec.scaling.max += 1;
        prop_assert!(nodegroup::verify(&rendered, &other).is_err(), "the comparison can fail");
    }

    #[test]
    fn no_text_in_a_nodegroup_adds_a_key_or_a_document(
        draft in valid_nodegroup(), labels in texts(), taints in prop::collection::vec((text(), text(), text()), 0..4),
    ) {
        let mut draft = draft;
        draft.spec.labels = labels;
        draft.spec.taints = taints.into_iter().map(|(key, value, effect)| Taint { key, value, effect }).collect();
        let rendered = TEMPLATES.with(|templates| templates.nodegroup(&draft)).unwrap();
        prop_assert_eq!(nodegroup::verify(&rendered, &draft), Ok(()), "{}", rendered);
    }

    #[test]
    fn no_text_in_a_secret_adds_a_key_or_a_document(
        kind in text(), labels in texts(), annotations in texts(), immutable in any::<bool>(), fingerprint in text(),
        values in prop::collection::btree_map("[-._a-zA-Z0-9]{1,30}", text(), 1..4), scope in prop::sample::select(Scope::ALL.to_vec()),
    ) {
        let encrypted = values.into_iter().filter_map(|(key, value)| Some((DataKey::parse(&key).ok()?, value))).collect();
        let draft = SealedSecretDraft {
            key: ObjectKey::parse(ObjectKind::Secret, "team-a", "db").unwrap(),
            kind, scope, labels, annotations, immutable,
            sealed: Sealed { encrypted, fingerprint },
        };
        let rendered = TEMPLATES.with(|templates| templates.sealed_secret(&draft)).unwrap();
        prop_assert_eq!(sealed_secret::verify(&rendered, &draft), Ok(()), "{}", rendered);
    }
}
