//! Traces: the spans of requests, sent to an OpenTelemetry collector over OTLP/HTTP, when there is one.
//!
//! Only this service's own spans are sent, and no log lines: they carry no name of a thing, no value and no credential.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use hyper::{HeaderMap, Request, Response};
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tokio::runtime::{Builder, Handle, Runtime};
use tracing::Subscriber;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::traced::TARGET;

/// How long the collector may take.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How long the last spans may take when the service stops.
const STOP_TIME: Duration = Duration::from_secs(5);

/// Where traces go, and which.
#[derive(Debug, Clone)]
pub struct TraceSettings {
    /// The collector's address for traces, such as `http://localhost:4318/v1/traces`.
    pub address: String,
    /// What it asks for in headers; sensitive.
    pub headers: HeaderMap,
    /// Which share of the requests that come without a trace of their own begin one.
    pub share: f64,
    /// The service's name and version.
    pub service: (String, String),
}

/// Sends spans until it is dropped, and the last ones then.
pub struct Traces {
    provider: SdkTracerProvider,
    /// The exporter sends on it.
    _runtime: Runtime,
}

impl Traces {
    /// Begins to send, with the layer that takes the spans.
    ///
    /// # Errors
    /// A sentence about what can't be set up.
    pub fn start(settings: &TraceSettings) -> Result<(Self, Box<dyn Layer<Registry> + Send + Sync>), String> {
        let failed = |what: &dyn fmt::Display| format!("traces can't be sent: {what}");
        // The exporter runs on a thread of its own, where there is no runtime.
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("traces").enable_all().build();
        let runtime = runtime.map_err(|error| failed(&error))?;
        let client = reqwest::Client::builder()
            .default_headers(settings.headers.clone())
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIME_LIMIT)
            .build()
            .map_err(|error| failed(&error))?;
        let collector = Collector { client, runtime: runtime.handle().clone(), failing: AtomicBool::new(false) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&settings.address)
            .with_timeout(TIME_LIMIT)
            .build()
            .map_err(|error| failed(&error))?;
        let (name, version) = settings.service.clone();
        let resource =
            Resource::builder().with_service_name(name).with_attribute(KeyValue::new("service.version", version));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.share))))
            .with_resource(resource.build())
            .build();
        let layer = layer(&provider);
        Ok((Self { provider, _runtime: runtime }, layer))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.provider.shutdown_with_timeout(STOP_TIME) {
            tracing::warn!(%error, "the last traces weren't sent");
        }
    }
}

fn layer<S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync>(
    provider: &SdkTracerProvider,
) -> Box<dyn Layer<S> + Send + Sync> {
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer(env!("CARGO_PKG_NAME")));
    let layer = layer
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_level(false);
    layer.with_filter(filter_fn(|told| told.is_span() && told.target() == TARGET)).boxed()
}

/// The way to the collector.
struct Collector {
    client: reqwest::Client,
    runtime: Handle,
    /// So that a failure is logged once, and not with each batch.
    failing: AtomicBool,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collector")
    }
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move {
            let mut answer = client.execute(request.try_into()?).await?;
            let mut response = Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.extend(std::mem::take(answer.headers_mut()));
            }
            // What it says is of no use here, and could be endless.
            Ok::<_, reqwest::Error>(response.body(Bytes::new()))
        });
        let answer: Result<Response<Bytes>, HttpError> = async { Ok(sent.await???) }.await;
        let failure = match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(answer.status().to_string()),
            // The address may hold a password.
            Err(error) => Some(error.downcast_ref::<reqwest::Error>().map_or("no answer", reason).to_owned()),
        };
        match (&failure, self.failing.swap(failure.is_some(), Ordering::Relaxed)) {
            (Some(reason), false) => tracing::warn!(reason, "traces can't be sent; see OTEL_EXPORTER_OTLP_ENDPOINT"),
            (None, true) => tracing::info!("traces are sent again"),
            _ => {}
        }
        answer
    }
}

fn reason(error: &reqwest::Error) -> &'static str {
    if error.is_connect() {
        "nobody answers"
    } else if error.is_timeout() {
        "timed out"
    } else {
        "no answer"
    }
}
