//! Waiting for one another: callers who want the same news share one look, writers of the same branch go one by one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

use crate::domain::names::BranchName;

/// One look at a time. Who waited for its turn takes over the outcome of a look that began after it asked.
#[derive(Debug, Default)]
pub(super) struct Flight {
    turn: tokio::sync::Mutex<()>,
    begun: AtomicU64,
    /// The number of the last look that succeeded.
    landed: AtomicU64,
}

impl Flight {
    /// Looks, unless somebody did meanwhile.
    pub(super) async fn share<E>(&self, look: impl Future<Output = Result<(), E>>) -> Result<(), E> {
        let asked = self.begun.load(Ordering::Acquire);
        let _turn = self.turn.lock().await;
        if self.landed.load(Ordering::Acquire) > asked {
            return Ok(());
        }
        let number = self.begun.fetch_add(1, Ordering::AcqRel) + 1;
        look.await?;
        self.landed.store(number, Ordering::Release);
        Ok(())
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
    async fn a_look_that_fails_is_nobody_else_s() {
        let flight = Flight::default();
        assert_eq!(flight.share(async { Err("away") }).await, Err("away"));
        assert_eq!(flight.share(async { Ok::<(), &str>(()) }).await, Ok(()));
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
