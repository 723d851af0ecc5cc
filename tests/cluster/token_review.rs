//! Tokens of service accounts, which a real API server reviews.

use serde_json::json;

use super::service::{rights, sealed_secrets_definition};
use crate::support::bodies::{nodegroup, with};
use crate::support::cluster::{Account, Cluster, NODEGROUPS};
use crate::support::{TestApp, wait_for};

#[test]
fn service_accounts_that_are_listed_get_in_with_tokens_for_this_api_only() {
    let Some(cluster) = Cluster::get() else { return };
    cluster.install(NODEGROUPS);
    if let Some(definition) = sealed_secrets_definition() {
        cluster.install(&definition);
    }
    let namespace = cluster.namespace();
    let name = namespace.name();
    let own = Account::new(cluster, name, "backend-api");
    own.allow_in(name, &rights());
    let [deployer, reader, stranger] =
        ["deployer", "reader", "stranger"].map(|account| Account::new(cluster, name, account));
    let listed = format!("{name}/deployer:write,{name}/reader");
    let app = TestApp::builder()
        .ready_to_write()
        .env("NAMESPACE", name)
        .env("KUBECONFIG", own.kubeconfig().to_str().unwrap())
        .env("TOKEN_SERVICE_ACCOUNTS", &listed)
        .env("TOKEN_AUDIENCES", "backend-api")
        .env("RUST_LOG", "trace")
        .start();
    app.wait_until_ready();
    let token = |account: &Account<'_>, audience: &str| {
        let spec = json!({"spec": {"audiences": [audience], "expirationSeconds": 600}});
        let path =
            format!("/api/v1/namespaces/{name}/serviceaccounts/{}/token", account.user().rsplit(':').next().unwrap());
        cluster.admin().post(&path, &spec).ok()["status"]["token"].as_str().unwrap().to_owned()
    };
    let get = |token: &str| app.send("GET", "/api/options", &[("Authorization", &format!("Bearer {token}"))], b"");
    let good = token(&deployer, "backend-api");

    let refused = get(&good);
    assert_eq!(refused.status, 503, "without the right to ask, nobody can tell: {}", refused.text());
    assert!(app.wait_for_log("refuses to review").contains("403"));
    own.allow_everywhere(
        &json!([{"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]}]),
    );
    wait_for("the right", || (get(&good).status == 200).then_some(()));
    assert_eq!(get(&good).json()["subject"], json!({"name": deployer.user(), "can_write": true}));
    assert_eq!(
        get(&token(&reader, "backend-api")).json()["subject"],
        json!({"name": reader.user(), "can_write": false})
    );
    let elsewhere = token(&deployer, "https://kubernetes.default.svc");
    let (head, signature) = good.rsplit_once('.').unwrap();
    let changed = format!("{head}.{}", signature.chars().rev().collect::<String>());
    for (what, bad) in [
        ("an account that isn't listed", token(&stranger, "backend-api")),
        ("a token for another", elsewhere),
        ("another signature", changed),
        ("no token at all", "hunter2.hunter2.hunter2".to_owned()),
    ] {
        assert_eq!(get(&bad).status, 401, "{what}");
    }
    let bearer = format!("Bearer {good}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let body = with(nodegroup("workers"), &json!({"namespace": name})).to_string();
    let created = app.send("POST", "/api/nodegroups", &headers, body.as_bytes());
    assert_eq!((created.status, &created.json()["pull_request"]["requested_by"]), (201, &json!(deployer.user())));
    assert!(!app.log().contains(signature), "no token in the log, at trace");
}
