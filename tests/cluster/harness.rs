//! What the other tests stand on: the cluster that they start does what they ask of it, and nothing of it outlives them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::cluster::{Account, Cluster, NODEGROUPS, SealedSecretsController, assets, documents};
use crate::support::wait_for;

/// A ConfigMap with one entry.
fn config_map(namespace: &str, name: &str, value: &str) -> String {
    let metadata = json!({"name": name, "namespace": namespace});
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"key": value}}).to_string()
}

/// Rules for reading ConfigMaps.
fn read_config_maps() -> Value {
    json!([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list"]}])
}

#[test]
fn an_account_may_what_it_was_allowed_and_no_longer_what_was_taken_back() {
    let Some(cluster) = Cluster::get() else { return };
    let namespace = cluster.namespace();
    cluster.admin().apply(&config_map(namespace.name(), "one", "1"));
    let account = Account::new(cluster, namespace.name(), "reader");
    let (caller, path) = (account.caller(), namespace.path("v1", "configmaps/one"));
    let status = || caller.get(&path).status;
    assert_eq!(status(), 403);
    account.allow_in(namespace.name(), &read_config_maps());
    wait_for("the right", || (status() == 200).then_some(()));
    assert_eq!(caller.delete(&path).status, 403);
    account.forbid_in(namespace.name());
    wait_for("the end of the right", || (status() == 403).then_some(()));
    account.allow_everywhere(&read_config_maps());
    wait_for("the wide right", || (caller.get("/api/v1/configmaps").status == 200).then_some(()));
}

#[test]
fn the_token_of_an_account_that_was_made_anew_is_refused_until_its_file_has_a_new_one() {
    let Some(cluster) = Cluster::get() else { return };
    let namespace = cluster.namespace();
    let account = Account::new(cluster, namespace.name(), "reader");
    let path = namespace.path("v1", "configmaps");
    // The first token isn't used before: the API server would remember for ten seconds that it took it.
    account.recreate();
    let old = account.caller();
    wait_for("the refusal", || (old.get(&path).status == 401).then_some(()));
    account.renew();
    assert_eq!(account.caller().get(&path).status, 403, "known, and may nothing");
}

#[test]
fn a_definition_is_served_when_it_is_installed_and_not_when_it_is_removed() {
    let Some(cluster) = Cluster::start() else { return };
    let list = "/apis/eks.services.k8s.aws/v1alpha1/nodegroups";
    assert_eq!(cluster.admin().get(list).status, 404);
    cluster.install(NODEGROUPS);
    let items = cluster.admin().get(list).ok();
    assert_eq!(items["items"], json!([]));
    cluster.uninstall(NODEGROUPS);
    wait_for("404", || (cluster.admin().get(list).status == 404).then_some(()));
}

#[test]
fn a_server_that_was_killed_comes_back_with_its_data_and_forgets_what_was_compacted() {
    let Some(cluster) = Cluster::start() else { return };
    let namespace = cluster.namespace();
    let write = |value: &str| cluster.admin().apply(&config_map(namespace.name(), "one", value)).remove(0);
    let before = write("1")["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    write("2");
    cluster.kill();
    let path = namespace.path("v1", "configmaps");
    assert!(cluster.admin().try_send("GET", &path, "application/json", Vec::new()).is_none(), "nobody answers");
    cluster.restart();
    let now = cluster.admin().get(&path).ok();
    assert_eq!(now["items"][0]["data"]["key"], "2");
    let then = || cluster.admin().get(&format!("{path}?resourceVersion={before}&resourceVersionMatch=Exact"));
    assert_eq!(then().ok()["items"][0]["data"]["key"], "1");
    let oldest = cluster.compact();
    assert!(before.parse::<u64>().unwrap() < oldest);
    assert_eq!(then().status, 410);
    let watch = cluster.admin().get(&format!("{path}?watch=true&resourceVersion={before}&timeoutSeconds=1"));
    assert_eq!((watch.status, &watch.body["object"]["code"]), (200, &json!(410)), "{}", watch.body);
}

#[test]
fn a_stopped_server_answers_once_it_goes_on() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.stop();
    let asked = std::thread::scope(|scope| {
        let asked = scope.spawn(|| cluster.admin().get("/api/v1/namespaces").status);
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", cluster.api_server().id())).unwrap();
        wait_for("the stop", || state().contains(") T ").then_some(()));
        assert!(!asked.is_finished());
        cluster.cont();
        asked.join().unwrap()
    });
    assert_eq!(asked, 200);
}

#[test]
fn kubectl_speaks_to_the_cluster() {
    let Some(cluster) = Cluster::get() else { return };
    let namespace = cluster.namespace();
    let manifest = config_map(namespace.name(), "one", "1");
    let applied = cluster.kubectl(&["apply", "--server-side", "-f", "-"], &manifest);
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    let there = cluster.admin().get(&namespace.path("v1", "configmaps/one")).ok();
    assert_eq!(there["data"], documents(&manifest)[0]["data"]);
}

/// What the child of the next test is told by.
const HOLD: &str = "HOLD_A_CLUSTER";

#[test]
fn nothing_of_a_cluster_outlives_a_killed_process_of_tests() {
    if assets::variable(HOLD).is_some() {
        return hold();
    }
    if assets::Assets::find().is_none() {
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "--nocapture",
        "cluster::harness::nothing_of_a_cluster_outlives_a_killed_process_of_tests",
    ]);
    command.env(HOLD, "1").env_remove("TEST_KUBECONFIG").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let held: Value = lines.find_map(|line| serde_json::from_str(line.strip_prefix("held: ")?).ok()).expect("held");
    let running = |id: &Value| Path::new(&format!("/proc/{id}/exe")).exists();
    let ids = held["ids"].as_array().unwrap();
    let folder = Path::new(held["folder"].as_str().unwrap());
    assert!(!ids.is_empty() && ids.iter().all(running) && folder.exists(), "{held}");
    child.kill().unwrap();
    child.wait().unwrap();
    wait_for("the end of the cluster", || (!ids.iter().any(running) && !folder.exists()).then_some(()));
}

/// Starts everything, one process stopped, and tells what is to be gone later.
fn hold() {
    let cluster = Cluster::start().unwrap();
    // Where it can't run, the rest is held.
    let controller = SealedSecretsController::start_with(&cluster, &["--key-size=2048"]);
    let mut ids = cluster.processes();
    ids.extend(controller.iter().map(|controller| controller.daemon.id()));
    cluster.stop();
    println!("held: {}", json!({"ids": ids, "folder": cluster.kubeconfig.parent()}));
    let _ = std::io::stdin().read_line(&mut String::new());
}
