//! The certificate behind an address: servers that behave, and servers that don't.

use std::time::Duration;

use cre_backend_api::adapters::sealing::{
    CertificateSource, CertificateUrl, Current, FetchedCertificate, Pace, SealingCertificate,
};

use super::keys::{RSA_2048, valid_certificate};
use crate::support::file_server::{Reply, Server};

async fn fetched(url: &str) -> Result<Current, String> {
    let pace = Pace { patience: Duration::from_secs(1), ..Pace::default() };
    let source = FetchedCertificate::new(CertificateUrl::new(url.parse().unwrap()).unwrap(), None, pace);
    source.refresh().await;
    source.current().await.map_err(|error| error.to_string())
}

/// What is told of an address that gives this answer.
async fn refusal(reply: Reply) -> String {
    let server = Server::start(move |_| reply.clone());
    let told = fetched(&server.url("/cert.pem")).await.expect_err("refused");
    assert!(told.starts_with(&format!("SEALED_SECRETS_CERT {}: ", server.url("/cert.pem"))), "{told}");
    told
}

#[tokio::test]
async fn it_is_fetched_with_the_credentials_of_the_address_which_are_told_to_nobody() {
    let pem = valid_certificate(&RSA_2048);
    let body = pem.clone();
    let server = Server::start(move |request| match request.header("authorization") {
        Some("Basic dXNlcjpodW50ZXIy") => Reply::ok(body.clone()),
        _ => Reply::status(401),
    });
    let address = server.address();
    let current = fetched(&format!("http://user:hunter2@{address}/cert.pem?signature=hunter3")).await.unwrap();
    assert_eq!(current.certificate.fingerprint(), SealingCertificate::parse(&pem).unwrap().fingerprint());
    assert_eq!(current.source, format!("http://{address}/cert.pem"));
    assert_eq!(server.requests()[0].path, "/cert.pem?signature=hunter3");
    let refused = fetched(&format!("http://user:hunter4@{address}/cert.pem?signature=hunter5")).await.unwrap_err();
    assert!(refused.contains("401") && refused.contains("credentials") && !refused.contains("hunter"), "{refused}");
}

#[tokio::test]
async fn what_is_no_certificate_is_told_and_never_quoted() {
    let large = valid_certificate(&RSA_2048) + &"x".repeat(1024 * 1024);
    for (reply, expected) in [
        (Reply::status(404), "404 Not Found; check the address"),
        (Reply::status(503), "503 Service Unavailable"),
        (Reply::ok("hunter2"), "no readable certificate"),
        (Reply::ok(large.clone()), "more than 1024 KiB"),
        (Reply::ok(large).with_length(None), "more than 1024 KiB"),
        (Reply::ok(valid_certificate(&RSA_2048)).cut_after(100), ""),
        (Reply::ok(valid_certificate(&RSA_2048)).hang_after(100), "no answer within 1 seconds"),
        (Reply::redirect("http://["), ""),
    ] {
        let told = refusal(reply).await;
        assert!(told.contains(expected) && !told.contains("hunter2"), "{expected}: {told}");
    }
}

#[tokio::test]
async fn a_redirect_on_the_same_server_is_followed_and_to_another_one_isn_t() {
    let pem = valid_certificate(&RSA_2048);
    let body = pem.clone();
    let server = Server::start(move |request| match request.path.as_str() {
        "/cert.pem" => Reply::ok(body.clone()),
        "/round" => Reply::redirect("/round"),
        _ => Reply::redirect("/cert.pem"),
    });
    assert!(fetched(&server.url("/old.pem")).await.is_ok());
    let round = fetched(&server.url("/round")).await.unwrap_err();
    assert!(round.contains("redirects more than 5 times"), "{round}");

    let other = Server::start(move |_| Reply::ok(pem.clone()));
    let told = refusal(Reply::redirect(other.url("/cert.pem"))).await;
    assert!(told.contains("redirects to another server"), "{told}");
    assert!(other.requests().is_empty(), "nobody was led there");
}

#[tokio::test]
async fn a_server_that_isn_t_there_is_told() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let told = fetched(&format!("http://{free}/cert.pem")).await.unwrap_err();
    assert!(told.contains("refused"), "{told}");
}
