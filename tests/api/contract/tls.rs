//! Secrets of the type `kubernetes.io/tls`: a certificate and the key that belongs to it, or a 422 that says what is wrong.

use serde_json::{Value, json};

use super::assert_error;
use crate::support::TestApp;
use crate::support::tls::pair;

const PATH: &str = "/api/secrets/shop?namespace=team-a";

fn body(certificate: &str, key: &str) -> Value {
    json!({
        "name": "shop", "namespace": "team-a", "type": "kubernetes.io/tls",
        "string_data": {"tls.crt": certificate, "tls.key": key},
    })
}

#[test]
fn a_pair_that_does_not_belong_together_is_refused_before_anything_is_sealed() {
    let app = TestApp::start_ready();
    let ((certificate, key), (other, other_key)) = (pair(), pair());
    for (certificate, key, pointers) in [
        (certificate.as_str(), other_key.as_str(), &["/string_data/tls.key"][..]),
        (&key, &certificate, &["/string_data/tls.crt", "/string_data/tls.key"]),
        ("-----BEGIN CERTIFICATE-----", &key, &["/string_data/tls.crt"]),
    ] {
        for query in ["", "?dry_run=true"] {
            let answer = app.post(&format!("/api/secrets{query}"), &body(certificate, key));
            assert_error(&answer, 422, "InputError", pointers);
            let secret = key.lines().nth(1).unwrap();
            assert!(!answer.text().contains(secret), "{}", answer.text());
        }
    }
    let mixed = json!({
        "name": "shop", "namespace": "team-a", "type": "kubernetes.io/tls", "string_data": {"tls.crt": other},
        "data": {"tls.key": "eA=="},
    });
    assert_error(&app.post("/api/secrets", &mixed), 422, "InputError", &["/data/tls.key"]);
}

#[test]
fn a_pair_is_sealed_and_renewed_whole_or_by_halves_with_a_warning() {
    let app = TestApp::builder().ready_to_write().env("GITOPS_DIRECT", "true").start_ready();
    let ((certificate, key), (other, other_key)) = (pair(), pair());
    let created = app.post("/api/secrets", &body(&certificate, &key));
    assert_eq!((created.status, &created.json()["warnings"]), (201, &json!([])), "{}", created.text());

    let set = |texts: Value| app.put(PATH, &json!({"set": {"string_data": texts}}));
    let apart = set(json!({"tls.crt": other, "tls.key": key}));
    assert_error(&apart, 422, "InputError", &["/set/string_data/tls.key"]);
    let coded = app.put(PATH, &json!({"set": {"data": {"tls.crt": "eA=="}, "string_data": {"tls.key": key}}}));
    assert_error(&coded, 422, "InputError", &["/set/data/tls.crt"]);

    let half = set(json!({"tls.crt": other}));
    assert_eq!(half.status, 201, "{}", half.text());
    assert_eq!(half.json()["warnings"][0]["code"], "unchecked_pair");
    let whole = set(json!({"tls.crt": other, "tls.key": other_key}));
    assert_eq!((whole.status, &whole.json()["warnings"]), (201, &json!([])), "{}", whole.text());
}
