//! The comments of a manifest: those at its top, and how many there are.

use super::documents;

/// How many places are looked at before a `#` is believed to be a comment. Each look reads the file again.
const LOOKS: usize = 16;

/// The comment lines at the top of a file, with Unix line ends; a document's marker among them stays.
pub(super) fn head(text: &str) -> String {
    let is_head = |line: &&str| line.starts_with('#') || line.trim().is_empty() || line.trim_end() == "---";
    let mut head = text.split_inclusive('\n').take_while(is_head).collect::<String>().replace("\r\n", "\n");
    if !head.is_empty() && !head.ends_with('\n') {
        head.push('\n');
    }
    head
}

/// How many lines have a comment: a `#` after which the line can be left out without a change of what the file says, not one
/// that stands in a text. In a file with a great many of them, the last are counted without a look.
#[must_use]
pub fn count_comments(text: &str) -> usize {
    let whole = documents(text.as_bytes());
    let is_comment = |at: usize| {
        let rest = &text[at..];
        let end = rest.find('\n').unwrap_or(rest.len());
        documents([&text[..at], &rest[end..]].concat().as_bytes()) == whole
    };
    let (mut count, mut looks) = (0, 0);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let mut places = line.match_indices('#').map(|(at, _)| at);
        let found = places.any(|at| {
            if at > 0 && !line[..at].ends_with([' ', '\t']) {
                return false;
            }
            looks += 1;
            looks > LOOKS || is_comment(start + at)
        });
        count += usize::from(found);
        start += line.len();
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_with_a_comment_counts_wherever_it_stands() {
        for (text, count) in [
            ("# who\n\nkind: X # inside\n", 2),
            ("kind: X\nurl: a#b\n", 0),
            ("kind: X\n# between\nurl: a\n", 1),
            ("kind: X\n#", 1),
            ("--- # who\nkind: X # what # and why\n", 2),
        ] {
            assert_eq!(count_comments(text), count, "{text}");
        }
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
            assert_eq!(count_comments(text), 0, "{text}");
        }
        assert_eq!(count_comments("a: \"b # c\" # d\n"), 1);
        assert_eq!(count_comments("a: |\n  # b\n# c\nd: 1\n"), 1);
    }

    #[test]
    fn beyond_a_bound_a_hash_counts_as_a_comment() {
        let text = |lines| format!("a: |\n{}", "  # b\n".repeat(lines));
        assert_eq!((count_comments(&text(LOOKS)), count_comments(&text(LOOKS + 1))), (0, 1));
    }

    #[test]
    fn the_head_keeps_its_comments_and_marker_and_gets_unix_line_ends() {
        assert_eq!(head("# who\n\nkind: X # inside\n"), "# who\n\n");
        assert_eq!(head("---\r\n# who\r\nkind: X\r\n"), "---\n# who\n");
        assert_eq!(head("--- # who\nkind: X\n"), "");
    }
}
