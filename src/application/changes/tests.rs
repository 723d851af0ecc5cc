//! The way of a change, on doubles.
