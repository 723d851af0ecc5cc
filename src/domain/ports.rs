//! The seven ports that lead out of the domain. Adapters fill them; use cases hold them as `Arc<dyn …>`.

use std::sync::Arc;

use async_trait::async_trait;

use super::change::{
    BlobId, ChangeSet, ChangeText, CommitId, File, Freshness, ObjectKey, Proposed, PullRequest, Repository, SweepReport,
};
use super::error::{SealError, SourceError, StoreError, TemplateError, VcsError};
use super::identity::{TokenError, Verified};
use super::instance_type::{Catalog, IngestReport};
use super::names::{BranchName, ClusterName, RepoPath};
use super::nodegroup::{Nodegroup, NodegroupDraft};
use super::secret::{
    Certificate, SealScope, Sealed, SealedSecretDraft, SecretBytes, SecretSummary, SecretValues, TlsFault,
};
use super::snapshot::{Revision, Snapshot, SourceInfo};

/// What a load brought.
#[derive(Debug)]
pub enum Load {
    /// The source still has the revision that was seen.
    Unchanged,
    /// A complete new catalogue, and how its file was read.
    Loaded(Catalog, IngestReport),
}

/// The AWS price list, as a file or behind a URL.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait InstanceTypeSource: Send + Sync + 'static {
    /// Where the types come from, and when the source last answered.
    fn info(&self) -> SourceInfo;

    /// Resolves when a reload may pay: the file changed, or the interval is over. Cancel-safe.
    async fn changed(&self);

    /// Reads the source, unless it still has the revision `seen`. Reads in constant memory beside the catalogue itself.
    ///
    /// # Errors
    /// [`SourceError::Unreachable`] when it can't be opened, [`SourceError::Malformed`] when the content is no complete
    /// offer file. A truncated file is an error, never a short catalogue.
    async fn load<'a>(&'a self, seen: Option<&'a Revision>) -> Result<Load, SourceError>;
}

/// The nodegroups that a cluster has or that Git declares.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait NodegroupStore: Send + Sync + 'static {
    /// The newest complete state, from memory.
    ///
    /// # Errors
    /// [`StoreError::NotReady`] before the first complete read, [`StoreError::KindAbsent`] without the custom resource.
    async fn snapshot(&self) -> Result<Arc<Snapshot<Nodegroup>>, StoreError>;
}

/// The secrets that a cluster has or that Git declares; never a value.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait SecretStore: Send + Sync + 'static {
    /// The newest complete state, from memory.
    ///
    /// # Errors
    /// As [`NodegroupStore::snapshot`].
    async fn snapshot(&self) -> Result<Arc<Snapshot<SecretSummary>>, StoreError>;
}

/// The GitOps repository and its pull requests.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait VersionControl: Send + Sync + 'static {
    /// The base branch's commit.
    ///
    /// # Errors
    /// `Cached` fails only before the first contact.
    async fn base(&self, freshness: Freshness) -> Result<CommitId, VcsError>;

    /// Every file below a folder (the whole tree for `None`) at a commit, sorted by path. Symlinks and submodules are left out.
    /// Files whose paths aren't [`RepoPath`]s are left out as well.
    ///
    /// # Errors
    /// [`VcsError::Corrupt`] when objects are missing.
    async fn list<'a>(
        &'a self,
        at: &'a CommitId,
        under: Option<&'a RepoPath>,
    ) -> Result<Vec<(RepoPath, BlobId)>, VcsError>;

    /// A file at a commit; `None` when there is none.
    ///
    /// # Errors
    /// [`VcsError::PathBlocked`] when a parent is no folder or the path is a symlink, a submodule or a folder.
    async fn read<'a>(&'a self, at: &'a CommitId, path: &'a RepoPath) -> Result<Option<File>, VcsError>;

    /// Makes the change's branch and opens its pull request. The branch is the object's identity and is created, never
    /// overwritten: found with the same request hash, the work is continued or its pull request adopted; found with another
    /// hash, it is a conflict; found merged or closed, it is deleted and made again. Safe to repeat after a crash at any step.
    ///
    /// # Errors
    /// [`VcsError::Conflict`], [`VcsError::BaseMoved`] when `expect` of a file doesn't hold in the base commit,
    /// [`VcsError::PathBlocked`], or a failure of the server.
    async fn propose<'a>(&'a self, change: &'a ChangeSet) -> Result<Proposed, VcsError>;

    /// Commits straight to the base branch (direct mode). Fast-forward only.
    ///
    /// # Errors
    /// [`VcsError::BaseMoved`] when the branch isn't at `change.base` any more: plan again.
    async fn commit<'a>(&'a self, change: &'a ChangeSet) -> Result<CommitId, VcsError>;

    /// The pull requests that this service opened, from memory; a change made through this instance is in it at once.
    ///
    /// # Errors
    /// Only before the first contact.
    async fn pull_requests(&self) -> Result<Arc<Snapshot<PullRequest, u64>>, VcsError>;

    /// Closes an open pull request and deletes its branch. Closed already: answers it as it is.
    ///
    /// # Errors
    /// [`VcsError::NoSuchPullRequest`]; [`VcsError::WrongState`] when it is merged.
    async fn withdraw(&self, number: u64) -> Result<PullRequest, VcsError>;

    /// The repository, for people: where it is and which branch is merged into.
    fn repository(&self) -> Repository;

    /// The branch that a change of this object is made on.
    ///
    /// # Errors
    /// When the settings give no valid name.
    fn branch(&self, key: &ObjectKey) -> Result<BranchName, VcsError>;

    /// Takes up what a crash left: opens pull requests for branches without one, deletes branches of merged and closed ones.
    ///
    /// # Errors
    /// A failure of the server; what was done stays done.
    async fn sweep(&self) -> Result<SweepReport, VcsError>;
}

/// Encrypts secret values so that only the Sealed Secrets controller can read them.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait SecretSealer: Send + Sync + 'static {
    /// The certificate that values are sealed with now.
    ///
    /// # Errors
    /// [`SealError::NotReady`] while the embedded key is being made or the certificate is fetched for the first time, [`SealError::NoCertificate`].
    async fn certificate(&self) -> Result<Certificate, SealError>;

    /// Seals each value for a scope, as `kubeseal` does. The values are wiped when this returns.
    ///
    /// # Errors
    /// As [`SecretSealer::certificate`]; an expired certificate is [`SealError::NoCertificate`].
    async fn seal<'a>(&'a self, scope: &'a SealScope, values: SecretValues) -> Result<Sealed, SealError>;

    /// What is wrong with the certificate (a chain, the server's own first) and the private key of a TLS secret, both PEM. One of
    /// them alone is checked alone. It stands here because it needs cryptography, which the domain has none of, and must come
    /// before the sealing, after which nobody can tell any more.
    fn check_tls<'a>(&'a self, certificate: Option<&'a SecretBytes>, key: Option<&'a SecretBytes>) -> Vec<TlsFault>;
}

/// Vouches for bearer tokens of one kind.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait TokenVerifier: Send + Sync + 'static {
    /// Whether a token looks like one of this kind. Cheap, and says nothing about whether it is good.
    fn knows(&self, token: &str) -> bool;

    /// Whose token this is, and until when. The caller remembers the answer for a short time.
    ///
    /// # Errors
    /// [`TokenError::Refused`] when it is no good, [`TokenError::Unavailable`] when that can't be told now. Neither holds anything
    /// of the token.
    async fn verify<'a>(&'a self, token: &'a str) -> Result<Verified, TokenError>;
}

/// Renders manifests and the words of a change from templates that platform engineers edit.
#[cfg_attr(test, mockall::automock)]
pub trait TemplateRenderer: Send + Sync + 'static {
    /// A nodegroup's manifest: one YAML document.
    ///
    /// # Errors
    /// [`TemplateError`] naming the template and its mistake.
    fn nodegroup(&self, draft: &NodegroupDraft) -> Result<String, TemplateError>;

    /// A SealedSecret's manifest: one YAML document. Only ciphertext goes in.
    ///
    /// # Errors
    /// As [`TemplateRenderer::nodegroup`].
    fn sealed_secret(&self, draft: &SealedSecretDraft) -> Result<String, TemplateError>;

    /// Where an object's manifest lies.
    ///
    /// # Errors
    /// When the template gives no valid path ending in `.yaml`.
    fn path<'a>(&self, key: &'a ObjectKey, cluster: Option<&'a ClusterName>) -> Result<RepoPath, TemplateError>;

    /// The folder below which every path of a kind lies: the path template up to its first placeholder; `None` for the top.
    fn root(&self, kind: super::change::ObjectKind) -> Option<RepoPath>;

    /// The pull request's title and body, and the commit message.
    ///
    /// # Errors
    /// As [`TemplateRenderer::nodegroup`].
    fn text(&self, change: &super::text::ChangeSummary) -> Result<ChangeText, TemplateError>;

    /// The templates in use: name, and where it comes from (`built in`, or the file).
    fn templates(&self) -> Vec<(String, String)>;
}
