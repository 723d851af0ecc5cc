//! Tries every template with samples at start, so that a mistake shows before the first request.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::engine::path_setting;
use super::load::{COMMIT, NODEGROUP, SEALED_SECRET};
use super::{TeraTemplates, samples};
use crate::domain::change::{ObjectKey, ObjectKind};
use crate::domain::error::TemplateError;
use crate::domain::ports::TemplateRenderer;

/// The trailers that version control appends: a template must not forge them.
const TRAILERS: [&str; 2] = ["request-hash:", "requested-by:"];

/// Every mistake that the samples find, each once.
pub(super) fn all(templates: &TeraTemplates) -> Vec<TemplateError> {
    let mut mistakes = BTreeSet::new();
    let mut note = |result: Result<(), TemplateError>| {
        if let Err(TemplateError(mistake)) = result {
            mistakes.insert(mistake);
        }
    };
    for draft in samples::nodegroups() {
        note(
            templates
                .nodegroup(&draft)
                .and_then(|yaml| manifest(NODEGROUP, &yaml, "eks.services.k8s.aws/v1alpha1", "Nodegroup", &draft.key)),
        );
    }
    for draft in samples::secrets() {
        note(
            templates
                .sealed_secret(&draft)
                .and_then(|yaml| manifest(SEALED_SECRET, &yaml, "bitnami.com/v1alpha1", "SealedSecret", &draft.key)),
        );
    }
    for change in samples::changes() {
        note(templates.text(&change).map(drop));
    }
    for mistake in paths(templates) {
        note(Err(mistake));
    }
    mistakes.into_iter().map(TemplateError).collect()
}

/// A commit message has a subject, an empty line, and no trailer of ours.
pub(super) fn commit_message(message: &str) -> Result<(), TemplateError> {
    let wrong = |what: &str| Err(TemplateError(format!("{COMMIT} {what}")));
    let mut lines = message.lines();
    if lines.next().is_none_or(str::is_empty) {
        return wrong("must give a message");
    }
    if lines.next().is_some_and(|second| !second.is_empty()) {
        return wrong("must have an empty second line, between the subject and the rest");
    }
    if message.chars().any(|character| character.is_control() && character != '\n') {
        return wrong("must not hold control characters");
    }
    let forged = |line: &str| TRAILERS.iter().any(|trailer| line.trim_start().to_lowercase().starts_with(trailer));
    if message.lines().any(forged) {
        return wrong("must not write the trailers Request-Hash and Requested-By; the service does");
    }
    Ok(())
}

/// One YAML document that is the object it claims to be.
fn manifest(template: &str, yaml: &str, api_version: &str, kind: &str, key: &ObjectKey) -> Result<(), TemplateError> {
    let wrong = |what: String| Err(TemplateError(format!("{template} {what}")));
    let documents: Vec<Value> = match serde_yaml::from_multiple(yaml) {
        Ok(documents) => documents,
        Err(error) => {
            let error = error.to_string();
            let first = error.lines().next().unwrap_or_default();
            return wrong(format!("gives no valid YAML for a sample: {first}"));
        }
    };
    let [document] = documents.as_slice() else {
        return wrong(format!("must give one YAML document, not {}", documents.len()));
    };
    for (pointer, expected) in [
        ("/apiVersion", api_version),
        ("/kind", kind),
        ("/metadata/name", key.name.as_str()),
        ("/metadata/namespace", key.namespace.as_str()),
    ] {
        if document.pointer(pointer).and_then(Value::as_str) != Some(expected) {
            return wrong(format!("must give {expected:?} at {pointer}"));
        }
    }
    Ok(())
}

/// Every key has a path of its own: two keys with one path would overwrite each other.
fn paths(templates: &TeraTemplates) -> Vec<TemplateError> {
    let mut taken = BTreeMap::new();
    [ObjectKind::Nodegroup, ObjectKind::Secret]
        .into_iter()
        .filter_map(|kind| paths_of(templates, kind, &mut taken).err())
        .collect()
}

fn paths_of(
    templates: &TeraTemplates,
    kind: ObjectKind,
    taken: &mut BTreeMap<String, ObjectKey>,
) -> Result<(), TemplateError> {
    let long = |length: usize, last: char| "n".repeat(length - 1) + &last.to_string();
    let longest = match kind {
        ObjectKind::Nodegroup => 63,
        ObjectKind::Secret => 248,
    };
    // The pairs are chosen so that a path which forgets a part, joins the parts without a separator that names can't hold,
    // or cuts them short, gives two of them the same.
    let names = [
        ("a", "b"),
        ("a", "c"),
        ("b", "a"),
        ("ab", "c"),
        ("a", "bc"),
        ("a-b", "c"),
        ("a", "b-c"),
        ("a", &long(longest, 'x')),
        ("a", &long(longest, 'y')),
        (&long(63, 'x'), "a"),
        (&long(63, 'y'), "a"),
    ];
    let cluster = (kind == ObjectKind::Nodegroup).then(samples::cluster);
    for (namespace, name) in names {
        let key = samples::key(kind, namespace, name);
        let path = templates.path(&key, cluster.as_ref())?;
        let Some(other) = taken.insert(path.as_str().to_owned(), key.clone()) else { continue };
        return Err(TemplateError(if other.kind == kind {
            format!(
                "{} gives {other} and {key} the same path; it needs {{{{ namespace }}}} and {{{{ name }}}}, with '/' between",
                path_setting(kind)
            )
        } else {
            "GITOPS_NODEGROUP_PATH and GITOPS_SECRET_PATH give a nodegroup and a secret the same path; \
             use two folders or {{ kind }}"
                .to_owned()
        }));
    }
    Ok(())
}
