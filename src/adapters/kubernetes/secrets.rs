//! The secrets that a cluster has, in memory: each Secret joined with the SealedSecret that asks for it.

mod join;

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;

use self::join::{Joined, joined};
use super::connector::{Connector, NamespaceScope};
use super::feed::{Feeds, Running};
use super::guarded::Guarded;
use super::kept::{Items, Kept};
use super::kinds::sealed_secret::SealedSecret;
use super::kinds::secret::Secret;
use super::report::{Report, Reported};
use crate::domain::change::ObjectKey;
use crate::domain::error::StoreError;
use crate::domain::ports::SecretStore;
use crate::domain::secret::SecretSummary;
use crate::domain::snapshot::{Observed, Snapshot};
use crate::domain::watch::Trouble;

/// SecretStore on reflectors. Without SealedSecrets' definition in the cluster, Secrets are all that there is.
pub struct KubeSecretStore {
    secrets: Feeds<Secret>,
    sealed: Feeds<Guarded<SealedSecret>>,
    kept: Kept<SecretSummary>,
    /// What was joined last, to be taken over where neither part changed.
    joined: Mutex<HashMap<ObjectKey, Joined>>,
}

impl KubeSecretStore {
    /// A store, and the watches that fill it, to be run.
    #[must_use]
    pub fn new(connector: &Arc<Connector>, scope: &NamespaceScope, stop: &CancellationToken) -> (Self, Vec<Running>) {
        let changes = Arc::new(AtomicU64::new(0));
        let (secrets, mut running) = Feeds::<Secret>::start(connector, scope, &changes, stop);
        let (sealed, more) = Feeds::<Guarded<SealedSecret>>::start(connector, scope, &changes, stop);
        running.extend(more);
        let watches = secrets.statuses().chain(sealed.statuses()).cloned().collect();
        let kept = Kept::new(connector, watches, changes);
        (Self { secrets, sealed, kept, joined: Mutex::default() }, running)
    }

    fn items(&self) -> Items<SecretSummary> {
        let mut sealed: HashMap<ObjectKey, Observed<SecretSummary>> = HashMap::new();
        if !self.sealed.are_absent() {
            sealed.extend(self.sealed.objects().map(|object| (object.key.clone(), object.object.clone())));
        }
        let mut items: Items<SecretSummary> = Items::new();
        let mut kept = self.joined.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *kept);
        for object in self.secrets.objects() {
            let Observed::Valid(secret) = &object.object else { continue };
            let item = match sealed.remove(&object.key) {
                None => Observed::Valid(Arc::clone(secret)),
                Some(asked) => {
                    let joined = joined(Some(secret), &asked, before.remove(&object.key));
                    let item = joined.item.clone();
                    kept.insert(object.key.clone(), joined);
                    item
                }
            };
            items.insert(object.key.clone(), item);
        }
        for (key, asked) in sealed {
            let joined = joined(None, &asked, before.remove(&key));
            items.insert(key.clone(), joined.item.clone());
            kept.insert(key, joined);
        }
        items
    }
}

impl Reported for KubeSecretStore {
    fn report(&self) -> Report<'_> {
        let optional = |trouble: &Trouble| *trouble != Trouble::KindAbsent;
        Report {
            settled: self.secrets.are_settled() && self.sealed.are_settled(),
            trouble: self.secrets.trouble().or_else(|| self.sealed.trouble().filter(optional)),
            source: self.kept.source(),
        }
    }
}

#[async_trait]
impl SecretStore for KubeSecretStore {
    async fn snapshot(&self) -> Result<Arc<Snapshot<SecretSummary>>, StoreError> {
        self.secrets.require()?;
        if !self.sealed.are_absent() {
            self.sealed.require()?;
        }
        Ok(self.kept.newest(|| self.items()))
    }
}
