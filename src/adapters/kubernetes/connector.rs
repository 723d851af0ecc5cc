//! Makes the clients: one for each watch, so that what is heard can be told apart, with credentials read at that moment.

use std::sync::Arc;
use std::time::Duration;

use kube::client::{ClientBuilder, DynBody};
use kube::{Client, Error};
use tower::BoxError;
use tower::util::BoxService;

use super::credentials::Credentials;
use super::heard::HeardLayer;
use crate::domain::names::Namespace;
use crate::domain::watch::{Trouble, WatchStatus};

/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long an answer may pause: longer than a watch lasts, as its server may have nothing to say.
const READ_WITHIN: Duration = Duration::from_secs(45);
/// How long a request may take to be sent.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// Which namespaces are watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamespaceScope {
    /// All, with one watch for each kind.
    All,
    /// These, each with a watch for each kind.
    Named(Vec<Namespace>),
}

impl NamespaceScope {
    /// The namespace of each watch; `None` is all of them.
    pub(super) fn each(&self) -> Vec<Option<Namespace>> {
        match self {
            Self::All => vec![None],
            Self::Named(names) => names.iter().cloned().map(Some).collect(),
        }
    }
}

/// Why there is no client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoClient {
    /// The code.
    pub trouble: Trouble,
    /// What to mend, without a word of the credentials.
    pub reason: String,
}

/// A cluster that can be connected to.
#[derive(Debug)]
pub struct Connector {
    credentials: Credentials,
    location: String,
    own_namespace: Option<Namespace>,
}

type Builder =
    ClientBuilder<BoxService<axum::http::Request<kube::client::Body>, axum::http::Response<Box<DynBody>>, BoxError>>;

impl Connector {
    /// Reads the credentials once, so that mistakes in them are told at start. Nothing is sent.
    ///
    /// # Errors
    /// A sentence that says what to mend.
    pub async fn open(credentials: Credentials) -> Result<Self, String> {
        let config = credentials.read().await?;
        // No more of the address: it may hold a name or a password.
        let (host, port) = (config.cluster_url.host().unwrap_or_default(), config.cluster_url.port_u16());
        let location = port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let own_namespace = Namespace::parse(&config.default_namespace).ok();
        Ok(Self { credentials, location, own_namespace })
    }

    /// Where the cluster is: host and port.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.location
    }

    /// The namespace that the context, or the pod, is in.
    #[must_use]
    pub fn own_namespace(&self) -> Option<&Namespace> {
        self.own_namespace.as_ref()
    }

    /// A client for single calls.
    ///
    /// # Errors
    /// When the credentials can't be read, or can't be used.
    pub async fn client(&self) -> Result<Client, NoClient> {
        Ok(self.builder().await?.build())
    }

    /// A client for one watch, whose status is told whenever the server is heard from.
    ///
    /// # Errors
    /// As [`Connector::client`].
    pub(super) async fn watching(&self, watch: Arc<WatchStatus>) -> Result<Client, NoClient> {
        Ok(self.builder().await?.with_layer(&HeardLayer::new(watch)).build())
    }

    async fn builder(&self) -> Result<Builder, NoClient> {
        let unauthorized = |reason| NoClient { trouble: Trouble::Unauthorized, reason };
        let mut config = self.credentials.read().await.map_err(unauthorized)?;
        config.connect_timeout = Some(CONNECT_WITHIN);
        config.read_timeout = Some(READ_WITHIN);
        config.write_timeout = Some(WRITE_WITHIN);
        config.reset_reader_on_write = true;
        // Whoever calls has a pause of its own, which grows.
        config.default_retry = false;
        // Credentials may come from a program that takes its time.
        let built = tokio::task::spawn_blocking(move || Builder::try_from(config)).await;
        let built = built.map_err(|_| unauthorized("the credentials can't be used".to_owned()))?;
        built.map_err(|error| unauthorized(told(&error).to_owned()))
    }
}

/// kube's own words can quote what a credentials program wrote.
fn told(error: &Error) -> &'static str {
    match error {
        Error::Auth(_) => "the credentials can't be used: a token, or the program that gives one, fails",
        Error::RustlsTls(_) => "the credentials can't be used: a certificate or its key",
        Error::ProxyProtocolDisabled { .. } | Error::ProxyProtocolUnsupported { .. } => {
            "the proxy's protocol can't be used"
        }
        _ => "the credentials can't be used",
    }
}
