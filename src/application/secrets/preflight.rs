//! What the cluster has that a merge of a secret will meet: told as warnings, as the cluster may change until then.

use crate::application::changes::answer::Warning;
use crate::domain::change::Action;
use crate::domain::secret::SecretSummary;
use crate::domain::snapshot::Observed;

/// The code of the warning that a Secret can't be changed.
pub(super) const IMMUTABLE: &str = "immutable";

/// Warns of what keeps the controller from unsealing into the cluster's Secret of the same name. `kind` is the type that the manifest
/// gives it.
pub(super) fn preflight(observed: Option<&Observed<SecretSummary>>, action: Action, kind: &str) -> Vec<Warning> {
    let (Some(Observed::Valid(there)), Action::Create | Action::Update) = (observed, action) else {
        return Vec::new();
    };
    let mut warnings = Vec::new();
    if !there.controllable {
        warnings.push(Warning::new(
            "not_managed",
            "",
            "the cluster has a Secret of this name that no SealedSecret owns: the controller leaves it alone until it is deleted \
             there, or annotated with sealedsecrets.bitnami.com/managed: \"true\"",
        ));
    } else if action == Action::Create {
        warnings.push(Warning::new(
            "exists_in_cluster",
            "",
            "the cluster has a secret of this name already, which Git doesn't declare; after the merge Git's takes its place",
        ));
    }
    if there.kind != kind {
        warnings.push(Warning::new(
            "type_change",
            if action == Action::Create { "/type" } else { "" },
            format!(
                "the cluster's Secret has the type {}, which can't change: delete it there, and the controller makes it anew",
                there.kind
            ),
        ));
    }
    if there.immutable {
        warnings.push(Warning::new(
            IMMUTABLE,
            "",
            "the cluster's Secret is immutable: delete it there, and the controller makes it anew",
        ));
    }
    warnings
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::snapshot::Invalid;

    fn told(there: SecretSummary, action: Action) -> Vec<(&'static str, String)> {
        let warnings = preflight(Some(&Observed::Valid(Arc::new(there))), action, "Opaque");
        warnings.into_iter().map(|warning| (warning.code, warning.pointer)).collect()
    }

    fn ours() -> SecretSummary {
        SecretSummary { kind: "Opaque".to_owned(), controllable: true, ..SecretSummary::default() }
    }

    fn codes(there: SecretSummary, action: Action) -> Vec<&'static str> {
        told(there, action).into_iter().map(|(code, _)| code).collect()
    }

    #[test]
    fn a_secret_that_the_controller_may_not_write_is_warned_of_in_every_change() {
        let foreign = SecretSummary { controllable: false, ..ours() };
        for action in [Action::Create, Action::Update] {
            assert_eq!(codes(foreign.clone(), action), ["not_managed"]);
        }
    }

    #[test]
    fn one_that_it_may_write_is_in_the_way_of_nothing_but_told_to_who_makes_it_anew() {
        assert_eq!(codes(ours(), Action::Update), Vec::<&str>::new());
        assert_eq!(codes(ours(), Action::Create), ["exists_in_cluster"]);
    }

    #[test]
    fn another_type_and_immutability_are_told() {
        let other = SecretSummary { kind: "kubernetes.io/tls".to_owned(), immutable: true, ..ours() };
        let expected = [("type_change", String::new()), ("immutable", String::new())];
        assert_eq!(told(other.clone(), Action::Update), expected);
        assert_eq!(told(other, Action::Create)[1], ("type_change", "/type".to_owned()));
    }

    #[test]
    fn nothing_is_told_where_nothing_is_known_or_the_secret_is_to_go() {
        let foreign = SecretSummary { controllable: false, ..ours() };
        assert_eq!(codes(foreign, Action::Delete), Vec::<&str>::new());
        assert_eq!(preflight(None, Action::Create, "Opaque"), []);
        let unread = Observed::Invalid(Box::new(Invalid { reason: String::new(), manifest: None }));
        assert_eq!(preflight(Some(&unread), Action::Create, "Opaque"), []);
    }
}
