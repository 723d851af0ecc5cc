//! Bodies of requests that are valid, for tests to change.

use serde_json::{Value, json};

/// A nodegroup in team-a.
pub fn nodegroup(name: &str) -> Value {
    json!({
        "name": name, "namespace": "team-a", "cluster": "prod", "instance_types": ["m5.xlarge"],
        "scaling": {"min": 1, "max": 5, "desired": 2},
    })
}

/// A secret in team-a with two keys.
pub fn secret(name: &str) -> Value {
    json!({
        "name": name, "namespace": "team-a", "string_data": {"user": "app"}, "data": {"password": "c2VjcmV0"},
    })
}

/// A body with some of its members replaced or added.
pub fn with(mut body: Value, members: &Value) -> Value {
    for (key, value) in members.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

/// A body without a member.
pub fn without(mut body: Value, member: &str) -> Value {
    body.as_object_mut().unwrap().remove(member);
    body
}
