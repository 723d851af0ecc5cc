//! A nodegroup's phase: one word for where it stands.

use serde::Serialize;

use super::NodegroupStatus;

/// Where a nodegroup stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Phase {
    /// In Git, not in the cluster.
    Pending,
    /// Being made.
    Creating,
    /// Up.
    Active,
    /// Changing, or up but not as Git has it yet.
    Updating,
    /// Up with health issues.
    Degraded,
    /// Going.
    Deleting,
    /// Failed for good.
    Failed,
    /// Can't be read.
    Invalid,
    /// EKS says a word that isn't known here.
    Unknown,
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Creating,
        Self::Active,
        Self::Updating,
        Self::Degraded,
        Self::Deleting,
        Self::Failed,
        Self::Invalid,
        Self::Unknown,
    ];
    /// Their words, in the same order.
    pub const WORDS: [&str; 9] =
        ["Pending", "Creating", "Active", "Updating", "Degraded", "Deleting", "Failed", "Invalid", "Unknown"];

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// Reads the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == word)
    }

    /// The phase of a readable nodegroup; without a status from a cluster it is only declared.
    #[must_use]
    pub fn of(status: Option<&NodegroupStatus>) -> Self {
        let Some(status) = status else { return Self::Pending };
        let has = |kind: &str, value: &str| {
            status.conditions.iter().any(|condition| condition.kind == kind && condition.status == value)
        };
        if status.deleting {
            return Self::Deleting;
        }
        if has("ACK.Terminal", "True") {
            return Self::Failed;
        }
        match status.raw.as_deref() {
            None | Some("CREATING") => Self::Creating,
            Some("ACTIVE") if has("ACK.ResourceSynced", "False") => Self::Updating,
            Some("ACTIVE") => Self::Active,
            Some("UPDATING") => Self::Updating,
            Some("DEGRADED") => Self::Degraded,
            Some("DELETING") => Self::Deleting,
            Some("CREATE_FAILED" | "DELETE_FAILED") => Self::Failed,
            Some(_) => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Condition;
    use super::*;

    fn status(raw: Option<&str>, condition: Option<(&str, &str)>) -> NodegroupStatus {
        let condition = condition.map(|(kind, status)| Condition {
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason: None,
            message: None,
        });
        NodegroupStatus {
            raw: raw.map(str::to_owned),
            conditions: condition.into_iter().collect(),
            ..NodegroupStatus::default()
        }
    }

    #[test]
    fn each_status_has_its_phase() {
        assert_eq!(Phase::of(None), Phase::Pending);
        for (raw, condition, phase) in [
            (None, None, Phase::Creating),
            (Some("CREATING"), None, Phase::Creating),
            (Some("ACTIVE"), None, Phase::Active),
            (Some("ACTIVE"), Some(("ACK.ResourceSynced", "True")), Phase::Active),
            (Some("ACTIVE"), Some(("ACK.ResourceSynced", "False")), Phase::Updating),
            (Some("UPDATING"), None, Phase::Updating),
            (Some("DEGRADED"), None, Phase::Degraded),
            (Some("DELETING"), None, Phase::Deleting),
            (Some("CREATE_FAILED"), None, Phase::Failed),
            (Some("DELETE_FAILED"), None, Phase::Failed),
            (Some("ACTIVE"), Some(("ACK.Terminal", "True")), Phase::Failed),
            (Some("SOMETHING_NEW"), None, Phase::Unknown),
        ] {
            assert_eq!(Phase::of(Some(&status(raw, condition))), phase, "{raw:?} {condition:?}");
        }
        let deleting = NodegroupStatus { deleting: true, ..status(Some("ACTIVE"), None) };
        assert_eq!(Phase::of(Some(&deleting)), Phase::Deleting);
    }
}
