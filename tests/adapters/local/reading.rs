//! Files on the base branch, and what stands in the way of a path.

use cre_backend_api::domain::change::{BlobId, CommitId};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::names::RepoPath;
use cre_backend_api::domain::ports::VersionControl as _;

use super::forge::{TestForge, git, mk_change, path};

/// A base branch with a file where a folder would be, a symlink to a folder and a submodule.
async fn mk_blocked() -> TestForge {
    let test = TestForge::new().await;
    let work = test.clone();
    std::fs::create_dir_all(work.join("nodegroups/real")).unwrap();
    std::fs::write(work.join("nodegroups/real/b.yaml"), "b").unwrap();
    std::fs::write(work.join("nodegroups/real/a.yaml"), "a").unwrap();
    std::fs::write(work.join("nodegroups/real/.hidden.yaml"), "h").unwrap();
    std::fs::write(work.join("nodegroups/file"), "f").unwrap();
    std::os::unix::fs::symlink("real", work.join("nodegroups/link")).unwrap();
    std::os::unix::fs::symlink("a.yaml", work.join("nodegroups/real/link.yaml")).unwrap();
    git(&work, &["add", "-A"]);
    let commit = git(&work, &["rev-parse", "HEAD"]);
    git(&work, &["update-index", "--add", "--cacheinfo", &format!("160000,{commit},nodegroups/module")]);
    git(&work, &["commit", "--quiet", "-m", "By hand"]);
    git(&work, &["push", "--quiet", "origin", "HEAD:dev"]);
    test
}

#[tokio::test]
async fn a_list_holds_the_plain_files_below_a_folder_sorted() {
    let test = mk_blocked().await;
    let base = test.base().await;
    let names = |files: Vec<(RepoPath, BlobId)>| files.into_iter().map(|(p, _)| p.to_string()).collect::<Vec<_>>();
    let all = names(test.forge.list(&base, None).await.unwrap());
    assert_eq!(all, ["nodegroups/file", "nodegroups/real/a.yaml", "nodegroups/real/b.yaml"]);
    let real = test.forge.list(&base, Some(&path("nodegroups/real"))).await.unwrap();
    assert_eq!(real[1].1.0, test.git(&["rev-parse", "dev:nodegroups/real/b.yaml"]));
    assert_eq!(names(real), ["nodegroups/real/a.yaml", "nodegroups/real/b.yaml"]);
    for nothing in ["nowhere", "nodegroups/file", "nodegroups/link", "nodegroups/module"] {
        assert_eq!(test.forge.list(&base, Some(&path(nothing))).await.unwrap(), [], "{nothing}");
    }
}

#[tokio::test]
async fn a_file_is_read_and_a_missing_one_is_none() {
    let test = mk_blocked().await;
    let base = test.base().await;
    let file = test.forge.read(&base, &path("nodegroups/real/a.yaml")).await.unwrap().unwrap();
    assert_eq!(file.content, b"a");
    assert_eq!(file.blob.0, test.git(&["rev-parse", "dev:nodegroups/real/a.yaml"]));
    for missing in ["x.yaml", "nowhere/x.yaml", "nodegroups/real/x.yaml"] {
        assert_eq!(test.forge.read(&base, &path(missing)).await.unwrap(), None, "{missing}");
    }
    let unknown = CommitId("1".repeat(40));
    assert!(matches!(test.forge.read(&unknown, &path("x")).await, Err(VcsError::Corrupt(_))));
    let change = mk_change("workers", unknown, None, Some("a"));
    assert!(matches!(test.forge.propose(&change).await, Err(VcsError::BaseMoved)));
}

#[tokio::test]
async fn a_file_a_symlink_a_submodule_and_a_folder_block_a_path() {
    let test = mk_blocked().await;
    let base = test.base().await;
    for (blocked, at, word) in [
        ("nodegroups/file/x.yaml", "nodegroups/file", "a file"),
        ("nodegroups/link/x.yaml", "nodegroups/link", "a symlink"),
        ("nodegroups/real/link.yaml", "nodegroups/real/link.yaml", "a symlink"),
        ("nodegroups/module/x.yaml", "nodegroups/module", "a submodule"),
        ("nodegroups/real", "nodegroups/real", "a folder"),
    ] {
        let mut change = mk_change("workers", base.clone(), None, Some("a"));
        change.files[0].path = path(blocked);
        for error in [
            test.forge.propose(&change).await.unwrap_err(),
            test.forge.commit(&change).await.unwrap_err(),
            test.forge.read(&base, &path(blocked)).await.unwrap_err(),
        ] {
            let VcsError::PathBlocked { path, reason } = error else { panic!("{error}") };
            assert_eq!((&*path, reason.contains(word)), (at, true), "{blocked}: {reason}");
        }
    }
    assert!(test.branches().is_empty() && test.pull_refs().is_empty());
}
