//! From a name in a path to the one object that is meant.

use std::collections::BTreeSet;

use crate::domain::change::{ObjectKey, ObjectKind};
use crate::domain::error::Failure;
use crate::domain::names::{Namespace, ObjectName};

/// How many near names an answer lists.
const NEAR: usize = 5;

/// The one object of a name: in the namespace if one is given, else the only match.
///
/// With a namespace the object need not exist: the caller may have more to say of it than "not found".
///
/// # Errors
/// [`Failure::Conflict`] with the candidates when several namespaces have the name, [`Failure::NotFound`] with near names.
pub fn resolve<'a>(
    kind: ObjectKind,
    name: &str,
    namespace: Option<&Namespace>,
    keys: impl Iterator<Item = &'a ObjectKey>,
) -> Result<ObjectKey, Failure> {
    let keys: BTreeSet<&ObjectKey> = keys.filter(|key| key.kind == kind).collect();
    if let (Some(namespace), Ok(name)) = (namespace, ObjectName::parse(name)) {
        return Ok(ObjectKey { kind, namespace: namespace.clone(), name });
    }
    let matches: Vec<&ObjectKey> = keys.iter().copied().filter(|key| key.name.as_str() == name).collect();
    match matches.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(not_found(kind, name, namespace, keys.into_iter())),
        several => Err(Failure::Conflict {
            message: format!("several namespaces have a {kind} of this name; add ?namespace="),
            pull_request: None,
            candidates: several.iter().copied().cloned().collect(),
        }),
    }
}

/// "Not found", with the names that are near.
pub fn not_found<'a>(
    kind: ObjectKind,
    name: &str,
    namespace: Option<&Namespace>,
    keys: impl Iterator<Item = &'a ObjectKey>,
) -> Failure {
    let mut near: Vec<(usize, &str)> = keys
        .filter(|key| key.kind == kind && namespace.is_none_or(|namespace| key.namespace == *namespace))
        .map(|key| (distance(name, key.name.as_str()), key.name.as_str()))
        .filter(|(distance, other)| *distance <= 1 + other.len() / 4)
        .collect();
    near.sort_unstable();
    near.dedup();
    let suggestions = near.into_iter().take(NEAR).map(|(_, name)| name.to_owned()).collect();
    let place = namespace.map_or_else(String::new, |namespace| format!(" in namespace {namespace}"));
    Failure::NotFound { message: format!("no {kind} of this name{place}; GET /api/{kind}s lists them"), suggestions }
}

/// Levenshtein distance, of the first 64 bytes.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (&a.as_bytes()[..a.len().min(64)], &b.as_bytes()[..b.len().min(64)]);
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(namespace: &str, name: &str) -> ObjectKey {
        ObjectKey::parse(ObjectKind::Nodegroup, namespace, name).unwrap()
    }

    #[test]
    fn the_only_match_is_taken_and_several_are_listed() {
        let keys = [key("team-a", "workers"), key("team-b", "workers"), key("team-b", "batch")];
        let find = |name, namespace| resolve(ObjectKind::Nodegroup, name, namespace, keys.iter());
        assert_eq!(find("batch", None).unwrap(), keys[2]);
        assert!(matches!(find("workers", None), Err(Failure::Conflict { candidates, .. }) if candidates.len() == 2));
        assert_eq!(find("workers", Some(&keys[1].namespace)).unwrap(), keys[1]);
        assert!(
            matches!(find("worker", None), Err(Failure::NotFound { suggestions, .. }) if suggestions == ["workers"])
        );
        assert!(
            matches!(find("nothing-like-it", None), Err(Failure::NotFound { suggestions, .. }) if suggestions.is_empty())
        );
    }

    #[test]
    fn the_distance_counts_edits() {
        for (a, b, edits) in [("", "", 0), ("a", "", 1), ("workers", "worker", 1), ("kitten", "sitting", 3)] {
            assert_eq!(distance(a, b), edits);
        }
    }
}
