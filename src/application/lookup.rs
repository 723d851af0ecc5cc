//! From a name in a path to the one object that is meant.

use std::collections::BTreeSet;

use crate::domain::access::Reach;
use crate::domain::change::{ObjectKey, ObjectKind};
use crate::domain::error::Failure;
use crate::domain::names::{Namespace, ObjectName};
use crate::domain::near::near;

/// Where an object is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The namespace, if one is given.
    pub namespace: Option<&'a Namespace>,
    /// What the caller may see: nothing else is found, named or counted.
    pub reach: &'a Reach,
}

#[cfg(test)]
impl<'a> Place<'a> {
    /// Wherever it is, for somebody who may see everything.
    pub fn anywhere() -> Self {
        Self::within(None)
    }

    /// In a namespace, for somebody who may see everything.
    pub fn within(namespace: Option<&'a Namespace>) -> Self {
        static EVERYTHING: Reach = Reach::everything();
        Self { namespace, reach: &EVERYTHING }
    }
}

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
    keys: impl Iterator<Item = &'a ObjectKey> + Clone,
) -> Result<ObjectKey, Failure> {
    if let (Some(namespace), Ok(name)) = (namespace, ObjectName::parse(name)) {
        return Ok(ObjectKey { kind, namespace: namespace.clone(), name });
    }
    // An object of the stores that has an open change as well is one.
    let matches = keys.clone().filter(|key| key.kind == kind && key.name.as_str() == name);
    let matches: BTreeSet<&ObjectKey> = matches.collect();
    match matches.first() {
        None => Err(not_found(kind, name, namespace, keys)),
        Some(&one) if matches.len() == 1 => Ok(one.clone()),
        Some(_) => Err(Failure::Conflict {
            message: format!("several namespaces have a {kind} of this name; add ?namespace="),
            pull_request: None,
            candidates: matches.into_iter().cloned().collect(),
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
    // A name that several namespaces have is suggested once.
    let known: BTreeSet<&str> = keys
        .filter(|key| key.kind == kind && namespace.is_none_or(|namespace| key.namespace == *namespace))
        .map(|key| key.name.as_str())
        .collect();
    let suggestions = near(name, known).into_iter().map(str::to_owned).collect();
    let place = namespace.map_or_else(String::new, |namespace| format!(" in namespace {namespace}"));
    Failure::NotFound { message: format!("no {kind} of this name{place}; GET /api/{kind}s lists them"), suggestions }
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
}
