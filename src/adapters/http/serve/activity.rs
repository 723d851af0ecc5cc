//! What happens on a connection: handlers in flight, and when something last went on.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::{Duration, Instant, sleep_until};

/// Shared by a connection's stream, its service and the one who waits for it.
#[derive(Debug)]
pub(super) struct Activity(Mutex<Seen>);

#[derive(Debug)]
struct Seen {
    handlers: usize,
    last: Instant,
}

/// A handler in flight, until it is dropped.
pub(super) struct InFlight(Arc<Activity>);

impl Activity {
    /// A connection on which nothing has happened yet.
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Seen { handlers: 0, last: Instant::now() })))
    }

    /// Notes that something went on just now.
    pub(super) fn touch(&self) {
        self.with(|seen| seen.last = Instant::now());
    }

    /// Notes a handler's beginning.
    pub(super) fn begin(self: &Arc<Self>) -> InFlight {
        self.with(|seen| seen.handlers += 1);
        InFlight(Arc::clone(self))
    }

    /// Ends when no handler was in flight and nothing went on for as long as `grace`, counted from now on at the earliest.
    pub(super) async fn idle(&self, grace: Duration) {
        self.touch();
        loop {
            let (handlers, last) = self.with(|seen| (seen.handlers, seen.last));
            let now = Instant::now();
            if handlers == 0 && last + grace <= now {
                return;
            }
            sleep_until(if handlers == 0 { last } else { now } + grace).await;
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Seen) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.with(|seen| {
            seen.handlers -= 1;
            seen.last = Instant::now();
        });
    }
}
