//! What sealing tells in metrics: how often it was asked for, and the certificate's dates. No metric carries a name.

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

use super::Current;
use crate::domain::error::SealError;
use crate::domain::secret::{SealScope, Sealed};

const SEALS: &str = "backend_api_seals_total";
const VALUES: &str = "backend_api_sealed_values_total";
const EXPIRES: &str = "backend_api_sealing_certificate_expires_timestamp_seconds";
const READ: &str = "backend_api_sealing_certificate_read_timestamp_seconds";

/// Says what each metric is. Only a recorder that is there already hears it.
pub(super) fn describe() {
    describe_counter!(SEALS, "Secrets that were to be sealed, by scope and outcome");
    describe_counter!(VALUES, "Values that were sealed");
    describe_gauge!(EXPIRES, Unit::Seconds, "When the sealing certificate expires, as Unix time");
    describe_gauge!(READ, Unit::Seconds, "When its source was last read, as Unix time");
}

/// Counts a sealing.
pub(super) fn sealed(scope: &SealScope, outcome: Result<&Sealed, &SealError>) {
    let word = match outcome {
        Ok(_) => "sealed",
        Err(SealError::NotReady) => "not_ready",
        Err(SealError::NoCertificate(_)) => "no_certificate",
        Err(SealError::Failed(_)) => "failed",
    };
    counter!(SEALS, "scope" => scope.scope.as_str(), "outcome" => word).increment(1);
    if let Ok(sealed) = outcome {
        counter!(VALUES).increment(sealed.encrypted.len() as u64);
    }
}

/// Tells the certificate that is sealed with from now on.
#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
pub fn certificate(current: &Current) {
    gauge!(EXPIRES).set(current.certificate.not_after().as_second() as f64);
    gauge!(READ).set(current.read_at.as_second() as f64);
}
