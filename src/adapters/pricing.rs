//! The AWS price list.
