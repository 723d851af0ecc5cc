//! The usual way to a pull request's branch: a shallow clone, the files written into the checkout, a commit, a push.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::support::git::git;

/// Clones, writes, commits and pushes; gives the time that it took. The clone is deleted after that.
///
/// # Errors
/// When a file can't be written.
pub fn change(url: &str, token: &str, branch: &str, files: &[(String, String)]) -> io::Result<Duration> {
    let folder = tempfile::tempdir()?;
    let basic = STANDARD.encode(format!("x-access-token:{token}"));
    let header = format!("http.extraHeader=Authorization: Basic {basic}");
    let with = |arguments: &[&str]| git(folder.path(), &[&["-c", header.as_str()], arguments].concat());

    let started = Instant::now();
    with(&["clone", "--quiet", "--depth", "1", "--branch", "dev", url, "."]);
    let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    for (path, content) in files {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap_or(Path::new("")))?;
        fs::write(file, content)?;
    }
    // By name: to look for what changed would cost it more.
    with(&[&["add", "--"], paths.as_slice()].concat());
    with(&["commit", "--quiet", "--message", "three files"]);
    with(&["push", "--quiet", "origin", &format!("HEAD:refs/heads/{branch}")]);
    Ok(started.elapsed())
}
