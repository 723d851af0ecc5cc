//! The composition root: an adapter for each port, the background tasks, the listener, the shutdown.
