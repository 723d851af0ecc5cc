//! Who somebody is, as authentication verified it.

use jiff::Timestamp;

use super::names::Actor;

/// Somebody who was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name that stands in commits, pull requests and the log.
    pub actor: Actor,
    /// Whether it may write at all; namespaces are another question.
    pub can_write: bool,
    /// The groups that it is in, such as `group:default/platform`, as far as they were asked for.
    pub groups: Vec<String>,
}

/// A token that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whose it is.
    pub identity: Identity,
    /// When it ends to be good.
    pub expires: Timestamp,
}

/// Why a token wasn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no good; the reason is for the log.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// Nobody could tell now; the sentence says who didn't answer.
    #[error("{0}")]
    Unavailable(&'static str),
}
