//! What an API server may answer where the controller's certificate is asked for. That a real one hands it out is tested with a
//! cluster.

use cre_backend_api::adapters::sealing::{CertificateSource, ControllerProxy, Current, FetchedCertificate, Pace};

use super::keys::{RSA_2048, valid_certificate};
use crate::support::file_server::{Reply, Request, Server};

const USUAL: &str = "/api/v1/namespaces/kube-system/services/http:sealed-secrets-controller:8080/proxy/v1/cert.pem";
const CHART: &str = "/api/v1/namespaces/kube-system/services/http:sealed-secrets:8080/proxy/v1/cert.pem";

fn client(url: &str) -> kube::Client {
    let mut config = kube::Config::new(url.parse().unwrap());
    config.default_retry = false;
    kube::Client::try_from(config).unwrap()
}

async fn fetched(server: &Server, namespace: &str, name: &str, port: u16) -> Result<Current, String> {
    let proxy = ControllerProxy::new(client(&server.url("/")), namespace, name, port);
    let source = FetchedCertificate::new(proxy, None, Pace::default());
    source.refresh().await;
    source.current().await.map_err(|error| error.to_string())
}

async fn usual(server: &Server) -> Result<Current, String> {
    fetched(server, "kube-system", "sealed-secrets-controller", 8080).await
}

fn asked(server: &Server) -> Vec<(String, String)> {
    server.requests().into_iter().map(|Request { method, path, .. }| (method, path)).collect()
}

fn gets(paths: &[&str]) -> Vec<(String, String)> {
    paths.iter().map(|path| ("GET".to_owned(), (*path).to_owned())).collect()
}

/// A server that has the certificate at one path, and answers with a status elsewhere.
fn having(at: &'static str, elsewhere: u16) -> Server {
    let pem = valid_certificate(&RSA_2048);
    Server::start(move |request| if request.path == at { Reply::ok(pem.clone()) } else { Reply::status(elsewhere) })
}

#[tokio::test]
async fn the_certificate_is_asked_for_at_the_service_and_nothing_else_is() {
    let server = having(USUAL, 404);
    assert_eq!(usual(&server).await.unwrap().source, "the controller kube-system/sealed-secrets-controller");
    assert_eq!(asked(&server), gets(&[USUAL]));

    let own = "/api/v1/namespaces/seal/services/http:mine:80/proxy/v1/cert.pem";
    let server = having(own, 404);
    assert_eq!(fetched(&server, "seal", "mine", 80).await.unwrap().source, "the controller seal/mine");
    assert_eq!(asked(&server), gets(&[own]));
}

#[tokio::test]
async fn the_charts_name_is_tried_where_the_usual_one_is_not_there_or_not_allowed() {
    for elsewhere in [404, 403] {
        let server = having(CHART, elsewhere);
        assert_eq!(usual(&server).await.unwrap().source, "the controller kube-system/sealed-secrets");
        assert_eq!(asked(&server), gets(&[USUAL, CHART]));
    }
    let server = having(CHART, 500);
    assert!(usual(&server).await.unwrap_err().contains("500"));
    assert_eq!(asked(&server), gets(&[USUAL]), "a server in trouble says nothing about names");
    let server = having(CHART, 404);
    assert!(fetched(&server, "kube-system", "mine", 8080).await.is_err(), "a name of one's own is meant");
}

#[tokio::test]
async fn each_refusal_says_what_to_do() {
    let large = "x".repeat(1024 * 1024 + 1);
    for (reply, expected) in [
        (Reply::status(404), "has no Service sealed-secrets that hands one out"),
        (Reply::status(403), "may not get services/proxy of http:sealed-secrets-controller:8080; grant it"),
        (Reply::status(401), "answered 401 Unauthorized"),
        (Reply::status(503), "no pod behind the Service sealed-secrets-controller is ready"),
        (Reply::redirect("http://127.0.0.1:1/cert.pem"), "answered 302 Found"),
        (Reply::ok("hunter2"), "no readable certificate"),
        (Reply::ok(large), "more than 1024 KiB"),
        (Reply::ok(valid_certificate(&RSA_2048)).cut_after(100), "it was cut off"),
    ] {
        let server = Server::start(move |_| reply.clone());
        let told = usual(&server).await.unwrap_err();
        assert!(told.starts_with("the Sealed Secrets controller in the namespace kube-system"), "{told}");
        assert!(told.contains(expected) && !told.contains("hunter2"), "{expected}: {told}");
        for setting in ["SEALED_SECRETS_CONTROLLER_NAMESPACE", "SEALED_SECRETS_CERT"] {
            assert!(told.contains(setting), "{told}");
        }
    }
}

#[tokio::test]
async fn an_api_server_that_isn_t_there_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let proxy =
        ControllerProxy::new(client(&format!("http://{free}/")), "kube-system", "sealed-secrets-controller", 8080);
    let source = FetchedCertificate::new(proxy, None, Pace::default());
    source.refresh().await;
    let told = source.current().await.unwrap_err().to_string();
    assert!(told.contains("can't be reached: ") && told.contains("refused"), "{told}");
}
