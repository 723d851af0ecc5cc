//! What the base branch declares.
