//! The domain's promises, for any input.

mod edits;
mod rendering;
mod yaml;
