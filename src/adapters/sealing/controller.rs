//! The certificate of the controller in the cluster, through the API server's service proxy, where kubeseal gets it too.
//!
//! One GET of a public certificate is all that the controller ever hears from here. Its other endpoints take manifests and tell, or
//! make anew, what is sealed in them: with a manifest of a caller's making they open secrets.

use async_trait::async_trait;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::{Request, StatusCode};
use kube::Client;
use kube::client::Body;

use super::MAX_BYTES;
use super::fetched::{Fetch, Fetched};
use crate::outbound::innermost;

/// What kubeseal and the controller's own manifests call the Service.
const USUAL_NAME: &str = "sealed-secrets-controller";
/// What the Helm chart calls it.
const CHART_NAME: &str = "sealed-secrets";

/// The controller of a cluster.
pub struct ControllerProxy {
    client: Client,
    namespace: String,
    name: String,
    port: u16,
}

/// Why one Service gave no certificate.
enum Failure {
    /// There may be another name to try: it isn't there, or may not be asked.
    Elsewhere(String),
    Other(String),
}

impl ControllerProxy {
    /// The controller behind a Service: namespace and name must be valid in an address's path. With the usual name, the Helm chart's
    /// is tried as well. The client should not try again by itself (`default_retry`), which would hide why nobody answers.
    #[must_use]
    pub fn new(client: Client, namespace: &str, name: &str, port: u16) -> Self {
        Self { client, namespace: namespace.to_owned(), name: name.to_owned(), port }
    }

    async fn ask(&self, name: &str) -> Result<Fetched, Failure> {
        let Self { namespace, port, .. } = self;
        let path = format!("/api/v1/namespaces/{namespace}/services/http:{name}:{port}/proxy/v1/cert.pem");
        let request = Request::get(path).body(Body::empty()).map_err(|error| Failure::Other(error.to_string()))?;
        let answer = self.client.send(request).await.map_err(|error| Failure::Other(unsent(&error)))?;
        match answer.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => {
                return Err(Failure::Elsewhere(format!("the namespace has no Service {name} that hands one out")));
            }
            StatusCode::FORBIDDEN => {
                let what = format!("get services/proxy of http:{name}:{port}");
                return Err(Failure::Elsewhere(format!("this service's account may not {what}; grant it")));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                return Err(Failure::Other(format!("no pod behind the Service {name} is ready")));
            }
            status => return Err(Failure::Other(format!("the API server answered {status} for the Service {name}"))),
        }
        let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await.map_err(|error| {
            Failure::Other(match error.downcast_ref::<LengthLimitError>() {
                Some(_) => format!("it has more than {} KiB, which no certificate has", MAX_BYTES / 1024),
                None => format!("it was cut off: {}", innermost(&*error)),
            })
        })?;
        let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
        Ok(Fetched { text, from: format!("the controller {namespace}/{name}") })
    }
}

fn unsent(error: &kube::Error) -> String {
    match error {
        // The whole story may quote what a credential plugin printed.
        kube::Error::Auth(_) => {
            "this service's credentials for the cluster can't be had; check its kubeconfig".to_owned()
        }
        error => format!("the API server can't be reached: {}", innermost(error)),
    }
}

#[async_trait]
impl Fetch for ControllerProxy {
    async fn fetch(&self) -> Result<Fetched, String> {
        let first = match self.ask(&self.name).await {
            Ok(fetched) => return Ok(fetched),
            Err(Failure::Other(reason)) => return Err(reason),
            Err(Failure::Elsewhere(reason)) => reason,
        };
        if self.name != USUAL_NAME {
            return Err(first);
        }
        match self.ask(CHART_NAME).await {
            Ok(fetched) => Ok(fetched),
            Err(Failure::Other(reason)) => Err(reason),
            Err(Failure::Elsewhere(second)) => Err(format!("{first}; {second}")),
        }
    }

    fn named(&self) -> String {
        format!(
            "the Sealed Secrets controller in the namespace {} (SEALED_SECRETS_CONTROLLER_NAMESPACE, _NAME, _PORT, or \
             SEALED_SECRETS_CERT in its place)",
            self.namespace
        )
    }
}
