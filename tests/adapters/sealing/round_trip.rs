//! What is sealed opens with an implementation that shares nothing with ours.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cre_backend_api::adapters::sealing::{Sealer, SealingCertificate};
use cre_backend_api::domain::ports::SecretSealer;
use cre_backend_api::domain::secret::Scope;
use rcgen::{KeyPair, RsaKeySize};
use serde_json::{Value, json};

use super::keys::{Fixed, RSA_2048, rsa, scope, valid_certificate, values};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/adapters/sealing/open.py");

fn python_is_there() -> bool {
    let there = Command::new("python3")
        .args(["-c", "import cryptography"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !there {
        eprintln!("skipped: python3 with the package cryptography isn't installed");
    }
    there
}

/// Opens `(label, sealed)` pairs; `None` for what doesn't open.
fn open(key: &KeyPair, cases: &[(String, String)]) -> Vec<Option<Vec<u8>>> {
    let cases: Vec<_> = cases.iter().map(|(label, sealed)| json!({"label": label, "sealed": sealed})).collect();
    let task = json!({"key": key.serialize_pem(), "cases": cases}).to_string();
    let mut python = Command::new("python3").arg(SCRIPT).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(task.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    answers.iter().map(|answer| answer.as_str().map(|text| STANDARD.decode(text).unwrap())).collect()
}

async fn round_trip(key: &KeyPair) {
    if !python_is_there() {
        return;
    }
    let pem = valid_certificate(key);
    let sealer = Sealer::new(Fixed::new(&pem));
    let big: Vec<u8> = (0..1024 * 1024).map(|index: u32| index.to_le_bytes()[index as usize % 4]).collect();
    let plain: [(&str, &[u8]); 5] = [
        ("binary", &[0, 1, 2, 253, 254, 255, 0]),
        ("empty", b""),
        ("mebibyte", &big),
        ("plain", b"hunter2"),
        ("unicode", "pässwörd ✓ \u{1f511}\n".as_bytes()),
    ];
    for one in Scope::ALL {
        let scope = scope(one);
        let answer = sealer.seal(&scope, values(&plain)).await.unwrap();
        assert_eq!(answer.fingerprint, SealingCertificate::parse(&pem).unwrap().fingerprint());
        assert_eq!(answer.encrypted.len(), plain.len());
        let cases: Vec<_> = answer.encrypted.values().map(|text| (scope.label(), text.clone())).collect();
        for ((name, value), opened) in plain.iter().zip(open(key, &cases)) {
            assert!(opened.as_deref() == Some(*value), "{name} in {one:?} doesn't open as it was");
        }
        let first = answer.encrypted.values().next().unwrap();
        let others: Vec<_> = ["team-a/db", "team-a", "", "team-a/other", "team-b/db", "team-b"]
            .iter()
            .filter(|label| **label != scope.label())
            .map(|label| ((*label).to_owned(), first.clone()))
            .collect();
        assert!(open(key, &others).iter().all(Option::is_none), "{one:?} opens under another label");
    }
}

#[tokio::test]
async fn another_implementation_opens_what_an_rsa_2048_certificate_sealed() {
    round_trip(&RSA_2048).await;
}

#[tokio::test]
async fn another_implementation_opens_what_an_rsa_4096_certificate_sealed() {
    round_trip(&rsa(RsaKeySize::_4096)).await;
}
