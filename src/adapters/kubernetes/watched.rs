//! What the reflector's store keeps of an object: its key and the domain's view of it, and nothing else.

use std::borrow::Cow;
use std::fmt;

use kube::runtime::reflector::Lookup;

use super::watchable::Watchable;
use crate::domain::change::ObjectKey;
use crate::domain::snapshot::Observed;

/// An object in the store.
pub struct Watched<W: Watchable> {
    /// Its identity.
    pub key: ObjectKey,
    /// What is kept of it.
    pub object: Observed<W::Seen>,
}

impl<W: Watchable> Watched<W> {
    /// What is kept of an object; `None` when its name isn't one, which the server rules out.
    pub fn of(object: W) -> Option<Self> {
        let metadata = object.meta();
        let key = ObjectKey::parse(W::KIND, metadata.namespace.as_deref()?, metadata.name.as_deref()?).ok()?;
        Some(Self { key, object: object.observed() })
    }

    /// Whether it can't be decoded.
    pub fn is_undecodable(&self) -> bool {
        matches!(self.object, Observed::Invalid(_))
    }
}

// Written out, as a derived one would ask the same of `W`.
impl<W: Watchable> Clone for Watched<W> {
    fn clone(&self) -> Self {
        let object = match &self.object {
            Observed::Valid(object) => Observed::Valid(object.clone()),
            Observed::Invalid(invalid) => Observed::Invalid(invalid.clone()),
        };
        Self { key: self.key.clone(), object }
    }
}

impl<W: Watchable> fmt::Debug for Watched<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.key)
    }
}

impl<W: Watchable> Lookup for Watched<W> {
    type DynamicType = ();

    fn kind((): &()) -> Cow<'_, str> {
        W::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        W::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        W::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        W::plural(&())
    }

    fn name(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.key.name.as_str()))
    }

    fn namespace(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.key.namespace.as_str()))
    }

    fn resource_version(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn uid(&self) -> Option<Cow<'_, str>> {
        None
    }
}
