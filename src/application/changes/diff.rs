//! A file's change as a unified diff, in Git's manner.

use std::time::Duration;

use similar::TextDiff;

use crate::domain::names::RepoPath;

/// After this long a diff is made coarser rather than smaller: a file of many equal lines would take minutes.
const PATIENCE: Duration = Duration::from_millis(500);

/// The diff of one file; `None` stands for a file that isn't there.
pub(super) fn unified(path: &RepoPath, before: Option<&str>, after: Option<&str>) -> String {
    let name = |side: char, there: bool| if there { format!("{side}/{path}") } else { "/dev/null".to_owned() };
    TextDiff::configure()
        .timeout(PATIENCE)
        .diff_lines(before.unwrap_or_default(), after.unwrap_or_default())
        .unified_diff()
        .context_radius(3)
        .header(&name('a', before.is_some()), &name('b', after.is_some()))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_a_changed_and_a_deleted_file_are_told_as_git_tells_them() {
        let path = RepoPath::parse("a/b.yaml").unwrap();
        assert_eq!(unified(&path, None, Some("x\n")), "--- /dev/null\n+++ b/a/b.yaml\n@@ -0,0 +1 @@\n+x\n");
        assert_eq!(
            unified(&path, Some("x\ny\n"), Some("x\nz\n")),
            "--- a/a/b.yaml\n+++ b/a/b.yaml\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n"
        );
        assert_eq!(unified(&path, Some("x\n"), None), "--- a/a/b.yaml\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n");
    }
}
