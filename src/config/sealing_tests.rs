//! The settings of sealing.

use super::{problems, read};
use crate::config::CertificateAt;

#[test]
fn the_controller_is_looked_for_where_kubeseal_looks() {
    let secrets = read(&[]).unwrap().secrets;
    let controller = secrets.controller;
    let found = (controller.namespace.as_str(), controller.name.as_str(), controller.port);
    assert_eq!(found, ("kube-system", "sealed-secrets-controller", 8080));
    assert!(secrets.certificate.is_none());
}

#[test]
fn a_certificate_is_in_a_file_or_behind_a_safe_address_that_is_told_to_nobody() {
    let at = |text| read(&[("SEALED_SECRETS_CERT", text)]).unwrap().secrets.certificate.unwrap();
    assert!(matches!(at("keys/cert.pem"), CertificateAt::File(path) if *path == *"keys/cert.pem"));
    for url in ["https://user:hunter2@seal.example.com/cert.pem?signature=hunter2", "http://127.0.0.1:8080/v1/cert.pem"]
    {
        let read = at(url);
        assert!(!format!("{read:?}").contains("hunter2"), "{read:?}");
        assert!(matches!(read, CertificateAt::Url(address) if address.as_str() == url));
    }
    for url in ["http://seal.example.com/hunter2", "ftp://localhost/hunter2", "https://", "://hunter2"] {
        let told = problems(&[("SEALED_SECRETS_CERT", url)], "");
        assert!(told[0].contains("an https address"), "{told:?}");
    }
}

#[test]
fn what_cant_stand_in_an_address_is_no_name_of_a_controller() {
    for (name, value) in [
        ("SEALED_SECRETS_CONTROLLER_NAMESPACE", "../hunter2"),
        ("SEALED_SECRETS_CONTROLLER_NAME", "hunter2/../x"),
        ("SEALED_SECRETS_CONTROLLER_PORT", "0"),
        ("SEALED_SECRETS_CONTROLLER_PORT", "hunter2"),
        ("SEALED_SECRETS_CONTROLLER_PORT", "65536"),
    ] {
        assert!(problems(&[(name, value)], "")[0].starts_with(name), "{value}");
    }
}

#[test]
fn a_pin_may_be_for_the_controllers_certificate_too() {
    assert!(read(&[("SEALED_SECRETS_CERT_SHA256", &"0A".repeat(32))]).is_ok());
}
