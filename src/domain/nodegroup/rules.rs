//! What EKS accepts of labels and taints of nodes, told as violations.

use std::collections::BTreeMap;

use super::{MAX_LABEL_LENGTH, MAX_TAINTS, Taint, TaintEffect};
use crate::domain::error::{Violation, pointer_segment};
use crate::domain::names::{LabelValue, QualifiedName, key_prefix};

/// Checks the labels of nodes by EKS's rules.
///
/// # Errors
/// A violation for each wrong label, with pointers below `/labels`.
pub fn check_labels(labels: &BTreeMap<String, String>) -> Vec<Violation> {
    let mut wrong = Vec::new();
    for (key, value) in labels {
        let pointer = format!("/labels/{}", pointer_segment(key));
        if let Some(rule) = broken_key_rule(key).or_else(|| reserved_prefix_rule(key)) {
            wrong.push(Violation::new(&pointer, rule));
        }
        if value.is_empty() || LabelValue::parse(value).is_err() {
            wrong.push(Violation::new(
                &pointer,
                "the value must have 1-63 characters: letters, digits, '-', '_' and '.', starting and ending with a letter or digit",
            ));
        }
    }
    wrong
}

/// Checks the taints of nodes by EKS's rules.
///
/// # Errors
/// A violation for each wrong taint, with pointers below `/taints`.
pub fn check_taints(taints: &[Taint]) -> Vec<Violation> {
    let mut wrong = Vec::new();
    if taints.len() > MAX_TAINTS {
        wrong.push(Violation::new("/taints", format!("must have at most {MAX_TAINTS} items")));
    }
    for (index, taint) in taints.iter().enumerate() {
        if let Some(rule) = broken_key_rule(&taint.key) {
            wrong.push(Violation::new(format!("/taints/{index}/key"), rule));
        }
        if LabelValue::parse(&taint.value).is_err() {
            wrong.push(Violation::new(format!("/taints/{index}/value"), format!("must have {}", LabelValue::EXPECTED)));
        }
        if TaintEffect::from_word(&taint.effect).is_none() {
            wrong.push(Violation::new(
                format!("/taints/{index}/effect"),
                format!("must be one of {}", TaintEffect::WORDS.join(", ")),
            ));
        }
        if taints[..index].iter().any(|other| other.key == taint.key && other.effect == taint.effect) {
            wrong.push(Violation::new(format!("/taints/{index}"), "repeats the key and effect of another taint"));
        }
    }
    wrong
}

/// The rule of label and taint keys that a key breaks, as a sentence.
fn broken_key_rule(key: &str) -> Option<String> {
    if key.len() > MAX_LABEL_LENGTH || QualifiedName::parse(key).is_err() {
        return Some(format!(
            "the key must have 1-{MAX_LABEL_LENGTH} characters, prefix included: {}",
            QualifiedName::EXPECTED
        ));
    }
    None
}

/// The rule of labels whose prefix belongs to Kubernetes or to EKS, as a sentence.
fn reserved_prefix_rule(key: &str) -> Option<String> {
    let prefix = key_prefix(key)?;
    ["kubernetes.io", "k8s.io", "eks.amazonaws.com"]
        .into_iter()
        .find(|reserved| prefix == *reserved || prefix.ends_with(&format!(".{reserved}")))
        .map(|reserved| format!("the prefix {reserved} is reserved"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointers(violations: &[Violation]) -> Vec<&str> {
        violations.iter().map(|violation| violation.pointer.as_str()).collect()
    }

    fn taint(key: &str, value: &str, effect: &str) -> Taint {
        Taint { key: key.to_owned(), value: value.to_owned(), effect: effect.to_owned() }
    }

    #[test]
    fn a_label_needs_a_key_and_a_value_and_no_reserved_prefix() {
        let long = "a".repeat(64);
        let labels = |pairs: &[(&str, &str)]| {
            check_labels(&pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
        };
        assert!(labels(&[("team", "a"), ("example.com/tier", "web")]).is_empty());
        for bad in [
            ("team", ""),
            ("team", "a b"),
            ("team", &long),
            ("", "a"),
            (&long, "a"),
            ("a b", "c"),
            ("kubernetes.io/x", "a"),
            ("node.kubernetes.io/x", "a"),
            ("k8s.io/x", "a"),
            ("eks.amazonaws.com/x", "a"),
        ] {
            assert_eq!(labels(&[bad]).len(), 1, "{bad:?}");
        }
        assert_eq!(pointers(&labels(&[("k8s.io/x", "a")])), ["/labels/k8s.io~1x"]);
        assert!(labels(&[("notkubernetes.io/x", "a")]).is_empty(), "only the domain itself and what is below it");
    }

    #[test]
    fn a_taint_may_have_an_empty_value_but_is_unique_by_key_and_effect() {
        assert!(check_taints(&[taint("gpu", "", "NO_SCHEDULE"), taint("gpu", "", "NO_EXECUTE")]).is_empty());
        let twice = [taint("gpu", "a", "NO_SCHEDULE"), taint("gpu", "b", "NO_SCHEDULE")];
        assert_eq!(pointers(&check_taints(&twice)), ["/taints/1"]);
        assert_eq!(
            pointers(&check_taints(&[taint("", "a b", "NoSchedule")])),
            ["/taints/0/key", "/taints/0/value", "/taints/0/effect"]
        );
        let many: Vec<_> = (0..=MAX_TAINTS).map(|index| taint(&format!("k{index}"), "", "NO_SCHEDULE")).collect();
        assert_eq!(pointers(&check_taints(&many)), ["/taints"]);
    }
}
