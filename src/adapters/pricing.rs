//! The AWS price list as a source of instance types: the offer file's reader, and the file that it reads.
//!
//! `words` reads AWS's quantities, `scan` walks a document of any size, `product` and `term` read one entry each, `offer` joins
//! them to a catalogue, and `file` watches a file on this machine.

mod file;
mod offer;
mod product;
mod revision;
mod scan;
mod term;
mod words;

pub use self::file::FileSource;
pub use self::offer::{MAX_MEMORY, read};
