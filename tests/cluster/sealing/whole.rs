//! The whole service in front of a real cluster: the controller's certificate, a pull request's way until the controller has opened
//! it, and warnings of what would keep it from that.

use serde_json::{Value, json};

use crate::support::client::Answer;
use crate::support::cluster::sealed_secrets::NAMESPACE;
use crate::support::cluster::{Account, Cluster, Namespace, SealedSecretsController, documents};
use crate::support::{Checkout, TestApp, wait_for};

/// The service with the rights that `deploy/` gives it, in a namespace of a cluster with the controller.
struct Scene {
    namespace: Namespace<'static>,
    app: TestApp,
    checkout: Checkout,
    // Its token is in a file that goes with it.
    _account: Account<'static>,
}

impl Scene {
    fn start() -> Option<Self> {
        SealedSecretsController::get()?;
        let cluster = Cluster::own()?;
        cluster.install(crate::support::cluster::NODEGROUPS);
        let namespace = cluster.namespace();
        // By a name of its own, as each has a binding in the controller's namespace.
        let account = Account::new(cluster, namespace.name(), namespace.name());
        let seen =
            |group: &str, kind: &str| json!({"apiGroups": [group], "resources": [kind], "verbs": ["list", "watch"]});
        let watched = json!([
            seen("eks.services.k8s.aws", "nodegroups"),
            seen("bitnami.com", "sealedsecrets"),
            seen("", "secrets"),
        ]);
        account.allow_in(namespace.name(), &watched);
        account.allow_in(NAMESPACE, &super::certificate::rules(&["http:sealed-secrets-controller:8080"]));
        let app = TestApp::builder()
            .with_few_prices()
            .env("NAMESPACE", namespace.name())
            .env("WRITE_NAMESPACES", "*")
            .env("KUBECONFIG", account.kubeconfig().to_str().unwrap())
            .start_ready();
        let checkout = Checkout::of(&app);
        Some(Self { namespace, app, checkout, _account: account })
    }

    fn body(&self, name: &str, members: &Value) -> Value {
        let body = json!({"name": name, "namespace": self.namespace.name(), "string_data": {"password": "hunter2"}});
        crate::support::bodies::with(body, members)
    }

    /// Merges a pull request and applies what it made of a secret, as Argo CD does.
    #[track_caller]
    fn apply(&self, answer: &Value, name: &str) {
        self.checkout.merge_pull_request(&self.app, answer);
        let manifest = self.checkout.show("dev", &format!("secrets/{}/{name}.yaml", self.namespace));
        self.namespace.cluster().admin().apply(&documents(&manifest)[0].to_string());
    }

    /// A secret as the service shows it, once something holds of it.
    #[track_caller]
    fn item(&self, name: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let address = format!("/api/secrets/{name}?namespace={}", self.namespace);
        wait_for(what, || {
            let answer = self.app.get(&address);
            (answer.status == 200).then(|| answer.json()).filter(&holds)
        })
    }
}

/// The codes of the warnings of a write.
#[track_caller]
fn warnings(answer: &Answer) -> Vec<String> {
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    let warnings = answer.json()["warnings"].as_array().unwrap().clone();
    warnings.iter().map(|warning| warning["code"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_merged_secret_is_opened_by_the_controller_and_told_to_be_in_sync() {
    let Some(scene) = Scene::start() else { return };
    let certificate = scene.app.get("/api/certificate").json();
    assert_eq!(certificate["source"], "the controller kube-system/sealed-secrets-controller");
    let parts = scene.app.get("/api/readiness").json()["parts"].clone();
    let sealing = parts.as_array().unwrap().iter().find(|part| part["name"] == "sealing").unwrap().clone();
    assert_eq!((&sealing["adapter"], &sealing["ready"]), (&json!("kubernetes"), &json!(true)));

    let created = scene.app.post("/api/secrets", &scene.body("db", &json!({})));
    assert_eq!(warnings(&created), Vec::<String>::new());
    scene.checkout.merge_pull_request(&scene.app, &created.json());
    let declared = scene.item("db", "the declared secret", |item| item["managed"] == true);
    assert_eq!((&declared["synced"], &declared["keys"][0]["state"]), (&json!(false), &json!("missing")));
    let manifest = scene.checkout.show("dev", &format!("secrets/{}/db.yaml", scene.namespace));
    scene.namespace.cluster().admin().apply(&documents(&manifest)[0].to_string());
    let synced = scene.item("db", "the opened secret", |item| item["synced"] == true);
    assert_eq!(synced["keys"], json!([{"name": "password", "bytes": 7, "state": "ok"}]));
    assert_eq!((&synced["stale_seal"], &synced["message"]), (&json!(false), &Value::Null));

    let address = format!("/api/secrets/db?namespace={}", scene.namespace);
    let edited = scene.app.put(&address, &json!({"set": {"string_data": {"user": "app"}}}));
    assert_eq!(warnings(&edited), Vec::<String>::new());
    scene.apply(&edited.json(), "db");
    let both = |item: &Value| item["synced"] == true && item["keys"].as_array().is_some_and(|keys| keys.len() == 2);
    let synced = scene.item("db", "the edited secret", both);
    assert_eq!(synced["keys"][1], json!({"name": "user", "bytes": 3, "state": "ok"}));
}

#[test]
fn what_would_keep_the_controller_from_opening_a_secret_is_a_warning_before_and_shown_after() {
    let Some(scene) = Scene::start() else { return };
    let admin = scene.namespace.cluster().admin();
    let metadata = json!({"name": "manual", "namespace": scene.namespace.name()});
    let manual = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"old": "x"}});
    admin.apply(&manual.to_string());
    scene.item("manual", "the Secret in the cluster", |item| item["managed"] == false);

    let dry = |body: &Value| warnings(&scene.app.post("/api/secrets?dry_run=true", body));
    assert_eq!(dry(&scene.body("manual", &json!({}))), ["not_managed"]);
    let other = scene.body("manual", &json!({"type": "example.com/token"}));
    assert_eq!(dry(&other), ["not_managed", "type_change"]);
    let created = scene.app.post("/api/secrets", &scene.body("manual", &json!({})));
    assert_eq!(warnings(&created), ["not_managed"]);
    scene.apply(&created.json(), "manual");
    let refused = |item: &Value| {
        item["synced"] == false && item["message"].as_str().is_some_and(|told| told.contains("not managed"))
    };
    scene.item("manual", "the controller's refusal", refused);

    let annotation = json!({"metadata": {"annotations": {"sealedsecrets.bitnami.com/managed": "true"}}});
    admin.patch(&scene.namespace.path("v1", "secrets/manual"), &annotation).ok();
    let address = format!("/api/secrets/manual?namespace={}&dry_run=true", scene.namespace);
    let edit = json!({"set": {"string_data": {"user": "app"}}});
    wait_for("the warning's end", || warnings(&scene.app.put(&address, &edit)).is_empty().then_some(()));
}

#[test]
fn a_change_of_an_immutable_secret_is_warned_of() {
    let Some(scene) = Scene::start() else { return };
    let created = scene.app.post("/api/secrets", &scene.body("fixed", &json!({"immutable": true})));
    scene.apply(&created.json(), "fixed");
    scene.item("fixed", "the opened secret", |item| item["synced"] == true);
    let address = format!("/api/secrets/fixed?namespace={}&dry_run=true", scene.namespace);
    let edit = json!({"set": {"string_data": {"password": "changed"}}});
    assert_eq!(warnings(&scene.app.put(&address, &edit)), ["immutable"]);
}
