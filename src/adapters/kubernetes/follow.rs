//! The writing half of a watch: lists, follows, starts anew, and waits longer and longer while that fails.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures_util::StreamExt;
use kube::Api;
use kube::runtime::reflector::store::Writer;
use kube::runtime::reflector::{Lookup, Store};
use kube::runtime::watcher::{self, Event};
use tokio_util::sync::CancellationToken;

use super::connector::{Connector, NoClient};
use super::feed::Feed;
use super::heard::works;
use super::trouble;
use super::watchable::Watchable;
use super::watched::Watched;
use crate::domain::names::Namespace;
use crate::domain::watch::{Trouble, WatchStatus};

/// How long a watch lasts before it is made anew. A server that hangs is noticed by then, and one that lives is heard from.
const WATCH_SECONDS: u32 = 30;
/// Objects in one answer of a list.
const PAGE: u32 = 500;
/// The first pause after a failure, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// How often a kind that isn't there is looked for.
const LOOK_FOR_KIND_EVERY: Duration = Duration::from_secs(5);

/// A watch of one kind in one namespace, or in all.
pub struct Follower<W: Watchable> {
    status: Arc<WatchStatus>,
    writer: Writer<Watched<W>>,
    store: Store<Watched<W>>,
    changes: Arc<AtomicU64>,
    absent: Arc<AtomicBool>,
    was_listed: bool,
    undecodable: u64,
    pauses: ExponentialBackoff,
}

/// Why a watch has to be made anew.
struct Broken {
    trouble: Trouble,
    reason: String,
}

/// A watch, and what it will have in memory.
pub fn watch<W: Watchable>(namespace: Option<Namespace>, changes: &Arc<AtomicU64>) -> (Feed<W>, Follower<W>) {
    let status = Arc::new(WatchStatus::new(W::RESOURCE, namespace));
    let writer = Writer::new(());
    let (store, absent) = (writer.as_reader(), Arc::new(AtomicBool::new(false)));
    let feed = Feed { status: Arc::clone(&status), store: store.clone(), absent: Arc::clone(&absent) };
    let (changes, pauses) = (Arc::clone(changes), pauses());
    (feed, Follower { status, writer, store, changes, absent, was_listed: false, undecodable: 0, pauses })
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::new()
        .with_min_delay(PAUSE.0)
        .with_max_delay(PAUSE.1)
        .with_factor(2.0)
        .with_jitter()
        .without_max_times()
        .build()
}

/// An event with what is kept of its object; `None` when its name can't be read.
fn kept<W: Watchable>(event: Event<W>) -> Option<Event<Watched<W>>> {
    Some(match event {
        Event::Init => Event::Init,
        Event::InitApply(object) => Event::InitApply(Watched::of(object)?),
        Event::InitDone => Event::InitDone,
        Event::Apply(object) => Event::Apply(Watched::of(object)?),
        Event::Delete(object) => Event::Delete(Watched::of(object)?),
    })
}

impl<W: Watchable> Follower<W> {
    /// Follows until cancelled.
    pub async fn run(mut self, connector: Arc<Connector>, stop: CancellationToken) {
        loop {
            let broken = tokio::select! {
                () = stop.cancelled() => return,
                broken = self.follow(&connector) => broken,
            };
            self.failed(broken.trouble, &broken.reason);
            let pause = self.pause(broken.trouble);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Lists and follows, through failures that only ask for patience, until a new start is needed.
    async fn follow(&mut self, connector: &Connector) -> Broken {
        let client = match connector.watching(Arc::clone(&self.status)).await {
            Ok(client) => client,
            Err(NoClient { trouble, reason }) => return Broken { trouble, reason },
        };
        let api: Api<W> = match &self.status.namespace {
            Some(namespace) => Api::namespaced(client, namespace.as_str()),
            None => Api::all(client),
        };
        let config = W::selected(watcher::Config::default()).timeout(WATCH_SECONDS).page_size(PAGE);
        let mut events = pin!(watcher::watcher(api, config));
        while let Some(event) = events.next().await {
            let error = match event {
                Ok(event) => {
                    self.apply(event);
                    continue;
                }
                Err(error) => error,
            };
            let Some(trouble) = trouble::of_watch(&error) else {
                tracing::debug!(
                    kind = W::RESOURCE,
                    "the cluster doesn't know that far back; everything is listed anew"
                );
                continue;
            };
            let reason = trouble::said(&error).unwrap_or_default().to_owned();
            let afresh = matches!(error, watcher::Error::InitialListFailed(_))
                || matches!(trouble, Trouble::Unauthorized | Trouble::KindAbsent);
            if afresh {
                // With credentials read again, and nothing assumed of what was known.
                return Broken { trouble, reason };
            }
            self.failed(trouble, &reason);
            tokio::time::sleep(self.pause(trouble)).await;
        }
        Broken { trouble: Trouble::Unreadable, reason: "the watch ended".to_owned() }
    }

    /// Takes over what the server sent.
    fn apply(&mut self, event: Event<W>) {
        let version = match &event {
            Event::Apply(object) | Event::Delete(object) => object.meta().resource_version.clone(),
            _ => None,
        };
        let Some(event) = kept(event) else {
            tracing::warn!(kind = W::RESOURCE, "an object's name can't be read; it is left out");
            return;
        };
        self.count_undecodable(&event);
        self.writer.apply_watcher_event(&event);
        match event {
            Event::Init | Event::InitApply(_) => return,
            Event::InitDone => self.listed(),
            Event::Apply(_) | Event::Delete(_) => self.status.note_event(),
        }
        if let Some(version) = version {
            self.status.note_version(&version);
        }
        self.status.note_undecodable(self.undecodable);
        works(&self.status);
        // The next failure is a first one.
        self.pauses = pauses();
        // Last: whoever sees the new number finds what it stands for.
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// A complete list arrived.
    fn listed(&mut self) {
        if self.was_listed {
            self.status.note_relist();
        }
        self.was_listed = true;
        self.undecodable = self.store.state().iter().filter(|object| object.is_undecodable()).count() as u64;
        self.absent.store(false, Ordering::Relaxed);
    }

    /// Keeps count without looking at every object.
    fn count_undecodable(&mut self, event: &Event<Watched<W>>) {
        let (Event::Apply(object) | Event::Delete(object)) = event else { return };
        let before = self.store.get(&object.to_object_ref(()));
        if before.is_some_and(|before| before.is_undecodable()) {
            self.undecodable = self.undecodable.saturating_sub(1);
        }
        if matches!(event, Event::Apply(object) if object.is_undecodable()) {
            self.undecodable += 1;
        }
    }

    /// Tells the log of a trouble once, not at every try.
    fn failed(&self, trouble: Trouble, reason: &str) {
        if self.status.trouble() == Some(trouble) {
            tracing::debug!(kind = W::RESOURCE, trouble = trouble.as_str(), "the watch fails still");
        } else {
            let (kind, namespace, trouble) = (W::RESOURCE, self.namespace(), trouble.as_str());
            tracing::warn!(
                kind,
                namespace,
                trouble,
                reason,
                "the watch fails and is tried again; what was known is served"
            );
        }
        self.status.note_error(trouble);
        if trouble == Trouble::KindAbsent && !self.absent.swap(true, Ordering::Relaxed) {
            self.changes.fetch_add(1, Ordering::Release);
        }
    }

    fn namespace(&self) -> &str {
        self.status.namespace.as_ref().map_or("*", Namespace::as_str)
    }

    fn pause(&mut self, trouble: Trouble) -> Duration {
        if trouble == Trouble::KindAbsent {
            return LOOK_FOR_KIND_EVERY;
        }
        self.pauses.next().unwrap_or(PAUSE.1)
    }
}
