//! The embedded key pair, made on first start, for the local forge.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use jiff::Timestamp;

use super::certificate::SealingCertificate;
use super::{CertificateSource, Current, LOOK_EVERY, key_files};
use crate::domain::error::SealError;

/// A key pair of the service's own, below `keys/` of the destination folder. The private key stays on the disk.
#[derive(Debug)]
pub struct EmbeddedKey {
    folder: PathBuf,
    state: ArcSwap<State>,
}

#[derive(Debug)]
enum State {
    Preparing,
    Ready(Arc<SealingCertificate>, Timestamp),
    Failed(SealError),
}

impl EmbeddedKey {
    /// The key pair in `keys/` of `GITOPS_DESTINATION_FOLDER`; nothing is touched before [`EmbeddedKey::prepare`].
    #[must_use]
    pub fn new(destination: &Path) -> Self {
        Self { folder: destination.join("keys"), state: ArcSwap::from_pointee(State::Preparing) }
    }

    /// Reads the key pair, or makes it, which takes about a second: run it as a task. Until it ends, sealing answers
    /// [`SealError::NotReady`]. May be called again after a failure.
    ///
    /// # Errors
    /// [`SealError::NoCertificate`] naming the file and what to do; sealing gives the same answer from then on.
    pub async fn prepare(&self) -> Result<(), SealError> {
        let folder = self.folder.clone();
        let state = match tokio::task::spawn_blocking(move || key_files::load_or_make(&folder)).await {
            Ok(Ok(certificate)) => State::Ready(Arc::new(certificate), Timestamp::now()),
            Ok(Err(error)) => State::Failed(SealError::NoCertificate(format!("no sealing key: {error}"))),
            Err(_) => State::Failed(SealError::Failed("the task that makes the sealing key ended early".to_owned())),
        };
        let result = match &state {
            State::Failed(error) => Err(error.clone()),
            _ => Ok(()),
        };
        self.state.store(Arc::new(state));
        result
    }
}

#[async_trait]
impl CertificateSource for EmbeddedKey {
    async fn current(&self) -> Result<Current, SealError> {
        match &**self.state.load() {
            State::Preparing => Err(SealError::NotReady),
            State::Failed(error) => Err(error.clone()),
            State::Ready(certificate, read_at) => Ok(Current {
                certificate: certificate.clone(),
                source: "embedded".to_owned(),
                read_at: *read_at,
                failing: false,
                mend: format!(
                    "{} (delete it and restart to renew it)",
                    key_files::certificate_path(&self.folder).display()
                ),
            }),
        }
    }

    async fn refresh(&self) -> Duration {
        if !matches!(&**self.state.load(), State::Ready(..))
            && let Err(error) = self.prepare().await
        {
            tracing::error!(%error, "secrets can't be sealed");
        }
        LOOK_EVERY
    }
}
