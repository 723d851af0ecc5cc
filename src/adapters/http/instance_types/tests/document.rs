//! The OpenAPI document against what is answered.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Api;
use crate::adapters::http::instance_types::fields::FIELDS;

/// The names that an object or a schema's properties have.
fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

fn required(schema: &Value) -> BTreeSet<&str> {
    schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn every_documented_parameter_is_read() {
    let api = Api::loaded().await;
    let document = api.get("/api/openapi.json").await.json();
    let parameters = document["paths"]["/api/instance_types"]["get"]["parameters"].as_array().unwrap().clone();
    let query: Vec<_> = parameters.iter().filter(|p| p["in"] == "query").collect();
    assert_eq!(query.len(), 26);
    for parameter in query {
        let name = parameter["name"].as_str().unwrap();
        let answer = api.get(&format!("/api/instance_types?{name}=")).await;
        assert!(!answer.text().contains("no such parameter"), "{name}");
    }
}

#[tokio::test]
async fn the_schemas_have_the_fields_of_the_answers() {
    let api = Api::loaded().await;
    let document = api.get("/api/openapi.json").await.json();
    let schemas = &document["components"]["schemas"];
    let item = &schemas["InstanceType"];
    assert_eq!(keys(&item["properties"]), FIELDS.into_iter().collect());
    assert_eq!(required(item), FIELDS.into_iter().collect(), "unknown values are null, never absent");
    let mut list = api.list("facets=true").await;
    assert_eq!(keys(&schemas["InstanceTypeList"]["properties"]), keys(&list));
    list.as_object_mut().unwrap().remove("facets");
    assert_eq!(required(&schemas["InstanceTypeList"]), keys(&list));
    assert_eq!(keys(&schemas["InstanceTypeListSource"]["properties"]), keys(&list["source"]));
    let source = api.get("/api/instance_types/source").await.json();
    assert_eq!(keys(&schemas["InstanceTypeSource"]["properties"]), keys(&source));
    assert_eq!(required(&schemas["InstanceTypeSource"]), keys(&source));
}

#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    let document = Api::loaded().await.get("/api/openapi.json").await.json();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}
