//! The use cases of secrets, on doubles.
