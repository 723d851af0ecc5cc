//! The identity of a request: a keyed hash, so that a hash in Git lets nobody guess a secret's value.

use aws_lc_rs::hmac;

use crate::domain::change::{Action, ObjectKey, RequestHash};
use crate::domain::names::Actor;

/// The key that never enters Git; replicas share it.
pub struct RequestKey(hmac::Key);

impl RequestKey {
    /// Makes the key from random bytes, 32 or more.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The hash of a request by a subject; `parts` is the request in canonical form, part by part.
    pub fn hash<'a>(
        &self,
        actor: &Actor,
        action: Action,
        key: &ObjectKey,
        parts: impl IntoIterator<Item = &'a [u8]>,
    ) -> RequestHash {
        let mut context = hmac::Context::with_key(&self.0);
        let mut field = |bytes: &[u8]| {
            // Lengths first: no two lists of fields run together to the same bytes.
            context.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(bytes);
        };
        for text in [actor.as_str(), action.as_str(), key.kind.as_str(), key.namespace.as_str(), key.name.as_str()] {
            field(text.as_bytes());
        }
        parts.into_iter().for_each(field);
        RequestHash(hex::encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::ObjectKind;

    fn hash(key: &[u8], actor: &str, parts: &[&[u8]]) -> RequestHash {
        let object = ObjectKey::parse(ObjectKind::Secret, "team-a", "db").unwrap();
        RequestKey::new(key).hash(&Actor::parse(actor).unwrap(), Action::Create, &object, parts.iter().copied())
    }

    #[test]
    fn only_the_same_request_by_the_same_subject_under_the_same_key_has_the_same_hash() {
        let first = hash(b"key", "ann", &[b"ab", b"c"]);
        assert_eq!(first, hash(b"key", "ann", &[b"ab", b"c"]));
        assert_ne!(first, hash(b"key", "ann", &[b"a", b"bc"]), "fields don't run together");
        assert_ne!(first, hash(b"key", "bob", &[b"ab", b"c"]));
        assert_ne!(first, hash(b"other", "ann", &[b"ab", b"c"]));
    }
}
