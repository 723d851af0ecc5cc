//! Several processes on one key folder, and one that is killed.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use super::embedded::prepare;

const FOLDER: &str = "SEALING_TEST_DESTINATION";

/// This test binary again, running only the helper below.
fn start(destination: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["adapters::sealing::processes::helper_of_the_tests_below", "--exact", "--nocapture"])
        .env(FOLDER, destination)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn fingerprint(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let at = text.find("fingerprint=").expect("printed") + "fingerprint=".len();
    text[at..at + 64].to_owned()
}

#[tokio::test]
async fn helper_of_the_tests_below() {
    if let Some(folder) = env::var_os(FOLDER) {
        println!("fingerprint={}", prepare(Path::new(&folder)).await.unwrap().fingerprint);
    }
}

#[test]
fn processes_that_start_at_once_end_with_one_pair() {
    let destination = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..3).map(|_| start(destination.path())).collect();
    let fingerprints: Vec<_> = children.into_iter().map(fingerprint).collect();
    assert!(fingerprints.iter().all(|one| *one == fingerprints[0]), "{fingerprints:?}");
}

#[tokio::test]
async fn a_process_killed_at_any_time_leaves_a_folder_that_the_next_one_can_use() {
    let destination = tempfile::tempdir().unwrap();
    for milliseconds in [5, 50, 300] {
        let mut child = start(destination.path());
        thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    prepare(destination.path()).await.unwrap();
    let names: Vec<_> =
        fs::read_dir(destination.path().join("keys")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}
