//! What changes tell in metrics: how they came out, how long they took, and the pull requests that there are.

use std::collections::BTreeMap;
use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

use super::answer::Written;
use crate::domain::change::{ObjectKind, PullRequest, PullRequestState};
use crate::domain::error::Failure;
use crate::domain::snapshot::{Observed, Snapshot};

const CHANGES: &str = "backend_api_changes_total";
const SECONDS: &str = "backend_api_change_seconds";
const PULL_REQUESTS: &str = "backend_api_pull_requests";

/// Says what each metric is. Only a recorder that is there already hears it.
pub(super) fn describe() {
    describe_counter!(CHANGES, "Changes that were asked for, by kind, action and outcome");
    describe_histogram!(SECONDS, Unit::Seconds, "Time that changes took, by outcome");
    describe_gauge!(PULL_REQUESTS, "Pull requests of this service, by kind and state");
}

/// Counts a change that was asked for. A withdrawal is one too.
pub(super) fn came_out(kind: ObjectKind, action: &'static str, outcome: &'static str, took: Duration) {
    counter!(CHANGES, "kind" => kind.as_str(), "action" => action, "outcome" => outcome).increment(1);
    histogram!(SECONDS, "outcome" => outcome).record(took.as_secs_f64());
}

/// What a write came to, as one word.
pub(super) fn outcome(written: &Result<Written, Failure>) -> &'static str {
    match written {
        Ok(Written::Dry(_)) => "dry_run",
        Ok(Written::Done(done)) if !done.changed() => "unchanged",
        Ok(Written::Done(done)) if done.pull_request.is_none() => "committed",
        Ok(Written::Done(done)) => {
            if done.made {
                "opened"
            } else {
                "again"
            }
        }
        Err(failure) => failed(failure),
    }
}

/// Why something wasn't done, as one word.
pub(super) fn failed(failure: &Failure) -> &'static str {
    match failure {
        Failure::Invalid(_) | Failure::BadParameter(_) => "invalid",
        Failure::NotAllowed(_) => "not_allowed",
        Failure::NotFound { .. } => "not_found",
        Failure::Conflict { .. } => "conflict",
        Failure::Unavailable { .. } => "unavailable",
        Failure::BadGateway(_) => "refused",
        Failure::TimedOut(_) => "timed_out",
        Failure::Defect(_) => "defect",
    }
}

/// Tells how many pull requests there are. One without any of a kind and state is told as zero.
pub(super) fn observe(pull_requests: &Snapshot<PullRequest, u64>) {
    let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for kind in [ObjectKind::Nodegroup, ObjectKind::Secret] {
        for state in [PullRequestState::Open, PullRequestState::Merged, PullRequestState::Closed] {
            counts.insert((kind.as_str(), state.as_str()), 0);
        }
    }
    for pull_request in pull_requests.items.values() {
        if let Observed::Valid(pull_request) = pull_request {
            *counts.entry((pull_request.key.kind.as_str(), pull_request.state.as_str())).or_default() += 1;
        }
    }
    for ((kind, state), count) in counts {
        gauge!(PULL_REQUESTS, "kind" => kind, "state" => state).set(f64::from(count));
    }
}
