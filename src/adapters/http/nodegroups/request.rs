//! The bodies of POST and PUT, read into domain types with every problem at once.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::ToSchema;

use crate::adapters::http::body::{Fields, Node, Problems};
use crate::adapters::http::error::ApiError;
use crate::application::nodegroups::Nodegroups;
use crate::domain::change::ObjectKey;
use crate::domain::error::Violation;
use crate::domain::names::{ClusterName, InstanceTypeName, LabelValue, Namespace, NodegroupName};
use crate::domain::nodegroup::rules::{check_labels, check_taints};
use crate::domain::nodegroup::{
    CapacityType, FixedFields, MAX_DISK_GIB, MAX_INSTANCE_TYPES, NodegroupEdit, NodegroupSpec, Scaling, ScalingEdit,
    Taint,
};

/// A new nodegroup.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "name": "workers", "namespace": "team-a", "cluster": "prod", "instance_types": ["m5.xlarge"],
    "scaling": {"min": 1, "max": 5, "desired": 2}
}))]
pub struct CreateNodegroup {
    /// Unique in its namespace.
    #[schema(pattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    pub name: String,
    /// The Kubernetes namespace of the manifest.
    #[schema(pattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    pub namespace: String,
    /// The EKS cluster.
    #[schema(pattern = "^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$")]
    pub cluster: String,
    /// Types of one architecture, in order of preference.
    #[schema(min_items = 1, max_items = 20)]
    pub instance_types: Vec<String>,
    /// `ON_DEMAND` (the default) or `SPOT`.
    pub capacity_type: Option<String>,
    /// How many nodes.
    pub scaling: ScalingBody,
    /// Root disk; left out, EKS or a launch template decides.
    #[schema(minimum = 1, maximum = 16384)]
    pub disk_size_gib: Option<u32>,
    /// Labels of the nodes.
    pub labels: Option<BTreeMap<String, String>>,
    /// Taints of the nodes.
    #[schema(max_items = 50)]
    pub taints: Option<Vec<TaintBody>>,
    /// The Backstage component.
    pub component: Option<String>,
}

/// A change of a nodegroup. A field left out stays; the immutable ones may be sent when they are equal.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"scaling": {"min": 2, "max": 8}}))]
pub struct UpdateNodegroup {
    /// Immutable.
    pub cluster: Option<String>,
    /// Immutable.
    pub instance_types: Option<Vec<String>>,
    /// Immutable.
    pub capacity_type: Option<String>,
    /// How many nodes from now on.
    pub scaling: Option<ScalingEditBody>,
    /// Immutable.
    pub disk_size_gib: Option<u32>,
    /// Replaces all labels.
    pub labels: Option<BTreeMap<String, String>>,
    /// Replaces all taints.
    pub taints: Option<Vec<TaintBody>>,
    /// The Backstage component; null takes it away.
    pub component: Option<String>,
}

/// How many nodes.
#[derive(Debug, ToSchema)]
pub struct ScalingBody {
    /// The fewest.
    #[schema(minimum = 0, maximum = 10000)]
    pub min: u32,
    /// The most.
    #[schema(minimum = 1, maximum = 10000)]
    pub max: u32,
    /// From min to max; left out: the greater of min and 1.
    pub desired: Option<u32>,
}

/// How many nodes from now on; a part left out stays.
#[derive(Debug, ToSchema)]
pub struct ScalingEditBody {
    /// The fewest.
    #[schema(minimum = 0, maximum = 10000)]
    pub min: Option<u32>,
    /// The most.
    #[schema(minimum = 1, maximum = 10000)]
    pub max: Option<u32>,
    /// From min to max; left out, it stays as near as min and max let it.
    pub desired: Option<u32>,
}

/// A taint.
#[derive(Debug, ToSchema)]
pub struct TaintBody {
    /// A qualified name of 1-63 characters.
    pub key: String,
    /// Empty when left out.
    pub value: Option<String>,
    /// `NO_SCHEDULE`, `NO_EXECUTE` or `PREFER_NO_SCHEDULE`.
    pub effect: String,
}

/// Reads a POST's body.
///
/// # Errors
/// 400 or 422 with every problem, those of the catalogue and the settings included.
pub fn create(body: &Node, nodegroups: &Nodegroups) -> Result<(ObjectKey, NodegroupSpec), ApiError> {
    let problems = Problems::default();
    let mut fields = Fields::of(body, "", &problems);
    let name = fields.required_string("name").and_then(|text| problems.parsed("/name", NodegroupName::parse(text)));
    let namespace = fields.required_string("namespace");
    let namespace = namespace.and_then(|text| problems.parsed("/namespace", Namespace::parse(text)));
    let cluster = fields.required_string("cluster");
    let cluster = cluster.and_then(|text| problems.parsed("/cluster", ClusterName::parse(text)));
    let types = fields.required_string_list("instance_types").map(|names| instance_types(&names, &problems));
    let capacity_type = fields.string("capacity_type").and_then(|word| capacity(word, &problems));
    let scaling = fields.required_object("scaling").and_then(|fields| scaling(fields, &problems));
    let disk_size_gib = fields.nullable_integer("disk_size_gib").flatten().and_then(|size| disk(size, &problems));
    let labels = read_labels(&mut fields, &problems).unwrap_or_default();
    let taints = read_taints(&mut fields, &problems).unwrap_or_default();
    let component = fields.nullable_string("component").flatten().and_then(|text| component(text, &problems));
    fields.finish();
    problems.extend(nodegroups.violations(cluster.as_ref(), types.as_deref().unwrap_or_default()));
    problems.check()?;
    match (name, namespace, cluster, types, scaling) {
        (Some(name), Some(namespace), Some(cluster), Some(instance_types), Some(scaling)) => Ok((
            ObjectKey::nodegroup(namespace, &name),
            NodegroupSpec {
                cluster,
                component,
                instance_types,
                capacity_type: capacity_type.unwrap_or_default(),
                scaling,
                disk_size_gib,
                labels,
                taints,
            },
        )),
        _ => Err(ApiError::defect("a required field was missing and no problem was noted")),
    }
}

/// Reads a PUT's body; `fixed` tells which of the fields that can't change would have to.
///
/// # Errors
/// 400 or 422 with every problem.
pub async fn update(
    body: &Node,
    fixed: impl AsyncFnOnce(&NodegroupEdit) -> Vec<Violation>,
) -> Result<NodegroupEdit, ApiError> {
    let problems = Problems::default();
    let edit = read_update(body, &problems);
    problems.extend(fixed(&edit).await);
    problems.check()?;
    Ok(edit)
}

fn read_update(body: &Node, problems: &Problems) -> NodegroupEdit {
    let mut fields = Fields::of(body, "", problems);
    let fixed = FixedFields {
        cluster: fields.string("cluster").and_then(|text| problems.parsed("/cluster", ClusterName::parse(text))),
        instance_types: fields.string_list("instance_types").map(|names| instance_types(&names, problems)),
        capacity_type: fields.string("capacity_type").and_then(|word| capacity(word, problems)),
        disk_size_gib: fields.nullable_integer("disk_size_gib").flatten().and_then(|size| disk(size, problems)),
    };
    let scaling = fields.object("scaling").map(|mut fields| {
        let edit =
            ScalingEdit { min: fields.integer("min"), max: fields.integer("max"), desired: fields.integer("desired") };
        fields.finish();
        if let (Some(min), Some(max)) = (edit.min, edit.max) {
            problems.extend(Scaling::new(min, max, edit.desired).err().unwrap_or_default());
        }
        edit
    });
    let edit = NodegroupEdit {
        component: fields.nullable_string("component").map(|name| name.and_then(|text| component(text, problems))),
        scaling,
        labels: read_labels(&mut fields, problems),
        taints: read_taints(&mut fields, problems),
        fixed,
    };
    fields.finish();
    edit
}

fn instance_types(names: &[&str], problems: &Problems) -> Vec<InstanceTypeName> {
    if !(1..=MAX_INSTANCE_TYPES).contains(&names.len()) {
        problems.rule("/instance_types", format!("must have 1 to {MAX_INSTANCE_TYPES} items"));
    }
    let mut seen = BTreeSet::new();
    let mut types = Vec::new();
    for (index, name) in names.iter().enumerate().take(MAX_INSTANCE_TYPES) {
        let pointer = format!("/instance_types/{index}");
        if !seen.insert(*name) {
            problems.rule(&pointer, "repeats another item");
        }
        types.extend(problems.parsed(pointer, InstanceTypeName::parse(name)));
    }
    types
}

fn capacity(word: &str, problems: &Problems) -> Option<CapacityType> {
    let known = CapacityType::from_word(word);
    if known.is_none() {
        problems.rule("/capacity_type", format!("must be one of {}", CapacityType::WORDS.join(", ")));
    }
    known
}

fn scaling(mut fields: Fields<'_, '_>, problems: &Problems) -> Option<Scaling> {
    let (min, max) = (fields.required_integer("min"), fields.required_integer("max"));
    let desired = fields.integer("desired");
    fields.finish();
    match Scaling::new(min?, max?, desired) {
        Ok(scaling) => Some(scaling),
        Err(violations) => {
            problems.extend(violations);
            None
        }
    }
}

fn disk(size: i64, problems: &Problems) -> Option<u32> {
    let size = u32::try_from(size).ok().filter(|size| (1..=MAX_DISK_GIB).contains(size));
    if size.is_none() {
        problems.rule("/disk_size_gib", format!("must be from 1 to {MAX_DISK_GIB}"));
    }
    size
}

/// A component's name is a label's value, and not empty.
pub fn component(text: &str, problems: &Problems) -> Option<LabelValue> {
    if text.is_empty() {
        problems.rule("/component", "must not be empty; null takes it away");
        return None;
    }
    problems.parsed("/component", LabelValue::parse(text))
}

fn read_labels(fields: &mut Fields<'_, '_>, problems: &Problems) -> Option<BTreeMap<String, String>> {
    let labels = fields.strings("labels")?;
    problems.extend(check_labels(&labels));
    Some(labels)
}

fn read_taints(fields: &mut Fields<'_, '_>, problems: &Problems) -> Option<Vec<Taint>> {
    let mut taints = Vec::new();
    let mut complete = true;
    for mut item in fields.objects("taints")? {
        let (key, effect) = (item.required_string("key"), item.required_string("effect"));
        let value = item.string("value").unwrap_or_default();
        item.finish();
        complete &= key.is_some() && effect.is_some();
        taints.push(Taint {
            key: key.unwrap_or_default().to_owned(),
            value: value.to_owned(),
            effect: effect.unwrap_or_default().to_owned(),
        });
    }
    // A missing key or effect is told once; the rules would tell it again.
    if complete {
        problems.extend(check_taints(&taints));
    }
    Some(taints)
}
