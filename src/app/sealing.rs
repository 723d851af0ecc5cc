//! The sealing key in the background: made on first start, and its state told to readiness.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::StartError;
use super::tasks::Tasks;
use crate::adapters::sealing::{CertificatePin, EmbeddedKey, FileCertificate, NoCertificate, Sealer};
use crate::application::readiness::PartReport;
use crate::config::Config;
use crate::domain::error::SealError;
use crate::domain::ports::SecretSealer;

/// How often the certificate is looked at, and a key that can't be made is tried again.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// What the last look at the certificate found: when it was read, or a fixed code.
type Seen = Arc<ArcSwap<Result<Timestamp, &'static str>>>;

/// The sealer that the settings ask for, and its part of readiness, which never unreadies the service.
///
/// # Errors
/// When the certificate's pin can't be read.
pub fn sealing(
    config: &Config,
    tasks: &mut Tasks,
) -> Result<(Arc<Sealer>, impl Fn() -> PartReport + Send + Sync + 'static), StartError> {
    let seen: Seen = Arc::new(ArcSwap::from_pointee(Err("making_key")));
    let stop = tasks.stop_token();
    let (sealer, adapter) = if let Some(path) = &config.secrets.certificate {
        let sealer = Arc::new(Sealer::new(Arc::new(file(path.clone(), config)?)));
        tasks.spawn("sealing", watch(sealer.clone(), None, seen.clone(), stop));
        (sealer, "file")
    } else if config.gitops.github.is_some() {
        let sealer = Arc::new(Sealer::new(Arc::new(NoCertificate)));
        tasks.spawn("sealing", watch(sealer.clone(), None, seen.clone(), stop));
        (sealer, "none")
    } else {
        let key = Arc::new(EmbeddedKey::new(&config.gitops.folder));
        let sealer = Arc::new(Sealer::new(key.clone()));
        tasks.spawn("sealing", watch(sealer.clone(), Some(key), seen.clone(), stop));
        (sealer, "embedded")
    };
    let part = move || {
        let state = **seen.load();
        let age = state.ok().and_then(|at| Timestamp::now().duration_since(at).try_into().ok());
        PartReport {
            name: "sealing",
            adapter,
            ready: state.is_ok(),
            age,
            reason: state.err(),
            required: false,
            watches: Vec::new(),
        }
    };
    Ok((sealer, part))
}

fn file(path: PathBuf, config: &Config) -> Result<FileCertificate, StartError> {
    let pin = config.secrets.certificate_sha256.as_deref().map(CertificatePin::parse).transpose();
    let pin = pin.map_err(|rule| StartError::Setting(format!("SEALED_SECRETS_CERT_SHA256 {rule}")))?;
    Ok(FileCertificate::new(path, pin))
}

/// Makes the embedded key, where that is the source, then looks at the certificate from time to time.
async fn watch(sealer: Arc<Sealer>, key: Option<Arc<EmbeddedKey>>, seen: Seen, stop: CancellationToken) {
    let mut made = key.is_none();
    loop {
        if let (Some(key), false) = (&key, made) {
            match key.prepare().await {
                Ok(()) => made = true,
                Err(error) => tracing::error!(%error, "secrets can't be sealed"),
            }
        }
        let state = sealer.certificate().await.map(|certificate| certificate.read_at).map_err(|error| match error {
            SealError::NotReady => "making_key",
            SealError::NoCertificate(_) => "no_certificate",
            SealError::Failed(_) => "failed",
        });
        seen.store(Arc::new(state));
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
