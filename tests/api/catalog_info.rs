//! What Backstage's catalog is told: the entities name each other and a description of the API that is the served one.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::documented::document;

#[test]
fn the_catalog_has_the_component_and_the_api_as_it_is_served() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(here.join("catalog-info.yaml")).unwrap();
    let entities: Vec<Value> = serde_yaml::from_multiple(&text).unwrap();
    let [component, api] = entities.as_slice() else { panic!("two entities: {entities:?}") };
    assert_eq!((&component["kind"], &api["kind"]), (&"Component".into(), &"API".into()));
    for entity in [component, api] {
        assert_eq!(entity["apiVersion"], "backstage.io/v1alpha1");
        for field in ["/metadata/name", "/spec/type", "/spec/lifecycle", "/spec/owner"] {
            assert!(entity.pointer(field).is_some_and(Value::is_string), "{field}");
        }
    }
    assert_eq!(component["spec"]["providesApis"][0], api["metadata"]["name"]);
    let file = api["spec"]["definition"]["$text"].as_str().unwrap();
    let described: Value = serde_json::from_str(&fs::read_to_string(here.join(file)).unwrap()).unwrap();
    assert!(
        described == *document(),
        "{file} is an older one; with the service running: curl -s localhost:8000/api/openapi.json | python3 -m json.tool --indent 1 > {file}"
    );
}
