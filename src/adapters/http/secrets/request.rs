//! The bodies of POST and PUT, read into domain types with every problem at once. No value leaves this file but as `SecretBytes`.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use utoipa::ToSchema;

use crate::adapters::http::body::{Fields, Node, Problems};
use crate::adapters::http::error::ApiError;
use crate::adapters::http::nodegroups::component;
use crate::application::secrets::Secrets;
use crate::domain::change::ObjectKey;
use crate::domain::error::{Violation, pointer_segment};
use crate::domain::names::{DataKey, Namespace, SecretName};
use crate::domain::secret::{Scope, SecretBytes, SecretEdit, SecretSpec, SecretValues};

/// A new secret. At least one key, in `string_data` or `data`.
#[derive(Debug, ToSchema)]
#[schema(example = json!({
    "name": "db", "namespace": "team-a", "string_data": {"user": "app"}, "data": {"password": "c2VjcmV0"}
}))]
pub struct CreateSecret {
    /// Unique in its namespace.
    #[schema(max_length = 248)]
    pub name: String,
    /// The namespace of the Secret.
    #[schema(pattern = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
    pub namespace: String,
    /// `Opaque` by default.
    pub r#type: Option<String>,
    /// `strict` (the default), `namespace-wide` or `cluster-wide`.
    pub scope: Option<String>,
    /// Values as text.
    pub string_data: Option<BTreeMap<String, String>>,
    /// Values in base64.
    pub data: Option<BTreeMap<String, String>>,
    /// Labels of the Secret.
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations of the Secret.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Whether the Secret can't change once made.
    pub immutable: Option<bool>,
    /// The Backstage component.
    pub component: Option<String>,
}

/// A change of a secret's keys.
#[derive(Debug, ToSchema)]
#[schema(example = json!({"set": {"string_data": {"password": "changed"}}, "remove": ["user"]}))]
pub struct UpdateSecret {
    /// Keys to set, new or in place of others.
    pub set: Option<ValuesBody>,
    /// Keys to remove; absent ones change nothing.
    pub remove: Option<Vec<String>>,
    /// The Backstage component; null takes it away.
    pub component: Option<String>,
}

/// Values, as text or in base64.
#[derive(Debug, ToSchema)]
pub struct ValuesBody {
    /// Values as text.
    pub string_data: Option<BTreeMap<String, String>>,
    /// Values in base64.
    pub data: Option<BTreeMap<String, String>>,
}

/// Reads a POST's body.
///
/// # Errors
/// 400 or 422 with every problem, those of the settings included.
pub fn create(body: &Node, secrets: &Secrets) -> Result<(ObjectKey, SecretSpec), ApiError> {
    let problems = Problems::default();
    let mut fields = Fields::of(body, "", &problems);
    let name = fields.required_string("name").and_then(|text| problems.parsed("/name", SecretName::parse(text)));
    let namespace = fields.required_string("namespace");
    let namespace = namespace.and_then(|text| problems.parsed("/namespace", Namespace::parse(text)));
    let kind = fields.string("type").unwrap_or("Opaque").to_owned();
    let scope = fields.string("scope").map_or(Some(Scope::Strict), |word| {
        let scope = Scope::from_word(word);
        if scope.is_none() {
            problems.rule("/scope", format!("must be one of {}", Scope::WORDS.join(", ")));
        }
        scope
    });
    let (values, sent) = values(&mut fields, &problems);
    if sent == 0 {
        problems.rule("/string_data", "must have at least one key, here or in /data");
    }
    let all_read = values.len() == sent;
    let spec = SecretSpec {
        kind,
        scope: scope.unwrap_or(Scope::Strict),
        labels: fields.strings("labels").unwrap_or_default(),
        annotations: fields.strings("annotations").unwrap_or_default(),
        immutable: fields.boolean("immutable").unwrap_or(false),
        component: fields.nullable_string("component").flatten().and_then(|text| component(text, &problems)),
        values,
    };
    fields.finish();
    // A key that couldn't be read is told already; the rules of the values would tell again that it is missing.
    let told = |violation: &Violation| !all_read && violation.pointer.starts_with("/data");
    let wrong = secrets.violations(&spec).into_iter().filter(|violation| !told(violation));
    let sent = SentAsText::of(Some(body), "");
    problems.extend(wrong.map(|violation| sent.place(violation)).collect());
    problems.check()?;
    match (name, namespace) {
        (Some(name), Some(namespace)) => Ok((ObjectKey::secret(namespace, &name), spec)),
        _ => Err(ApiError::defect("a required field was missing and no problem was noted")),
    }
}

/// The keys whose values were sent as text. The rules know one set of values: what they say of one in `data` is told of
/// `string_data` where it was sent there.
pub struct SentAsText {
    under: &'static str,
    keys: BTreeSet<String>,
}

impl SentAsText {
    /// The keys in `string_data` of an object of the body; `under` is where it stands there.
    fn of(object: Option<&Node>, under: &'static str) -> Self {
        let keys = match object.and_then(|object| member(object, "string_data")) {
            Some(Node::Object(texts)) => texts.iter().map(|(key, _)| key.clone()).collect(),
            _ => BTreeSet::new(),
        };
        Self { under, keys }
    }

    /// A violation, with the pointer that the client knows the value by.
    pub fn place(&self, violation: Violation) -> Violation {
        let under = self.under;
        match violation.pointer.strip_prefix(under).and_then(|pointer| pointer.strip_prefix("/data/")) {
            Some(key) if self.keys.contains(key) => {
                Violation { pointer: format!("{under}/string_data/{key}"), ..violation }
            }
            _ => violation,
        }
    }
}

fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    match node {
        Node::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, value)| value),
        _ => None,
    }
}

/// Reads a PUT's body, and which of its values were sent as text.
///
/// # Errors
/// 400 or 422 with every problem.
pub fn update(body: &Node) -> Result<(SecretEdit, SentAsText), ApiError> {
    let problems = Problems::default();
    let mut fields = Fields::of(body, "", &problems);
    let set = fields.object("set").map(|mut set| {
        let (values, _) = values(&mut set, &problems);
        set.finish();
        values
    });
    let names = fields.string_list("remove").unwrap_or_default();
    let remove = names
        .iter()
        .enumerate()
        .filter_map(|(index, name)| problems.parsed(format!("/remove/{index}"), DataKey::parse(name)));
    let edit = SecretEdit {
        set: set.unwrap_or_default(),
        remove: remove.collect(),
        component: fields.nullable_string("component").map(|name| name.and_then(|text| component(text, &problems))),
    };
    fields.finish();
    problems.check()?;
    Ok((edit, SentAsText::of(member(body, "set"), "/set")))
}

/// Reads `string_data` and `data`: the values, and how many were sent.
fn values(fields: &mut Fields<'_, '_>, problems: &Problems) -> (SecretValues, usize) {
    let mut values = SecretValues::new();
    let mut sent = 0;
    for (field, decode) in [("string_data", as_text as Decode), ("data", from_base64)] {
        for (name, value) in fields.string_entries(field).unwrap_or_default() {
            sent += 1;
            let pointer = format!("{}/{}", fields.pointer(field), pointer_segment(name));
            let key = problems.parsed(&pointer, DataKey::parse(name));
            let value = decode(value);
            if value.is_none() {
                problems.rule(&pointer, "must be standard base64 with padding");
            }
            if let (Some(key), Some(value)) = (key, value)
                && values.insert(key, value).is_some()
            {
                problems.rule(pointer, "is in string_data as well; keep one");
            }
        }
    }
    (values, sent)
}

/// Turns a field's text into a value's bytes.
type Decode = fn(&str) -> Option<SecretBytes>;

#[expect(clippy::unnecessary_wraps, reason = "the shape of `from_base64`")]
fn as_text(text: &str) -> Option<SecretBytes> {
    Some(SecretBytes::new(text.as_bytes().to_vec()))
}

fn from_base64(text: &str) -> Option<SecretBytes> {
    STANDARD.decode(text).ok().map(SecretBytes::new)
}
