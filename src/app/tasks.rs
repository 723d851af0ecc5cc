//! The background tasks: each has a name and an owner, and runs until the service stops.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

/// How long tasks may take to end when they are told to.
const END_TIME: Duration = Duration::from_secs(5);

/// The tasks of the service.
#[derive(Debug, Default)]
pub struct Tasks {
    set: JoinSet<()>,
    names: HashMap<Id, &'static str>,
    stop: CancellationToken,
}

impl Tasks {
    /// Tells a task that the service stops: each task is given one, and ends soon after.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Starts a task that runs until the stop token is cancelled. Its end before that stops the service.
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let handle = self.set.spawn(task);
        self.names.insert(handle.id(), name);
    }

    /// Waits for a task that ends by itself or panics, which none should, and names it. Waits for ever when there is none.
    pub async fn unexpected_end(&mut self) -> &'static str {
        let id = match self.set.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => std::future::pending().await,
        };
        self.names.get(&id).copied().unwrap_or("unknown")
    }

    /// Tells every task to end and waits for them; aborts those that don't.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let ended = async { while self.set.join_next().await.is_some() {} };
        if tokio::time::timeout(END_TIME, ended).await.is_err() {
            tracing::warn!("background tasks didn't end in time and are aborted");
            self.set.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_ends_or_panics_is_named() {
        let mut tasks = Tasks::default();
        tasks.spawn("lasting", std::future::pending());
        tasks.spawn("brief", async {});
        assert_eq!(tasks.unexpected_end().await, "brief");
        tasks.spawn("broken", async { panic!("inside") });
        assert_eq!(tasks.unexpected_end().await, "broken");
    }

    #[tokio::test]
    async fn tasks_end_when_they_are_told_to() {
        let mut tasks = Tasks::default();
        let stop = tasks.stop_token();
        let (done, seen) = tokio::sync::oneshot::channel();
        tasks.spawn("polite", async move {
            stop.cancelled().await;
            let _ = done.send(());
        });
        tasks.stop().await;
        seen.await.unwrap();
    }
}
