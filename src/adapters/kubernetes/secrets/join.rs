//! A Secret and the SealedSecret that asks for it, as one.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::secret::{KeySummary, SecretSummary};
use crate::domain::snapshot::Observed;

/// What came of a Secret and a SealedSecret.
pub struct Joined {
    secret: Option<Arc<SecretSummary>>,
    sealed: Observed<SecretSummary>,
    /// The one that they are together.
    pub item: Observed<SecretSummary>,
}

/// Joins the two; takes over what was joined before when neither changed.
pub fn joined(secret: Option<&Arc<SecretSummary>>, sealed: &Observed<SecretSummary>, before: Option<Joined>) -> Joined {
    if let Some(before) =
        before.filter(|before| same(before.secret.as_ref(), secret) && unchanged(&before.sealed, sealed))
    {
        return before;
    }
    let item = match sealed {
        Observed::Valid(sealed) => Observed::Valid(Arc::new(join(secret.map(Arc::as_ref), sealed))),
        Observed::Invalid(invalid) => Observed::Invalid(invalid.clone()),
    };
    Joined { secret: secret.cloned(), sealed: sealed.clone(), item }
}

fn same(before: Option<&Arc<SecretSummary>>, now: Option<&Arc<SecretSummary>>) -> bool {
    match (before, now) {
        (Some(before), Some(now)) => Arc::ptr_eq(before, now),
        (before, now) => before.is_none() && now.is_none(),
    }
}

fn unchanged(before: &Observed<SecretSummary>, now: &Observed<SecretSummary>) -> bool {
    match (before, now) {
        (Observed::Valid(before), Observed::Valid(now)) => Arc::ptr_eq(before, now),
        (Observed::Invalid(before), Observed::Invalid(now)) => before.reason == now.reason,
        _ => false,
    }
}

/// What the SealedSecret asks for, with what the Secret has.
fn join(secret: Option<&SecretSummary>, sealed: &SecretSummary) -> SecretSummary {
    let Some(secret) = secret else {
        let keys = sealed.keys.iter().map(|key| KeySummary { state: "missing", ..key.clone() }).collect();
        // Unsealed once, maybe, but it isn't there.
        return SecretSummary { keys, synced: Some(false), controllable: true, ..sealed.clone() };
    };
    SecretSummary {
        keys: keys(secret, sealed),
        kind: secret.kind.clone(),
        immutable: secret.immutable,
        labels: secret.labels.clone(),
        component: secret.component.clone(),
        created_at: secret.created_at,
        controllable: secret.controllable,
        deleting: secret.deleting || sealed.deleting,
        ..sealed.clone()
    }
}

fn keys(secret: &SecretSummary, sealed: &SecretSummary) -> Vec<KeySummary> {
    let mut keys: BTreeMap<&str, KeySummary> =
        sealed.keys.iter().map(|key| (key.name.as_str(), KeySummary { state: "missing", ..key.clone() })).collect();
    for key in &secret.keys {
        let state = if keys.contains_key(key.name.as_str()) { "ok" } else { "extra" };
        keys.insert(&key.name, KeySummary { state, ..key.clone() });
    }
    keys.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(keys: &[(&str, u64)]) -> Arc<SecretSummary> {
        let key =
            |(name, bytes): &(&str, u64)| KeySummary { name: (*name).to_owned(), bytes: Some(*bytes), state: "ok" };
        Arc::new(SecretSummary {
            kind: "Opaque".to_owned(),
            keys: keys.iter().map(key).collect(),
            ..SecretSummary::default()
        })
    }

    fn sealed(keys: &[(&str, u64)]) -> Observed<SecretSummary> {
        let summary = Arc::unwrap_or_clone(summary(keys));
        Observed::Valid(Arc::new(SecretSummary { sealed: true, synced: Some(true), ..summary }))
    }

    fn states(joined: &Joined) -> Vec<(&str, &str, Option<u64>)> {
        let Observed::Valid(item) = &joined.item else { panic!("not valid") };
        item.keys.iter().map(|key| (key.name.as_str(), key.state, key.bytes)).collect()
    }

    #[test]
    fn keys_are_there_missing_or_extra_and_the_secrets_own_length_counts() {
        let both = joined(Some(&summary(&[("a", 1), ("c", 3)])), &sealed(&[("a", 9), ("b", 2)]), None);
        assert_eq!(states(&both), [("a", "ok", Some(1)), ("b", "missing", Some(2)), ("c", "extra", Some(3))]);
    }

    #[test]
    fn without_a_secret_nothing_is_synced_whatever_the_controller_said() {
        let alone = joined(None, &sealed(&[("a", 1)]), None);
        let Observed::Valid(item) = &alone.item else { panic!("not valid") };
        assert_eq!((item.synced, item.sealed, item.controllable), (Some(false), true, true));
        assert_eq!(states(&alone), [("a", "missing", Some(1))]);
    }

    #[test]
    fn whether_the_controller_may_write_the_secret_is_the_secrets_to_say() {
        for controllable in [true, false] {
            let secret = Arc::new(SecretSummary { controllable, ..(*summary(&[("a", 1)])).clone() });
            let both = joined(Some(&secret), &sealed(&[("a", 1)]), None);
            let Observed::Valid(item) = &both.item else { panic!("not valid") };
            assert_eq!(item.controllable, controllable);
        }
    }

    #[test]
    fn it_is_being_deleted_when_either_is() {
        for (secret, asked) in [(true, false), (false, true), (false, false)] {
            let going = |summary: &SecretSummary, deleting| SecretSummary { deleting, ..summary.clone() };
            let Observed::Valid(both) = sealed(&[("a", 1)]) else { panic!("not valid") };
            let both = Observed::Valid(Arc::new(going(&both, asked)));
            let joined = joined(Some(&Arc::new(going(&summary(&[("a", 1)]), secret))), &both, None);
            let Observed::Valid(item) = &joined.item else { panic!("not valid") };
            assert_eq!(item.deleting, secret || asked);
        }
    }

    #[test]
    fn what_didnt_change_is_taken_over() {
        let (secret, asked) = (summary(&[("a", 1)]), sealed(&[("a", 1)]));
        let shown = |joined: &Joined| match &joined.item {
            Observed::Valid(item) => Arc::clone(item),
            Observed::Invalid(invalid) => panic!("{invalid:?}"),
        };
        let first = joined(Some(&secret), &asked, None);
        let first_item = shown(&first);
        let second = joined(Some(&secret), &asked, Some(first));
        assert!(Arc::ptr_eq(&first_item, &shown(&second)));
        let third = joined(Some(&summary(&[("a", 2)])), &asked, Some(second));
        assert_eq!(states(&third), [("a", "ok", Some(2))]);
        let gone = joined(None, &asked, Some(third));
        assert_eq!(states(&gone), [("a", "missing", Some(1))]);
    }
}
