//! Secrets: listed without values; created, changed and deleted as SealedSecrets by pull request.

pub mod item;
pub mod list;
mod planners;
mod preflight;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use self::item::SecretItem;
use self::list::SecretList;
use self::planners::{Creation, Deletion, Edit};
use super::changes::answer::Written;
use super::changes::{ChangeRequest, Changes};
use super::lookup::Place;
use super::nodegroups::WriteOptions;
use super::sight::{Latest, Sight};
use crate::domain::change::{Action, ObjectKey, ObjectKind};
use crate::domain::error::{Failure, Violation};
use crate::domain::names::DataKey;
use crate::domain::ports::{SecretSealer, SecretStore, TemplateRenderer, VersionControl};
use crate::domain::secret::{Certificate, Scope, SecretEdit, SecretSpec, SecretSummary, SecretValues, rules};
use crate::domain::snapshot::{Observed, Snapshot};

/// What the settings allow of secrets.
#[derive(Debug, Clone)]
pub struct SecretPolicy {
    /// The scopes that may be asked for (`SEALED_SECRETS_SCOPES`).
    pub scopes: Vec<Scope>,
    /// The prefixes that labels and annotations may have (`SECRET_METADATA_PREFIXES`).
    pub metadata_prefixes: BTreeSet<String>,
}

/// The use cases of secrets.
pub struct Secrets {
    declared: Arc<dyn SecretStore>,
    observed: Option<Arc<dyn SecretStore>>,
    sealer: Arc<dyn SecretSealer>,
    vcs: Arc<dyn VersionControl>,
    templates: Arc<dyn TemplateRenderer>,
    changes: Arc<Changes>,
    policy: SecretPolicy,
    latest: Latest<SecretList>,
}

impl Secrets {
    /// Wires the use cases. `observed` is a cluster, where there is one.
    #[must_use]
    pub fn new(
        declared: Arc<dyn SecretStore>,
        observed: Option<Arc<dyn SecretStore>>,
        sealer: Arc<dyn SecretSealer>,
        vcs: Arc<dyn VersionControl>,
        templates: Arc<dyn TemplateRenderer>,
        changes: Arc<Changes>,
        policy: SecretPolicy,
    ) -> Self {
        Self { declared, observed, sealer, vcs, templates, changes, policy, latest: Latest::default() }
    }

    /// What the settings allow.
    #[must_use]
    pub fn policy(&self) -> &SecretPolicy {
        &self.policy
    }

    /// The certificate that secrets are sealed with now.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] while there is none.
    pub async fn certificate(&self) -> Result<Certificate, Failure> {
        Ok(self.sealer.certificate().await?)
    }

    /// Every secret that Git declares or the cluster has, joined: the same list until something changes.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] before the first complete read.
    pub async fn list(&self) -> Result<Arc<SecretList>, Failure> {
        let (declared, observed) = (self.declared.snapshot().await?, self.in_cluster().await?);
        let sight = Sight { declared, observed, pull_requests: self.changes.pull_requests().await? };
        let current = self.sealer.certificate().await.ok().map(|certificate| certificate.fingerprint);
        Ok(self.latest.or_kept(SecretList { sight, current }, SecretList::is_same))
    }

    /// One secret.
    ///
    /// # Errors
    /// As [`SecretList::get`].
    pub async fn get(&self, name: &str, at: &Place<'_>) -> Result<SecretItem, Failure> {
        self.list().await?.get(name, at)
    }

    /// What the cluster has under a key, joined with nothing; `None` without a cluster as well.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] before the first complete read.
    pub async fn observed(&self, key: &ObjectKey) -> Result<Option<Observed<SecretSummary>>, Failure> {
        Ok(self.in_cluster().await?.and_then(|snapshot| snapshot.items.get(key).cloned()))
    }

    async fn in_cluster(&self) -> Result<Option<Arc<Snapshot<SecretSummary>>>, Failure> {
        match &self.observed {
            Some(store) => Ok(Some(store.snapshot().await?)),
            None => Ok(None),
        }
    }

    /// The object that a path names, for a write: open changes count as well.
    ///
    /// # Errors
    /// As [`Secrets::get`], but with a namespace the object need not exist yet.
    pub async fn resolve(&self, name: &str, at: &Place<'_>) -> Result<ObjectKey, Failure> {
        self.list().await?.sight.resolve(ObjectKind::Secret, name, at)
    }

    /// What is wrong with a new secret.
    #[must_use]
    pub fn violations(&self, spec: &SecretSpec) -> Vec<Violation> {
        let mut wrong = rules::check(spec, &self.policy.metadata_prefixes);
        wrong.extend(self.tls_violations(&spec.kind, &spec.values));
        if !self.policy.scopes.contains(&spec.scope) {
            let allowed: Vec<&str> = self.policy.scopes.iter().map(|scope| scope.as_str()).collect();
            wrong.push(Violation::new("/scope", format!("must be one of {}", allowed.join(", "))));
        }
        wrong
    }

    /// What is wrong with the certificate and the key that are to be sealed into a TLS secret.
    fn tls_violations(&self, kind: &str, values: &SecretValues) -> Vec<Violation> {
        let (certificate, key) = rules::tls_pair(kind, values);
        self.sealer.check_tls(certificate, key).into_iter().map(rules::tls_violation).collect()
    }

    /// Asks for a new secret.
    ///
    /// # Errors
    /// As the contract lists them for POST.
    pub async fn create(&self, key: ObjectKey, spec: SecretSpec, options: &WriteOptions) -> Result<Written, Failure> {
        let wrong = self.violations(&spec);
        if !wrong.is_empty() {
            return Err(Failure::Invalid(wrong));
        }
        let told = json!({
            "type": spec.kind, "scope": spec.scope, "labels": spec.labels, "annotations": spec.annotations,
            "immutable": spec.immutable, "component": spec.component,
        });
        let request = self.request(key.clone(), Action::Create, options, &told, &spec.values);
        self.changes.write(&request, &Creation { secrets: self, key, spec }).await
    }

    /// Asks for a change of the values of a secret that Git declares.
    ///
    /// # Errors
    /// As the contract lists them for PUT.
    pub async fn update(&self, key: ObjectKey, edit: SecretEdit, options: &WriteOptions) -> Result<Written, Failure> {
        let rule = |index: usize, name: &DataKey| {
            if edit.set.contains_key(name) {
                Some("is set by the same request")
            } else {
                edit.remove[..index].contains(name).then_some("repeats another item")
            }
        };
        let removed = edit.remove.iter().enumerate();
        let wrong: Vec<Violation> = removed
            .filter_map(|(index, name)| Some(Violation::new(format!("/remove/{index}"), rule(index, name)?)))
            .chain(rules::check_size("/set", edit.set.values().map(|value| value.len() as u64).sum()))
            .collect();
        if !wrong.is_empty() {
            return Err(Failure::Invalid(wrong));
        }
        let told = json!({ "remove": edit.remove, "component": edit.component.as_ref().map(|name| json!([name])) });
        let request = self.request(key.clone(), Action::Update, options, &told, &edit.set);
        let planner = Edit { secrets: self, key, wanted: edit, revision: options.revision.as_deref() };
        self.changes.write(&request, &planner).await
    }

    /// Asks for the deletion of a secret that Git declares.
    ///
    /// # Errors
    /// As the contract lists them for DELETE.
    pub async fn delete(&self, key: ObjectKey, options: &WriteOptions) -> Result<Written, Failure> {
        let request = self.request(key.clone(), Action::Delete, options, &json!(null), &SecretValues::new());
        let planner = Deletion { secrets: self, key, revision: options.revision.as_deref() };
        self.changes.write(&request, &planner).await
    }

    /// The request's identity: what may be told as JSON, then each key and value, straight into the keyed hash.
    fn request(
        &self,
        key: ObjectKey,
        action: Action,
        options: &WriteOptions,
        told: &serde_json::Value,
        values: &SecretValues,
    ) -> ChangeRequest {
        let told = told.to_string();
        let pairs = values.iter().flat_map(|(name, value)| [name.as_str().as_bytes(), value.expose()]);
        let parts = std::iter::once(told.as_bytes()).chain(pairs);
        let hash = self.changes.request_key().hash(&options.actor, action, &key, parts);
        ChangeRequest { key, action, actor: options.actor.clone(), hash, dry_run: options.dry_run }
    }
}

#[cfg(test)]
mod tests;
