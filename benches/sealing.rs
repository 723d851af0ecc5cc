//! Sealing one short value under an RSA-4096 key, beside the bare cryptography of it, the `rsa` crate's, and a kubeseal process.

use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, Tag, UnboundKey};
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use cre_backend_api::adapters::sealing::{SealingCertificate, seal_value};
use criterion::Criterion;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use rsa::pkcs8::DecodePublicKey;
use rsa::sha2::Sha256;
use rsa_0_9::rand_core::OsRng;

const ASSETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cluster/assets/build");
const RESULTS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/criterion-sealing");
/// As long as a good password or token.
const SECRET: [u8; 64] = [b'x'; 64];
const LABEL: &str = "team-a/db";
/// How often kubeseal is run.
const RUNS: usize = 21;

/// What is measured.
const OURS: &str = "seal_value";
const BARE: &str = "aws-lc-rs alone";
const NEWEST: &str = "rsa 0.10";
const USUAL: &str = "rsa 0.9";
const GROUP: &str = "seal 64 bytes";

fn main() -> io::Result<()> {
    // What an earlier run left would be shown as this one's when a filter leaves a bench out.
    let _ = fs::remove_dir_all(RESULTS);
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(8))
        .output_directory(Path::new(RESULTS))
        .configure_from_args();
    in_process(&mut criterion);
    criterion.final_summary();
    // `cargo test --benches` runs benches too, to see that they work: once is enough then.
    let measured = std::env::args().any(|argument| argument == "--bench");
    let kubeseal = kubeseal(if measured { RUNS } else { 1 })?;
    let Some(ours) = median_ms(OURS) else { return Ok(()) };
    println!("\n{:<22}{:>12}{:>14}  wanted", "median of one value", "ms", "× seal_value");
    for (name, took, wanted) in [
        (OURS, Some(ours), "≤ 1.3 × aws-lc-rs alone"),
        (BARE, median_ms(BARE), ""),
        (NEWEST, median_ms(NEWEST), "≥ 8 ×"),
        (USUAL, median_ms(USUAL), "≥ 8 ×"),
        ("a kubeseal process", kubeseal, "≥ 50 ×"),
    ] {
        match took {
            Some(ms) => println!("{name:<22}{ms:>12.4}{:>14.2}  {wanted}", ms / ours),
            None => println!("{name:<22}{:>12}{:>14}  {wanted}", "–", "–"),
        }
    }
    if let Some(bare) = median_ms(BARE) {
        println!("seal_value is {:.2} × aws-lc-rs alone.", ours / bare);
    }
    Ok(())
}

/// Sealing a value under a key of the size that the embedded one and the controller's have, and the plain ways to the same end.
fn in_process(criterion: &mut Criterion) {
    let private = PrivateDecryptingKey::generate(KeySize::Rsa4096).expect("a key");
    let key = oaep(private.public_key());
    let der: PublicKeyX509Der<'_> = private.public_key().as_der().expect("its DER");
    let newest = rsa::PublicKey::from_public_key_der(der.as_ref()).expect("the same key");
    let usual = <rsa_0_9::RsaPublicKey as rsa_0_9::pkcs8::DecodePublicKey>::from_public_key_der(der.as_ref());
    let usual = usual.expect("the same key");
    let mut group = criterion.benchmark_group(GROUP);
    group.bench_function(OURS, |bencher| {
        bencher.iter(|| seal_value(&key, LABEL, black_box(&SECRET)).expect("sealed"));
    });
    group.bench_function(BARE, |bencher| {
        bencher.iter(|| bare(&key, black_box(SECRET)).expect("encrypted"));
    });
    group.bench_function(NEWEST, |bencher| {
        let wrap = |session_key: &[u8; 32]| newest.oaep_encrypt::<Sha256>(session_key).ok();
        bencher.iter(|| wrapped_by(wrap, black_box(SECRET)).expect("encrypted"));
    });
    group.bench_function(USUAL, |bencher| {
        let padding = || rsa_0_9::Oaep::new::<rsa_0_9::sha2::Sha256>();
        let wrap = |session_key: &[u8; 32]| usual.encrypt(&mut OsRng, padding(), session_key).ok();
        bencher.iter(|| wrapped_by(wrap, black_box(SECRET)).expect("encrypted"));
    });
    group.finish();
}

fn oaep(key: PublicEncryptingKey) -> OaepPublicEncryptingKey {
    OaepPublicEncryptingKey::new(key).expect("a public key")
}

/// The session key under RSA-OAEP and the value under AES-256-GCM: no framing, no base64, nothing wiped.
fn bare(key: &OaepPublicEncryptingKey, value: [u8; 64]) -> Result<(Vec<u8>, [u8; 64], Tag), Unspecified> {
    let session_key = session_key()?;
    let mut wrapped = vec![0; key.ciphertext_size()];
    key.encrypt(&OAEP_SHA256_MGF1SHA256, &session_key, &mut wrapped, Some(LABEL.as_bytes()))?;
    let (value, tag) = encrypt(&session_key, value)?;
    Ok((wrapped, value, tag))
}

/// The same with another RSA-OAEP, of the `rsa` crate, which is spared the label; the rest is as fast as it can be.
fn wrapped_by(
    wrap: impl Fn(&[u8; 32]) -> Option<Vec<u8>>,
    value: [u8; 64],
) -> Result<(Vec<u8>, [u8; 64], Tag), Unspecified> {
    let session_key = session_key()?;
    let wrapped = wrap(&session_key).ok_or(Unspecified)?;
    let (value, tag) = encrypt(&session_key, value)?;
    Ok((wrapped, value, tag))
}

fn session_key() -> Result<[u8; 32], Unspecified> {
    let mut session_key = [0; 32];
    rand::fill(&mut session_key)?;
    Ok(session_key)
}

fn encrypt(session_key: &[u8; 32], mut value: [u8; 64]) -> Result<([u8; 64], Tag), Unspecified> {
    let aead = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, session_key)?);
    let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
    let tag = aead.seal_in_place_separate_tag(nonce, Aad::empty(), &mut value)?;
    Ok((value, tag))
}

/// The median of a kubeseal process that seals the value, in milliseconds; none, and a line that says why, where it isn't built.
fn kubeseal(runs: usize) -> io::Result<Option<f64>> {
    let folder = Command::new(ASSETS).arg("--folder").output()?;
    let program = PathBuf::from(String::from_utf8_lossy(&folder.stdout).trim()).join("kubeseal");
    if !program.is_file() {
        println!("kubeseal is left out: there is no {}; `make cluster-assets` builds it", program.display());
        return Ok(None);
    }
    let (folder, certificate) = (tempfile::tempdir()?, certificate());
    assert!(SealingCertificate::parse(&certificate).is_ok());
    let path = folder.path().join("cert.pem");
    fs::write(&path, certificate)?;
    let mut times = (0..runs).map(|_| run(&program, &path)).collect::<io::Result<Vec<_>>>()?;
    times.sort();
    Ok(Some(times[runs / 2].as_secs_f64() * 1000.0))
}

fn certificate() -> String {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_4096).expect("a key");
    CertificateParams::default().self_signed(&key).expect("its certificate").pem()
}

/// One run, from its start to its end.
fn run(program: &Path, certificate: &Path) -> io::Result<Duration> {
    let mut command = Command::new(program);
    command.args(["--raw", "--namespace", "team-a", "--name", "db", "--from-file", "/dev/stdin", "--cert"]);
    command.arg(certificate).env("KUBECONFIG", "/dev/null").stdin(Stdio::piped()).stdout(Stdio::null());
    let started = Instant::now();
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(&SECRET)?;
    }
    let status = child.wait()?;
    let took = started.elapsed();
    if status.success() { Ok(took) } else { Err(io::Error::other(format!("kubeseal: {status}"))) }
}

/// The median that criterion found, which it keeps in nanoseconds; none when the bench was left out or only tried.
fn median_ms(function: &str) -> Option<f64> {
    let path = Path::new(RESULTS).join(GROUP).join(function).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    Some(estimates["median"]["point_estimate"].as_f64()? / 1e6)
}
