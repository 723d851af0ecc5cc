//! Requests to the API server, with the credentials of one kubeconfig.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use axum::http::Request;
use http_body_util::BodyExt;
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use super::runtime;

/// How long an answer may take; a stopped server never answers.
const PATIENCE: Duration = Duration::from_secs(30);
/// Who the API server writes down as the owner of the fields that tests set.
const MANAGER: &str = "tests";
const APPLY: &str = "application/apply-patch+yaml";

/// What the API server said.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// JSON, or the text where it isn't.
    pub body: Value,
}

impl Answer {
    /// The body of a success; anything else fails the test.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.body);
        self.body
    }

    /// The message of an error.
    pub fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or_default()
    }
}

/// Somebody who may call the API server.
pub struct Caller {
    client: Client,
    /// The paths of kinds that were looked up.
    kinds: Mutex<BTreeMap<(String, String), Kind>>,
}

/// Where the objects of a kind are.
#[derive(Clone)]
struct Kind {
    plural: String,
    namespaced: bool,
}

impl Caller {
    /// With the credentials of a kubeconfig.
    #[track_caller]
    pub fn new(kubeconfig: &Path) -> Self {
        let path = kubeconfig.to_owned();
        let client = runtime::run(async move { client(path).await });
        Self { client, kinds: Mutex::default() }
    }

    /// Sends a request; `None` when there is no answer.
    pub fn try_send(&self, method: &str, path: &str, media_type: &str, body: Vec<u8>) -> Option<Answer> {
        let request = Request::builder().method(method).uri(path).header("content-type", media_type);
        let request = request.body(Body::from(body)).unwrap();
        let client = self.client.clone();
        let exchange = async move {
            let answer = client.send(request).await.ok()?;
            let status = answer.status().as_u16();
            let bytes = answer.into_body().collect().await.ok()?.to_bytes();
            let text = || Value::from(String::from_utf8_lossy(&bytes));
            Some(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_else(|_| text()) })
        };
        runtime::run(async move { tokio::time::timeout(PATIENCE, exchange).await.ok().flatten() })
    }

    #[track_caller]
    fn send(&self, method: &str, path: &str, media_type: &str, body: Vec<u8>) -> Answer {
        self.try_send(method, path, media_type, body).unwrap_or_else(|| panic!("no answer to {method} {path}"))
    }

    /// GET.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "application/json", Vec::new())
    }

    /// POST of JSON.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "application/json", body.to_string().into_bytes())
    }

    /// DELETE; without the seconds of grace that a Pod has.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "application/json", json!({"gracePeriodSeconds": 0}).to_string().into_bytes())
    }

    /// A JSON merge patch; the path of a status ends in `/status`.
    #[track_caller]
    pub fn patch(&self, path: &str, change: &Value) -> Answer {
        self.send("PATCH", path, "application/merge-patch+json", change.to_string().into_bytes())
    }

    /// Applies every document of a YAML text, as `kubectl apply --server-side --force-conflicts` does, and returns the objects.
    #[track_caller]
    pub fn apply(&self, manifests: &str) -> Vec<Value> {
        documents(manifests).iter().map(|manifest| self.apply_with(manifest, "").ok()).collect()
    }

    /// What the API server would say to a manifest; a field that it doesn't know is an error.
    #[track_caller]
    pub fn dry_run(&self, manifest: &Value) -> Answer {
        self.apply_with(manifest, "&dryRun=All")
    }

    #[track_caller]
    fn apply_with(&self, manifest: &Value, query: &str) -> Answer {
        let path = self.path_of(manifest);
        let path = format!("{path}?fieldManager={MANAGER}&force=true&fieldValidation=Strict{query}");
        self.send("PATCH", &path, APPLY, manifest.to_string().into_bytes())
    }

    /// The path of a manifest's object.
    #[track_caller]
    pub fn path_of(&self, manifest: &Value) -> String {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (version, kind) = (word(&manifest["apiVersion"]), word(&manifest["kind"]));
        let (namespace, name) = (word(&manifest["metadata"]["namespace"]), word(&manifest["metadata"]["name"]));
        let Kind { plural, namespaced } = self.kind(&version, &kind);
        let root = if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") };
        if namespaced {
            assert!(!namespace.is_empty(), "{kind} {name} has no namespace");
            format!("{root}/namespaces/{namespace}/{plural}/{name}")
        } else {
            format!("{root}/{plural}/{name}")
        }
    }

    #[track_caller]
    fn kind(&self, version: &str, kind: &str) -> Kind {
        let key = (version.to_owned(), kind.to_owned());
        if let Some(known) = self.kinds.lock().unwrap().get(&key) {
            return known.clone();
        }
        let root = if version.contains('/') { "apis" } else { "api" };
        let resources = self.get(&format!("/{root}/{version}")).ok();
        let all = resources["resources"].as_array().unwrap();
        let is_it = |resource: &&Value| resource["kind"] == kind && !resource["name"].as_str().unwrap().contains('/');
        let resource = all.iter().find(is_it).unwrap_or_else(|| panic!("there is no {kind} in {version}"));
        let plural = resource["name"].as_str().unwrap().to_owned();
        let found = Kind { plural, namespaced: resource["namespaced"] == true };
        self.kinds.lock().unwrap().insert(key, found.clone());
        found
    }
}

/// The documents of a YAML text.
#[track_caller]
pub fn documents(yaml: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_yaml::from_multiple(yaml).unwrap_or_else(|error| panic!("{error}:\n{yaml}"));
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

/// A client of kube-rs, for the runtime that it is made in.
pub async fn client(kubeconfig: PathBuf) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).unwrap();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    config.connect_timeout = Some(PATIENCE);
    Client::try_from(config).unwrap()
}
