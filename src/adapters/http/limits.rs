//! How much is taken on: requests and writes at once, and writes of one subject in a minute.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::StatusCode;
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::ApiError;
use super::measured;
use crate::domain::names::Actor;

/// Requests at once. Reads take microseconds, so that more than this means that clients are slow to send, or writes pile up.
const REQUESTS: usize = 256;
/// Writes at once, most of them waiting for their turn: GitHub takes a few at a time, some in a second.
const WRITES: usize = 64;
/// How soon another attempt may find room.
const RETRY_SECONDS: u64 = 1;
/// How many writes pass until subjects who wrote nothing for a while are forgotten.
const FORGET_EVERY: u32 = 1024;

/// The bounds of what is taken on. Probes and the API's documentation are exempt.
pub struct Limits {
    requests: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    rate: RateLimiter<Actor, HashMapStateStore<Actor>, DefaultClock>,
    clock: DefaultClock,
    counted: AtomicU32,
}

/// Room that something takes until this is dropped.
#[must_use]
pub struct Room(#[expect(dead_code, reason = "dropping it gives the room back")] OwnedSemaphorePermit);

impl Limits {
    /// The usual bounds, and so many writes of one subject in a minute.
    #[must_use]
    pub fn new(writes_per_minute: NonZeroU32) -> Self {
        Self::of(REQUESTS, WRITES, writes_per_minute)
    }

    fn of(requests: usize, writes: usize, writes_per_minute: NonZeroU32) -> Self {
        let clock = DefaultClock::default();
        let quota = Quota::per_minute(writes_per_minute);
        Self {
            requests: Arc::new(Semaphore::new(requests)),
            writes: Arc::new(Semaphore::new(writes)),
            rate: RateLimiter::hashmap_with_clock(quota, clock.clone()),
            clock,
            counted: AtomicU32::new(0),
        }
    }

    /// Room for a request.
    ///
    /// # Errors
    /// 503 when there is none.
    pub fn request(&self) -> Result<Room, ApiError> {
        room(&self.requests, "requests")
    }

    /// Room for a write.
    ///
    /// # Errors
    /// 503 when there is none.
    pub fn write(&self) -> Result<Room, ApiError> {
        room(&self.writes, "writes")
    }

    /// The requests that are read or worked on.
    #[must_use]
    pub fn requests_in_flight(&self) -> usize {
        REQUESTS.saturating_sub(self.requests.available_permits())
    }

    /// The writes that are in flight or wait for their turn.
    #[must_use]
    pub fn writes_in_flight(&self) -> usize {
        WRITES.saturating_sub(self.writes.available_permits())
    }

    /// Counts a write of a subject.
    ///
    /// # Errors
    /// 429 when there were too many of late.
    pub fn count_write(&self, subject: &Actor) -> Result<(), ApiError> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.rate.retain_recent();
        }
        self.rate.check_key(subject).map_err(|too_soon| {
            let wait = too_soon.wait_time_from(self.clock.now());
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let message = format!("{subject} writes too often; try again in {} s", seconds.max(1));
            let mut error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, message);
            error.retry_after = Some(seconds.max(1));
            error
        })
    }
}

fn room(of: &Arc<Semaphore>, what: &'static str) -> Result<Room, ApiError> {
    Arc::clone(of).try_acquire_owned().map(Room).map_err(|_| {
        measured::shed(what);
        let message = format!("the service has too many {what} at once; try again in {RETRY_SECONDS} s");
        let mut error = ApiError::new(StatusCode::SERVICE_UNAVAILABLE, message);
        error.retry_after = Some(RETRY_SECONDS);
        error
    })
}

#[cfg(test)]
impl Limits {
    /// Bounds that no test reaches by mistake.
    pub fn wide() -> Self {
        Self::new(NonZeroU32::MAX)
    }

    /// One request and one write at a time.
    pub fn narrow() -> Self {
        Self::of(1, 1, NonZeroU32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_told_to_come_again_and_room_is_given_back() {
        let limits = Limits::narrow();
        for take in [Limits::request, Limits::write] {
            let room = take(&limits).unwrap();
            let Err(error) = take(&limits) else { panic!("there is no room") };
            assert_eq!((error.status.as_u16(), error.retry_after), (503, Some(1)));
            drop(room);
            assert!(take(&limits).is_ok());
        }
    }

    #[test]
    fn a_subject_writes_so_often_and_another_one_isn_t_held_up_by_it() {
        let limits = Limits::new(NonZeroU32::new(2).unwrap());
        let [ada, ben] = ["ada", "ben"].map(|name| Actor::parse(name).unwrap());
        limits.count_write(&ada).unwrap();
        limits.count_write(&ada).unwrap();
        let error = limits.count_write(&ada).unwrap_err();
        assert_eq!((error.status.as_u16(), error.name()), (429, "TooManyRequestsError"));
        assert!(error.retry_after.is_some_and(|seconds| (1..=30).contains(&seconds)), "{error:?}");
        limits.count_write(&ben).unwrap();
    }
}
