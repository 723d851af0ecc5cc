//! A collector of traces: takes what OTLP over HTTP sends, and keeps it as it came and as spans.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// The collector; it ends with the process of the tests.
pub struct Collector {
    address: String,
    status: Arc<AtomicU16>,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    heads: String,
    bytes: Vec<u8>,
    spans: Vec<Span>,
}

impl Collector {
    /// Listens on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (status, taken) = (Arc::new(AtomicU16::new(200)), Arc::new(Mutex::new(Taken::default())));
        let (answer, keep) = (status.clone(), taken.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut head = String::new();
                while reader.read_line(&mut head).unwrap_or(0) > 2 {}
                let length =
                    head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                if reader.read_exact(&mut body).is_err() {
                    continue;
                }
                let status = answer.load(Ordering::Relaxed);
                if status == 200 {
                    let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
                    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
                    let mut taken = keep.lock().unwrap();
                    taken.spans.extend(scopes.flat_map(|scope| scope.spans));
                    taken.bytes.extend(body);
                    taken.heads.push_str(&head);
                }
                let answer = format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        Self { address, status, taken }
    }

    /// What to set `OTEL_EXPORTER_OTLP_ENDPOINT` to.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Answers with another status from now on; with any but 200, nothing is taken.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// The spans so far.
    pub fn spans(&self) -> Vec<Span> {
        self.taken.lock().unwrap().spans.clone()
    }

    /// The bodies so far, as they came.
    pub fn bytes(&self) -> Vec<u8> {
        self.taken.lock().unwrap().bytes.clone()
    }

    /// The requests' heads so far.
    pub fn heads(&self) -> String {
        self.taken.lock().unwrap().heads.clone()
    }
}

/// An attribute of a span, as text.
pub fn attribute(span: &Span, name: &str) -> Option<String> {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    let found = span.attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}
