//! Names that may have been meant.

use super::Catalog;

/// How many names are suggested.
const MOST: usize = 5;

/// Longer names are compared by their beginning: no type's name is this long, and comparing costs the product of the lengths.
const LONGEST: usize = 40;

impl Catalog {
    /// At most five names near `name`, nearest first: by edit distance, then names that begin like it.
    #[must_use]
    pub fn near(&self, name: &str) -> Vec<String> {
        let wanted: Vec<char> = name.trim().to_lowercase().chars().take(LONGEST).collect();
        let tolerated = (wanted.len() / 3).clamp(1, 3);
        let beginning: String = wanted.iter().collect();
        let mut found: Vec<(usize, &str)> = self
            .types
            .keys()
            .filter_map(|known| {
                let distance = distance(&wanted, &known.chars().take(LONGEST).collect::<Vec<_>>());
                let begins = wanted.len() > 1 && known.starts_with(&beginning);
                (distance <= tolerated || begins).then_some((distance, known.as_str()))
            })
            .collect();
        found.sort_unstable();
        found.into_iter().take(MOST).map(|(_, known)| known.to_owned()).collect()
    }
}

/// Insertions, deletions, replacements and swaps of neighbours that make `b` of `a`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut fewest = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                fewest = fewest.min(before[j - 2] + 1);
            }
            row.push(fewest);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;
    use crate::domain::instance_type::samples::few;

    #[test]
    fn a_mistyped_name_finds_the_one_that_was_meant_first() {
        for (typed, meant) in [
            ("m5.xlage", "m5.xlarge"),
            ("M5.XLARGE", "m5.xlarge"),
            ("m5.xlareg", "m5.xlarge"),
            ("m5a.xlrge", "m5a.xlarge"),
        ] {
            assert_eq!(few().near(typed).first().map(String::as_str), Some(meant), "{typed}");
        }
    }

    #[test]
    fn the_beginning_of_a_name_finds_those_that_begin_so() {
        assert_eq!(few().near("m5."), ["m5.large", "m5.metal", "m5.xlarge"]);
    }

    #[test]
    fn nonsense_finds_nothing_and_no_more_than_five_are_named() {
        assert_eq!(few().near("completely-else"), Vec::<String>::new());
        assert_eq!(few().near(""), Vec::<String>::new());
        assert!(few().near("m5.xlarge").len() <= 5);
        assert!(few().near(&"m".repeat(100_000)).is_empty());
    }

    #[test]
    fn a_swap_of_neighbours_is_one_edit() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (a, b, edits) in [("", "", 0), ("ab", "ba", 1), ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3)] {
            assert_eq!(distance(&chars(a), &chars(b)), edits, "{a} {b}");
        }
    }
}
