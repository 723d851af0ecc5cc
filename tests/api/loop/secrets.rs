//! A secret's way through the loop: sealed, opened by an independent implementation, listed without values, edited.

use std::collections::BTreeMap;

use serde_json::json;

use super::opened;
use crate::support::sealing::{ciphertexts, open};
use crate::support::{Checkout, TestApp, wait_for};

const PATH: &str = "secrets/team-a/db.yaml";

fn expected(values: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
    values.iter().map(|(key, value)| ((*key).to_owned(), value.to_vec())).collect()
}

#[test]
fn from_an_empty_folder_a_secret_is_sealed_listed_without_values_edited_and_deleted() {
    let app = TestApp::builder().with_prices().start_ready();
    let body = json!({
        "name": "db", "namespace": "team-a", "component": "shop", "labels": {"app.kubernetes.io/name": "db"},
        "string_data": {"user": "app", "note": "zwei\nZeilen: ü \" \\ {{ x }}", "empty": ""},
        "data": {"password": "AAECAwT/"},
    });
    let created = app.post("/api/secrets", &body);
    assert_eq!(created.status, 201, "{}", created.text());
    let (_, branch) = opened(&created.json());
    assert_eq!(app.post("/api/secrets", &body).status, 200);

    let checkout = Checkout::of(&app);
    let manifest = checkout.show(&branch, PATH);
    if let Some(values) = open(&app, "team-a", "db", &manifest) {
        let note = "zwei\nZeilen: ü \" \\ {{ x }}".as_bytes();
        let wanted =
            expected(&[("user", b"app"), ("note", note), ("empty", b""), ("password", &[0, 1, 2, 3, 4, 0xff])]);
        assert_eq!(values, wanted);
    }

    checkout.merge_pull_request(&app, &created.json());
    let item = wait_for("the secret", || app.get("/api/secrets").json()["items"].get(0).cloned());
    assert_eq!(
        item["keys"],
        json!([
            {"name": "empty", "bytes": 0, "state": "ok"}, {"name": "note", "bytes": 27, "state": "ok"},
            {"name": "password", "bytes": 6, "state": "ok"}, {"name": "user", "bytes": 3, "state": "ok"},
        ])
    );
    let fingerprint = &app.get("/api/certificate").json()["fingerprint"];
    assert_eq!((&item["certificate_fingerprint"], &item["stale_seal"]), (fingerprint, &json!(false)));
    assert_eq!((&item["sealed"], &item["scope"], &item["component"]), (&json!(true), &json!("strict"), &json!("shop")));

    // Keys set and removed; the others' ciphertext byte for byte.
    let edit = json!({"set": {"string_data": {"user": "changed"}, "data": {"extra": "eA=="}}, "remove": ["empty"]});
    let edited = app.put("/api/secrets/db?namespace=team-a", &edit);
    assert_eq!(edited.status, 201, "{}", edited.text());
    let (_, branch) = opened(&edited.json());
    let edited_manifest = checkout.show(&branch, PATH);
    let (before, after) = (ciphertexts(&manifest), ciphertexts(&edited_manifest));
    assert_eq!(after.keys().collect::<Vec<_>>(), ["extra", "note", "password", "user"]);
    for kept in ["note", "password"] {
        assert_eq!(before[kept], after[kept], "{kept}");
    }
    assert_ne!(before["user"], after["user"]);
    if let Some(values) = open(&app, "team-a", "db", &edited_manifest) {
        assert_eq!((&values["user"], &values["extra"]), (&b"changed".to_vec(), &b"x".to_vec()));
        assert_eq!(values["password"], [0, 1, 2, 3, 4, 0xff]);
    }
    checkout.merge_pull_request(&app, &edited.json());
    wait_for("the edit", || (app.get("/api/secrets/db").json()["keys"][0]["name"] == "extra").then_some(()));
    let nothing = app.put("/api/secrets/db?namespace=team-a", &json!({"remove": ["absent"]}));
    assert_eq!((nothing.status, &nothing.json()["changed"]), (200, &json!(false)));

    let deleted = app.delete("/api/secrets/db?namespace=team-a");
    assert_eq!(deleted.status, 201, "{}", deleted.text());
    checkout.merge_pull_request(&app, &deleted.json());
    wait_for("the end", || (app.get("/api/secrets").json()["total_items"] == 0).then_some(()));
    assert_eq!(checkout.update().git(&["ls-files", "secrets/team-a"]), "secrets/team-a/.gitkeep\n");
}
