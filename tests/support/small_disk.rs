//! A disk of a few megabytes for the service's GitOps folder, which a test fills. It is there in the service's own view of the file
//! system only, and goes with it.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::Command;

use super::TestApp;
use super::process::Builder;

const MOUNT: &str = r#"mount -t tmpfs -o size=8m,mode=0700 none .gitops && exec "$@""#;
const UNSHARE: [&str; 6] = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNT];

/// Puts the service's GitOps folder on a small disk; `None`, and a line that says so, where that can't be done.
pub fn on_small_disk(run: Builder) -> Option<Builder> {
    let run = run.file(".gitops/hidden", "below the disk");
    let (program, arguments) = UNSHARE.split_first().unwrap();
    let mut trial = Command::new(program);
    trial.args(arguments).args(["sh", "true"]).current_dir(run.folder());
    if trial.output().is_ok_and(|output| output.status.success()) {
        Some(run.under(&[&UNSHARE[..], &["sh"]].concat()))
    } else {
        println!("skipped: a small disk can't be mounted here, not even in a namespace of its own");
        None
    }
}

/// Takes all that is left of the disk; gives the file that does.
pub fn fill(app: &TestApp) -> PathBuf {
    let seen = PathBuf::from(format!("/proc/{}/root", app.id()));
    let path = seen.join(app.path(".gitops/fill").strip_prefix("/").unwrap());
    assert!(!path.with_file_name("hidden").exists(), "the disk is mounted");
    let mut file = File::create(&path).unwrap();
    let full = loop {
        if let Err(error) = file.write_all(&[0; 4096]) {
            break error;
        }
    };
    assert_eq!(full.kind(), ErrorKind::StorageFull);
    path
}
