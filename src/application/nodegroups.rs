//! Nodegroups: listed, created, changed, deleted.
