//! Twenty thousand objects.

use serde_json::json;

use super::Scene;
use crate::support::cluster::Cluster;

const OBJECTS: usize = 20_000;
/// The memory that an object may take, bytes.
const MOST: usize = 4096;

/// The memory that a process has, bytes.
fn resident(id: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

#[test]
fn twenty_thousand_objects_take_little_memory_each() {
    let Some(cluster) = Cluster::start() else { return };
    let scene = Scene::of(&cluster);
    let empty = scene.app();
    let before = resident(empty.id());
    drop(empty);
    std::thread::scope(|scope| {
        for part in 0..8 {
            let scene = &scene;
            scope.spawn(move || {
                for number in (part..OBJECTS).step_by(8) {
                    let name = format!("workers-{number:05}");
                    let spec = json!({
                        "name": name, "clusterName": "prod", "instanceTypes": ["m5.xlarge", "m5.2xlarge"], "capacityType": "SPOT",
                        "scalingConfig": {"minSize": 1, "maxSize": 5, "desiredSize": 1}, "labels": {"team": "a", "tier": "web"},
                        "taints": [{"key": "dedicated", "value": "web", "effect": "NO_SCHEDULE"}],
                    });
                    let made = json!({
                        "apiVersion": "eks.services.k8s.aws/v1alpha1", "kind": "Nodegroup", "metadata": {"name": name}, "spec": spec,
                    });
                    let path = scene.namespace.path("eks.services.k8s.aws/v1alpha1", "nodegroups");
                    assert_eq!(scene.cluster.admin().post(&path, &made).status, 201);
                }
            });
        }
    });
    let app = scene.app();
    println!("{} bytes an object before a list", resident(app.id()).saturating_sub(before) / OBJECTS);
    let list = app.get("/api/nodegroups?limit=1").json();
    assert_eq!(list["total_items"], OBJECTS);
    let each = resident(app.id()).saturating_sub(before) / OBJECTS;
    println!("{each} bytes an object");
    assert!(each <= MOST, "{each} bytes an object");
}
