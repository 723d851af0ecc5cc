//! The way of every change: allowed here, not in the way of another, planned on the base branch, proposed as a pull request.

pub mod answer;
mod audit;
mod diff;
pub mod identity;
mod metrics;
mod open;
pub mod plan;
pub mod policy;
mod pull_requests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tracing::Instrument;

use self::answer::{Done, DryRun, Warning, Written};
use self::identity::RequestKey;
pub use self::open::{open_by_key, open_keys, open_of};
use self::plan::{Plan, Planned, Planner};
use self::policy::WritePolicy;
use crate::domain::change::{
    Action, ChangeSet, ChangeText, CommitId, Freshness, ObjectKey, ObjectKind, Proposed, PullRequest, Repository,
    RequestHash,
};
use crate::domain::error::{Failure, VcsError};
use crate::domain::names::{Actor, Namespace, RepoPath};
use crate::domain::ports::{TemplateRenderer, VersionControl};
use crate::traced::step;

/// How long the same request for a secret is answered like the first one. Longer, and it would serve to guess a value.
const SECRET_REPLAY: Duration = Duration::from_secs(600);
/// How often a change is planned anew when the base branch moves under it.
const ATTEMPTS: usize = 5;

/// One change that somebody asks for.
#[derive(Debug, Clone)]
pub struct ChangeRequest {
    /// The object.
    pub key: ObjectKey,
    /// What is to happen to it.
    pub action: Action,
    /// Who asks.
    pub actor: Actor,
    /// The request's identity.
    pub hash: RequestHash,
    /// Whether only to tell what would happen.
    pub dry_run: bool,
}

/// Makes changes and tells of those that were made.
pub struct Changes {
    vcs: Arc<dyn VersionControl>,
    templates: Arc<dyn TemplateRenderer>,
    policy: WritePolicy,
    request_key: RequestKey,
    direct: bool,
}

impl Changes {
    /// Wires the use case. With `direct`, changes are committed to the base branch without a pull request.
    #[must_use]
    pub fn new(
        vcs: Arc<dyn VersionControl>,
        templates: Arc<dyn TemplateRenderer>,
        policy: WritePolicy,
        request_key: RequestKey,
        direct: bool,
    ) -> Self {
        metrics::describe();
        Self { vcs, templates, policy, request_key, direct }
    }

    /// The key that makes request hashes.
    #[must_use]
    pub fn request_key(&self) -> &RequestKey {
        &self.request_key
    }

    /// Which namespaces may be written to.
    #[must_use]
    pub fn policy(&self) -> &WritePolicy {
        &self.policy
    }

    /// Whether changes go straight to the base branch.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.direct
    }

    /// The repository that changes go to.
    #[must_use]
    pub fn repository(&self) -> Repository {
        self.vcs.repository()
    }

    /// The templates in use: name, and where it comes from.
    #[must_use]
    pub fn templates(&self) -> Vec<(String, String)> {
        self.templates.templates()
    }

    /// Makes a change, or tells what it would do.
    ///
    /// # Errors
    /// In this order: what can't be asked of the object, not allowed in the namespace, another change of the object is open, what the planner finds,
    /// what version control says.
    pub async fn write(&self, request: &ChangeRequest, planner: &dyn Planner) -> Result<Written, Failure> {
        let started = Instant::now();
        let written = self.written(request, planner).await;
        let (action, outcome) = (request.action.as_str(), metrics::outcome(&written));
        metrics::came_out(request.key.kind, action, outcome, started.elapsed());
        let pull_request = match &written {
            Ok(Written::Done(done)) => done.pull_request.as_ref().map(|pull_request| pull_request.number),
            _ => None,
        };
        audit::log(&request.actor, &request.key, action, outcome, pull_request);
        written
    }

    async fn written(&self, request: &ChangeRequest, planner: &dyn Planner) -> Result<Written, Failure> {
        planner.check().await?;
        self.policy.check(&request.key.namespace)?;
        if let Some(open) = self.open_change_now(&request.key).await? {
            let same = open.request_hash == request.hash;
            if request.dry_run && same && request.key.kind == ObjectKind::Nodegroup {
                return self.dry_run(request, planner).await;
            }
            if request.dry_run || !same || !may_replay(&open) {
                return Err(VcsError::Conflict(Some(Box::new(open))).into());
            }
            return Ok(Written::Done(self.again(open, planner).await));
        }
        self.fetched().await?;
        if request.dry_run {
            return self.dry_run(request, planner).await;
        }
        for _ in 1..ATTEMPTS {
            match self.attempt(request, planner).await {
                Err(AttemptError::Moved) => self.fetched().await?,
                Err(AttemptError::Failed(failure)) => return Err(failure),
                Ok(done) => return Ok(Written::Done(done)),
            };
        }
        self.attempt(request, planner).await.map(Written::Done).map_err(|error| match error {
            AttemptError::Moved => VcsError::BaseMoved.into(),
            AttemptError::Failed(failure) => failure,
        })
    }

    /// The open pull request of an object, looked at again: one that was merged or closed a moment ago is in nobody's way.
    async fn open_change_now(&self, key: &ObjectKey) -> Result<Option<PullRequest>, Failure> {
        let open = self.open_change(key).await?;
        if open.is_some() && self.fetched().await.is_ok() {
            return self.open_change(key).await;
        }
        Ok(open)
    }

    /// The base branch as it is now.
    async fn fetched(&self) -> Result<CommitId, VcsError> {
        self.vcs.base(Freshness::Fetched).instrument(step("fetch")).await
    }

    async fn attempt(&self, request: &ChangeRequest, planner: &dyn Planner) -> Result<Done, AttemptError> {
        let plan = match planner.plan().instrument(step("plan")).await.map_err(AttemptError::Failed)? {
            Planned::Unchanged(warnings) => return Ok(Done::unchanged(warnings)),
            Planned::Change(plan) => self.keep_folder(*plan).await?,
        };
        let text = self.text(request, &plan).map_err(AttemptError::Failed)?;
        let change = ChangeSet {
            key: request.key.clone(),
            cluster: plan.cluster.clone(),
            action: request.action,
            base: plan.base.clone(),
            files: plan.files.iter().map(plan::PlannedFile::change).collect(),
            text,
            actor: request.actor.clone(),
            request_hash: request.hash.clone(),
        };
        if self.direct {
            let commit = self.vcs.commit(&change).instrument(step("commit")).await?;
            let files = change.files.iter().map(|file| (file.path.clone(), file.action())).collect();
            return Ok(Done { pull_request: None, files, commit: Some(commit), warnings: plan.warnings, made: true });
        }
        let (pull_request, made) = match self.vcs.propose(&change).instrument(step("propose")).await? {
            Proposed::Opened(pull_request) => (pull_request, true),
            Proposed::Undecorated(pull_request, lacks) => {
                let lacks = lacks.into_iter().map(|message| Warning::new("not_decorated", "", message));
                let warnings = plan.warnings.into_iter().chain(lacks).collect();
                return Ok(Done::of(pull_request, warnings, true));
            }
            Proposed::Adopted(pull_request) if may_replay(&pull_request) => (pull_request, false),
            Proposed::Adopted(pull_request) => return Err(VcsError::Conflict(Some(Box::new(pull_request))).into()),
        };
        Ok(Done::of(pull_request, plan.warnings, made))
    }

    /// The first answer again. Its warnings are found by planning anew, as the base branch still lacks the change.
    async fn again(&self, open: PullRequest, planner: &dyn Planner) -> Done {
        let warnings = match planner.plan().await {
            Ok(Planned::Change(plan)) => plan.warnings,
            Ok(Planned::Unchanged(warnings)) => warnings,
            Err(_) => Vec::new(),
        };
        Done::of(open, warnings, false)
    }

    async fn dry_run(&self, request: &ChangeRequest, planner: &dyn Planner) -> Result<Written, Failure> {
        let plan = match planner.plan().await? {
            Planned::Unchanged(warnings) => return Ok(Written::Dry(DryRun::unchanged(request.action, warnings))),
            Planned::Change(plan) => self.keep_folder(*plan).await?,
        };
        let text = self.text(request, &plan)?;
        let target =
            if self.direct { None } else { Some((self.vcs.branch(&request.key)?, self.vcs.repository().base)) };
        let action = request.action;
        Ok(Written::Dry(off_thread(move || DryRun::of(action, plan, text, target)).await?))
    }

    /// Argo CD refuses a folder that is gone: a deletion that empties one leaves a `.gitkeep` in it.
    async fn keep_folder(&self, mut plan: Plan) -> Result<Plan, VcsError> {
        let deleted: Vec<RepoPath> =
            plan.files.iter().filter(|file| file.after.is_none()).map(|file| file.path.clone()).collect();
        for path in deleted {
            let others = self.vcs.list(&plan.base, path.parent().as_ref()).await?;
            let keep = path.gitkeep_beside();
            if others.iter().all(|(other, _)| *other == path) && self.vcs.read(&plan.base, &keep).await?.is_none() {
                plan.files.push(plan::PlannedFile::created(keep, String::new()));
            }
        }
        Ok(plan)
    }

    fn text(&self, request: &ChangeRequest, plan: &Plan) -> Result<ChangeText, Failure> {
        Ok(self.templates.text(&plan.summary(request))?)
    }

    /// Whether a namespace may be written to, for forms.
    #[must_use]
    pub fn is_writable(&self, namespace: &Namespace) -> bool {
        self.policy.check(namespace).is_ok()
    }
}

/// Does work that takes its time (a large manifest parsed, a diff) where it holds nobody else up.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Failure::Defect("planning a change panicked".to_owned()))
}

/// Whether the same request is answered like the first one, given the pull request that the first one opened.
fn may_replay(open: &PullRequest) -> bool {
    let age = Timestamp::now().duration_since(open.created_at).unsigned_abs();
    open.key.kind == ObjectKind::Nodegroup || age <= SECRET_REPLAY
}

/// Why an attempt failed: the base moved, which another attempt mends, or for good.
enum AttemptError {
    Moved,
    Failed(Failure),
}

impl From<VcsError> for AttemptError {
    fn from(error: VcsError) -> Self {
        match error {
            VcsError::BaseMoved => Self::Moved,
            other => Self::Failed(other.into()),
        }
    }
}

#[cfg(test)]
mod tests;
