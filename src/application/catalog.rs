//! The instance types in memory, kept fresh.
