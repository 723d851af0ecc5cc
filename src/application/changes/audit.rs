//! The line that the log keeps of each change that was asked for: who, what, where, and how it came out. Never a value.

use crate::domain::change::ObjectKey;
use crate::domain::names::Actor;

/// Logs it, inside the request's span, which has its id.
pub(super) fn log(subject: &Actor, key: &ObjectKey, action: &str, outcome: &str, pull_request: Option<u64>) {
    let (kind, namespace, name) = (key.kind.as_str(), key.namespace.as_str(), key.name.as_str());
    let subject = subject.as_str();
    tracing::info!(subject, kind, action, namespace, name, outcome, pull_request, "write");
}
