//! Secrets: listed without values; created, changed and deleted as SealedSecrets by pull request.

mod planners;
pub mod preflight;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use self::planners::{Creation, Deletion, Edit};
use super::changes::answer::Written;
use super::changes::{ChangeRequest, Changes, open_by_key, open_keys};
use super::lookup;
use super::nodegroups::WriteOptions;
use crate::domain::change::{Action, ObjectKey, ObjectKind, PullRequest};
use crate::domain::error::{Failure, Violation};
use crate::domain::names::{DataKey, Namespace};
use crate::domain::ports::{SecretSealer, SecretStore, TemplateRenderer, VersionControl};
use crate::domain::secret::{Certificate, Scope, SecretEdit, SecretSpec, SecretSummary, SecretValues, rules};
use crate::domain::snapshot::{ManifestRef, Observed, SourceInfo};

/// A secret as it is listed.
#[derive(Debug, Clone)]
pub struct SecretItem {
    /// Its identity.
    pub key: ObjectKey,
    /// What may be shown; empty when it can't be read.
    pub summary: SecretSummary,
    /// Whether Git has its manifest.
    pub managed: bool,
    /// Its manifest.
    pub manifest: Option<ManifestRef>,
    /// Whether it was sealed with another certificate than the current one; `None` when that isn't known.
    pub stale_seal: Option<bool>,
    /// The open pull request that changes it.
    pub pull_request: Option<PullRequest>,
}

impl SecretItem {
    fn of(
        key: &ObjectKey,
        observed: &Observed<SecretSummary>,
        current: Option<&str>,
        pull_request: Option<PullRequest>,
    ) -> Self {
        let (summary, manifest) = match observed {
            Observed::Valid(summary) => ((**summary).clone(), summary.manifest.clone()),
            Observed::Invalid(invalid) => {
                let message = Some(invalid.reason.clone());
                (SecretSummary { sealed: true, message, ..SecretSummary::default() }, invalid.manifest.clone())
            }
        };
        let sealed_with = summary.certificate_fingerprint.as_deref();
        let stale_seal = sealed_with.zip(current).map(|(sealed_with, current)| sealed_with != current);
        Self { key: key.clone(), summary, managed: true, manifest, stale_seal, pull_request }
    }
}

/// All secrets at one moment.
pub struct SecretList {
    /// The secrets by namespace and name.
    pub items: Vec<SecretItem>,
    /// Where they come from.
    pub source: SourceInfo,
}

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
    sealer: Arc<dyn SecretSealer>,
    vcs: Arc<dyn VersionControl>,
    templates: Arc<dyn TemplateRenderer>,
    changes: Arc<Changes>,
    policy: SecretPolicy,
}

impl Secrets {
    /// Wires the use cases.
    #[must_use]
    pub fn new(
        declared: Arc<dyn SecretStore>,
        sealer: Arc<dyn SecretSealer>,
        vcs: Arc<dyn VersionControl>,
        templates: Arc<dyn TemplateRenderer>,
        changes: Arc<Changes>,
        policy: SecretPolicy,
    ) -> Self {
        Self { declared, sealer, vcs, templates, changes, policy }
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

    /// Every secret that Git declares.
    ///
    /// # Errors
    /// [`Failure::Unavailable`] before the first complete read.
    pub async fn list(&self) -> Result<SecretList, Failure> {
        let declared = self.declared.snapshot().await?;
        let pull_requests = self.changes.pull_requests().await?;
        let open = open_by_key(&pull_requests);
        let current = self.current_fingerprint().await;
        let items = declared
            .items
            .iter()
            .map(|(key, observed)| SecretItem::of(key, observed, current.as_deref(), open.get(key).copied().cloned()));
        Ok(SecretList { items: items.collect(), source: declared.source.clone() })
    }

    /// One secret.
    ///
    /// # Errors
    /// [`Failure::NotFound`] with near names, [`Failure::Conflict`] when several namespaces have the name.
    pub async fn get(&self, name: &str, namespace: Option<&Namespace>) -> Result<SecretItem, Failure> {
        let declared = self.declared.snapshot().await?;
        let key = lookup::resolve(ObjectKind::Secret, name, namespace, declared.items.keys())?;
        let Some(observed) = declared.items.get(&key) else {
            return Err(lookup::not_found(ObjectKind::Secret, name, namespace, declared.items.keys()));
        };
        let open = self.changes.open_change(&key).await?;
        Ok(SecretItem::of(&key, observed, self.current_fingerprint().await.as_deref(), open))
    }

    /// Which certificate values would be sealed with now; `None` while there is none.
    async fn current_fingerprint(&self) -> Option<String> {
        self.sealer.certificate().await.ok().map(|certificate| certificate.fingerprint)
    }

    /// The object that a path names, for a write: open changes count as well.
    ///
    /// # Errors
    /// As [`Secrets::get`], but with a namespace the object need not exist yet.
    pub async fn resolve(&self, name: &str, namespace: Option<&Namespace>) -> Result<ObjectKey, Failure> {
        let declared = self.declared.snapshot().await?;
        let pull_requests = self.changes.pull_requests().await?;
        let keys = declared.items.keys().chain(open_keys(&pull_requests));
        lookup::resolve(ObjectKind::Secret, name, namespace, keys)
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
