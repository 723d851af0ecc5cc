//! Kinds that aren't there, and objects that can't be decoded.

use serde_json::json;

use super::{Scene, part};
use crate::support::cluster::{Cluster, NODEGROUPS, documents};
use crate::support::{TestApp, wait_for};

#[test]
fn without_the_definition_nodegroups_are_503_the_rest_works_and_its_appearance_is_noticed() {
    let Some(cluster) = Cluster::start() else { return };
    let scene = Scene::without_definitions(&cluster);
    scene.apply_secret("db", &json!({"password": "hunter2"}));
    let app = scene.app();
    let refused = app.get("/api/nodegroups");
    assert_eq!(refused.status, 503);
    assert!(refused.text().contains("nodegroups.eks.services.k8s.aws"), "{}", refused.text());
    assert_eq!(scene.names(&app, "secrets"), ["db"]);
    let options = app.get("/api/options");
    assert!(options.status == 200 && options.text().contains(scene.namespace.name()), "forms work: {}", options.text());
    assert_eq!(part(&app, "nodegroups")["reason"], "kind_absent");
    assert_eq!(part(&app, "secrets")["reason"], json!(null), "SealedSecrets needn't be there");
    let errors = part(&app, "nodegroups")["watches"][0]["errors"].as_u64().unwrap();
    assert!(errors < 5, "no hot loop: {errors}");

    cluster.install(NODEGROUPS);
    scene.apply_nodegroup("workers", 5);
    wait_for("the kind", || (app.get("/api/nodegroups").status == 200).then_some(()));
    scene.wait_for_names(&app, "nodegroups", &["workers"]);
    assert_eq!(part(&app, "nodegroups")["reason"], json!(null));

    cluster.uninstall(NODEGROUPS);
    wait_for("the end of the kind", || (app.get("/api/nodegroups").status == 503).then_some(()));
    cluster.install(NODEGROUPS);
    wait_for("the kind once more", || (app.get("/api/nodegroups").status == 200).then_some(()));
    assert_eq!(scene.names(&app, "nodegroups"), Vec::<String>::new(), "what was there went with the definition");
}

#[test]
fn an_object_that_cant_be_decoded_is_listed_as_invalid_and_hides_no_other() {
    let Some(cluster) = Cluster::start() else { return };
    // A definition that lets anything in.
    let output = TestApp::builder().argument("crd").output();
    assert!(output.status.success());
    let mut lax = documents(&String::from_utf8(output.stdout).unwrap()).remove(0);
    let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/scalingConfig/properties/minSize";
    *lax.pointer_mut(spec).unwrap() = json!({"x-kubernetes-preserve-unknown-fields": true});
    cluster.install(&lax.to_string());
    let scene = Scene::without_definitions(&cluster);
    scene.apply_nodegroup("workers", 5);
    let odd = |name: &str| {
        json!({
            "apiVersion": "eks.services.k8s.aws/v1alpha1", "kind": "Nodegroup",
            "metadata": {"name": name, "namespace": scene.namespace.name()},
            "spec": {"name": name, "scalingConfig": {"minSize": "hunter2"}},
        })
    };
    cluster.admin().apply(&odd("odd").to_string());
    let app = scene.app();
    assert_eq!(scene.names(&app, "nodegroups"), ["odd", "workers"]);
    let item = |name: &str| app.get(&format!("/api/nodegroups/{name}?namespace={}", scene.namespace)).json();
    assert_eq!(item("odd")["phase"], "Invalid");
    let message = item("odd")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("spec.scalingConfig.minSize") && !message.contains("hunter2"), "{message}");
    assert_eq!(part(&app, "nodegroups")["watches"][0]["undecodable"], 1);

    // A good one that turns bad is no ghost of its better days, and the other way round.
    cluster.admin().apply(&odd("workers").to_string());
    wait_for("the bad one", || (item("workers")["phase"] == "Invalid").then_some(()));
    assert_eq!(part(&app, "nodegroups")["watches"][0]["undecodable"], 2);
    cluster.admin().delete(&scene.nodegroup_path("odd")).ok();
    scene.apply_nodegroup("workers", 7);
    wait_for("the good one", || (item("workers")["scaling"]["max"] == 7).then_some(()));
    wait_for("the count", || (part(&app, "nodegroups")["watches"][0]["undecodable"] == 0).then_some(()));
}
