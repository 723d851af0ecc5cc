//! The controller's certificate, through the real API server's service proxy, with no more rights than that takes.

use std::path::Path;
use std::sync::Arc;

use cre_backend_api::adapters::sealing::{
    CertificateSource, ControllerProxy, Current, FetchedCertificate, Pace, SealingCertificate,
};
use serde_json::{Value, json};

use crate::support::cluster::caller::client;
use crate::support::cluster::sealed_secrets::{NAME, NAMESPACE, PORT};
use crate::support::cluster::{Account, Cluster, SealedSecretsController, runtime};
use crate::support::wait_for;

type Source = Arc<FetchedCertificate<ControllerProxy>>;

fn source(kubeconfig: &Path, namespace: &'static str) -> Source {
    let kubeconfig = kubeconfig.to_owned();
    let client = runtime::run(client(kubeconfig));
    Arc::new(FetchedCertificate::new(ControllerProxy::new(client, namespace, NAME, PORT), None, Pace::default()))
}

/// The certificate after one more fetch, or why there is none.
fn fetched(source: &Source) -> Result<Current, String> {
    let source = source.clone();
    runtime::run(async move {
        source.refresh().await;
        source.current().await.map_err(|error| error.to_string())
    })
}

/// The rule of a Role that lets the certificate of these Services be fetched.
pub fn rules(services: &[&str]) -> Value {
    json!([{"apiGroups": [""], "resources": ["services/proxy"], "resourceNames": services, "verbs": ["get"]}])
}

#[test]
fn an_account_that_may_get_the_service_s_proxy_fetches_the_certificate_and_one_that_may_not_is_told() {
    let Some(controller) = SealedSecretsController::get() else { return };
    let cluster = Cluster::own().unwrap();
    let namespace = cluster.namespace();
    let account = Account::new(cluster, namespace.name(), "fetches-the-certificate");
    let source = source(account.kubeconfig(), NAMESPACE);
    let refused = fetched(&source).unwrap_err();
    assert!(refused.contains("may not get services/proxy of http:sealed-secrets-controller:8080"), "{refused}");
    account.allow_in(NAMESPACE, &rules(&["http:sealed-secrets-controller:8080"]));
    let current = wait_for("the right", || fetched(&source).ok());
    let parsed = SealingCertificate::parse(&controller.certificate()).unwrap();
    assert_eq!(current.certificate.fingerprint(), parsed.fingerprint());
    assert_eq!(current.source, "the controller kube-system/sealed-secrets-controller");
}

#[test]
fn a_namespace_without_the_controller_is_told_with_the_setting() {
    let Some(cluster) = Cluster::get() else { return };
    let told = fetched(&source(&cluster.kubeconfig, "default")).unwrap_err();
    assert!(told.contains("SEALED_SECRETS_CONTROLLER_NAMESPACE"), "{told}");
    for name in [NAME, "sealed-secrets"] {
        assert!(told.contains(&format!("no Service {name}")), "{told}");
    }
}

/// Gives the controller's Service the name that the Helm chart gives it.
fn rename(cluster: &Cluster) {
    let admin = cluster.admin();
    let service = format!("/api/v1/namespaces/{NAMESPACE}/services/{NAME}");
    let slice = format!("/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices/{NAME}");
    let ports = json!([{"name": "http", "port": PORT}]);
    let metadata = json!({"name": "sealed-secrets", "namespace": NAMESPACE});
    let renamed =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports.clone()}});
    admin.apply(&renamed.to_string());
    let labels = json!({"metadata": {"labels": {"kubernetes.io/service-name": "sealed-secrets"}}});
    admin.patch(&slice, &labels).ok();
    admin.delete(&service).ok();
}

#[test]
fn the_helm_chart_s_service_is_found_and_its_last_certificate_outlives_it() {
    let Some(cluster) = Cluster::start() else { return };
    let Some(controller) = SealedSecretsController::start_with(&cluster, &["--key-size=2048"]) else { return };
    let pem = controller.certificate();
    rename(&cluster);
    let source = source(&cluster.kubeconfig, NAMESPACE);
    let current = wait_for("the endpoints", || fetched(&source).ok());
    assert_eq!(current.source, "the controller kube-system/sealed-secrets");
    assert_eq!(current.certificate.pem(), pem.replace("\r\n", "\n"));
    assert!(!current.failing);

    controller.daemon.kill();
    let kept = fetched(&source).unwrap();
    assert_eq!((kept.certificate.fingerprint(), kept.read_at), (current.certificate.fingerprint(), current.read_at));
    assert!(kept.failing);
}
