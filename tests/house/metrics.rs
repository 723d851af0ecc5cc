//! Metrics: each that the code tells is explained in the README, and the dashboard and the alerts use no other.

use std::collections::BTreeSet;
use std::fs;

use super::{root, sources};

const PREFIX: &str = "backend_api_";

/// The names of metrics in a text.
fn names(text: &str) -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let ends = |rest: &str| rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    text.match_indices(PREFIX).map(|(at, _)| text[at..at + ends(&text[at..])].to_owned()).collect()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// What the code tells: each name is a constant.
fn told() -> BTreeSet<String> {
    let constants = |text: &str| {
        let lines = text.lines().filter(|line| line.trim_start_matches("pub ").starts_with("const "));
        names(&lines.collect::<Vec<_>>().join("\n"))
    };
    sources().iter().flat_map(|(_, text)| constants(text)).collect()
}

#[test]
fn the_readme_explains_each_metric_and_no_other() {
    let (told, explained) = (told(), names(&read("README.md")));
    assert!(told.len() > 20, "{told:?}");
    assert_eq!(told.difference(&explained).collect::<Vec<_>>(), Vec::<&String>::new(), "not explained");
    assert_eq!(explained.difference(&told).collect::<Vec<_>>(), Vec::<&String>::new(), "not told");
}

#[test]
fn the_dashboard_and_the_alerts_use_metrics_that_there_are() {
    let told = told();
    for file in ["deploy/monitoring/dashboard.json", "deploy/monitoring/alerts.yaml"] {
        let used = names(&read(file));
        assert!(used.len() > 5, "{file}: {used:?}");
        for name in used {
            let plain = ["_bucket", "_sum", "_count"].into_iter().find_map(|part| name.strip_suffix(part));
            assert!(told.contains(plain.unwrap_or(&name)), "{file}: there is no {name}");
        }
    }
    let dashboard: serde_json::Value = serde_json::from_str(&read("deploy/monitoring/dashboard.json")).unwrap();
    assert!(dashboard["panels"].as_array().unwrap().len() > 10);
    let alerts: serde_json::Value = serde_yaml::from_str(&read("deploy/monitoring/alerts.yaml")).unwrap();
    for rule in alerts["groups"][0]["rules"].as_array().unwrap() {
        for field in ["/alert", "/expr", "/for", "/labels/severity", "/annotations/summary", "/annotations/description"]
        {
            assert!(rule.pointer(field).is_some_and(serde_json::Value::is_string), "{field} of {rule}");
        }
    }
}
