//! Files on the base branch, and what stands in the way of a path.

use cre_backend_api::adapters::git::read::FILE_LIMIT;
use cre_backend_api::domain::change::{Action, BlobId, CommitId};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::names::RepoPath;
use cre_backend_api::domain::ports::VersionControl as _;
use cre_backend_api::domain::snapshot::Observed;

use super::forge::{TestForge, git, mk_change, path, published};

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
    let kept = ["nodegroups/.gitkeep", "nodegroups/file"];
    let in_real = ["nodegroups/real/.hidden.yaml", "nodegroups/real/a.yaml", "nodegroups/real/b.yaml"];
    assert_eq!(all, [&kept[..], &in_real, &["secrets/.gitkeep"]].concat());
    let real = test.forge.list(&base, Some(&path("nodegroups/real"))).await.unwrap();
    assert_eq!(real[2].1.0, test.git(&["rev-parse", "dev:nodegroups/real/b.yaml"]));
    assert_eq!(names(real), in_real);
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

#[tokio::test]
async fn files_of_any_name_are_listed_and_read_and_a_change_of_one_reads_back() {
    let test = TestForge::new().await;
    let odd = ["nodegroups/sub dir/x.yaml", "nodegroups/Ünï.yaml", "nodegroups/.hidden/x.yaml"];
    for file in odd {
        test.push_file(file, "old");
    }
    let base = test.base().await;
    let listed = test.forge.list(&base, Some(&path("nodegroups"))).await.unwrap();
    for file in odd {
        let file = RepoPath::existing(file).unwrap();
        assert!(listed.iter().any(|(listed, _)| *listed == file), "{file}");
        assert_eq!(test.forge.read(&base, &file).await.unwrap().unwrap().content, b"old", "{file}");
    }
    let file = RepoPath::existing(odd[0]).unwrap();
    let blob = test.forge.read(&base, &file).await.unwrap().map(|file| file.blob);
    let mut change = mk_change("workers", base, blob, None);
    change.files[0].path = file.clone();
    let pull = test.open(&change).await;
    assert_eq!(pull.files, [(file.clone(), Action::Delete), (file.gitkeep_beside(), Action::Create)]);
    let again = test.another().await;
    assert_eq!(published(&again, 1).await, Some(pull));
}

#[tokio::test]
async fn a_file_that_is_too_large_is_listed_but_not_loaded() {
    let test = TestForge::new().await;
    test.push_file("nodegroups/most.yaml", &"a".repeat(FILE_LIMIT));
    test.push_file("nodegroups/more.yaml", &"a".repeat(FILE_LIMIT + 1));
    let base = test.base().await;
    assert_eq!(test.forge.list(&base, Some(&path("nodegroups"))).await.unwrap().len(), 3);
    let most = test.forge.read(&base, &path("nodegroups/most.yaml")).await.unwrap().unwrap();
    assert_eq!(most.content.len(), FILE_LIMIT);
    let Err(VcsError::PathBlocked { path: at, reason }) = test.forge.read(&base, &path("nodegroups/more.yaml")).await
    else {
        panic!("it is read")
    };
    assert_eq!((&*at, &*reason), ("nodegroups/more.yaml", "the file is larger than 4 MiB"));
}

#[tokio::test]
async fn a_record_that_is_too_large_is_unreadable_and_a_long_body_is_cut_to_fit_one() {
    let test = TestForge::new().await;
    let mut change = test.change("workers", Some("a")).await;
    change.text.body = "\u{1}".repeat(2 * 1024 * 1024);
    assert_eq!(test.open(&change).await.number, 1);
    assert!(published(&test.forge, 1).await.is_some());
    let large = test.folder.path().join("large.json");
    let json = test.git(&["cat-file", "blob", "refs/pull/1/meta"]);
    std::fs::write(&large, format!("{json}{}", " ".repeat(1024 * 1024))).unwrap();
    let blob = test.git(&["hash-object", "-w", large.to_str().unwrap()]);
    test.git(&["update-ref", "refs/pull/1/meta", &blob]);
    let again = test.another().await;
    assert!(matches!(again.pull_requests().await.unwrap().items[&1], Observed::Invalid(_)));
}
