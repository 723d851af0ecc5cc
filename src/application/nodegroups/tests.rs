//! The use cases of nodegroups, on doubles.
