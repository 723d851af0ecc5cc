//! Both stores of a kind and the pull requests at one moment: what lists and look-ups of its objects are made from.

use std::cmp::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::changes::open_keys;
use super::lookup::{self, Place};
use crate::domain::change::{ObjectKey, ObjectKind, PullRequest};
use crate::domain::error::Failure;
use crate::domain::snapshot::{Observed, Snapshot, SourceInfo};

/// All that is known of the objects of a kind. Nothing in it ever changes.
pub struct Sight<T> {
    /// What Git declares.
    pub declared: Arc<Snapshot<T>>,
    /// What the cluster has; `None` without a cluster.
    pub observed: Option<Arc<Snapshot<T>>>,
    /// The changes that this service opened.
    pub pull_requests: Arc<Snapshot<PullRequest, u64>>,
}

impl<T> Sight<T> {
    /// Where it comes from: the cluster, where there is one.
    pub fn source(&self) -> &SourceInfo {
        &self.observed.as_ref().unwrap_or(&self.declared).source
    }

    /// Every object that Git declares or the cluster has, in order.
    pub fn keys(&self) -> impl Iterator<Item = &ObjectKey> + Clone {
        let mut declared = self.declared.items.keys().peekable();
        let mut observed = self.observed.iter().flat_map(keys_of).peekable();
        std::iter::from_fn(move || {
            let (Some(one), Some(other)) = (declared.peek(), observed.peek()) else {
                return declared.next().or_else(|| observed.next());
            };
            match one.cmp(other) {
                Ordering::Less => declared.next(),
                Ordering::Greater => observed.next(),
                Ordering::Equal => observed.next().and(declared.next()),
            }
        })
    }

    /// An object as Git declares it.
    pub fn declared(&self, key: &ObjectKey) -> Option<&Observed<T>> {
        self.declared.items.get(key)
    }

    /// An object as the cluster has it.
    pub fn observed(&self, key: &ObjectKey) -> Option<&Observed<T>> {
        self.observed.as_ref()?.items.get(key)
    }

    /// Whether the cluster is looked at where an object would be; so too when there is no cluster.
    pub fn covers(&self, key: &ObjectKey) -> bool {
        self.observed.as_ref().is_none_or(|snapshot| snapshot.source.covers(&key.namespace))
    }

    /// The object that a path names.
    ///
    /// # Errors
    /// [`Failure::NotFound`] with near names, [`Failure::Conflict`] when several namespaces have the name.
    pub fn find(&self, kind: ObjectKind, name: &str, at: &Place<'_>) -> Result<ObjectKey, Failure> {
        let keys = self.keys().filter(|key| at.reach.reads(&key.namespace));
        let key = lookup::resolve(kind, name, at.namespace, keys.clone())?;
        let seen = at.reach.reads(&key.namespace);
        if seen && (self.declared(&key).is_some() || self.observed(&key).is_some()) {
            return Ok(key);
        }
        Err(lookup::not_found(kind, name, at.namespace, keys))
    }

    /// The object that a path names, for a write: open changes count as well.
    ///
    /// # Errors
    /// As [`Sight::find`], but with a namespace the object need not exist yet.
    pub fn resolve(&self, kind: ObjectKind, name: &str, at: &Place<'_>) -> Result<ObjectKey, Failure> {
        let keys = self.keys().chain(open_keys(&self.pull_requests));
        lookup::resolve(kind, name, at.namespace, keys.filter(|key| at.reach.reads(&key.namespace)))
    }

    /// Whether it is of the same snapshots as another.
    pub fn is_same(&self, other: &Self) -> bool {
        let observed = match (&self.observed, &other.observed) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        observed
            && Arc::ptr_eq(&self.declared, &other.declared)
            && Arc::ptr_eq(&self.pull_requests, &other.pull_requests)
    }
}

/// A function, so that iterators made with it can be cloned.
fn keys_of<T>(snapshot: &Arc<Snapshot<T>>) -> impl Iterator<Item = &ObjectKey> + Clone {
    snapshot.items.keys()
}

/// The last list, kept while it is still what would be made: so that two requests with nothing new between them get the same.
pub struct Latest<L>(Mutex<Option<Arc<L>>>);

impl<L> Default for Latest<L> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<L> Latest<L> {
    /// The kept list if it is the `same` as this one, else this one, which is kept from now on.
    pub fn or_kept(&self, list: L, same: impl FnOnce(&L, &L) -> bool) -> Arc<L> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| same(kept, &list)) {
            return Arc::clone(kept);
        }
        let list = Arc::new(list);
        *kept = Some(Arc::clone(&list));
        list
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::application::doubles::{here, secret_key};
    use crate::domain::snapshot::{Revision, SourceKind};

    fn snapshot(names: &[&str]) -> Arc<Snapshot<()>> {
        let items = names.iter().map(|name| (secret_key(name), Observed::Valid(Arc::new(()))));
        Arc::new(Snapshot { revision: Revision(String::new()), source: here(SourceKind::Git), items: items.collect() })
    }

    fn sight(declared: &Arc<Snapshot<()>>, observed: Option<&Arc<Snapshot<()>>>) -> Sight<()> {
        let (revision, source) = (Revision(String::new()), here(SourceKind::Git));
        let pull_requests = Arc::new(Snapshot { revision, source, items: BTreeMap::new() });
        Sight { declared: Arc::clone(declared), observed: observed.cloned(), pull_requests }
    }

    #[test]
    fn the_keys_of_both_stores_come_in_order_and_each_once() {
        for (declared, observed, expected) in [
            (&["a", "c", "d"][..], &["b", "c", "e"][..], "abcde"),
            (&[], &["a", "b"], "ab"),
            (&["a", "b"], &[], "ab"),
            (&["a"], &["a"], "a"),
            (&[], &[], ""),
        ] {
            let sight = sight(&snapshot(declared), Some(&snapshot(observed)));
            assert_eq!(sight.keys().map(|key| key.name.as_str()).collect::<String>(), expected);
        }
    }

    #[test]
    fn a_list_is_kept_until_one_of_its_snapshots_is_another() {
        let (declared, observed) = (snapshot(&["a"]), snapshot(&["a"]));
        let first = sight(&declared, Some(&observed));
        let like_first = |declared: &Arc<Snapshot<()>>, observed: Option<&Arc<Snapshot<()>>>| Sight {
            pull_requests: Arc::clone(&first.pull_requests),
            ..sight(declared, observed)
        };
        assert!(first.is_same(&like_first(&declared, Some(&observed))));
        assert!(!first.is_same(&like_first(&snapshot(&["a"]), Some(&observed))));
        assert!(!first.is_same(&like_first(&declared, Some(&snapshot(&["a"])))));
        assert!(!first.is_same(&like_first(&declared, None)));
        assert!(!first.is_same(&sight(&declared, Some(&observed))), "other pull requests");

        let latest = Latest::default();
        let kept = latest.or_kept(1, |_, _| true);
        assert!(Arc::ptr_eq(&kept, &latest.or_kept(2, |_, _| true)));
        assert_eq!((*latest.or_kept(2, |_, _| false), *latest.or_kept(3, |_, _| true)), (2, 2));
    }
}
