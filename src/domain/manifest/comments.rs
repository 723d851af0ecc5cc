//! The comments of a manifest: those at the top, which an edit keeps, and whether there are others, which it loses.

use super::documents;

/// How many places are looked at before a `#` is believed to be a comment. Each look reads the file again.
const LOOKS: usize = 3;

/// The comment lines at the top of a file, with Unix line ends, and whether it has comments elsewhere.
#[must_use]
pub fn comments(text: &str) -> (String, bool) {
    let head: String = text
        .split_inclusive('\n')
        .take_while(|line| line.starts_with('#') || line.trim().is_empty() || line.trim_end() == "---")
        .collect();
    let others = has_comment(&text[head.len()..]);
    (head.replace("\r\n", "\n"), others)
}

/// Whether a `#` starts a comment rather than standing in a text: then the file means the same without the line's rest.
fn has_comment(text: &str) -> bool {
    let candidates = text.match_indices('#').map(|(at, _)| at);
    let mut candidates = candidates.filter(|at| *at == 0 || text[..*at].ends_with([' ', '\t', '\n']));
    let whole = documents(text.as_bytes());
    let found = candidates.by_ref().take(LOOKS).any(|at| {
        let rest = &text[at..];
        let end = rest.find('\n').unwrap_or(rest.len());
        let without = [&text[..at], &rest[end..]].concat();
        documents(without.as_bytes()) == whole
    });
    found || candidates.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_at_the_top_are_kept_and_others_are_noticed() {
        let (head, others) = comments("# who\n\nkind: X # inside\n");
        assert_eq!((head.as_str(), others), ("# who\n\n", true));
        assert_eq!(comments("kind: X\nurl: a#b\n"), (String::new(), false));
        assert!(comments("kind: X\n# between\nurl: a\n").1);
        assert!(comments("kind: X\n#").1);
    }

    #[test]
    fn a_file_that_starts_with_a_document_marker_keeps_it() {
        assert_eq!(comments("---\n# who\nkind: X\n"), ("---\n# who\n".to_owned(), false));
        assert_eq!(comments("--- # who\nkind: X\n"), (String::new(), true));
    }

    #[test]
    fn the_head_of_a_file_with_other_line_ends_gets_those_of_the_rest() {
        assert_eq!(comments("# who\r\n---\r\nkind: X\r\n"), ("# who\n---\n".to_owned(), false));
    }

    #[test]
    fn a_hash_inside_a_text_is_no_comment() {
        for text in [
            "a: \"b # c\"\n",
            "a: 'b # c'\n",
            "a: |\n  # first\n  b # c\n  # last\n",
            "a: >\n  b\n  # c\nd: 1\n",
            "a: \"b\n  # c\"\n",
        ] {
            assert!(!comments(text).1, "{text}");
        }
        assert!(comments("a: \"b # c\" # d\n").1);
        assert!(comments("a: |\n  # b\n# c\nd: 1\n").1);
    }

    #[test]
    fn more_hashes_than_are_looked_at_count_as_comments() {
        let text = format!("a: |\n{}", "  # b\n".repeat(LOOKS + 1));
        assert!(comments(&text).1);
        assert!(!comments(&format!("a: |\n{}", "  # b\n".repeat(LOOKS))).1);
    }
}
