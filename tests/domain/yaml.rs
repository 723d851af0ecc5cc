//! What is written as YAML reads back as the same data, for readers of YAML 1.1 as well.

use std::io::Write;
use std::process::{Command, Stdio};

use cre_backend_api::domain::manifest::{documents, rewrite, write};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

/// Texts that mean something to some reader of YAML.
const TRAPS: [&str; 48] = [
    "<<",
    "=",
    "~",
    "null",
    "Null",
    "y",
    "N",
    "yes",
    "Off",
    "true",
    "TRUE",
    "0x1F",
    "0o17",
    "017",
    "0b1",
    "1_000",
    "1:30",
    "12:30:45",
    ".5",
    "+1",
    "-.inf",
    ".NaN",
    "1e3",
    "1.0e+3",
    "2001-12-14",
    "2001-12-14t21:59:43.10-05:00",
    "",
    " ",
    "-",
    "- a",
    "?",
    "? a",
    ":",
    "a: b",
    "a:",
    "#",
    "a #b",
    "---",
    "...",
    "&a",
    "*a",
    "!!int 1",
    "%YAML 1.2",
    "{a}",
    "[a",
    "|",
    "\"",
    "'",
];

/// Any text; often one that is a trap.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(TRAPS.to_vec()).prop_map(str::to_owned),
        2 => "[a-zA-Z0-9/+=:@_. -]{0,12}",
        2 => "[\\PC\n\r\t\u{0}\u{7f}\u{85}\u{2028}\u{feff}\u{fffe}\"'\\\\#:]{0,20}",
        1 => "[ \\n\\t]{0,4}[a-z: #\\n-]{0,20}",
    ]
}

/// Any JSON value but fractions, which YAML 1.1 and JSON write differently.
pub fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A map, as every manifest is.
pub fn document() -> impl Strategy<Value = Value> {
    prop::collection::btree_map(text(), value(), 1..5).prop_map(|fields| Value::Object(fields.into_iter().collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_reads_back_equal(document in document()) {
        let text = write(&document).unwrap();
        prop_assert_eq!(documents(text.as_bytes()).unwrap(), [document], "{}", text);
    }

    #[test]
    fn what_is_written_in_another_files_style_reads_back_equal(document in document(), other in document(), noise in text()) {
        for style in [write(&other).unwrap(), noise, serde_yaml::to_string(&document).unwrap()] {
            let text = rewrite(&style, &document).unwrap();
            let expected = [document.clone()];
            prop_assert_eq!(documents(text.as_bytes()).unwrap(), expected, "{}", text);
        }
    }

    #[test]
    fn what_was_written_is_written_the_same_again(document in document()) {
        let text = write(&document).unwrap();
        prop_assert_eq!(rewrite(&text, &document).unwrap(), text);
    }
}

/// Reads each YAML text with PyYAML's safe loader and prints them all as JSON.
const READER: &str = "import json, sys, yaml
texts = json.load(sys.stdin)
print(json.dumps([yaml.safe_load(text) for text in texts]))";

#[test]
fn python_reads_the_same_data() {
    let available = Command::new("python3").args(["-c", "import yaml"]).stderr(Stdio::null()).status();
    if !available.is_ok_and(|status| status.success()) {
        println!("skipped: python3 with PyYAML isn't installed");
        return;
    }
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let mut values: Vec<Value> = (0..400).map(|_| document().new_tree(&mut runner).unwrap().current()).collect();
    values.extend(TRAPS.map(|trap| json!({trap: trap, "list": [trap, {trap: [trap, [trap]]}]})));
    values.push(json!({"fractions": [0.5, 1e21, 1e-9, -2.5e300]}));
    let texts: Vec<String> = values.iter().map(|value| write(value).unwrap()).collect();
    let mut python =
        Command::new("python3").args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = python.stdin.take().unwrap();
    input.write_all(&serde_json::to_vec(&texts).unwrap()).unwrap();
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "python refuses a text");
    let read: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    for ((value, text), read) in values.iter().zip(&texts).zip(&read) {
        assert_eq!(value, read, "{text}");
    }
}
