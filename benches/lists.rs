//! What listing 500 nodegroups of a cluster costs the service in processor time, beside the API server's own list of the same.
//!
//! Both are up at once and are loaded in turns, so that what else the machine does hits both alike. The API server is asked by
//! the account that the service watches it with, over TLS, as it speaks nothing else.

#[path = "support/service.rs"]
mod service;
#[path = "support/wrk.rs"]
mod wrk;

/// What the tests start the API server with.
#[path = "../tests/support"]
#[allow(dead_code, unused_imports, reason = "the tests use more of it")]
#[allow(clippy::unwrap_used, reason = "a server that fails ends the bench")]
mod support {
    pub mod client;
    pub mod cluster;
    pub mod documented;
    pub mod process;
    pub mod sealing;

    pub use process::{TestApp, wait_for};
}

use std::env;
use std::io;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use self::service::get;
use self::support::cluster::{Account, Cluster, NODEGROUPS, Namespace};

const SERVICE: &str = env!("CARGO_BIN_EXE_cre-backend-api");
const PRICE_LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/pricing-list.json");
const API: &str = "eks.services.k8s.aws/v1alpha1";
const LIST: &str = "/api/nodegroups";
const GZIP: &str = "Accept-Encoding: gzip";
const OBJECTS: usize = 500;
const ROUNDS: usize = 3;
const SECONDS: u32 = 3;

/// A request that is measured.
struct Case {
    name: &'static str,
    process: u32,
    url: String,
    headers: Vec<String>,
    /// The case beside it, and by what it should cost less at least.
    beside: Option<(usize, f64)>,
    /// Of each round, in microseconds.
    costs: Vec<f64>,
}

fn main() -> io::Result<()> {
    // `cargo test --benches` runs benches too, to see that they work: once is enough then.
    let full = env::args().any(|argument| argument == "--bench");
    let installed = Command::new("wrk").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !installed {
        println!("\nThe cost of a cluster's list is left out: wrk isn't installed; .ci/setup bench does that.");
        return Ok(());
    }
    // It says itself what is missing.
    let Some(cluster) = Cluster::own() else { return Ok(()) };
    cluster.install(NODEGROUPS);
    let namespace = cluster.namespace();
    fill(cluster, &namespace);
    let account = Account::new(cluster, namespace.name(), "backend-api");
    let rule = |group: &str, resource: &str| json!({"apiGroups": [group], "resources": [resource], "verbs": ["get", "list", "watch"]});
    let rules = [rule("eks.services.k8s.aws", "nodegroups"), rule("bitnami.com", "sealedsecrets"), rule("", "secrets")];
    account.allow_in(namespace.name(), &json!(rules));

    let folder = tempfile::tempdir()?;
    let kubeconfig = account.kubeconfig().to_string_lossy();
    let settings = [("NAMESPACE", namespace.name()), ("KUBECONFIG", &*kubeconfig)];
    let ours = service::start(Command::new(SERVICE), folder.path(), PRICE_LIST, "warn", &settings)?;
    let mine = |path: &str| format!("http://{}{path}", ours.address);
    let path = namespace.path(API, "nodegroups");
    let theirs = |query: &str| format!("https://{}{path}{query}", cluster.address());
    let bytes = [listed(&get(ours.address, LIST, "")?)?, theirs_listed(&account.caller().get(&path).ok())?];

    let gzip = vec![GZIP.to_owned()];
    let bearer = vec![format!("Authorization: Bearer {}", std::fs::read_to_string(account.token_file())?)];
    let api_server = cluster.api_server().id();
    let case = |name, process, url, headers, beside| Case { name, process, url, headers, beside, costs: Vec::new() };
    let mut cases = [
        case("API server, list", api_server, theirs(""), bearer.clone(), None),
        case("API server, from its cache", api_server, theirs("?resourceVersion=0"), bearer.clone(), None),
        case("API server, list, gzip", api_server, theirs(""), [bearer, gzip.clone()].concat(), None),
        case("ours, whole list", ours.id(), mine(LIST), vec![], Some((0, 300.0))),
        case("ours, whole list, gzip", ours.id(), mine(LIST), gzip, Some((2, 300.0))),
        case("ours, 50 by name", ours.id(), mine("/api/nodegroups?name=workers-00?5*"), vec![], None),
        case("ours, a page of 50", ours.id(), mine("/api/nodegroups?limit=50"), vec![], None),
        case("ours, one of them", ours.id(), mine("/api/nodegroups/workers-00042"), vec![], None),
    ];
    let (rounds, seconds) = if full { (ROUNDS, SECONDS) } else { (1, 1) };
    for _ in 0..rounds {
        for case in &mut cases {
            let wrk = Command::new("wrk");
            case.costs.push(wrk::microseconds_per_request(wrk, case.process, &case.url, &case.headers, seconds)?);
        }
    }

    println!("\n{OBJECTS} nodegroups: {} bytes, from the API server {}", bytes[0], bytes[1]);
    println!("\n{:<30}{:>10}  {:<28}{:>8}{:>10}", "processor time of a request", "µs", "beside", "× less", "at least");
    for case in &cases {
        print!("{:<30}{:>10.1}", case.name, median(&case.costs));
        if let Some((beside, least)) = case.beside {
            let ratio = median(&cases[beside].costs) / median(&case.costs);
            print!("  {:<28}{ratio:>8.0}{least:>10.0}", cases[beside].name);
        }
        println!();
    }
    println!("\nMedian of {rounds} rounds of {seconds} s each, in turns; etcd's processor time isn't counted.");
    Ok(())
}

/// Makes nodegroups as ACK has them once EKS made theirs.
fn fill(cluster: &Cluster, namespace: &Namespace<'_>) {
    let path = namespace.path(API, "nodegroups");
    for number in 0..OBJECTS {
        let name = format!("workers-{number:05}");
        let arn = |what: &str| format!("arn:aws:eks:us-east-1:000000000000:{what}/prod/{name}");
        let made = json!({
            "apiVersion": API, "kind": "Nodegroup",
            "metadata": {"name": name, "labels": {"backstage.io/kubernetes-id": "shop"}},
            "spec": {
                "name": name, "clusterName": "prod", "instanceTypes": ["m5.xlarge", "m5.2xlarge"], "capacityType": "ON_DEMAND",
                "scalingConfig": {"minSize": 1, "maxSize": 5, "desiredSize": 2}, "diskSize": 50,
                "labels": {"team": "a", "tier": "web"}, "amiType": "AL2023_x86_64_STANDARD",
                "taints": [{"key": "dedicated", "value": "web", "effect": "NO_SCHEDULE"}],
                "nodeRole": "arn:aws:iam::000000000000:role/eks-node",
                "subnets": ["subnet-00000000000000000", "subnet-11111111111111111"],
            },
        });
        cluster.admin().post(&path, &made).ok();
        let status = json!({"status": {
            "ackResourceMetadata": {"arn": arn("nodegroup"), "ownerAccountID": "000000000000", "region": "us-east-1"},
            "conditions": [{
                "type": "ACK.ResourceSynced", "status": "True", "lastTransitionTime": "2026-01-02T03:04:05Z",
                "reason": "", "message": "Resource synced successfully",
            }],
            "status": "ACTIVE", "createdAt": "2026-01-02T03:04:05Z", "modifiedAt": "2026-01-02T03:09:05Z",
            "resources": {"autoScalingGroups": [{"name": format!("eks-{name}-00000000-0000-0000-0000-000000000000")}]},
        }});
        cluster.admin().patch(&format!("{path}/{name}/status"), &status).ok();
    }
}

/// How many bytes an answer of ours has, once it is seen to be complete.
fn listed(answer: &[u8]) -> io::Result<usize> {
    let start = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(0, |end| end + 4);
    let list: Value = serde_json::from_slice(&answer[start..])?;
    let costs = list["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|item| item["cost"].is_object() && item["phase"] == "Active");
    if list["total_items"] == OBJECTS && costs.count() == OBJECTS {
        Ok(answer.len() - start)
    } else {
        Err(io::Error::other(format!("the service doesn't list everything: {}", list["total_items"])))
    }
}

/// The same of the API server's.
fn theirs_listed(list: &Value) -> io::Result<usize> {
    match list["items"].as_array().map(Vec::len) {
        Some(OBJECTS) => Ok(list.to_string().len()),
        other => Err(io::Error::other(format!("the API server doesn't list everything: {other:?}"))),
    }
}

fn median(costs: &[f64]) -> f64 {
    let mut costs = costs.to_vec();
    costs.sort_by(f64::total_cmp);
    costs[costs.len() / 2]
}
