//! Waiting for one another: callers who want the same news share one look, writers of the same branch go one by one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

use crate::domain::names::BranchName;

/// One look at a time. Who waited for its turn takes over the outcome of a look that began after it asked, also a failure: a
/// server that hangs is waited for once, not once by each.
#[derive(Debug)]
pub(super) struct Flight<E> {
    /// The last look's number and outcome; held while one is under way.
    last: tokio::sync::Mutex<(u64, Result<(), E>)>,
    begun: AtomicU64,
}

impl<E> Default for Flight<E> {
    fn default() -> Self {
        Self { last: tokio::sync::Mutex::new((0, Ok(()))), begun: AtomicU64::new(0) }
    }
}

impl<E: Clone> Flight<E> {
    /// Looks, unless somebody did meanwhile.
    pub(super) async fn share(&self, look: impl Future<Output = Result<(), E>>) -> Result<(), E> {
        let asked = self.begun.load(Ordering::Acquire);
        let mut last = self.last.lock().await;
        if last.0 > asked {
            return last.1.clone();
        }
        let number = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        let outcome = look.await;
        *last = (number, outcome.clone());
        outcome
    }
}

/// A turn for each branch; forgotten when nobody waits for it.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<BranchName, Weak<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits for the branch's turn, which lasts until the guard is dropped.
    pub(super) async fn take(&self, branch: &BranchName) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| turn.strong_count() > 0);
            let known = turns.get(branch).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let turn = Arc::new(tokio::sync::Mutex::new(()));
                turns.insert(branch.clone(), Arc::downgrade(&turn));
                turn
            })
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn those_who_wait_share_a_look_that_began_after_they_asked() {
        let (flight, looks) = (Arc::new(Flight::default()), Arc::new(AtomicU64::new(0)));
        let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let first = {
            let (flight, looks, begun, go) = (flight.clone(), looks.clone(), begun.clone(), go.clone());
            tokio::spawn(async move {
                let look = async {
                    begun.notify_one();
                    go.notified().await;
                    looks.fetch_add(1, Ordering::SeqCst);
                    Ok::<(), ()>(())
                };
                flight.share(look).await
            })
        };
        begun.notified().await;
        let late: Vec<_> = (0..5)
            .map(|_| {
                let (flight, looks) = (flight.clone(), looks.clone());
                tokio::spawn(async move {
                    let look = async {
                        looks.fetch_add(1, Ordering::SeqCst);
                        Ok::<(), ()>(())
                    };
                    flight.share(look).await
                })
            })
            .collect();
        // On one thread, all of them are waiting once this task is run again.
        tokio::task::yield_now().await;
        go.notify_one();
        first.await.unwrap().unwrap();
        for waiter in late {
            waiter.await.unwrap().unwrap();
        }
        assert_eq!(looks.load(Ordering::SeqCst), 2, "the first look began before they asked");
    }

    #[tokio::test]
    async fn who_asks_after_a_failure_looks_again() {
        let flight = Flight::default();
        assert_eq!(flight.share(async { Err("away") }).await, Err("away"));
        assert_eq!(flight.share(async { Ok::<(), &str>(()) }).await, Ok(()));
    }

    #[tokio::test]
    async fn those_who_wait_share_a_failure_too() {
        let flight = Flight::default();
        let (begun, go) = (Notify::new(), Notify::new());
        let first = flight.share(async {
            begun.notify_one();
            go.notified().await;
            Ok(())
        });
        let failing = async {
            begun.notified().await;
            let waiters =
                futures_util::future::join(flight.share(async { Err("away") }), flight.share(async { Ok(()) }));
            let wake = async {
                tokio::task::yield_now().await;
                go.notify_one();
            };
            futures_util::future::join(waiters, wake).await.0
        };
        let (first, (second, third)) = futures_util::future::join(first, failing).await;
        assert_eq!((first, second, third), (Ok(()), Err("away"), Err("away")));
    }

    #[tokio::test]
    async fn a_branch_has_one_writer_and_no_memory() {
        let turns = Turns::default();
        let (a, b) = (BranchName::parse("a").unwrap(), BranchName::parse("b").unwrap());
        let first = turns.take(&a).await;
        drop(turns.take(&b).await);
        assert!(futures_util::FutureExt::now_or_never(turns.take(&a)).is_none());
        drop(first);
        drop(turns.take(&a).await);
        drop(turns.take(&b).await);
        assert!(turns.0.lock().unwrap().len() <= 1);
    }
}
