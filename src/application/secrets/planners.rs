//! What a secret's creation, change and deletion do to the repository.

use async_trait::async_trait;
use tracing::Instrument;

use super::Secrets;
use super::preflight::{IMMUTABLE, preflight};
use crate::application::changes::answer::Warning;
use crate::application::changes::plan::{Plan, Planned, PlannedFile, Planner};
use crate::application::declared::{self, Manifest};
use crate::application::lookup;
use crate::domain::change::{Action, CommitId, ObjectKey, ObjectKind};
use crate::domain::error::{Failure, Violation};
use crate::domain::manifest;
use crate::domain::names::{DataKey, LabelValue};
use crate::domain::nodegroup::COMPONENT_LABEL;
use crate::domain::secret::{
    Scope, SealScope, Sealed, SealedSecretDraft, SecretEdit, SecretSpec, SecretSummary, SecretValues, rules,
};
use crate::domain::snapshot::Observed;
use crate::domain::text::SecretText;
use crate::traced::step;

/// A secret that is to appear.
pub(super) struct Creation<'a> {
    pub(super) secrets: &'a Secrets,
    pub(super) key: ObjectKey,
    pub(super) spec: SecretSpec,
}

#[async_trait]
impl Planner for Creation<'_> {
    async fn plan(&self) -> Result<Planned, Failure> {
        let snapshot = self.secrets.declared.snapshot().await?;
        if snapshot.items.contains_key(&self.key) {
            return Err(Failure::conflict(
                "Git already has a secret of this name; change its keys with PUT, or choose another name",
            ));
        }
        let base = CommitId(snapshot.revision.0.clone());
        let path = self.secrets.templates.path(&self.key, None)?;
        declared::require_free(&*self.secrets.vcs, &base, &path).await?;
        let draft = self.draft().await?;
        let text = self.secrets.templates.sealed_secret(&draft)?;
        manifest::sealed_secret::verify(&text, &draft).map_err(|error| {
            Failure::Defect(format!("the template sealed-secret.yaml renders a wrong manifest: {error}"))
        })?;
        let shown = text_of(&self.spec.kind, self.spec.scope, self.spec.values.keys(), &[]);
        let file = PlannedFile::created(path, text);
        let mut warnings = scope_warning(self.spec.scope);
        warnings.extend(in_the_way(self.secrets, &self.key, Action::Create, &self.spec.kind).await);
        Ok(Planned::Change(Box::new(plan(base, file, shown, warnings))))
    }
}

impl Creation<'_> {
    async fn draft(&self) -> Result<SealedSecretDraft, Failure> {
        let spec = &self.spec;
        let mut labels = spec.labels.clone();
        labels.extend(spec.component.as_ref().map(|name| (COMPONENT_LABEL.to_owned(), name.to_string())));
        Ok(SealedSecretDraft {
            key: self.key.clone(),
            kind: spec.kind.clone(),
            scope: spec.scope,
            sealed: seal(self.secrets, &self.key, spec.scope, &spec.values).await?,
            labels,
            annotations: spec.annotations.clone(),
            immutable: spec.immutable,
        })
    }
}

/// A secret whose keys are to change.
pub(super) struct Edit<'a> {
    pub(super) secrets: &'a Secrets,
    pub(super) key: ObjectKey,
    pub(super) wanted: SecretEdit,
    pub(super) revision: Option<&'a str>,
}

#[async_trait]
impl Planner for Edit<'_> {
    async fn check(&self) -> Result<(), Failure> {
        match self.secrets.declared.snapshot().await?.items.get(&self.key) {
            Some(Observed::Valid(before)) if before.sealed => self.fits(before),
            _ => Ok(()),
        }
    }

    async fn plan(&self) -> Result<Planned, Failure> {
        let (manifest, before) = current(self.secrets, &self.key, self.revision).await?;
        self.fits(&before)?;
        let mut document = manifest.document.clone();
        if let Some(component) = &self.wanted.component {
            let name = component.as_ref().map(LabelValue::as_str);
            manifest::sealed_secret::set_component(&mut document, name).map_err(declared::unreadable)?;
        }
        let scope = before.scope.unwrap_or(Scope::Strict);
        let sealed = if self.wanted.set.is_empty() {
            Sealed { encrypted: std::collections::BTreeMap::new(), fingerprint: String::new() }
        } else {
            seal(self.secrets, &self.key, scope, &self.wanted.set).await?
        };
        manifest::sealed_secret::edit(&mut document, &sealed, &self.wanted.remove).map_err(declared::unreadable)?;
        if document == manifest.document {
            return Ok(Planned::Unchanged(Vec::new()));
        }
        let mut warnings = scope_warning(scope);
        warnings.extend(in_the_way(self.secrets, &self.key, Action::Update, &before.kind).await);
        if document.pointer("/spec/encryptedData") == manifest.document.pointer("/spec/encryptedData") {
            // Labels of an immutable Secret can change.
            warnings.retain(|warning| warning.code != IMMUTABLE);
        } else if before.immutable && warnings.iter().all(|warning| warning.code != IMMUTABLE) {
            let what = "the Secret is immutable: the controller can't change it until it is deleted from the cluster";
            warnings.push(Warning::new(IMMUTABLE, "", what));
        }
        warnings.extend(self.half_pair(&before));
        let file = manifest.edited(&document, &mut warnings).await?;
        let removed: Vec<&DataKey> =
            self.wanted.remove.iter().filter(|key| before.keys.iter().any(|had| had.name == key.as_str())).collect();
        let shown = text_of(&before.kind, scope, self.wanted.set.keys(), &removed);
        Ok(Planned::Change(Box::new(plan(manifest.base, file, shown, warnings))))
    }
}

impl Edit<'_> {
    fn fits(&self, before: &SecretSummary) -> Result<(), Failure> {
        let wrong = self.violations(before);
        if wrong.is_empty() { Ok(()) } else { Err(Failure::Invalid(wrong)) }
    }

    /// What the edit would break: the type's keys, the size, or that there is a key at all.
    fn violations(&self, before: &SecretSummary) -> Vec<Violation> {
        let kept = before.keys.iter().filter(|key| {
            let name = key.name.as_str();
            !self.wanted.remove.iter().chain(self.wanted.set.keys()).any(|other| other.as_str() == name)
        });
        let kept: Vec<_> = kept.collect();
        let names = kept.iter().map(|key| key.name.as_str()).chain(self.wanted.set.keys().map(DataKey::as_str));
        let names: Vec<&str> = names.collect();
        let (count, key_bytes) = (names.len() as u64, names.iter().map(|name| name.len() as u64).sum());
        let touched = !self.wanted.remove.is_empty() || !self.wanted.set.is_empty();
        if names.is_empty() && touched {
            return vec![Violation::new("/remove", "must leave at least one key; DELETE removes the secret")];
        }
        // What was wrong before isn't this request's fault, and nothing would be gained by refusing it.
        let before_keys = before.keys.iter().map(|key| key.name.as_str());
        let mut wrong = match rules::check_keys(&before.kind, before_keys).as_slice() {
            [] => rules::check_keys(&before.kind, names.into_iter()),
            _ => Vec::new(),
        };
        for violation in &mut wrong {
            violation.pointer = self.place_in_remove(&violation.pointer);
        }
        wrong.extend(
            rules::check_values(&before.kind, &self.wanted.set)
                .into_iter()
                .chain(self.secrets.tls_violations(&before.kind, &self.wanted.set))
                .map(|violation| Violation { pointer: format!("/set{}", violation.pointer), ..violation }),
        );
        let bytes: u64 = kept.iter().filter_map(|key| key.bytes).sum();
        let set: u64 = self.wanted.set.values().map(|value| value.len() as u64).sum();
        wrong.extend(rules::check_size("/set", bytes + set).filter(|_| set > 0));
        if !self.wanted.set.is_empty() {
            wrong.extend(rules::check_manifest_size("/set", count, key_bytes, bytes + set));
            wrong.extend(self.scope_violation(before));
        }
        wrong
    }

    /// New values are sealed as widely as the others: the settings must allow that.
    fn scope_violation(&self, before: &SecretSummary) -> Option<Violation> {
        let scope = before.scope.unwrap_or(Scope::Strict);
        let refused = !self.secrets.policy.scopes.contains(&scope);
        let detail = format!("the secret is sealed {}, which SEALED_SECRETS_SCOPES doesn't allow", scope.as_str());
        refused.then(|| Violation::new("/set", detail))
    }

    /// The other half is sealed already: nobody here can tell whether they belong together.
    fn half_pair(&self, before: &SecretSummary) -> Option<Warning> {
        let (half, set) = match rules::tls_pair(&before.kind, &self.wanted.set) {
            (Some(_), None) => ("tls.key", "tls.crt"),
            (None, Some(_)) => ("tls.crt", "tls.key"),
            _ => return None,
        };
        let message = format!("{set} is set without {half}: whether they belong together can't be checked");
        Some(Warning::new("unchecked_pair", "/set", message))
    }

    /// Where the request removes what a pointer into the data names.
    fn place_in_remove(&self, pointer: &str) -> String {
        let name = pointer.strip_prefix("/data/");
        let index = name.and_then(|name| self.wanted.remove.iter().position(|key| key.as_str() == name));
        index.map_or_else(|| "/remove".to_owned(), |index| format!("/remove/{index}"))
    }
}

/// A secret that is to go.
pub(super) struct Deletion<'a> {
    pub(super) secrets: &'a Secrets,
    pub(super) key: ObjectKey,
    pub(super) revision: Option<&'a str>,
}

#[async_trait]
impl Planner for Deletion<'_> {
    async fn plan(&self) -> Result<Planned, Failure> {
        let (manifest, before) = current(self.secrets, &self.key, self.revision).await?;
        let file = manifest.deleted();
        let shown = SecretText {
            kind: before.kind,
            scope: before.scope.unwrap_or(Scope::Strict).as_str().to_owned(),
            set: Vec::new(),
            removed: before.keys.into_iter().map(|key| key.name).collect(),
        };
        Ok(Planned::Change(Box::new(plan(manifest.base, file, shown, Vec::new()))))
    }
}

/// The manifest that Git has of a secret, and what may be shown of it.
async fn current(
    secrets: &Secrets,
    key: &ObjectKey,
    revision: Option<&str>,
) -> Result<(Manifest, SecretSummary), Failure> {
    let snapshot = secrets.declared.snapshot().await?;
    let place = match snapshot.items.get(key) {
        // Not even deleted: the pull request and the dry run would show its values.
        Some(Observed::Valid(summary)) if !summary.sealed => {
            return Err(Failure::conflict(
                "the secret isn't sealed in Git; take its manifest out there, change its values, and create it anew",
            ));
        }
        Some(Observed::Valid(summary)) => summary.manifest.as_ref(),
        Some(Observed::Invalid(invalid)) => return Err(declared::invalid(&invalid.reason)),
        None if secrets.observed(key).await?.is_some() => {
            return Err(Failure::conflict(
                "only the cluster has this secret; POST it with its values first, so that Git declares it",
            ));
        }
        None => {
            let keys = snapshot.items.keys();
            return Err(lookup::not_found(ObjectKind::Secret, key.name.as_str(), Some(&key.namespace), keys));
        }
    };
    let base = CommitId(snapshot.revision.0.clone());
    let manifest = declared::fetch(&*secrets.vcs, base, place, revision).await?;
    let summary = manifest::sealed_secret::read(&manifest.document).map_err(declared::unreadable)?;
    Ok((manifest, summary))
}

/// What the cluster has in the way. It only warns, so that a cluster that can't be read now stops nobody.
async fn in_the_way(secrets: &Secrets, key: &ObjectKey, action: Action, kind: &str) -> Vec<Warning> {
    let there = secrets.observed(key).await.ok().flatten();
    preflight(there.as_ref(), action, kind)
}

async fn seal(secrets: &Secrets, key: &ObjectKey, scope: Scope, values: &SecretValues) -> Result<Sealed, Failure> {
    let scope = SealScope { scope, namespace: key.namespace.clone(), name: key.name.clone() };
    Ok(secrets.sealer.seal(&scope, values.clone()).instrument(step("seal")).await?)
}

fn plan(base: CommitId, file: PlannedFile, shown: SecretText, warnings: Vec<Warning>) -> Plan {
    Plan {
        base,
        cluster: None,
        files: vec![file],
        nodegroup: None,
        secret: Some(shown),
        cost_before: None,
        cost_after: None,
        warnings,
    }
}

fn text_of<'a>(kind: &str, scope: Scope, set: impl Iterator<Item = &'a DataKey>, removed: &[&DataKey]) -> SecretText {
    SecretText {
        kind: kind.to_owned(),
        scope: scope.as_str().to_owned(),
        set: set.map(ToString::to_string).collect(),
        removed: removed.iter().map(ToString::to_string).collect(),
    }
}

/// A scope wider than strict lets others in the namespace, or in the cluster, open the value.
fn scope_warning(scope: Scope) -> Vec<Warning> {
    let who = match scope {
        Scope::Strict => return Vec::new(),
        Scope::NamespaceWide => "under any name in its namespace",
        Scope::ClusterWide => "in any namespace of the cluster",
    };
    vec![Warning::new("wide_scope", "/scope", format!("whoever may create SealedSecrets can unseal the values {who}"))]
}
