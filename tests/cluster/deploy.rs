//! `deploy/` against the API server: what it takes, and what the service may do with it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::cluster::sealed_secrets::proxied;
use crate::support::cluster::{Account, Cluster, SealedSecretsController, documents};
use crate::support::{TestApp, wait_for};

/// What everything in `deploy/` is called, the namespace too.
const NAME: &str = "cre-backend-api";

/// `deploy/`.
fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy")
}

/// A kustomization that stands on `deploy/` and some of its components, as somebody would write it.
fn overlay(components: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-r").arg(deploy()).arg(folder.path()).status().unwrap();
    assert!(copied.success());
    let components: Vec<String> = components.iter().map(|name| format!("deploy/components/{name}")).collect();
    let written = json!({"resources": ["deploy"], "components": components}).to_string();
    std::fs::write(folder.path().join("kustomization.yaml"), written).unwrap();
    folder
}

/// The objects of a kustomization.
fn rendered(cluster: &Cluster, folder: &Path) -> Vec<Value> {
    let output = cluster.kubectl(&["kustomize", folder.to_str().unwrap()], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    documents(&String::from_utf8(output.stdout).unwrap())
}

/// Makes the namespaces that there must be, each as strict as Kubernetes knows it.
fn prepare(cluster: &Cluster) {
    for name in [NAME, "team-a", "team-b"] {
        let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
        let metadata = json!({"name": name, "labels": labels});
        cluster.admin().apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}).to_string());
    }
}

/// Applies a kustomization as the README says.
fn apply(cluster: &Cluster, folder: &Path) {
    prepare(cluster);
    let output = cluster.kubectl(&["apply", "--server-side", "-k", folder.to_str().unwrap()], "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_restricted_namespace_takes_every_object_and_the_pods() {
    let Some(cluster) = Cluster::own() else { return };
    prepare(cluster);
    let objects = rendered(cluster, overlay(&["namespaces", "token-review"]).path());
    let all = [objects, rendered(cluster, &deploy())].concat();
    for object in &all {
        cluster.admin().dry_run(object).ok();
    }
    let is_deployment = |object: &&Value| object["kind"] == "Deployment";
    let template = &all.iter().find(is_deployment).expect("a Deployment")["spec"]["template"];
    let metadata = json!({"name": "pod", "namespace": NAME});
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]});
    cluster.admin().dry_run(&pod).ok();
    // The level is enforced.
    pod["spec"]["containers"][0]["securityContext"]["allowPrivilegeEscalation"] = json!(true);
    let refused = cluster.admin().dry_run(&pod);
    assert!(refused.message().contains("violates PodSecurity"), "{}: {}", refused.status, refused.body);
}

#[test]
fn what_selects_the_pods_selects_those_of_the_deployment() {
    let Some(cluster) = Cluster::own() else { return };
    let objects = rendered(cluster, &deploy());
    let of = |kind: &str| objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"));
    let labels = &of("Deployment")["spec"]["template"]["metadata"]["labels"];
    for (kind, selector) in [
        ("Deployment", "/spec/selector/matchLabels"),
        ("NetworkPolicy", "/spec/podSelector/matchLabels"),
        ("PodDisruptionBudget", "/spec/selector/matchLabels"),
        ("Service", "/spec/selector"),
    ] {
        assert_eq!(of(kind).pointer(selector), Some(labels), "{kind}");
    }
    // The name of a ConfigMap changes with its content.
    let settings = &of("Deployment")["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"];
    assert_eq!(&of("ConfigMap")["metadata"]["name"], settings);
}

/// The settings in a file of `deploy/`.
fn settings(file: &str) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(deploy().join(file)).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split_once('=').expect("NAME=value"))
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

#[test]
fn every_setting_is_one_and_what_must_be_filled_in_is_told() {
    let known = include_str!("../../.env.example");
    let known: BTreeSet<&str> = known.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    let all = [settings("settings.env"), settings("components/namespaces/settings.env")].concat();
    assert!(all.iter().all(|(name, _)| known.contains(name.as_str())), "{all:?}");
    let unfilled = |(_, value): &&(String, String)| value.starts_with('[');
    let unfilled: Vec<&str> = all.iter().filter(unfilled).map(|(name, _)| name.as_str()).collect();
    assert_eq!(unfilled, ["GITOPS_ORGANIZATION"]);
    let run = settings("settings.env").iter().fold(TestApp::builder(), |run, (name, value)| run.env(name, value));
    let output = run.output();
    assert_eq!(output.status.code(), Some(2));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).unwrap();
    assert!(said.contains("GITOPS_ORGANIZATION"), "{said}");
}

/// What a rules review says beyond what everybody may: `verb group/resource name`.
fn rights(account: &Account<'_>, nobody: &Account<'_>, namespace: &str) -> BTreeSet<String> {
    let of = |account: &Account<'_>| {
        let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
        let review = account.caller().post(path, &json!({"spec": {"namespace": namespace}})).ok();
        let words = |rule: &Value, list: &str| -> Vec<String> {
            let words = rule[list].as_array().map(Vec::as_slice).unwrap_or_default();
            words.iter().map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        let mut rights = BTreeSet::new();
        for rule in review["status"]["resourceRules"].as_array().unwrap() {
            let names = words(rule, "resourceNames").join(",");
            for (group, resource) in words(rule, "apiGroups").iter().zip(words(rule, "resources").iter().cycle()) {
                rights.extend(words(rule, "verbs").iter().map(|verb| format!("{verb} {group}/{resource} {names}")));
            }
        }
        rights
    };
    of(account).difference(&of(nobody)).cloned().collect()
}

/// Whether a subject access review allows something.
fn may(cluster: &Cluster, account: &Account<'_>, verb: &str, resource: &str, namespace: &str) -> bool {
    let (group, resource) = resource.split_once('/').unwrap();
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let asked =
        json!({"verb": verb, "group": group, "resource": resource, "subresource": subresource, "namespace": namespace});
    let groups = json!(["system:serviceaccounts", format!("system:serviceaccounts:{NAME}"), "system:authenticated"]);
    let spec = json!({"user": account.user(), "groups": groups, "resourceAttributes": asked});
    let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
    cluster.admin().post(path, &json!({"spec": spec})).ok()["status"]["allowed"] == true
}

/// Everything that the service has no business with.
fn assert_harmless(cluster: &Cluster, account: &Account<'_>) {
    for namespace in ["", "team-a", "kube-system", NAME] {
        for resource in
            ["/secrets", "bitnami.com/sealedsecrets", "eks.services.k8s.aws/nodegroups", "/pods", "/configmaps"]
        {
            for verb in ["create", "update", "patch", "delete", "deletecollection"] {
                assert!(!may(cluster, account, verb, resource, namespace), "{verb} {resource} in {namespace}");
            }
        }
        for (verb, resource) in [
            ("create", "/pods/exec"),
            ("get", "/pods/log"),
            ("list", "/pods"),
            ("list", "/configmaps"),
            ("get", "/services/proxy"),
            ("get", "/nodes/proxy"),
            ("create", "/serviceaccounts/token"),
            ("impersonate", "/users"),
            ("create", "rbac.authorization.k8s.io/rolebindings"),
            ("escalate", "rbac.authorization.k8s.io/clusterroles"),
        ] {
            assert!(!may(cluster, account, verb, resource, namespace), "{verb} {resource} in {namespace}");
        }
    }
}

/// The rights in a namespace that it watches.
const WATCHING: [&str; 6] = [
    "list /secrets ",
    "list bitnami.com/sealedsecrets ",
    "list eks.services.k8s.aws/nodegroups ",
    "watch /secrets ",
    "watch bitnami.com/sealedsecrets ",
    "watch eks.services.k8s.aws/nodegroups ",
];
const CERTIFICATE: &str = "get /services/proxy http:sealed-secrets-controller:8080";

fn set(rights: &[&str]) -> BTreeSet<String> {
    rights.iter().map(|&right| right.to_owned()).collect()
}

#[test]
fn for_all_namespaces_it_may_list_watch_and_fetch_the_certificate_and_nothing_else() {
    let Some(cluster) = Cluster::own() else { return };
    apply(cluster, &deploy());
    let account = Account::new(cluster, NAME, NAME);
    let nobody = Account::new(cluster, NAME, "nobody");
    wait_for("the rights", || may(cluster, &account, "watch", "/secrets", "").then_some(()));
    assert_eq!(rights(&account, &nobody, "team-a"), set(&WATCHING));
    wait_for("the Role", || (rights(&account, &nobody, "kube-system").len() > WATCHING.len()).then_some(()));
    assert_eq!(rights(&account, &nobody, "kube-system"), set(&[&WATCHING[..], &[CERTIFICATE]].concat()));
    assert_harmless(cluster, &account);
    if SealedSecretsController::get().is_some() {
        assert_eq!(account.caller().get(&proxied("/v1/cert.pem")).status, 200);
        assert_eq!(nobody.caller().get(&proxied("/v1/cert.pem")).status, 403);
    }
}

#[test]
fn for_some_namespaces_it_may_the_same_there_and_nothing_in_the_others() {
    // The names are those of the other test.
    let Some(cluster) = Cluster::start() else { return };
    apply(&cluster, overlay(&["namespaces", "token-review"]).path());
    let account = Account::new(&cluster, NAME, NAME);
    let nobody = Account::new(&cluster, NAME, "nobody");
    let review = "create authentication.k8s.io/tokenreviews ";
    let here = set(&[&WATCHING[..], &[review]].concat());
    for namespace in ["team-a", "team-b"] {
        wait_for(namespace, || (rights(&account, &nobody, namespace) == here).then_some(()));
    }
    assert_eq!(rights(&account, &nobody, NAME), set(&[review]));
    let certificate = set(&[review, CERTIFICATE]);
    wait_for("the Role", || (rights(&account, &nobody, "kube-system") == certificate).then_some(()));
    assert!(!may(&cluster, &account, "list", "/secrets", ""));
    assert_harmless(&cluster, &account);
}
