//! Runs a program as if it were in a Pod: with a ServiceAccount's credentials where every Pod finds its own.

use std::process::Command;

use super::Account;

/// `/run` is replaced in a mount namespace of the program's own, so that no other program sees it.
const MOUNT: &str = r#"mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/secrets/kubernetes.io &&
  ln -s "$0" /run/secrets/kubernetes.io/serviceaccount && exec "$@""#;

/// The words to put in front of a program.
pub fn before(account: &Account<'_>) -> Vec<String> {
    let folder = account.folder().display().to_string();
    let words = [unshare(), vec!["sh", "-c", MOUNT, &folder]].concat();
    words.into_iter().map(str::to_owned).collect()
}

/// Whoever isn't root may do it as root of a user namespace of its own, where the system allows those.
fn unshare() -> Vec<&'static str> {
    let rights: &[&str] = if rustix::process::geteuid().is_root() { &[] } else { &["--map-root-user"] };
    [&["unshare", "--mount"], rights].concat()
}

/// Whether it can be done here.
pub fn is_possible() -> Result<(), String> {
    let words = unshare();
    match Command::new(words[0]).args(&words[1..]).arg("true").output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Err(format!("unshare (of util-linux): {error}")),
    }
}

/// The variables that tell a Pod where the API server is.
pub fn variables(account: &Account<'_>) -> Vec<(String, String)> {
    let address = account.cluster().server().address();
    let variable = |name: &str, value: String| (name.to_owned(), value);
    vec![
        variable("KUBERNETES_SERVICE_HOST", address.ip().to_string()),
        variable("KUBERNETES_SERVICE_PORT", address.port().to_string()),
    ]
}
