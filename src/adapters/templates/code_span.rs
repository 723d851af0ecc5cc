//! Markdown code spans that no text can break out of.

/// Writes a text as a GitHub-flavoured Markdown code span: on one line, within one table cell, so that mentions, issue numbers,
/// closing keywords and HTML in it do nothing.
///
/// The fence is longer than any run of backticks inside; control characters and line ends become spaces; `|` becomes `\|`, which
/// a table reads as `|`.
#[must_use]
pub fn code_span(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            // A backslash before the escaped pipe would escape the escape in some readers.
            '|' if line.ends_with('\\') => line.push_str(" \\|"),
            '|' => line.push_str("\\|"),
            _ if character.is_control() || is_hidden(character) => line.push(' '),
            _ => line.push(character),
        }
    }
    let line = line.trim();
    let fence = "`".repeat(longest_run_of_backticks(line) + 1);
    // A span can't be empty, and a backtick at its edge would join the fence; one space on each side is taken away again.
    let pad = if line.is_empty() || line.starts_with('`') || line.ends_with('`') { " " } else { "" };
    if line.is_empty() { "` `".to_owned() } else { format!("{fence}{pad}{line}{pad}{fence}") }
}

/// Line and paragraph separators, and characters that change the direction of the text around them.
fn is_hidden(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn longest_run_of_backticks(line: &str) -> usize {
    line.split(|character| character != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_text_stands_between_single_backticks() {
        assert_eq!(code_span("@team Closes #1 [skip ci] <b>"), "`@team Closes #1 [skip ci] <b>`");
    }

    #[test]
    fn backticks_inside_make_a_longer_fence() {
        assert_eq!(code_span("a`b"), "``a`b``");
        assert_eq!(code_span("``"), "``` `` ```");
    }

    #[test]
    fn line_ends_become_spaces_and_pipes_are_escaped() {
        assert_eq!(code_span("a\n\n# b|c"), "`a  # b\\|c`");
        assert_eq!(code_span("a\\|b"), "`a\\ \\|b`");
        assert_eq!(code_span("a\u{2028}b"), "`a b`");
    }

    #[test]
    fn no_text_at_all_is_a_span_of_one_space() {
        assert_eq!(code_span(" \n"), "` `");
    }

    proptest! {
        #[test]
        fn no_text_ends_its_span_line_or_cell_early(text in "[a`|\\\\\n @#\u{2028}]{0,40}") {
            let span = code_span(&text);
            let lines = span.contains(['\n', '\u{2028}']);
            prop_assert!(!lines);
            let fence = span.len() - span.trim_start_matches('`').len();
            let inner = &span[fence..span.len() - fence];
            prop_assert!(span.ends_with(&"`".repeat(fence)));
            prop_assert!(inner.split(|c| c != '`').all(|run| run.len() != fence));
            prop_assert!(!inner.starts_with('`') && !inner.ends_with('`'));
            for (at, _) in inner.match_indices('|') {
                prop_assert!(inner[..at].ends_with('\\') && !inner[..at].ends_with("\\\\"));
            }
        }
    }
}
