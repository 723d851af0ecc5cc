//! The AWS price list as a source of instance types: the offer file's reader, and where the file comes from.
//!
//! `words` reads AWS's quantities, `scan` walks a document of any size, `product` and `term` read one entry each, `offer` joins
//! them to a catalogue. `file` watches a file on this machine, `url` asks a server, both at an `interval`.

mod file;
mod interval;
mod offer;
mod product;
mod revision;
mod scan;
mod term;
mod url;
mod words;

pub use self::file::FileSource;
pub use self::interval::Interval;
pub use self::offer::{MAX_MEMORY, read};
pub use self::url::{UrlLimits, UrlSettings, UrlSource};
