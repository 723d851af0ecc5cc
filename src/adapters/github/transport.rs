//! Carries libgit2's smart protocol over our own HTTP client: bounded in time and size, with errors that keep their meaning.

mod answer;
mod exchange;

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, Once, PoisonError};

use git2::transport::{Service, SmartSubtransport, SmartSubtransportStream, Transport};
use reqwest::{Client, Url};
use tokio::runtime::Handle;

use self::exchange::Exchange;
use super::remote::{Limits, Operation};
use crate::adapters::git;
use crate::adapters::git::error::vcs_error;
use crate::domain::error::VcsError;

thread_local! {
    /// The session of the git call that runs on this thread.
    static CURRENT: RefCell<Option<Arc<Session>>> = const { RefCell::new(None) };
}

/// What all requests of one git call share.
#[derive(Debug)]
pub(super) struct Session {
    runtime: Handle,
    client: Client,
    /// The repository's address; another one on the same server after a redirect.
    address: Mutex<Url>,
    operation: Operation,
    limits: Limits,
    /// The first thing that went wrong: libgit2 passes on no more than a text.
    failure: Mutex<Option<VcsError>>,
}

impl Session {
    /// A session for calls from a blocking thread of the current runtime.
    pub(super) fn new(client: Client, address: Url, limits: Limits, operation: Operation) -> Self {
        let (address, failure) = (Mutex::new(address), Mutex::default());
        Self { runtime: Handle::current(), client, address, operation, limits, failure }
    }

    /// Makes git calls whose HTTP goes through this session.
    ///
    /// # Errors
    /// What went wrong in the exchange with the server, else what libgit2 says.
    pub(super) fn run<T>(self: &Arc<Self>, work: impl FnOnce() -> Result<T, git2::Error>) -> Result<T, VcsError> {
        register();
        let outcome = {
            let _current = Current::set(Arc::clone(self));
            work()
        };
        outcome.map_err(|error| {
            let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
            let clean = || git2::Error::new(error.code(), error.class(), self.operation.clean(error.message()));
            failure.unwrap_or_else(|| vcs_error(&clean()))
        })
    }

    /// Asks for the refs that a service of the server has: its packet lines.
    ///
    /// # Errors
    /// As the server or the connection has it.
    pub(super) fn advertisement(self: &Arc<Self>, service: &'static str) -> Result<impl Read, VcsError> {
        Exchange::refs(Arc::clone(self), service)
    }

    /// A call of a service of the server: what it is sent is written first, then its answer is read.
    pub(super) fn call(self: &Arc<Self>, service: &'static str) -> impl Read + Write {
        Exchange::call(Arc::clone(self), service)
    }

    /// What went wrong where reading or writing failed: in the exchange with the server, else in what it said.
    pub(super) fn failed(&self, error: &io::Error) -> VcsError {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.unwrap_or_else(|| {
            let address = self.address();
            let host = address.host_str().unwrap_or("the Git server");
            VcsError::Unreachable(format!("{host}: {}", self.operation.clean(&error.to_string())))
        })
    }

    /// Keeps what went wrong; what follows from it isn't kept.
    fn fail(&self, error: VcsError) {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    /// Whether the operation may go on; for libgit2's callbacks.
    pub(super) fn goes_on(&self) -> bool {
        self.operation.check().map_err(|error| self.fail(error)).is_ok()
    }

    fn address(&self) -> Url {
        self.address.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn moved(&self, address: Url) {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }
}

/// Takes the session off the thread again, also when the work panics.
struct Current(Option<Arc<Session>>);

impl Current {
    fn set(session: Arc<Session>) -> Self {
        Self(CURRENT.replace(Some(session)))
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        CURRENT.replace(self.0.take());
    }
}

/// Makes libgit2 ask this module for `http` and `https`, once per process: git2 has no transport per call. The session that
/// a transport belongs to is that of the thread that asks.
fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        git::isolate();
        for scheme in ["http", "https"] {
            // SAFETY: the list of transports is a process global without a lock. `Once` makes this its only writer, and it is
            // read only when a remote connects, which in this crate happens inside `Session::run`, after this.
            #[allow(unsafe_code)]
            let registered = unsafe {
                git2::transport::register(scheme, |remote| {
                    let session = CURRENT.with_borrow(Clone::clone);
                    let session = session.ok_or_else(|| git2::Error::from_str("no session on this thread"))?;
                    Transport::smart(remote, true, Subtransport { session })
                })
            };
            registered.expect("libgit2 takes a transport of its own for each scheme");
        }
    });
}

struct Subtransport {
    session: Arc<Session>,
}

impl SmartSubtransport for Subtransport {
    fn action(&self, _url: &str, service: Service) -> Result<Box<dyn SmartSubtransportStream>, git2::Error> {
        let session = Arc::clone(&self.session);
        let exchange = match service {
            Service::UploadPackLs => Exchange::refs(session, "git-upload-pack"),
            Service::ReceivePackLs => Exchange::refs(session, "git-receive-pack"),
            Service::UploadPack => Ok(Exchange::call(session, "git-upload-pack")),
            Service::ReceivePack => Ok(Exchange::call(session, "git-receive-pack")),
        };
        match exchange {
            Ok(exchange) => Ok(Box::new(exchange)),
            Err(error) => {
                self.session.fail(error);
                Err(git2::Error::from_str("the exchange with the Git server failed"))
            }
        }
    }

    fn close(&self) -> Result<(), git2::Error> {
        Ok(())
    }
}
