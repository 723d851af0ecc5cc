//! How long to wait before a failed load is tried again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(300);

/// Waits that double from one second to five minutes, each shortened by up to a half, so that replicas don't ask in step.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure.
    pub(super) fn next(&mut self) -> Duration {
        let full = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        // Every `RandomState` has other keys: randomness without a dependency.
        let random = RandomState::new().hash_one(self.failures) % 1000;
        full / 2 + full / 2 * u32::try_from(random).unwrap_or(0) / 1000
    }

    /// After a success the next wait is short again.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_vary_within_a_half() {
        let mut backoff = Backoff::default();
        for exponent in 0..40 {
            let full = FIRST.saturating_mul(1 << exponent.min(16)).min(LONGEST);
            let wait = backoff.next();
            assert!(wait >= full / 2 && wait <= full, "{exponent} {wait:?}");
        }
    }

    #[test]
    fn waits_differ_between_replicas() {
        let waits: std::collections::BTreeSet<_> = (0..20).map(|_| Backoff::default().next()).collect();
        assert!(waits.len() > 1);
    }

    #[test]
    fn a_success_makes_the_next_wait_short() {
        let mut backoff = Backoff { failures: 9 };
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
