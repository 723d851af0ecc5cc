//! Near names: what may have been meant by a name that isn't there.

/// The names nearest to `name`, best first, at most three: what a typing mistake away may have been meant.
#[must_use]
pub fn near<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // Nobody means a name by a novel; this also bounds the work that a request can cause.
    if name.is_empty() || name.len() > 100 {
        return Vec::new();
    }
    let name = name.to_lowercase();
    let allowed = (name.chars().count() / 3).clamp(1, 3);
    let mut found: Vec<(usize, &str)> = known
        .into_iter()
        .map(|candidate| (distance(&name, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, candidate)| candidate).take(3).collect()
}

/// Levenshtein's distance, in characters, with one row of memory.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_finds_what_was_meant_best_first() {
        assert_eq!(near("scalling", ["name", "scaling", "labels"]), ["scaling"]);
        assert_eq!(near("m5.xlrge", ["m5.xlarge", "m5.large", "c5.xlarge"]), ["m5.xlarge", "c5.xlarge", "m5.large"]);
        assert_eq!(near("LIMIT", ["limit"]), ["limit"]);
    }

    #[test]
    fn nothing_is_suggested_for_what_is_far_from_everything() {
        assert!(near("colour", ["name", "scaling"]).is_empty());
        assert!(near("", ["a"]).is_empty());
        assert!(near(&"name".repeat(100), ["name"]).is_empty());
    }

    #[test]
    fn the_distance_counts_insertions_deletions_and_replacements() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("same", "same"), 0);
    }
}
