//! Sealing keys for tests, and SealedSecrets opened by an implementation that shares nothing with this service.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::process::{TestApp, wait_for};

const NAMES: [&str; 2] = ["sealing.key", "sealing.crt"];

/// Puts a key pair into `keys/` of a GitOps folder. It is made once, by the service.
pub fn plant(gitops: &Path) {
    static PAIR: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let pair = PAIR.get_or_init(|| {
        let app = TestApp::start();
        wait_for("the sealing key", || (app.get("/api/certificate").status == 200).then_some(()));
        NAMES.map(|name| std::fs::read(app.path(".gitops/keys").join(name)).unwrap())
    });
    let keys = gitops.join("keys");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&keys).unwrap();
    for (name, content) in NAMES.into_iter().zip(pair) {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(keys.join(name)).unwrap();
        file.write_all(content).unwrap();
    }
}

/// The `encryptedData` of a SealedSecret.
#[track_caller]
pub fn ciphertexts(manifest: &str) -> BTreeMap<String, String> {
    let manifest: Value = serde_yaml::from_str(manifest).unwrap();
    assert_eq!(manifest["kind"], "SealedSecret");
    let data = manifest["spec"]["encryptedData"].as_object().unwrap();
    data.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned())).collect()
}

/// The values in a strict SealedSecret, opened by Python's `cryptography` with the key of this folder; `None`, and a printed
/// line, where that isn't installed.
#[track_caller]
pub fn open(app: &TestApp, namespace: &str, name: &str, manifest: &str) -> Option<BTreeMap<String, Vec<u8>>> {
    let installed = Command::new("python3").args(["-c", "import cryptography"]).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        println!("skipped: python3 with `cryptography` isn't installed, so that nothing else can open the manifest");
        return None;
    }
    let told = json!({
        "key": std::fs::read_to_string(app.path(".gitops/keys/sealing.key")).unwrap(),
        "label": format!("{namespace}/{name}"),
        "ciphertexts": ciphertexts(manifest),
    });
    let mut python = Command::new("python3")
        .args(["-c", include_str!("unseal.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(told.to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "the manifest can't be opened");
    let values: BTreeMap<String, String> = serde_json::from_slice(&output.stdout).unwrap();
    Some(values.into_iter().map(|(key, hexed)| (key, hex::decode(hexed).unwrap())).collect())
}
