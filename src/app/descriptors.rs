//! How many connections the process may hold: as many as are wanted, or what its file descriptors allow.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Connections at once; more wait in the kernel's queue.
const CONNECTIONS: u64 = 20_000;
/// What is kept for everything else: Git's files, connections to other servers, the log.
const RESERVED: u64 = 256;

/// Raises the limit of open files as far as the process may by itself, and says how many connections that leaves room for.
#[must_use]
pub fn connections() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = CONNECTIONS + RESERVED;
    // None is no limit.
    let allowed = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = current.is_some_and(|current| current < allowed)
        && setrlimit(Resource::Nofile, Rlimit { current: Some(allowed), maximum }).is_ok();
    room(if raised { Some(allowed) } else { current })
}

/// At least a few, so that the service answers at all.
fn room(files: Option<u64>) -> usize {
    let room = files.map_or(CONNECTIONS, |files| files.saturating_sub(RESERVED).clamp(16, CONNECTIONS));
    usize::try_from(room).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_bound_the_connections() {
        assert_eq!(room(None), 20_000);
        assert_eq!(room(Some(1_000_000)), 20_000);
        assert_eq!(room(Some(1024)), 768);
        assert_eq!(room(Some(64)), 16);
    }
}
