//! Edits in place, as a diff shows them.

use serde_json::json;

use super::*;

const MANIFEST: &str = "\
# Asked for by team-a.
kind: Nodegroup
metadata:
  name: \"workers\"
  labels:
    team: \"a\"
spec:
  # Ask platform before raising these.
  scalingConfig:
    minSize: 1 # never zero
    maxSize: 5
  taints:
    - key: \"dedicated\"
      effect: \"NO_SCHEDULE\"
  subnets:
  - subnet-1
";

fn edited(text: &str, edit: impl FnOnce(&mut Value)) -> Option<String> {
    let before = crate::domain::manifest::documents(text.as_bytes()).unwrap().remove(0);
    let mut after = before.clone();
    edit(&mut after);
    patch(text, &before, &after)
}

/// The lines that differ, as a diff shows them.
fn changes(text: &str, edit: impl FnOnce(&mut Value)) -> Vec<String> {
    let new = edited(text, edit).expect("patched in place");
    let diff = similar::TextDiff::from_lines(text, &new);
    let changed = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    changed.map(|change| format!("{}{}", change.tag(), change.value().trim_end())).collect()
}

#[test]
fn a_number_changes_in_its_place_and_its_comment_stays() {
    assert_eq!(
        changes(MANIFEST, |manifest| manifest["spec"]["scalingConfig"]["minSize"] = json!(2)),
        ["-    minSize: 1 # never zero", "+    minSize: 2 # never zero",]
    );
}

#[test]
fn a_key_appears_beside_its_siblings_and_a_map_where_there_was_none() {
    assert_eq!(
        changes(MANIFEST, |manifest| manifest["spec"]["scalingConfig"]["desiredSize"] = json!(3)),
        ["+    desiredSize: 3"]
    );
    assert_eq!(
        changes(MANIFEST, |manifest| manifest["spec"]["labels"] = json!({"y": "z"})),
        ["+  labels:", "+    \"y\": \"z\"",]
    );
    let empty = "spec:\n  labels: {}\n  name: x\n";
    assert_eq!(
        changes(empty, |manifest| manifest["spec"]["labels"]["purpose"] = json!("web")),
        ["-  labels: {}", "+  labels:", "+    purpose: \"web\"",]
    );
}

#[test]
fn a_list_is_replaced_and_a_key_removed_with_all_its_lines() {
    let removed = changes(MANIFEST, |manifest| {
        manifest["spec"].as_object_mut().unwrap().remove("taints");
    });
    assert_eq!(removed.len(), 3, "{removed:?}");
    assert_eq!(
        changes(MANIFEST, |manifest| manifest["spec"]["subnets"] = json!(["subnet-1", "subnet-2"])),
        ["-  - subnet-1", "+    - \"subnet-1\"", "+    - \"subnet-2\"",]
    );
}

#[test]
fn what_cant_be_patched_in_place_is_left_to_be_written_anew() {
    assert_eq!(edited("{kind: X, spec: {a: 1}}\n", |manifest| manifest["spec"]["a"] = json!(2)), None);
    assert_eq!(edited("base: &b {a: 1}\nspec: *b\n", |manifest| manifest["base"]["a"] = json!(2)), None);
    assert_eq!(edited("spec:\r\n  a: 1\r\n", |manifest| manifest["spec"]["a"] = json!(2)), None);
}

#[test]
fn a_block_of_text_that_looks_like_keys_is_not_taken_for_them() {
    let text = "note: |\n  spec:\n    a: 1\nspec:\n  a: 1\n";
    assert_eq!(changes(text, |manifest| manifest["spec"]["a"] = json!(2)), ["-  a: 1", "+  a: 2"]);
}
