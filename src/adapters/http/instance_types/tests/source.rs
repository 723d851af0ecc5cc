//! Where the types come from, and what is answered before there are any.

use serde_json::json;

use super::Api;
use crate::domain::error::SourceError;

#[tokio::test]
async fn before_the_first_load_types_are_a_503_and_the_source_tells_why() {
    let api = Api::unloaded();
    *api.content.lock().unwrap() = Err(SourceError::Unreachable("no such file".to_owned()));
    api.types.load(false).await.unwrap_err();
    for path in ["/api/instance_types", "/api/instance_types?format=csv", "/api/instance_types/m5.large"] {
        let answer = api.get(path).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["name"]),
            (503, &json!("ServiceUnavailableError")),
            "{path}"
        );
        assert_eq!(answer.json()["retry_after_seconds"], 2);
    }
    assert_eq!(api.get("/api/instance_types?colour=red").await.status, 400, "a mistake is told first");
    let answer = api.get("/api/instance_types/source").await;
    assert_eq!(
        answer.json(),
        json!({
            "kind": "file", "location": "list.json", "version": null, "published_at": null, "loaded_at": null,
            "checked_at": null, "age_seconds": null, "stale": false,
            "last_error": "the price list can't be read: no such file", "ingest": null,
        })
    );
}

#[tokio::test]
async fn after_a_load_the_source_tells_what_was_read_and_when() {
    let api = Api::loaded().await;
    let answer = api.get("/api/instance_types/source").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    let body = answer.json();
    assert_eq!(body["loaded_at"], api.types.current().unwrap().loaded_at.to_string());
    assert!(body["age_seconds"].as_f64().is_some() && body["checked_at"].is_string());
    assert_eq!((&body["version"], &body["last_error"]), (&json!("1"), &json!(null)));
    assert_eq!(
        body["ingest"],
        json!({"rows": 10, "kept": 9, "dropped": {}, "unpriced": 1, "bytes": 1000, "seconds": 0.0})
    );
    assert_eq!(api.get("/api/instance_types/source?x=1").await.status, 400);
}
