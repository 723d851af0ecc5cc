//! A GitOps repository of some size: manifests of many teams and a history of small changes, made by one stream into git.

use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use aws_lc_rs::digest;

/// How large a repository is.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Its name in the tables.
    pub name: &'static str,
    /// Manifests, twenty in a folder.
    pub files: usize,
    /// Commits: the first one brings all files, each other one changes one of them.
    pub commits: usize,
}

/// Fills the branch `dev` of a bare repository, which is there, and packs all of it.
///
/// # Errors
/// When git can't be run or fails.
pub fn fill(bare: &Path, size: Size) -> io::Result<()> {
    import(bare, |out| {
        commit(out, "all files", true)?;
        for file in 0..size.files {
            write(out, file, 0)?;
        }
        for version in 1..size.commits {
            commit(out, "a change", false)?;
            write(out, version * 7919 % size.files, version)?;
        }
        Ok(())
    })?;
    git(bare, &["repack", "-a", "-d", "--quiet"])?;
    git(bare, &["pack-refs", "--all"])
}

/// Somebody else's commit, which moves the branch; `version` makes it another one each time.
///
/// # Errors
/// As [`fill`].
pub fn move_base(bare: &Path, size: Size, version: usize) -> io::Result<()> {
    import(bare, |out| {
        commit(out, "by hand", true)?;
        write(out, version * 7907 % size.files, size.commits + version)
    })
}

fn import(bare: &Path, stream: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut command = Command::new("git");
    command.arg("fast-import").arg("--quiet").current_dir(bare).stdin(Stdio::piped());
    let mut child = command.spawn()?;
    let mut out = BufWriter::with_capacity(1 << 20, child.stdin.take().ok_or_else(|| io::Error::other("no pipe"))?);
    stream(&mut out)?;
    out.flush()?;
    drop(out);
    ended(child.wait()?.success(), "fast-import")
}

fn git(bare: &Path, arguments: &[&str]) -> io::Result<()> {
    ended(Command::new("git").args(arguments).current_dir(bare).status()?.success(), arguments[0])
}

fn ended(well: bool, what: &str) -> io::Result<()> {
    if well { Ok(()) } else { Err(io::Error::other(format!("git {what} failed"))) }
}

/// A commit on top of the branch as it is in the repository, or of the one before it in the stream.
fn commit(out: &mut dyn Write, subject: &str, first: bool) -> io::Result<()> {
    let length = subject.len();
    writeln!(out, "commit refs/heads/dev\ncommitter Ada <ada@example.com> 1790000000 +0000\ndata {length}\n{subject}")?;
    if first { writeln!(out, "from refs/heads/dev^0") } else { Ok(()) }
}

/// A manifest as teams have them; its digests are what no two have alike.
fn write(out: &mut dyn Write, file: usize, version: usize) -> io::Result<()> {
    let (team, service, part) = (file / 1000, file / 20 % 50, file % 20);
    let hash = |what: &str| {
        hex::encode(digest::digest(&digest::SHA256, format!("{what} {file} {version}").as_bytes()).as_ref())
    };
    let manifest = format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: service-{service:02}-{part:02}
  namespace: team-{team:03}
  labels:
    app.kubernetes.io/name: service-{service:02}
    app.kubernetes.io/part-of: team-{team:03}
spec:
  replicas: {}
  selector:
    matchLabels:
      app.kubernetes.io/name: service-{service:02}
  template:
    metadata:
      annotations:
        checksum/config: {}
    spec:
      containers:
        - name: main
          image: registry.example.com/team-{team:03}/service-{service:02}@sha256:{}
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
",
        part % 5 + 1,
        hash("config"),
        hash("image")
    );
    writeln!(out, "M 100644 inline apps/team-{team:03}/service-{service:02}/{part:02}.yaml\ndata {}", manifest.len())?;
    out.write_all(manifest.as_bytes())
}
