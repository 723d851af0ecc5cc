//! The reader of fields: each rule, and no value in any error.

use super::super::parse::parse;
use super::*;

fn node(text: &str) -> Node {
    parse(text.as_bytes()).unwrap().node
}

/// Status and `pointer: detail` of each problem; and no error ever holds the canary.
fn found(problems: &Problems) -> (u16, Vec<String>) {
    let Err(error) = problems.check() else { return (200, Vec::new()) };
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    let told = error.errors.iter().map(|p| format!("{}: {}", p.pointer, p.detail)).collect();
    (error.status.as_u16(), told)
}

/// Reads one body with one reader and returns what was found.
fn read(text: &str, reader: impl FnOnce(&mut Fields)) -> (u16, Vec<String>) {
    let (node, problems) = (node(text), Problems::default());
    let mut fields = Fields::of(&node, "", &problems);
    reader(&mut fields);
    fields.finish();
    found(&problems)
}

#[test]
fn values_of_the_right_type_are_read() {
    let body = node(
        r#"{"name":"a","count":3,"flag":true,"labels":{"b":"2","a":"1"},"types":["x","y"],"scaling":{"min":0},
            "taints":[{"key":"k"}],"component":null,"disk":null}"#,
    );
    let problems = Problems::default();
    let mut fields = Fields::of(&body, "", &problems);
    assert_eq!(fields.required_string("name"), Some("a"));
    assert_eq!(fields.required_integer("count"), Some(3));
    assert_eq!(fields.boolean("flag"), Some(true));
    assert_eq!(fields.string_entries("labels"), Some(vec![("b", "2"), ("a", "1")]));
    assert_eq!(fields.strings("labels").unwrap().into_keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(fields.required_string_list("types"), Some(vec!["x", "y"]));
    assert_eq!(fields.nullable_string("component"), Some(None));
    assert_eq!(fields.nullable_integer("disk"), Some(None));
    let mut scaling = fields.required_object("scaling").unwrap();
    assert_eq!(scaling.integer("min"), Some(0));
    scaling.finish();
    for mut taint in fields.objects("taints").unwrap() {
        assert_eq!(taint.string("key"), Some("k"));
        taint.finish();
    }
    fields.finish();
    assert!(problems.check().is_ok());
}

#[test]
fn an_absent_field_is_no_problem_unless_it_is_required() {
    let optional = read("{}", |fields| {
        assert_eq!(fields.string("name"), None);
        assert_eq!(fields.nullable_string("component"), None);
        assert!(fields.strings("labels").is_none() && fields.object("scaling").is_none());
    });
    assert_eq!(optional, (200, vec![]));
    let required = read("{}", |fields| {
        fields.required_string("name");
        fields.required_integer("count");
        fields.required_object("scaling");
    });
    assert_eq!(
        required,
        (422, vec!["/name: is required".into(), "/count: is required".into(), "/scaling: is required".into()])
    );
}

#[test]
fn null_is_a_wrong_type_except_where_it_means_something() {
    let (status, told) = read(r#"{"name":null,"component":null}"#, |fields| {
        fields.required_string("name");
        fields.nullable_string("component");
    });
    assert_eq!((status, told), (400, vec!["/name: expected a string, not null".into()]));
}

#[test]
fn a_wrong_type_names_both_kinds_and_never_the_value() {
    let text =
        r#"{"count":"hunter2","name":["hunter2"],"flag":"hunter2","labels":{"a/b":{"x":"hunter2"}},"types":[1]}"#;
    let (status, told) = read(text, |fields| {
        fields.integer("count");
        fields.string("name");
        fields.boolean("flag");
        fields.strings("labels");
        fields.string_list("types");
    });
    assert_eq!(status, 400);
    assert_eq!(
        told,
        [
            "/count: expected a whole number, not a string",
            "/name: expected a string, not a list",
            "/flag: expected true or false, not a string",
            "/labels/a~1b: expected a string, not an object",
            "/types/0: expected a string, not a whole number",
        ]
    );
}

#[test]
fn a_fraction_is_no_whole_number_even_when_it_is_one() {
    for number in ["1.5", "1.0", "1e3"] {
        let (status, told) = read(&format!(r#"{{"min":{number}}}"#), |fields| assert_eq!(fields.integer("min"), None));
        assert_eq!(status, 400);
        assert_eq!(told, ["/min: expected a whole number, not a number with a fraction or an exponent"], "{number}");
    }
}

#[test]
fn an_unknown_field_is_named_with_a_near_name_also_inside_other_objects() {
    let body = node(r#"{"scaling":{"mni":"hunter2"},"taints":[{},{"colour":"hunter2"}]}"#);
    let problems = Problems::default();
    let mut fields = Fields::of(&body, "", &problems);
    let mut scaling = fields.object("scaling").unwrap();
    scaling.integer("min");
    scaling.finish();
    for mut taint in fields.objects("taints").unwrap() {
        taint.string("key");
        taint.finish();
    }
    fields.finish();
    let Err(error) = problems.check() else { panic!("no problem found") };
    assert_eq!((error.status.as_u16(), error.errors.len()), (400, 2));
    assert_eq!(error.errors[0].pointer, "/scaling/mni");
    assert_eq!(error.errors[1].pointer, "/taints/1/colour");
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn a_typing_mistake_in_a_field_is_answered_with_what_was_meant() {
    let body = node(r#"{"scalling":{}}"#);
    let problems = Problems::default();
    let mut fields = Fields::of(&body, "", &problems);
    fields.object("scaling");
    fields.finish();
    let error = problems.check().unwrap_err();
    assert_eq!(error.errors[0].detail, "there is no such field; did you mean scaling?");
    assert_eq!(error.suggestions, ["scaling"]);
}

#[test]
fn problems_of_shape_come_before_broken_rules_and_each_class_comes_at_once() {
    let mixed = read(r#"{"count":"hunter2","colour":1}"#, |fields| {
        fields.required_string("name");
        fields.integer("count");
    });
    assert_eq!(mixed.0, 400);
    assert_eq!(mixed.1.len(), 2, "{mixed:?}");
    let problems = Problems::default();
    problems.rule("/a", "is too long");
    problems.extend(vec![Violation::new("/b", "is required")]);
    assert_eq!(problems.parsed("/c", crate::domain::names::Namespace::parse("Hunter2")), None);
    let (status, told) = found(&problems);
    assert_eq!(status, 422);
    assert_eq!(told[..2], ["/a: is too long", "/b: is required"]);
    assert!(told[2].starts_with("/c: expected 1-63 characters"), "{told:?}");
}

#[test]
fn a_body_that_is_no_object_is_one_problem() {
    let told = read(r#"["hunter2"]"#, |fields| {
        fields.required_string("name");
    });
    assert_eq!(told, (400, vec![": expected an object, not a list".into()]));
}

#[test]
fn at_most_a_hundred_problems_are_told() {
    let members: Vec<String> = (0..1000).map(|i| format!("\"unknown{i}\":1")).collect();
    let (_, told) = read(&format!("{{{}}}", members.join(",")), |_| ());
    assert_eq!(told.len(), MAX_PROBLEMS);
}

#[test]
fn problems_may_be_held_by_a_future_that_moves_between_threads() {
    fn is_sync<T: Sync + Send>(_: &T) {}
    is_sync(&Problems::default());
}
