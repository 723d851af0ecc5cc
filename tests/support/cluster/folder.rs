//! A folder that goes when its owner does, however that ends.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Waits for the end of its input, which comes with the end of whoever holds the other side of the pipe; then removes the folder.
/// What still writes into it dies at the same moment, so that a second try may be needed.
const REMOVE: &str = r#"read -r _; rm -rf "$0" || { sleep 1; rm -rf "$0"; }"#;

/// A temporary folder. A value in a static is never dropped, and a killed process drops nothing: so a process of its own removes it.
pub struct Folder {
    path: PathBuf,
    remover: Child,
}

impl Folder {
    /// Makes one.
    pub fn new() -> Self {
        let path = tempfile::tempdir().unwrap().keep();
        let mut remover = Command::new("sh");
        remover.args(["-c", REMOVE]).arg(&path);
        remover.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl-C goes to the whole group of a terminal's program.
        let remover = remover.process_group(0).spawn().unwrap();
        Self { path, remover }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that only its owner may read, and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path.join(name);
        replace(&path, content);
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(self.remover.stdin.take());
        let _ = self.remover.wait();
    }
}

/// Writes a file in one step, readable by its owner only.
pub fn replace(path: &Path, content: impl AsRef<[u8]>) {
    use std::io::Write;
    // Made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap()).unwrap();
    file.write_all(content.as_ref()).unwrap();
    file.persist(path).unwrap();
}
