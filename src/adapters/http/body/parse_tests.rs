//! The JSON reader, compared with serde_json.

use proptest::prelude::*;
use serde_json::Value;
use zeroize::Zeroizing;

use super::*;

/// What serde_json's value is as a node.
fn node_of(value: &Value) -> Node {
    match value {
        Value::Null => Node::Null,
        Value::Bool(flag) => Node::Bool(*flag),
        Value::Number(number) if number.is_u64() => Node::Int(number.as_i64().unwrap_or(i64::MAX)),
        Value::Number(number) => number.as_i64().map_or(Node::Float, Node::Int),
        Value::String(text) => Node::String(Zeroizing::new(text.clone())),
        Value::Array(items) => Node::Array(items.iter().map(node_of).collect()),
        Value::Object(members) => Node::Object(members.iter().map(|(k, v)| (k.clone(), node_of(v))).collect()),
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read_as_the_same_value(value in any_json()) {
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(parse(text.as_bytes()).unwrap().node, node_of(&value));
        }
    }

    #[test]
    fn what_serde_json_refuses_is_refused(text in r#"[\[\]{}:,"0-9eE+.\-tfn \\u]{0,12}"#) {
        let theirs = serde_json::from_str::<Value>(&text);
        // Theirs refuses numbers beyond f64, which are JSON all the same.
        let beyond = theirs.as_ref().is_err_and(|error| error.to_string().starts_with("number out of range"));
        prop_assert!(beyond || parse(text.as_bytes()).is_ok() == theirs.is_ok(), "{}: {:?}", text, theirs);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&bytes);
    }
}

#[test]
fn escapes_and_surrogate_pairs_are_read() {
    let parsed = parse(br#""a\n\t\"\\\/\u00e9\ud83d\ude00""#).unwrap();
    assert_eq!(parsed.node, Node::String(Zeroizing::new("a\n\t\"\\/é😀".to_owned())));
    for bad in [r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx""#, r#""\ud83d\u0041""#, r#""\u12""#, r#""\x""#, "\"\n\""] {
        assert!(parse(bad.as_bytes()).is_err(), "{bad}");
    }
}

#[test]
fn a_string_is_read_without_growing_its_buffer() {
    let text = format!("\"{}\"", r"\n\u00e9\ud83d\ude00x".repeat(100));
    let Node::String(string) = parse(text.as_bytes()).unwrap().node else { panic!("no string") };
    assert_eq!(string.capacity(), text.len() - 2);
}

#[test]
fn whole_numbers_are_integers_and_everything_else_is_a_float() {
    for (text, node) in [
        ("0", Node::Int(0)),
        ("-9223372036854775808", Node::Int(i64::MIN)),
        ("9223372036854775808", Node::Int(i64::MAX)),
        ("-99999999999999999999", Node::Int(i64::MIN)),
        ("1.0", Node::Float),
        ("1e2", Node::Float),
        ("1e999", Node::Float),
    ] {
        assert_eq!(parse(text.as_bytes()).unwrap().node, node, "{text}");
    }
}

#[test]
fn more_than_64_levels_are_refused_and_64_are_read() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(64).as_bytes()).is_ok());
    assert!(parse(nested(65).as_bytes()).unwrap_err().expected.contains("64"));
}

#[test]
fn a_body_of_very_many_small_values_is_refused() {
    let list = |items: usize| format!("[{}0]", "0,".repeat(items - 1));
    assert!(parse(list(MAX_VALUES - 1).as_bytes()).is_ok());
    assert!(parse(list(MAX_VALUES).as_bytes()).is_err());
}

#[test]
fn bytes_that_are_no_utf8_are_pointed_at() {
    let expected = "the text must be UTF-8";
    assert_eq!(parse(b"{\n\"\xff\"}").unwrap_err(), Mistake { line: 2, column: 2, expected });
}
