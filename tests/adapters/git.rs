//! Tests of the git adapter: refs, commits and what is found in them, in a real bare repository.

#![allow(clippy::unwrap_used, reason = "a step that fails fails its test")]

mod signing;

use std::path::Path;

use cre_backend_api::adapters::git::build::{Author, build, changed_files};
use cre_backend_api::adapters::git::read::Bounds;
use cre_backend_api::adapters::git::trailers::{Trailers, our_commit};
use cre_backend_api::adapters::git::{commit_id, isolate, open, read, refs};
use cre_backend_api::domain::change::{Action, ChangeSet, ChangeText, FileChange, ObjectKey, ObjectKind, RequestHash};
use cre_backend_api::domain::error::VcsError;
use cre_backend_api::domain::names::{Actor, RepoPath};
use git2::{FileMode, Oid, Repository};

const FILE: &str = "secrets/team-a/db.yaml";

/// A bare repository whose branch `dev` holds `FILE`, executable, and a way to add commits.
struct TestRepo {
    repo: Repository,
    base: Oid,
    _folder: tempfile::TempDir,
}

impl TestRepo {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        isolate();
        Repository::init_bare(folder.path()).unwrap();
        let repo = open(folder.path()).unwrap();
        let nothing = repo.find_tree(repo.treebuilder(None).unwrap().write().unwrap()).unwrap();
        let blob = repo.blob(b"old").unwrap();
        let mut update = git2::build::TreeUpdateBuilder::new();
        let tree = update.upsert(FILE, blob, FileMode::BlobExecutable).create_updated(&repo, &nothing).unwrap();
        let base = commit(&repo, tree, None, "By hand");
        drop(nothing);
        assert!(refs::create(&repo, "refs/heads/dev", base).unwrap());
        Self { repo, base, _folder: folder }
    }

    fn change(&self, content: Option<&str>) -> ChangeSet {
        let path = RepoPath::parse(FILE).unwrap();
        let expect = read::read(&self.repo, self.base, &path).unwrap().map(|file| file.blob);
        ChangeSet {
            key: ObjectKey::parse(ObjectKind::Secret, "team-a", "db").unwrap(),
            cluster: None,
            action: Action::Update,
            base: commit_id(self.base),
            files: vec![FileChange { path, expect, content: content.map(|text| text.as_bytes().to_vec()) }],
            text: ChangeText { title: "T".into(), body: "B".into(), commit_message: "Subject".into() },
            actor: Actor::anonymous(),
            request_hash: RequestHash("ab".into()),
        }
    }
}

fn author() -> Author {
    Author::new("Backend", Some("backend@example.com"))
}

fn commit(repo: &Repository, tree: Oid, parent: Option<Oid>, message: &str) -> Oid {
    let parent = parent.map(|parent| repo.find_commit(parent).unwrap());
    let parents: Vec<_> = parent.iter().collect();
    let by = author().sign().unwrap();
    repo.commit(None, &by, &by, message, &repo.find_tree(tree).unwrap(), &parents).unwrap()
}

#[test]
fn a_ref_is_made_only_where_none_is_and_moved_only_from_what_was_seen() {
    let TestRepo { repo, base, _folder } = TestRepo::new();
    let next = commit(&repo, repo.find_commit(base).unwrap().tree_id(), Some(base), "Next");
    let name = "refs/heads/backend-api/x";
    assert!(refs::create(&repo, name, base).unwrap());
    assert!(!refs::create(&repo, name, next).unwrap());
    assert!(!refs::create(&repo, name, base).unwrap(), "not even to the same commit");
    assert!(!refs::advance(&repo, name, next, base).unwrap());
    assert!(refs::advance(&repo, name, base, next).unwrap());
    assert!(!refs::delete(&repo, name, base).unwrap(), "the lease is on another commit");
    refs::pack(&repo).unwrap();
    assert_eq!(refs::tip(&repo, name).unwrap(), Some(next));
    assert!(!refs::create(&repo, name, base).unwrap(), "packed or not");
    assert!(refs::delete(&repo, name, next).unwrap());
    assert_eq!(refs::tip(&repo, name).unwrap(), None);
    assert!(refs::delete(&repo, name, next).unwrap(), "gone is deleted");
    assert!(!refs::advance(&repo, name, base, next).unwrap(), "nothing there to move");
}

#[test]
fn threads_that_make_one_ref_have_exactly_one_winner() {
    let TestRepo { repo, base, _folder } = TestRepo::new();
    let tree = repo.find_commit(base).unwrap().tree_id();
    let commits: Vec<Oid> = (0..6).map(|n| commit(&repo, tree, Some(base), &format!("{n}"))).collect();
    let path: &Path = repo.path();
    let won: usize = std::thread::scope(|scope| {
        let make = |oid| move || refs::create(&open(path).unwrap(), "refs/heads/one", oid).unwrap();
        let threads: Vec<_> = commits.iter().map(|oid| scope.spawn(make(*oid))).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    });
    assert_eq!(won, 1);
}

#[test]
fn a_build_moves_no_ref_and_keeps_what_it_does_not_change() {
    let test = TestRepo::new();
    let built = build(&test.repo, &test.change(Some("new")), &author()).unwrap();
    assert_eq!(refs::tip(&test.repo, "refs/heads/dev").unwrap(), Some(test.base));
    let tree = read::tree_at(&test.repo, built.commit).unwrap();
    let found = read::find(&test.repo, &tree, &RepoPath::parse(FILE).unwrap()).unwrap().unwrap();
    assert_eq!(found.mode, i32::from(FileMode::BlobExecutable));
    assert_eq!(built.files, [(RepoPath::parse(FILE).unwrap(), Action::Update)]);
    assert_eq!(changed_files(&test.repo, built.commit).unwrap(), built.files);
    assert!(build(&test.repo, &test.change(Some("old")), &author()).is_err(), "the same content is no change");
}

#[test]
fn a_deletion_reads_back_from_its_commit_with_its_gitkeep() {
    let test = TestRepo::new();
    let built = build(&test.repo, &test.change(None), &author()).unwrap();
    let mut read_back = changed_files(&test.repo, built.commit).unwrap();
    read_back.sort_by_key(|(path, _)| path.as_str().ends_with(".gitkeep"));
    assert_eq!(read_back, built.files);
    assert_eq!(built.files.len(), 2);
}

#[test]
fn our_commit_is_found_below_a_reviewers_but_not_below_a_whole_history() {
    let test = TestRepo::new();
    let change = test.change(Some("new"));
    let ours = build(&test.repo, &change, &author()).unwrap().commit;
    let tree = test.repo.find_commit(ours).unwrap().tree_id();
    let on_top = |count: usize| (0..count).fold(ours, |tip, n| commit(&test.repo, tree, Some(tip), &format!("{n}")));
    let find = |tip| our_commit(&test.repo, tip, |_| true).unwrap();
    assert_eq!(find(on_top(3)), Some((ours, Trailers::of(&change))));
    assert_eq!(find(on_top(49)).map(|(commit, _)| commit), Some(ours));
    assert_eq!(find(on_top(50)), None);
    assert_eq!(find(test.base), None, "a commit without trailers");
    assert_eq!(our_commit(&test.repo, ours, |_| false).unwrap(), None);
}

#[test]
fn a_list_ends_at_its_bounds_however_often_trees_hold_each_other() {
    let TestRepo { repo, base, _folder } = TestRepo::new();
    let blob = repo.blob(b"x").unwrap();
    let nest = |levels: usize, width: usize| {
        let mut tree = repo.treebuilder(None).unwrap();
        tree.insert("x", blob, FileMode::Blob.into()).unwrap();
        let inner = (0..levels).fold(tree.write().unwrap(), |inner, _| {
            let mut tree = repo.treebuilder(None).unwrap();
            for at in 0..width {
                tree.insert(format!("{at}"), inner, FileMode::Tree.into()).unwrap();
            }
            tree.write().unwrap()
        });
        commit(&repo, inner, Some(base), "Nested")
    };
    let list = |at, bounds| read::list(&repo, at, None, bounds);
    let too_much = |at, bounds| match list(at, bounds) {
        Err(VcsError::Corrupt(reason)) => assert!(reason.contains("than are looked at"), "{reason}"),
        listed => panic!("{listed:?}"),
    };
    let bounds = Bounds::default();
    too_much(nest(40, 10), bounds);
    too_much(nest(65, 1), bounds);
    assert_eq!(list(nest(64, 1), bounds).unwrap().len(), 1);
    let eight = nest(3, 2);
    assert_eq!(list(eight, Bounds { files: 8, depth: 3, entries: 22 }).unwrap().len(), 8);
    too_much(eight, Bounds { files: 7, ..bounds });
    too_much(eight, Bounds { depth: 2, ..bounds });
    too_much(eight, Bounds { entries: 21, ..bounds });
}

/// Runs in a child process only, whose home folder has a configuration.
#[test]
fn child_with_a_configured_home() {
    let Ok(home) = std::env::var("TEST_GIT_HOME") else { return };
    let config = git2::Config::open_default().unwrap();
    assert_eq!(config.get_string("test.leak").unwrap(), home, "without isolation it is read");
    let test = TestRepo::new();
    assert!(test.repo.config().unwrap().get_string("test.leak").is_err());
}

#[test]
fn the_machines_configuration_does_not_reach_a_repository() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_str().unwrap();
    std::fs::write(home.path().join(".gitconfig"), format!("[test]\n\tleak = {path}\n")).unwrap();
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "adapters::git::child_with_a_configured_home"])
        .env("TEST_GIT_HOME", path)
        .env("HOME", path)
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}
