//! The OpenAPI document: whole, true to the contract's table, and shown without a network.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::bodies::nodegroup;
use crate::support::documented::document;

/// The contract's table. Rows that this build may not have yet are checked once it has them.
const TABLE: [(&str, &[&str]); 12] = [
    ("/api/instance_types", &["get"]),
    ("/api/instance_types/{name}", &["get"]),
    ("/api/instance_types/source", &["get"]),
    ("/api/nodegroups", &["get", "post"]),
    ("/api/nodegroups/{name}", &["get", "put", "delete"]),
    ("/api/secrets", &["get", "post"]),
    ("/api/secrets/{name}", &["get", "put", "delete"]),
    ("/api/pull_requests", &["get"]),
    ("/api/pull_requests/{number}", &["get", "delete"]),
    ("/api/certificate", &["get"]),
    ("/api/options", &["get"]),
    ("/api/liveness", &["get"]),
];

/// Every object inside a value, with where it stands.
fn walk<'v>(value: &'v Value, at: &str, visit: &mut impl FnMut(&str, &'v serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(at, object);
            object.iter().for_each(|(key, value)| walk(value, &format!("{at}/{key}"), visit));
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(n, item)| walk(item, &format!("{at}/{n}"), visit)),
        _ => {}
    }
}

#[test]
fn every_route_and_method_of_the_contract_is_documented_and_answers() {
    let app = TestApp::start_ready();
    let paths = &document()["paths"];
    for (route, methods) in TABLE {
        if route.starts_with("/api/instance_types") && !paths["/api/instance_types"].is_object() {
            println!("skipped: this build has no {route} yet");
            continue;
        }
        for method in methods {
            assert!(paths[route][method].is_object(), "{method} {route} isn't documented");
            let path = route.replace("{name}", "none").replace("{number}", "1");
            let answer = app.send(&method.to_uppercase(), &path, &[("Content-Type", "application/json")], b"{}");
            assert_ne!(answer.status, 405, "{method} {route}");
            let of_route = answer.status == 404 && answer.text().contains("no such route");
            assert!(!of_route && answer.status < 500, "{method} {route}: {}", answer.text());
        }
    }
    let told: Vec<&String> = paths.as_object().unwrap().keys().collect();
    for route in told {
        let known = TABLE.iter().any(|(known, _)| known == route) || route == "/api/readiness";
        assert!(known, "{route} is documented but not in the contract's table");
    }
}

#[test]
fn each_operation_has_an_id_a_summary_its_parameters_and_an_error_for_what_can_go_wrong() {
    let mut ids = std::collections::BTreeSet::new();
    for (route, operations) in document()["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = format!("{method} {route}");
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}");
            assert!(!operation["summary"].as_str().unwrap_or_default().is_empty(), "{name}");
            let declared: Vec<&str> = operation["parameters"]
                .as_array()
                .map(|all| all.iter().filter(|p| p["in"] == "path").map(|p| p["name"].as_str().unwrap()).collect())
                .unwrap_or_default();
            let used: Vec<&str> = route.split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect();
            assert_eq!(declared, used, "{name}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["schema"].is_object() && parameter["description"].is_string(), "{name} {parameter}");
                assert_eq!(parameter["required"], parameter["in"] == "path", "{name} {parameter}");
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                let response = match response["$ref"].as_str() {
                    Some(pointer) => document().pointer(pointer.trim_start_matches('#')).unwrap(),
                    None => response,
                };
                let schema = &response["content"]["application/json"]["schema"];
                if status.starts_with('4') || (status.starts_with('5') && route != "/api/readiness") {
                    assert_eq!(schema["$ref"], "#/components/schemas/Error", "{name} {status}");
                }
                assert_eq!(response["content"].is_null(), status == "304", "{name} {status}: a body needs a schema");
            }
            if matches!(method.as_str(), "post" | "put") {
                assert!(operation["requestBody"]["content"]["application/json"]["schema"].is_object(), "{name}");
            }
        }
    }
}

#[test]
fn every_reference_is_met_and_every_schema_is_used() {
    let document = document();
    let mut used = std::collections::BTreeSet::new();
    walk(document, "", &mut |at, object| {
        if let Some(pointer) = object.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(pointer.trim_start_matches('#')).is_some(), "{at}: {pointer}");
            used.insert(pointer.to_owned());
        }
        // 3.1 knows no `nullable`; a null is a type.
        assert!(!object.contains_key("nullable"), "{at}");
    });
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(used.contains(&format!("#/components/schemas/{name}")), "{name} is in the document but nowhere used");
    }
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert!(document["info"]["title"].is_string() && document["info"]["version"].is_string());
}

/// Whether a value is what a schema asks for, as far as this document's schemas go.
fn valid(schema: &Value, value: &Value) -> bool {
    if let Some(pointer) = schema["$ref"].as_str() {
        return valid(document().pointer(pointer.trim_start_matches('#')).unwrap(), value);
    }
    let members = schema["properties"].as_object().into_iter().flatten();
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().any(|kind| is(kind.as_str().unwrap())),
        kind => kind.as_str().is_none_or(is),
    };
    kinds
        && schema["oneOf"].as_array().is_none_or(|all| all.iter().filter(|one| valid(one, value)).count() == 1)
        && schema["required"].as_array().is_none_or(|all| all.iter().all(|n| value.get(n.as_str().unwrap()).is_some()))
        && members.into_iter().all(|(name, schema)| value.get(name).is_none_or(|value| valid(schema, value)))
        && (schema["items"].is_null()
            || value.as_array().is_none_or(|all| all.iter().all(|v| valid(&schema["items"], v))))
}

#[test]
fn a_writes_answers_are_as_documented() {
    let app = TestApp::start_ready();
    let schema = |status: &str| {
        &document()["paths"]["/api/nodegroups"]["post"]["responses"][status]["content"]["application/json"]["schema"]
    };
    let dry = app.post("/api/nodegroups?dry_run=true", &nodegroup("workers"));
    let made = app.post("/api/nodegroups", &nodegroup("workers"));
    let replay = app.post("/api/nodegroups", &nodegroup("workers"));
    assert_eq!((dry.status, made.status, replay.status), (200, 201, 200));
    for answer in [&dry, &made, &replay] {
        assert!(valid(schema(&answer.status.to_string()), &answer.json()), "{} {}", answer.status, answer.text());
    }
    assert!(!valid(schema("201"), &dry.json()) && !valid(schema("200"), &json!({"changed": true})));
}

#[test]
fn an_independent_validator_finds_the_document_valid() {
    let installed = Command::new("python3").args(["-c", "import openapi_spec_validator"]).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        println!("skipped: python3 with `openapi-spec-validator` isn't installed");
        return;
    }
    let script = "import json,sys,openapi_spec_validator as v; v.validate(json.load(sys.stdin))";
    let mut python =
        Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), document().to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_documentation_page_asks_for_nothing_from_elsewhere() {
    let app = TestApp::start();
    let page = app.get("/api/docs/").text();
    let initializer = app.get("/api/docs/swagger-initializer.js").text();
    for (name, text) in [("the page", &page), ("the initializer", &initializer)] {
        assert!(!text.contains("http://") && !text.contains("https://") && !text.contains("\"//"), "{name}: {text}");
    }
    let attribute = |name: &str| -> Vec<String> {
        let start = format!("{name}=\"");
        page.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
    };
    let assets = [attribute("src"), attribute("href")].concat();
    assert!(assets.len() >= 4, "{assets:?}");
    for asset in assets {
        let path = format!("/api/docs/{}", asset.trim_start_matches("./"));
        assert_eq!(app.get(&path).status, 200, "{path}");
    }
}
