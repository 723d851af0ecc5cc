//! Shell-like patterns for names: `*` is any run of characters, `?` is one.

/// Whether `text` matches `pattern` as a whole. Takes at most `pattern × text` steps, whatever the pattern: only the last `*`
/// is ever tried again.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // What follows the last star, and where in the text that was tried.
    let mut star = None;
    while let Some(character) = text.clone().next() {
        match pattern.next() {
            Some('*') => star = Some((pattern.clone(), text.clone())),
            Some(wanted) if wanted == '?' || wanted == character => drop(text.next()),
            _ => {
                let Some((after, tried)) = &mut star else { return false };
                // The star takes one character more.
                tried.next();
                (pattern, text) = (after.clone(), tried.clone());
            }
        }
    }
    pattern.all(|character| character == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::glob;

    #[test]
    fn a_pattern_matches_the_whole_text() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("m5.xlarge", "m5.xlarge", true),
            ("m5", "m5.xlarge", false),
            ("m5.*", "m5.xlarge", true),
            ("m5.*", "m5d.xlarge", false),
            ("*large", "m5.xlarge", true),
            ("m?.large", "m5.large", true),
            ("m?.large", "m.large", false),
            ("*5*.*x*", "m5dn.12xlarge", true),
            ("a*b*c", "a-b-b-c-c", true),
            ("a*b*c", "a-b-b-c-d", false),
            ("M5.*", "m5.large", false),
            ("é?", "éa", true),
            ("[m]5", "m5", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_takes_no_exponential_time() {
        let pattern = "a*".repeat(200) + "b";
        assert!(!glob(&pattern, &"a".repeat(2_000)));
    }

    /// The obvious recursive definition.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|n| slow(rest, &text[n..])),
            Some((&c, rest)) => !text.is_empty() && (c == '?' || c == text[0]) && slow(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_obvious_definition(pattern in "[ab?*]{0,8}", text in "[ab]{0,8}") {
            let chars = |s: &str| s.chars().collect::<Vec<_>>();
            prop_assert_eq!(glob(&pattern, &text), slow(&chars(&pattern), &chars(&text)));
        }
    }
}
