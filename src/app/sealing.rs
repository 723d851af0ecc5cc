//! The sealing certificate in the background: where it comes from, kept up to date, and its state told to readiness.

use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::StartError;
use super::tasks::Tasks;
use crate::adapters::sealing::{
    CertificatePin, CertificateSource, CertificateUrl, ControllerProxy, Current, EmbeddedKey, FetchedCertificate,
    FileCertificate, NoCertificate, Pace, Sealer, metrics,
};
use crate::application::readiness::{Part, PartReport};
use crate::config::{CertificateAt, Config};
use crate::domain::error::SealError;

/// What the last look at the certificate found: it, or a fixed code.
type Seen = Arc<ArcSwap<Result<Current, &'static str>>>;

/// The sealer that the settings ask for.
pub struct Sealing {
    /// Its port.
    pub sealer: Arc<Sealer>,
    /// Where its certificate comes from, as the log and readiness say it.
    pub adapter: &'static str,
    /// Its part of readiness, which never unreadies the service.
    pub part: Box<dyn Part>,
    /// Has the certificate looked at again, now.
    pub again: Arc<Notify>,
}

/// Makes the sealer: with the certificate that the settings name, else the controller's of the cluster, if there is one, else with
/// a key of its own where this service's repository is its own too. The task that keeps it up to date goes to `tasks`.
///
/// # Errors
/// Which setting is to be mended.
pub fn sealing(config: &Config, cluster: Option<kube::Client>, tasks: &mut Tasks) -> Result<Sealing, StartError> {
    let pin = config.secrets.certificate_sha256.as_deref().map(CertificatePin::parse).transpose();
    let pin = pin.map_err(|rule| StartError::Setting(format!("SEALED_SECRETS_CERT_SHA256 {rule}")))?;
    let (adapter, waiting, source) = source(config, cluster, pin)?;
    let sealer = Arc::new(Sealer::new(source));
    let seen: Seen = Arc::new(ArcSwap::from_pointee(Err(waiting)));
    let (told, again) = (seen.clone(), Arc::new(Notify::new()));
    tasks.spawn("sealing", keep(sealer.clone(), waiting, seen, again.clone(), tasks.stop_token()));
    let part = move || report(adapter, &told.load());
    Ok(Sealing { sealer, adapter, part: Box::new(part), again })
}

/// The certificate's source, with its name and what it does at first.
fn source(
    config: &Config,
    cluster: Option<kube::Client>,
    pin: Option<CertificatePin>,
) -> Result<(&'static str, &'static str, Arc<dyn CertificateSource>), StartError> {
    let controller = &config.secrets.controller;
    let (namespace, name) = (controller.namespace.as_str(), controller.name.as_str());
    Ok(match (&config.secrets.certificate, cluster) {
        (Some(CertificateAt::File(path)), _) => ("file", "reading", Arc::new(FileCertificate::new(path.clone(), pin))),
        (Some(CertificateAt::Url(url)), _) => {
            let url = CertificateUrl::new(url.clone());
            let url = url.map_err(|what| StartError::Setting(format!("SEALED_SECRETS_CERT {what}")))?;
            ("url", "fetching", Arc::new(FetchedCertificate::new(url, pin, Pace::default())))
        }
        (None, Some(client)) => {
            let proxy = ControllerProxy::new(client, namespace, name, controller.port);
            ("kubernetes", "fetching", Arc::new(FetchedCertificate::new(proxy, pin, Pace::default())))
        }
        (None, None) if pin.is_some() => {
            let what = "SEALED_SECRETS_CERT_SHA256 pins a certificate, but there is none to hold to it; set \
                        SEALED_SECRETS_CERT as well, or NAMESPACE for the controller's in the cluster, or unset it";
            return Err(StartError::Setting(what.to_owned()));
        }
        (None, None) if config.gitops.github.is_some() => ("none", "reading", Arc::new(NoCertificate)),
        (None, None) => ("embedded", "making_key", Arc::new(EmbeddedKey::new(&config.gitops.folder))),
    })
}

fn report(adapter: &'static str, seen: &Result<Current, &'static str>) -> PartReport {
    let now = Timestamp::now();
    let valid = seen.as_ref().is_ok_and(|current| current.certificate.check_validity(now).is_ok());
    let reason = match seen {
        Ok(_) if !valid => Some("no_certificate"),
        Ok(current) => current.failing.then_some("reload_failed"),
        Err(code) => Some(*code),
    };
    let age = seen.as_ref().ok().and_then(|current| now.duration_since(current.read_at).try_into().ok());
    PartReport { name: "sealing", adapter, ready: valid, age, reason, required: false, watches: Vec::new() }
}

/// Keeps the certificate up to date, and what readiness tells of it.
async fn keep(sealer: Arc<Sealer>, waiting: &'static str, seen: Seen, again: Arc<Notify>, stop: CancellationToken) {
    loop {
        let pause = tokio::select! {
            () = stop.cancelled() => return,
            pause = sealer.refresh() => pause,
        };
        let now = sealer.current().await.map_err(|error| match error {
            SealError::NotReady => waiting,
            SealError::NoCertificate(_) => "no_certificate",
            SealError::Failed(_) => "failed",
        });
        if let Ok(current) = &now {
            metrics::certificate(current);
        }
        seen.store(Arc::new(now));
        tokio::select! {
            () = stop.cancelled() => return,
            () = again.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
