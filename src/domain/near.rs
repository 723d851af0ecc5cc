//! Near names: what may have been meant by a name that isn't there.

/// How many names are suggested.
const MOST: usize = 5;

/// Nobody means a name by a novel; this bounds the work that a request can cause.
const LONGEST: usize = 100;

/// The names nearest to `name`, nearest first, at most five: what is a typing mistake or two away, and what begins like it.
#[must_use]
pub fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if name.is_empty() || name.len() > LONGEST {
        return Vec::new();
    }
    let name = name.to_lowercase();
    let wanted: Vec<char> = name.chars().collect();
    let allowed = (wanted.len() / 3).clamp(1, 3);
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let chars: Vec<char> = lower.chars().collect();
            let begins = wanted.len() > 1 && lower.starts_with(&name);
            // Each character more is an edit, so that most names needn't be compared.
            let comparable = begins || wanted.len().abs_diff(chars.len()) <= allowed;
            let distance = comparable.then(|| distance(&wanted, &chars))?;
            (begins || distance <= allowed).then_some((distance, candidate))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, candidate)| candidate).take(MOST).collect()
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
    use super::*;

    #[test]
    fn a_typing_mistake_finds_what_was_meant_best_first() {
        assert_eq!(near("scalling", ["name", "scaling", "labels"]), ["scaling"]);
        assert_eq!(near("m5.xlrge", ["m5.xlarge", "m5.large", "c5.xlarge"]), ["m5.xlarge", "c5.xlarge", "m5.large"]);
        assert_eq!(near("LIMIT", ["limit"]), ["limit"]);
        assert_eq!(near("m5.xlareg", ["m5.xlarge", "m5a.xlarge"])[0], "m5.xlarge");
    }

    #[test]
    fn the_beginning_of_a_name_finds_those_that_begin_so() {
        assert_eq!(near("memory", ["vcpu", "memory_mib", "memory_bytes"]), ["memory_mib", "memory_bytes"]);
    }

    #[test]
    fn nothing_is_suggested_for_what_is_far_from_everything_and_never_more_than_five() {
        assert!(near("colour", ["name", "scaling"]).is_empty());
        assert!(near("", ["a"]).is_empty());
        assert!(near(&"name".repeat(100), ["name"]).is_empty());
        assert_eq!(near("aa", ["aa1", "aa2", "aa3", "aa4", "aa5", "aa6"]).len(), 5);
    }

    #[test]
    fn a_swap_of_neighbours_is_one_edit() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (a, b, edits) in [
            ("", "", 0),
            ("ab", "ba", 1),
            ("kitten", "sitting", 3),
            ("", "abc", 3),
            ("abc", "", 3),
            ("same", "same", 0),
        ] {
            assert_eq!(distance(&chars(a), &chars(b)), edits, "{a} {b}");
        }
    }
}
