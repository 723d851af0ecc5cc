//! Writes any text as a quoted YAML string that every reader of YAML, old or new, reads back as the same text.

use std::fmt::Write;

/// Writes a text as a JSON string, quotes included, that is a YAML double-quoted scalar too: on one line, so that no text can
/// add a key or a document.
///
/// Beyond what JSON asks for, it escapes what readers of YAML 1.1 fold or refuse inside quotes (U+0085, U+2028, U+2029,
/// U+007F–U+009F, U+FEFF, U+FFFE, U+FFFF), and characters that are invisible or change the direction of a line, so that a
/// reviewer sees what is really there.
///
/// As a mapping's key, the result must stay within YAML's 1024 characters of a simple key.
///
/// ```
/// use cre_backend_api::domain::quote::yaml_string;
/// assert_eq!(yaml_string("no"), r#""no""#);
/// assert_eq!(yaml_string("a\nb: \"c\""), r#""a\nb: \"c\"""#);
/// ```
#[must_use]
pub fn yaml_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // All of these are in the basic plane: a pair of surrogates, which JSON joins and YAML doesn't, is never written.
            _ if needs_escape(character) => {
                // Writing to a String can't fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

fn needs_escape(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{fffe}'
            | '\u{ffff}'
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_that_yaml_takes_for_other_types_stay_strings() {
        for word in
            ["no", "null", "~", "1e3", "0x10", "2026-01-01", "", "- a", "{a: b}", "# x", "--- ", "&a", "*a", "!!int 1"]
        {
            let read: serde_json::Value = serde_yaml::from_str(&yaml_string(word)).unwrap();
            assert_eq!(read, serde_json::Value::String(word.to_owned()));
        }
    }

    #[test]
    fn characters_that_readers_of_yaml_1_1_fold_or_refuse_are_escaped() {
        for character in
            ['\u{85}', '\u{2028}', '\u{2029}', '\u{7f}', '\u{9f}', '\u{feff}', '\u{fffe}', '\u{ffff}', '\u{202e}']
        {
            let quoted = yaml_string(&character.to_string());
            assert_eq!(quoted, format!("\"\\u{:04X}\"", u32::from(character)));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back_by_yaml_and_by_json(text in any::<String>()) {
            let quoted = yaml_string(&text);
            let lines = quoted.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']);
            prop_assert!(!lines);
            prop_assert_eq!(&serde_json::from_str::<String>(&quoted).unwrap(), &text);
            prop_assert_eq!(&serde_yaml::from_str::<String>(&quoted).unwrap(), &text);
        }

        #[test]
        fn any_text_as_key_and_value_stays_one_entry_of_one_document(key in ".{0,60}", value in any::<String>()) {
            let document = format!("a:\n  {}: {}\nb: 1\n", yaml_string(&key), yaml_string(&value));
            let read: Vec<serde_json::Value> = serde_yaml::from_multiple(&document).unwrap();
            prop_assert_eq!(read, vec![serde_json::json!({"a": BTreeMap::from([(key, value)]), "b": 1})]);
        }
    }
}
