//! Whether the service is ready.
