//! What tells one catalogue from another: the offer file's version and what was read from it.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::domain::instance_type::InstanceType;
use crate::domain::snapshot::Revision;

/// The revision of a content. A file that was edited without a new version has another one; a file that was only touched has not.
pub(super) fn of(version: Option<&str>, published: Option<&str>, types: &BTreeMap<String, InstanceType>) -> Revision {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    // Hashing takes every text, so this can't fail.
    let _ = write!(hash, "{published:?}{types:?}");
    Revision(format!("{}-{:016x}", version.unwrap_or("unversioned"), hash.0))
}

/// FNV-1a: the same in every build, so that replicas agree.
struct Fnv(u64);

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(())
    }
}
