//! Secrets: listed, created, changed, deleted.
