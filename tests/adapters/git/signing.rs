//! Signed commits, verified by git and ssh-keygen themselves.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cre_backend_api::adapters::git::build::{Author, build};
use cre_backend_api::adapters::git::sign::SigningKey;
use cre_backend_api::adapters::git::trailers::{Trailers, our_commit};
use cre_backend_api::adapters::local::{LocalForge, LocalSettings};
use cre_backend_api::domain::names::BranchName;

use super::TestRepo;
use crate::support::git::{git, try_git};

/// Whether there is what makes keys and verifies signatures; says so when there isn't.
fn has_ssh_keygen() -> bool {
    // Without arguments it asks for a file name, so it gets a wrong one.
    let found = Command::new("ssh-keygen").arg("-?").output().is_ok();
    if !found {
        println!("skipped: ssh-keygen isn't installed");
    }
    found
}

fn make_key(folder: &Path, name: &str, options: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-C", "", "-f"]).arg(&path).args(options);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    path
}

/// The key, and the file that lets git trust it.
fn usable_key(folder: &Path, name: &str, options: &[&str]) -> (Arc<SigningKey>, String) {
    // One ECDSA key of 256 is written shorter than usual, and not read.
    let mut made = (0..3).map(|n| make_key(folder, &format!("{name}-{n}"), &[options, &["-N", ""]].concat()));
    let (key, path) = made.find_map(|path| Some((SigningKey::read(&path).ok()?, path))).expect("the key is read");
    let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    let signers = folder.join(format!("{name}-signers"));
    std::fs::write(&signers, format!("backend@example.com namespaces=\"git\" {public}")).unwrap();
    (Arc::new(key), signers.to_str().unwrap().to_owned())
}

fn verifies(repository: &Path, commit: &str, signers: &str) -> bool {
    let trusted = format!("gpg.ssh.allowedSignersFile={signers}");
    let output = try_git(repository, &["-c", &trusted, "verify-commit", "--raw", commit]);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), told.starts_with("Good \"git\" signature for backend@example.com"), "{told}");
    output.status.success()
}

fn signing(key: &Arc<SigningKey>) -> Author {
    Author { sign_off: true, key: Some(key.clone()), ..Author::new("Backend", Some("backend@example.com")) }
}

#[test]
fn git_verifies_a_signed_commit_with_its_own_key_only() {
    if !has_ssh_keygen() {
        return;
    }
    let keys = tempfile::tempdir().unwrap();
    let (_, stranger) = usable_key(keys.path(), "stranger", &["-t", "ed25519"]);
    for options in [["-t", "ed25519"].as_slice(), &["-t", "ecdsa", "-b", "256"], &["-t", "ecdsa", "-b", "384"]] {
        let (key, signers) = usable_key(keys.path(), &options.concat(), options);
        let test = TestRepo::new();
        let change = test.change(Some("new"));
        let built = build(&test.repo, &change, &signing(&key)).unwrap();
        let (repository, commit) = (test.repo.path(), built.commit.to_string());
        assert!(verifies(repository, &commit, &signers), "{options:?}");
        assert!(!verifies(repository, &commit, &stranger), "{options:?}");
        assert_eq!(
            our_commit(&test.repo, built.commit, |_| true).unwrap(),
            Some((built.commit, Trailers::of(&change)))
        );
        let shown =
            git(repository, &["show", "--no-patch", "--format=%an <%ae>|%(trailers:key=Signed-off-by)", &commit]);
        assert_eq!(shown.trim(), "Backend <backend@example.com>|Signed-off-by: Backend <backend@example.com>");
        assert!(try_git(repository, &["fsck", "--strict"]).status.success());
        // The same content with another message has the signature of neither.
        let raw = git(repository, &["cat-file", "commit", &commit]).replace("\n\nSubject\n", "\n\nForged\n");
        std::fs::write(repository.join("forged"), raw).unwrap();
        let forged = git(repository, &["hash-object", "-t", "commit", "-w", "forged"]);
        assert!(!verifies(repository, forged.trim(), &signers), "{options:?}");
    }
}

#[test]
fn without_a_key_a_commit_is_as_it_was() {
    let test = TestRepo::new();
    let built = build(&test.repo, &test.change(Some("new")), &super::author()).unwrap();
    let raw = git(test.repo.path(), &["cat-file", "commit", &built.commit.to_string()]);
    assert!(!raw.contains("gpgsig") && !raw.contains("Signed-off-by"), "{raw}");
}

#[test]
fn a_key_with_a_passphrase_or_of_another_kind_is_refused_in_a_sentence() {
    if !has_ssh_keygen() {
        return;
    }
    let keys = tempfile::tempdir().unwrap();
    let told = |name, options: &[&str]| SigningKey::read(&make_key(keys.path(), name, options)).unwrap_err();
    let encrypted = told("encrypted", &["-t", "ed25519", "-N", "hunter2"]);
    assert!(encrypted.contains("has a passphrase") && !encrypted.contains("hunter2"), "{encrypted}");
    assert!(told("rsa", &["-t", "rsa", "-b", "2048", "-N", ""]).contains("use ed25519"));
    assert!(told("pem", &["-t", "ecdsa", "-m", "PEM", "-N", ""]).contains("OpenSSH's format"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_commit_of_a_local_repository_is_signed_too() {
    if !has_ssh_keygen() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (key, signers) = usable_key(folder.path(), "key", &["-t", "ed25519"]);
    let settings = LocalSettings {
        destination: folder.path().join("gitops"),
        repo: "unicron".into(),
        base: BranchName::parse("dev").unwrap(),
        branch_prefix: "backend-api".into(),
        keep_branches: false,
        author: signing(&key),
        keep_folders: vec![None],
    };
    let forge = LocalForge::open(settings).await.unwrap();
    assert!(verifies(forge.path(), "dev", &signers));
    let message = git(forge.path(), &["show", "--no-patch", "--format=%B", "dev"]);
    assert_eq!(message.trim(), "Make the GitOps repository\n\nSigned-off-by: Backend <backend@example.com>");
}

#[test]
fn a_name_with_a_line_break_adds_no_trailer() {
    let author = Author { sign_off: true, ..Author::new("A\nAction: delete\nB", Some("a@example.com")) };
    assert!(author.sign_off_line().is_err() && author.sign().is_err());
}
