//! An edit changes only what it names, whatever else a manifest holds.

use std::collections::BTreeMap;

use cre_backend_api::domain::manifest::patch::patch;
use cre_backend_api::domain::manifest::{documents, nodegroup, rewrite, sealed_secret};
use cre_backend_api::domain::names::{DataKey, LabelValue};
use cre_backend_api::domain::nodegroup::{COMPONENT_LABEL, NodegroupEdit, ScalingEdit, Taint};
use cre_backend_api::domain::secret::{FINGERPRINT_ANNOTATION, Sealed};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::yaml::{text, value};

/// Fields of all sorts that no edit knows.
fn others() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("x[a-z.]{0,6}", value(), 0..4).prop_map(|fields| fields.into_iter().collect())
}

fn texts() -> impl Strategy<Value = BTreeMap<String, String>> {
    prop::collection::btree_map(text(), text(), 0..4)
}

/// Takes what an edit may change out of a document, so that the rest can be compared.
fn rest(document: &Value, pointers: &[&str]) -> Value {
    let mut rest = document.clone();
    for pointer in pointers {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        if let Some(fields) = rest.pointer_mut(parent).and_then(Value::as_object_mut) {
            fields.remove(&field.replace("~1", "/"));
        }
    }
    rest
}

fn with(mut fields: Map<String, Value>, more: Value) -> Value {
    if let Value::Object(more) = more {
        fields.extend(more);
    }
    Value::Object(fields)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_nodegroups_edit_changes_only_what_it_names(
        top in others(), metadata in others(), spec in others(), labels in texts(),
        new_labels in prop::option::of(texts()), taint in prop::option::of((text(), text())), max in 1u32..100, component in any::<bool>(),
    ) {
        let before = with(top, json!({
            "metadata": with(metadata, json!({"labels": {COMPONENT_LABEL: "old", "kept": "yes"}})),
            "spec": with(spec, json!({"labels": labels, "scalingConfig": {"minSize": 0, "maxSize": 1, "x": 1}})),
        }));
        let wanted = NodegroupEdit {
            component: component.then(|| Some(LabelValue::parse("new").unwrap())),
            scaling: Some(ScalingEdit { max: Some(max.into()), ..ScalingEdit::default() }),
            labels: new_labels.clone(),
            taints: taint.map(|(key, value)| vec![Taint { key, value, effect: "NO_EXECUTE".to_owned() }]),
            ..NodegroupEdit::default()
        };
        let have = nodegroup::read(&before).unwrap();
        let scaling = nodegroup::edited_scaling(&have, &wanted).unwrap();
        let mut after = before.clone();
        nodegroup::edit(&mut after, &wanted, scaling).unwrap();

        let touched = ["/metadata/labels/backstage.io~1kubernetes-id", "/spec/labels", "/spec/taints", "/spec/scalingConfig/maxSize"];
        prop_assert_eq!(rest(&before, &touched), rest(&after, &touched));
        let read = nodegroup::read(&after).unwrap();
        prop_assert_eq!(read.max, Some(max.into()));
        prop_assert_eq!(read.labels, new_labels.unwrap_or(labels));
        prop_assert_eq!(&read.taints, &wanted.taints.unwrap_or_default());
        prop_assert_eq!(read.component.as_deref(), Some(if component { "new" } else { "old" }));

        let text = rewrite("", &before).unwrap();
        let patched = patch(&text, &before, &after).unwrap_or_else(|| rewrite(&text, &after).unwrap());
        prop_assert_eq!(documents(patched.as_bytes()).unwrap(), [after]);
    }

    #[test]
    fn a_secrets_edit_changes_only_the_keys_that_it_names(
        top in others(), spec in others(), kept in prop::collection::btree_map("k[a-z]{1,4}", text(), 1..4),
        set in prop::collection::btree_map("s[a-z]{0,2}", text(), 0..3), removed in prop::collection::btree_map("r[a-z]{0,2}", text(), 0..3),
    ) {
        let mut data = kept.clone();
        data.extend(removed.clone());
        let before = with(top, json!({
            "metadata": {"annotations": {FINGERPRINT_ANNOTATION: "old"}},
            "spec": with(spec, json!({"encryptedData": data})),
        }));
        let sealed = Sealed {
            encrypted: set.iter().map(|(key, value)| (DataKey::parse(key).unwrap(), value.clone())).collect(),
            fingerprint: "new".to_owned(),
        };
        let remove: Vec<DataKey> = removed.keys().map(|key| DataKey::parse(key).unwrap()).collect();
        let mut after = before.clone();
        sealed_secret::edit(&mut after, &sealed, &remove).unwrap();

        prop_assert_eq!(rest(&before, &["/spec/encryptedData"]), rest(&after, &["/spec/encryptedData"]));
        let mut expected = kept;
        expected.extend(set);
        prop_assert_eq!(&after["spec"]["encryptedData"], &json!(expected));
    }
}
