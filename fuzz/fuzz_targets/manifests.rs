//! Any bytes as a manifest of Git's, and any text in a rendered one: no panic, and what is rendered is read back as it was.
#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use cre_backend_api::adapters::templates::{TemplateSettings, TeraTemplates};
use cre_backend_api::domain::change::{ObjectKey, ObjectKind};
use cre_backend_api::domain::manifest;
use cre_backend_api::domain::names::{ClusterName, InstanceTypeName};
use cre_backend_api::domain::nodegroup::{Architecture, CapacityType, NodegroupDraft, NodegroupSpec, Scaling, Taint};
use cre_backend_api::domain::ports::TemplateRenderer;
use libfuzzer_sys::fuzz_target;

static TEMPLATES: LazyLock<TeraTemplates> =
    LazyLock::new(|| TeraTemplates::load(&TemplateSettings::default()).expect("the built-in templates are right"));

fuzz_target!(|input: &[u8]| {
    for document in manifest::documents(input).into_iter().flatten() {
        let _ = manifest::nodegroup::read(&document);
        let _ = manifest::read_secret(&document);
        let written = manifest::write(&document).expect("what was read can be written");
        let again = manifest::documents(written.as_bytes()).expect("what was written can be read");
        assert_eq!(again, [document]);
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut parts = text.split('\0').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    let draft = NodegroupDraft {
        key: ObjectKey::parse(ObjectKind::Nodegroup, "team-a", "workers").expect("a name"),
        spec: NodegroupSpec {
            cluster: ClusterName::parse("prod").expect("a name"),
            component: None,
            instance_types: vec![InstanceTypeName::parse("m5.xlarge").expect("a name")],
            capacity_type: CapacityType::OnDemand,
            scaling: Scaling { min: 1, max: 5, desired: 2 },
            disk_size_gib: None,
            labels: BTreeMap::from([(next(), next())]),
            taints: vec![Taint { key: next(), value: next(), effect: next() }],
        },
        architecture: Architecture::X86_64,
        gpu: false,
    };
    let rendered = TEMPLATES.nodegroup(&draft).expect("it can be rendered");
    manifest::nodegroup::verify(&rendered, &draft).expect("what was rendered is what was asked for");
});
