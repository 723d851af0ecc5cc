//! The pause between two looks at a source.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// A pause, shortened at random so that replicas don't ask in step.
#[derive(Debug, Clone, Copy)]
pub struct Interval {
    longest: Duration,
    jitter: f64,
}

impl Interval {
    /// Pauses of at most `longest`, each shortened by up to the share `jitter` of it, from 0 to 1.
    #[must_use]
    pub fn new(longest: Duration, jitter: f64) -> Self {
        Self { longest, jitter: jitter.clamp(0.0, 1.0) }
    }

    /// The next pause.
    pub(super) fn next(self) -> Duration {
        // Every `RandomState` has other keys: randomness without a dependency.
        let random = RandomState::new().hash_one(()) % 1000;
        let share = f64::from(u32::try_from(random).unwrap_or(0)) / 1000.0;
        self.longest.mul_f64(1.0 - self.jitter * share)
    }

    /// Older than this without a look is stale: three pauses.
    pub(super) fn stale_after(self) -> Duration {
        self.longest * 3
    }
}

/// Always as long.
impl From<Duration> for Interval {
    fn from(longest: Duration) -> Self {
        Self::new(longest, 0.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn pauses_vary_within_the_share_and_are_never_longer() {
        let pauses: BTreeSet<_> = (0..100).map(|_| Interval::new(Duration::from_secs(100), 0.2).next()).collect();
        assert!(pauses.iter().all(|pause| (80..=100).contains(&pause.as_secs())), "{pauses:?}");
        assert!(pauses.len() > 10);
        let steady = Interval::from(Duration::from_secs(5));
        assert_eq!((steady.next(), steady.stale_after()), (Duration::from_secs(5), Duration::from_secs(15)));
    }
}
