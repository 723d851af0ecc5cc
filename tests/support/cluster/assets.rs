//! The programs that a cluster is made of, and what happens where they aren't there.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the programs are.
pub struct Assets {
    /// etcd, kube-apiserver, kubectl.
    kubernetes: PathBuf,
    /// What `make cluster-assets` builds, be it there or not.
    built: PathBuf,
}

impl Assets {
    /// Those in `KUBEBUILDER_ASSETS`, else those that `make cluster-assets` builds; `None`, and a line that says why, where neither
    /// are there.
    pub fn find() -> Option<&'static Self> {
        static FOUND: OnceLock<Result<Assets, String>> = OnceLock::new();
        match FOUND.get_or_init(Self::look) {
            Ok(assets) => Some(assets),
            Err(reason) => {
                skip("the tests against a real API server", reason);
                None
            }
        }
    }

    fn look() -> Result<Self, String> {
        let built = built()?;
        let given = variable("KUBEBUILDER_ASSETS").map(PathBuf::from);
        let kubernetes = given.unwrap_or_else(|| built.clone());
        for program in ["etcd", "kube-apiserver", "kubectl"] {
            let path = kubernetes.join(program);
            if !path.is_file() {
                return Err(format!("there is no {}; `make cluster-assets` builds it, with Go", path.display()));
            }
        }
        // Nothing that these tests start may outlive them.
        if !Command::new("setpriv").arg("--version").output().is_ok_and(|output| output.status.success()) {
            return Err("setpriv (of util-linux) is missing".to_owned());
        }
        Ok(Self { kubernetes, built })
    }

    /// The path of etcd, kube-apiserver or kubectl.
    pub fn kubernetes(&self, program: &str) -> PathBuf {
        self.kubernetes.join(program)
    }

    /// The path of a thing of Sealed Secrets: the controller, kubeseal, its custom resource definition. `None`, and a line that
    /// says why, where it isn't built.
    pub fn sealed_secrets(&self, name: &str) -> Option<PathBuf> {
        let path = self.built.join(name);
        if !path.is_file() {
            let reason = format!("there is no {}; `make cluster-assets` builds it, with Go", path.display());
            skip("the tests against the Sealed Secrets controller", &reason);
            return None;
        }
        Some(path)
    }
}

/// The folder of what is built, as the script that builds it names it.
fn built() -> Result<PathBuf, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cluster/assets/build");
    let output = Command::new(&script).arg("--folder").output().map_err(|error| format!("build: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim() {
        folder if output.status.success() && !folder.is_empty() => Ok(PathBuf::from(folder)),
        _ => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}

/// A variable that isn't empty.
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Says once what is left out and why, past the test runner, which keeps what passing tests print. Where the suite is required,
/// as on CI, a missing part is a failure.
pub fn skip(what: &'static str, reason: &str) {
    static SAID: std::sync::Mutex<Vec<&str>> = std::sync::Mutex::new(Vec::new());
    assert!(variable("REQUIRE_CLUSTER").is_none(), "REQUIRE_CLUSTER is set, but {what} can't run: {reason}");
    let mut said = SAID.lock().unwrap();
    if !said.contains(&what) {
        said.push(what);
        let _ = writeln!(std::io::stderr(), "skipped: {what}: {reason}");
    }
}
