//! The controller's certificate in a file, read again when it changes.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Mutex;

use super::certificate::{CertificatePin, SealingCertificate};
use super::{CertificateSource, Current, MAX_BYTES};
use crate::domain::error::SealError;

/// The setting that names the file.
const SETTING: &str = "SEALED_SECRETS_CERT";
/// How long an answer stands before the file is looked at again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// `SEALED_SECRETS_CERT` as a path. A file that becomes unreadable or wrong leaves the last good certificate in use.
#[derive(Debug)]
pub struct FileCertificate {
    path: PathBuf,
    pin: Option<CertificatePin>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    looked: Option<Instant>,
    good: Option<Good>,
    failure: Option<String>,
}

#[derive(Debug, Clone)]
struct Good {
    text: String,
    certificate: Arc<SealingCertificate>,
    read_at: Timestamp,
}

impl FileCertificate {
    /// The certificate in this file, perhaps pinned; nothing is read before it is used.
    #[must_use]
    pub fn new(path: PathBuf, pin: Option<CertificatePin>) -> Self {
        Self { path, pin, state: Mutex::new(State::default()) }
    }

    async fn look(&self, seen: Option<&Good>) -> Result<Good, String> {
        let path = self.path.clone();
        let text = tokio::task::spawn_blocking(move || read(&path))
            .await
            .map_err(|_| "the task that reads it ended early".to_owned())??;
        if let Some(good) = seen.filter(|good| good.text == text) {
            return Ok(Good { read_at: Timestamp::now(), ..good.clone() });
        }
        let certificate = SealingCertificate::usable(&text, self.pin.as_ref(), Timestamp::now());
        let certificate = certificate.map_err(|reason| reason.to_string())?;
        Ok(Good { text, certificate: Arc::new(certificate), read_at: Timestamp::now() })
    }

    fn named(&self) -> String {
        format!("{SETTING} {}", self.path.display())
    }
}

#[async_trait]
impl CertificateSource for FileCertificate {
    async fn current(&self) -> Result<Current, SealError> {
        let mut state = self.state.lock().await;
        if state.looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY) {
            match self.look(state.good.as_ref()).await {
                Ok(good) => {
                    state.good = Some(good);
                    state.failure = None;
                }
                Err(reason) => {
                    // Once for each reason, not each second.
                    if state.failure.as_ref() != Some(&reason) {
                        tracing::warn!(path = %self.path.display(), reason, "the sealing certificate can't be read");
                    }
                    state.failure = Some(reason);
                }
            }
            state.looked = Some(Instant::now());
        }
        match (&state.good, &state.failure) {
            (Some(good), failure) => Ok(Current {
                certificate: good.certificate.clone(),
                source: self.path.display().to_string(),
                read_at: good.read_at,
                failing: failure.is_some(),
                mend: self.named(),
            }),
            (None, failure) => {
                let reason = failure.as_deref().unwrap_or("was not read yet");
                Err(SealError::NoCertificate(format!("{}: {reason}", self.named())))
            }
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let wrong = |error: std::io::Error| error.to_string();
    if !fs::metadata(path).map_err(wrong)?.is_file() {
        return Err("is no file".to_owned());
    }
    let mut bytes = Vec::new();
    fs::File::open(path).map_err(wrong)?.take(MAX_BYTES as u64).read_to_end(&mut bytes).map_err(wrong)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
