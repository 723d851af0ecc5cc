//! What is known of one watch of a cluster: the account that makes its data's age honest.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;

use super::names::Namespace;
use super::snapshot::Contact;

/// What is wrong with a watch, as a code that may be told to everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Trouble {
    /// The first complete list hasn't arrived.
    Loading = 1,
    /// The server can't be reached.
    Unreachable,
    /// The server didn't answer in time.
    TimedOut,
    /// The server doesn't know who asks.
    Unauthorized,
    /// Who asks may not list or watch the kind.
    Forbidden,
    /// The cluster has no such kind.
    KindAbsent,
    /// The server answered with another error.
    ServerError,
    /// The answer can't be read.
    Unreadable,
}

impl Trouble {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Loading,
        Self::Unreachable,
        Self::TimedOut,
        Self::Unauthorized,
        Self::Forbidden,
        Self::KindAbsent,
        Self::ServerError,
        Self::Unreadable,
    ];

    fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| *trouble as u8 == code)
    }

    /// The code, as readiness and metrics tell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::KindAbsent => "kind_absent",
            Self::ServerError => "server_error",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Trouble {
    /// What to tell a client whose request can't be answered for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loading => "the cluster's first list is on its way",
            Self::Unreachable => "the cluster can't be reached",
            Self::TimedOut => "the cluster doesn't answer in time",
            Self::Unauthorized => "the cluster doesn't accept this service's credentials",
            Self::Forbidden => "the cluster doesn't allow this service to list and watch them",
            Self::KindAbsent => "the cluster has no such kind",
            Self::ServerError => "the cluster answers with an error",
            Self::Unreadable => "the cluster's answer can't be read",
        })
    }
}

/// One watch: what it is of, and how it does. Written by the watch, read by answers, readiness and metrics.
#[derive(Debug)]
pub struct WatchStatus {
    /// The kind, as Kubernetes names resources: `secrets`, `nodegroups.eks.services.k8s.aws`.
    pub kind: &'static str,
    /// The namespace; `None` for all.
    pub namespace: Option<Namespace>,
    /// When the server last sent anything: headers of a success, an object, a bookmark.
    pub contact: Contact,
    /// Milliseconds since 1970; 0 for never.
    last_event: AtomicI64,
    resource_version: RwLock<Option<String>>,
    relists: AtomicU64,
    errors: AtomicU64,
    undecodable: AtomicU64,
    trouble: AtomicU8,
}

impl WatchStatus {
    /// A watch that hasn't begun.
    #[must_use]
    pub fn new(kind: &'static str, namespace: Option<Namespace>) -> Self {
        Self {
            kind,
            namespace,
            contact: Contact::never(),
            last_event: AtomicI64::new(0),
            resource_version: RwLock::new(None),
            relists: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            undecodable: AtomicU64::new(0),
            trouble: AtomicU8::new(Trouble::Loading as u8),
        }
    }

    /// An object came, changed or went.
    pub fn note_event(&self) {
        self.last_event.store(Timestamp::now().as_millisecond(), Ordering::Relaxed);
    }

    /// When an object last came, changed or went.
    #[must_use]
    pub fn last_event(&self) -> Option<Timestamp> {
        let at = self.last_event.load(Ordering::Relaxed);
        (at != 0).then(|| Timestamp::from_millisecond(at).ok()).flatten()
    }

    /// The state of the cluster that is known is this one.
    pub fn note_version(&self, version: &str) {
        let mut known = self.resource_version.write().unwrap_or_else(PoisonError::into_inner);
        if known.as_deref() != Some(version) {
            *known = Some(version.to_owned());
        }
    }

    /// The state of the cluster that is known: opaque, as Kubernetes says.
    #[must_use]
    pub fn resource_version(&self) -> Option<String> {
        self.resource_version.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything is listed anew.
    pub fn note_relist(&self) {
        self.relists.fetch_add(1, Ordering::Relaxed);
    }

    /// How often everything was listed anew, the first time not counted.
    #[must_use]
    pub fn relists(&self) -> u64 {
        self.relists.load(Ordering::Relaxed)
    }

    /// The watch failed.
    pub fn note_error(&self, trouble: Trouble) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        self.trouble.store(trouble as u8, Ordering::Relaxed);
    }

    /// How often the watch failed.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.errors.load(Ordering::Relaxed)
    }

    /// The watch does its work; what was wrong until now.
    pub fn note_health(&self) -> Option<Trouble> {
        Trouble::of_code(self.trouble.swap(0, Ordering::Relaxed))
    }

    /// What is wrong now.
    #[must_use]
    pub fn trouble(&self) -> Option<Trouble> {
        Trouble::of_code(self.trouble.load(Ordering::Relaxed))
    }

    /// So many of the objects can't be decoded.
    pub fn note_undecodable(&self, count: u64) {
        self.undecodable.store(count, Ordering::Relaxed);
    }

    /// How many of the objects can't be decoded.
    #[must_use]
    pub fn undecodable(&self) -> u64 {
        self.undecodable.load(Ordering::Relaxed)
    }
}

/// What a watch tells at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchReport {
    /// See [`WatchStatus::kind`].
    pub kind: &'static str,
    /// See [`WatchStatus::namespace`].
    pub namespace: Option<Namespace>,
    /// See [`WatchStatus::contact`]; `None` before the first one.
    pub last_contact: Option<Timestamp>,
    /// See [`WatchStatus::last_event`].
    pub last_event: Option<Timestamp>,
    /// See [`WatchStatus::resource_version`].
    pub resource_version: Option<String>,
    /// See [`WatchStatus::relists`].
    pub relists: u64,
    /// See [`WatchStatus::errors`].
    pub errors: u64,
    /// See [`WatchStatus::undecodable`].
    pub undecodable: u64,
    /// See [`WatchStatus::trouble`].
    pub trouble: Option<Trouble>,
}

impl WatchStatus {
    /// All of it.
    #[must_use]
    pub fn report(&self) -> WatchReport {
        WatchReport {
            kind: self.kind,
            namespace: self.namespace.clone(),
            last_contact: self.contact.is_heard().then(|| self.contact.at()),
            last_event: self.last_event(),
            resource_version: self.resource_version(),
            relists: self.relists(),
            errors: self.errors(),
            undecodable: self.undecodable(),
            trouble: self.trouble(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_begins_loading_and_remembers_what_it_is_told() {
        let watch = WatchStatus::new("secrets", None);
        assert_eq!((watch.trouble(), watch.last_event()), (Some(Trouble::Loading), None));
        watch.note_error(Trouble::Forbidden);
        assert_eq!((watch.trouble(), watch.errors()), (Some(Trouble::Forbidden), 1));
        assert_eq!(watch.note_health(), Some(Trouble::Forbidden));
        watch.note_version("7");
        watch.note_event();
        assert_eq!((watch.trouble(), watch.resource_version().as_deref()), (None, Some("7")));
        assert!(watch.last_event().is_some());
    }

    #[test]
    fn every_trouble_has_a_number_of_its_own() {
        for trouble in Trouble::ALL {
            let watch = WatchStatus::new("secrets", None);
            watch.note_error(trouble);
            assert_eq!(watch.trouble(), Some(trouble));
        }
    }
}
