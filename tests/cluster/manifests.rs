//! What the templates render, as the API server takes it: with the definitions of upstream, and no field unknown to them.

use cre_backend_api::domain::ports::TemplateRenderer;
use cre_backend_api::domain::secret::Scope;
use serde_json::json;

use crate::adapters::templates::drafts::{built_in, full_nodegroup, full_secret, small_nodegroup, small_secret};
use crate::support::cluster::assets::Assets;
use crate::support::cluster::{Cluster, NODEGROUPS, Namespace, documents};

/// The manifests of nodegroups with the fewest fields and with all of them, their definition installed.
fn nodegroups(namespace: &Namespace<'_>) -> Vec<String> {
    namespace.cluster().install(NODEGROUPS);
    let rendered = [small_nodegroup(), full_nodegroup()].map(|draft| built_in().nodegroup(&draft).unwrap());
    rendered.iter().map(|manifest| placed(manifest, namespace)).collect()
}

/// The same of secrets, in each scope; none where their definition isn't built.
fn secrets(namespace: &Namespace<'_>) -> Vec<String> {
    let Some(definition) = Assets::find().and_then(|assets| assets.sealed_secrets("sealedsecrets-crd.yaml")) else {
        return Vec::new();
    };
    namespace.cluster().install(&std::fs::read_to_string(definition).unwrap());
    let drafts = Scope::ALL.into_iter().flat_map(|scope| [small_secret(scope), full_secret(scope)]);
    drafts.map(|draft| placed(&built_in().sealed_secret(&draft).unwrap(), namespace)).collect()
}

/// In a namespace that is there.
fn placed(manifest: &str, namespace: &Namespace<'_>) -> String {
    assert!(manifest.contains("namespace: \"team-a\""), "{manifest}");
    manifest.replace("namespace: \"team-a\"", &format!("namespace: \"{namespace}\""))
}

#[test]
fn every_field_that_is_rendered_is_known_to_the_definitions_of_upstream() {
    let Some(cluster) = Cluster::get() else { return };
    let namespace = cluster.namespace();
    for manifest in [nodegroups(&namespace), secrets(&namespace)].concat() {
        let mut manifest = documents(&manifest).remove(0);
        cluster.admin().dry_run(&manifest).ok();
        manifest["spec"]["unheardOf"] = json!(1);
        let refused = cluster.admin().dry_run(&manifest);
        assert!(refused.message().contains("unheardOf"), "{}: {}", refused.status, refused.body);
    }
}

#[test]
fn kubectl_applies_every_manifest_that_is_rendered() {
    let Some(cluster) = Cluster::get() else { return };
    let namespace = cluster.namespace();
    let all = [nodegroups(&namespace), secrets(&namespace)].concat();
    // Each by itself, as some have one name.
    for manifest in &all {
        let applied = cluster.kubectl(&["apply", "--server-side", "--dry-run=server", "-f", "-"], manifest);
        let said = String::from_utf8_lossy(&applied.stdout).into_owned();
        assert!(applied.status.success(), "{}\n{manifest}", String::from_utf8_lossy(&applied.stderr));
        assert!(said.contains("serverside-applied (server dry run)"), "{said}");
    }
}
