//! Paths inside the GitOps repository: those that others made, and those beside a file.

use super::{BadName, RepoPath};

impl RepoPath {
    /// The path of a file that may be there already: what others wrote is read under whatever name Git holds it, while what
    /// this service writes obeys [`RepoPath::parse`]. Any UTF-8 text of at most 1024 bytes, without control characters and
    /// backslashes, that stays inside the repository and out of `.git`.
    ///
    /// # Errors
    /// [`BadName`] with the rule; the rejected text is not in it.
    pub fn existing(text: &str) -> Result<Self, BadName> {
        let segment = |s: &str| !matches!(s, "" | "." | "..") && !s.eq_ignore_ascii_case(".git");
        let plain = !text.contains(|c: char| c.is_control() || c == '\\');
        if text.len() <= 1024 && plain && text.split('/').all(segment) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadName("a relative path without control characters and backslashes, with no part '.', '..' or '.git'"))
        }
    }

    /// The folder that holds this file; `None` at the top of the repository.
    #[must_use]
    pub fn parent(&self) -> Option<RepoPath> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The file of this name beside this one. `.gitkeep` is the one name with a leading dot that the service writes.
    #[must_use]
    pub fn gitkeep_beside(&self) -> RepoPath {
        match self.0.rsplit_once('/') {
            Some((parent, _)) => Self(format!("{parent}/.gitkeep")),
            None => Self(".gitkeep".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_path_is_any_name_that_stays_inside_the_repository() {
        for good in ["nodegroups/sub dir/x.yaml", "Ünï.yaml", ".hidden/.gitkeep", ".gitignore", "a/.git2", "-", "a:b"]
        {
            let path = RepoPath::existing(good).unwrap();
            assert_eq!(path.as_str(), good);
            let folder = path.parent().map_or(String::new(), |parent| format!("{parent}/"));
            assert_eq!(path.gitkeep_beside().as_str(), format!("{folder}.gitkeep"));
        }
        let longest = "a".repeat(1024);
        assert!(RepoPath::existing(&longest).is_ok());
        for bad in [
            "",
            "/a",
            "a/",
            "a//b",
            ".",
            "a/../b",
            ".git/x",
            "a/.GIT",
            "a\\b",
            "a\0",
            "a\nb",
            "a\u{85}",
            &format!("{longest}a"),
        ] {
            assert!(RepoPath::existing(bad).is_err(), "{bad:?}");
        }
    }
}
