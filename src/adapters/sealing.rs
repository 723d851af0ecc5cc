//! Sealing as kubeseal does.
