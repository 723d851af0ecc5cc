//! The repository's making, and what is refused.

use std::os::unix::fs::PermissionsExt as _;

use cre_backend_api::adapters::local::LocalForge;

use super::forge::{TestForge, git, mk_settings};

#[tokio::test]
async fn the_first_start_makes_a_private_bare_repository_with_a_first_commit() {
    let test = TestForge::new().await;
    assert_eq!(test.git(&["symbolic-ref", "HEAD"]), "refs/heads/dev");
    assert_eq!(test.git(&["ls-tree", "-r", "--name-only", "dev"]), "nodegroups/.gitkeep\nsecrets/.gitkeep");
    assert_eq!(test.git(&["log", "--format=%an <%ae>", "dev"]), "cre-backend-api <cre-backend-api@localhost>");
    assert_eq!(test.git(&["config", "core.bare"]), "true");
    let mode = std::fs::metadata(test.folder.path().join("gitops")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    test.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn a_restart_changes_nothing_and_knows_the_pull_requests() {
    let test = TestForge::new().await;
    let pull = test.open(&test.change("workers", Some("a")).await).await;
    let refs = test.git(&["for-each-ref"]);
    let again = test.another().await;
    assert_eq!(super::forge::published(&again, 1).await, Some(pull));
    assert_eq!(test.git(&["for-each-ref"]), refs);
}

#[tokio::test]
async fn a_start_that_was_killed_half_way_is_finished_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let gitops = folder.path().join("gitops");
    for half in ["nothing", "unfinished", "no base", "no HEAD"] {
        match half {
            "unfinished" => {
                std::fs::remove_dir_all(gitops.join("unicron.git")).unwrap();
                std::fs::create_dir_all(gitops.join("unicron.git.new/objects")).unwrap();
                std::fs::write(gitops.join("unicron.git.new/config.lock"), "").unwrap();
            }
            "no base" => {
                git(&gitops.join("unicron.git"), &["update-ref", "-d", "refs/heads/dev"]);
            }
            "no HEAD" => {
                git(&gitops.join("unicron.git"), &["symbolic-ref", "HEAD", "refs/heads/other"]);
            }
            _ => {}
        }
        LocalForge::open(mk_settings(&gitops)).await.unwrap();
        let repo = gitops.join("unicron.git");
        assert_eq!(git(&repo, &["symbolic-ref", "HEAD"]), "refs/heads/dev", "{half}");
        assert_eq!(git(&repo, &["rev-list", "--count", "dev"]), "1", "{half}");
        assert!(!gitops.join("unicron.git.new").exists(), "{half}");
    }
}

#[tokio::test]
async fn an_existing_repository_gets_the_base_branch_from_its_head() {
    let test = TestForge::with(|settings| settings.base = "main".parse_branch()).await;
    test.push_main("nodegroups/a.yaml");
    let tip = test.git(&["rev-parse", "main"]);
    let again = test.another().await;
    assert_eq!(test.git(&["rev-parse", "dev"]), tip);
    assert_eq!(test.git(&["symbolic-ref", "HEAD"]), "refs/heads/dev");
    drop(again);
}

#[tokio::test]
async fn a_folder_that_others_could_write_to_is_refused_and_so_is_a_symlink() {
    let folder = tempfile::tempdir().unwrap();
    let open = folder.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    let error = LocalForge::open(mk_settings(&open)).await.unwrap_err().to_string();
    assert!(error.contains("chmod go-w"), "{error}");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o700)).unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&open, &link).unwrap();
    let error = LocalForge::open(mk_settings(&link)).await.unwrap_err().to_string();
    assert!(error.contains("is a symlink"), "{error}");
    assert!(!open.join("unicron.git").exists());
    LocalForge::open(mk_settings(&open)).await.unwrap();
}

#[tokio::test]
async fn settings_that_cannot_work_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (repo, base, prefix, word) in [
        ("../x", "dev", "backend-api", "one path segment"),
        ("x", "dev", "dev", "overlap"),
        ("x", "dev/x", "dev", "overlap"),
        ("x", "dev", "dev/y", "overlap"),
        ("x", "dev", "a b", "branch prefix"),
    ] {
        let mut settings = mk_settings(&folder.path().join("gitops"));
        (settings.repo, settings.base, settings.branch_prefix) = (repo.into(), base.parse_branch(), prefix.into());
        let error = LocalForge::open(settings).await.unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    assert!(!folder.path().join("gitops").exists(), "nothing is made before the settings are checked");
}

trait ParseBranch {
    fn parse_branch(&self) -> cre_backend_api::domain::names::BranchName;
}

impl ParseBranch for str {
    fn parse_branch(&self) -> cre_backend_api::domain::names::BranchName {
        cre_backend_api::domain::names::BranchName::parse(self).unwrap()
    }
}

impl TestForge {
    fn push_main(&self, file: &str) {
        let work = self.clone();
        std::fs::create_dir_all(work.join(file).parent().unwrap()).unwrap();
        std::fs::write(work.join(file), "x").unwrap();
        git(&work, &["add", "-A"]);
        git(&work, &["commit", "--quiet", "-m", "By hand"]);
        git(&work, &["push", "--quiet", "origin", "HEAD:main"]);
    }
}
