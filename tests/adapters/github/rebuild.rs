//! The mirror is disposable: damaged or too large, it is made anew, and what was asked for succeeds.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cre_backend_api::adapters::git::read;
use cre_backend_api::adapters::github::mirror::{Mirror, Pushed};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::names::RepoPath;

use crate::support::git::try_git;
use crate::support::smart_http::{Fault, TestRemote, branch, commit_on};

fn packs(mirror: &Mirror) -> Vec<PathBuf> {
    let files = fs::read_dir(mirror.path().join("objects/pack")).unwrap().flatten().map(|file| file.path());
    files.filter(|path| path.extension().is_some_and(|kind| kind == "pack")).collect()
}

fn garble(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    let length = fs::metadata(path).unwrap().len();
    fs::write(path, vec![7; usize::try_from(length).unwrap()]).unwrap();
}

fn damage(mirror: &Mirror, how: &str) {
    match how {
        "no packs" => {
            fs::remove_dir_all(mirror.path().join("objects/pack")).unwrap();
            fs::create_dir(mirror.path().join("objects/pack")).unwrap();
        }
        "garbled packs" => packs(mirror).iter().for_each(|pack| garble(pack)),
        "garbled indexes" => packs(mirror).iter().for_each(|pack| garble(&pack.with_extension("idx"))),
        "no objects" => fs::remove_dir_all(mirror.path().join("objects")).unwrap(),
        "no HEAD" => fs::remove_file(mirror.path().join("HEAD")).unwrap(),
        "garbled ref" => fs::write(mirror.path().join("refs/mirror/base"), "nothing\n").unwrap(),
        "nothing" => fs::remove_dir_all(mirror.path()).unwrap(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_damaged_mirror_is_made_anew_and_the_operation_succeeds() {
    let remote = TestRemote::start();
    for how in ["no packs", "garbled packs", "garbled indexes", "no objects", "no HEAD", "garbled ref", "nothing"] {
        let operation = TestRemote::operation();
        let path = RepoPath::parse("nodegroups/a.yaml").unwrap();
        let reading = remote.mirror(&format!("read {how}")).await;
        let base = reading.fetch_base(&operation).await.unwrap();
        damage(&reading, how);
        let file = reading.with(&operation, move |repo| read::read(repo, base, &path)).await;
        if how != "garbled ref" {
            assert_eq!(file.unwrap().unwrap().content, b"3\n", "{how}");
            assert!(try_git(reading.path(), &["fsck", "--strict"]).status.success(), "{how}");
        }

        let pushing = remote.mirror(&format!("push {how}")).await;
        pushing.fetch_base(&operation).await.unwrap();
        damage(&pushing, how);
        let name = branch(&how.replace(' ', "-"));
        let pushed = pushing.push_new(&name, &operation, move |repo| commit_on(repo, base, "x")).await;
        assert_eq!(pushed.unwrap().0, Pushed::Created, "{how}");

        let fetching = remote.mirror(&format!("fetch {how}")).await;
        fetching.fetch_base(&operation).await.unwrap();
        damage(&fetching, how);
        let moved = remote.commit(&format!("moved-{}", how.replace(' ', "-")), "nodegroups/a.yaml", how);
        remote.git(&["fsck", "--strict"]);
        assert_eq!(fetching.fetch_base(&operation).await.unwrap(), base, "{how}");
        let name = branch(&format!("moved-{}", how.replace(' ', "-")));
        assert_eq!(fetching.fetch_branch(&name, &operation).await.unwrap(), Some(moved), "{how}");
        let top = fetching.with(&operation, move |repo| read::tree_at(repo, moved).map(|tree| tree.len())).await;
        assert!(top.unwrap() >= 1, "{how}");
    }
}

#[tokio::test]
async fn work_that_finds_damage_again_in_a_new_mirror_is_not_done_a_third_time() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    mirror.fetch_base(&operation).await.unwrap();
    for expected in [2, 3] {
        let calls = Arc::new(AtomicUsize::new(expected - 2));
        let counted = Arc::clone(&calls);
        let outcome = mirror.with(&operation, move |_| -> Result<(), VcsError> {
            counted.fetch_add(1, Ordering::Relaxed);
            Err(VcsError::Corrupt("always".to_owned()))
        });
        assert!(matches!(outcome.await, Err(VcsError::Corrupt(_))));
        assert_eq!(calls.load(Ordering::Relaxed), 2, "once more at first, and never again so soon");
    }
    assert_eq!(remote.server.count("POST /org/repo.git/git-upload-pack"), 4, "two fetches, of two requests each");
}

#[tokio::test]
async fn a_mirror_that_cannot_be_made_anew_stays_and_is_mended_later() {
    let remote = TestRemote::start();
    let mirror = remote.mirror("a").await;
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    damage(&mirror, "garbled packs");
    remote.server.fault("info/refs", 1, Fault::Status(500, Vec::new(), ""));
    let read = || mirror.with(&operation, move |repo| read::tree_at(repo, base).map(|tree| tree.len()));
    assert!(matches!(read().await, Err(VcsError::Unreachable(_))));
    assert_eq!(read().await.unwrap(), 1);
}

#[tokio::test]
async fn a_mirror_of_too_many_packs_is_made_anew() {
    let remote = TestRemote::start();
    let mut settings = remote.settings("a");
    settings.pack_limit = 3;
    let mirror = Mirror::open(settings).await.unwrap();
    let operation = TestRemote::operation();
    let mut most = 0;
    for number in 0..8 {
        let moved = remote.commit("dev", "nodegroups/a.yaml", &format!("more {number}"));
        assert_eq!(mirror.fetch_base(&operation).await.unwrap(), moved);
        most = most.max(packs(&mirror).len());
        mirror
            .push_new(&branch(&format!("x{number}")), &operation, move |repo| commit_on(repo, moved, "x"))
            .await
            .unwrap();
    }
    assert_eq!(most, 3, "the fourth makes it anew, with one");
    assert!(!mirror.path().with_extension("old").exists() && !mirror.path().with_extension("new").exists());
}

#[tokio::test]
async fn a_mirror_of_too_many_loose_objects_is_made_anew() {
    let remote = TestRemote::start();
    let mut settings = remote.settings("a");
    settings.loose_limit = 256;
    let mirror = Mirror::open(settings).await.unwrap();
    let operation = TestRemote::operation();
    let base = mirror.fetch_base(&operation).await.unwrap();
    let write = move |repo: &git2::Repository| {
        // Where objects lie tells how many there are; only those of the one folder that is looked at are written.
        let blobs = (0_u32..).map(u32::to_le_bytes);
        let hash = |blob: &[u8; 4]| git2::Oid::hash_object(git2::ObjectType::Blob, blob).unwrap().to_string();
        for blob in blobs.filter(|blob| hash(blob).starts_with("17")).take(2) {
            repo.blob(&blob).unwrap();
        }
        Ok(())
    };
    mirror.with(&operation, write).await.unwrap();
    assert!(mirror.path().join("objects/17").exists());
    assert_eq!(mirror.fetch_base(&operation).await.unwrap(), base);
    assert!(!mirror.path().join("objects/17").exists());
}
