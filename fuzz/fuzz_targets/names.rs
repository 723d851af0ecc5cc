//! Any text as each kind of name and path: no panic, and what is taken can't leave the repository or break a line.
#![no_main]

use cre_backend_api::domain::names::{
    Actor, BranchName, ClusterName, DataKey, InstanceTypeName, LabelValue, Namespace, NodegroupName, ObjectName,
    RepoPath, SecretName,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let taken = [
        Actor::parse(text).is_ok(),
        BranchName::parse(text).is_ok(),
        ClusterName::parse(text).is_ok(),
        DataKey::parse(text).is_ok(),
        InstanceTypeName::parse(text).is_ok(),
        LabelValue::parse(text).is_ok(),
        Namespace::parse(text).is_ok(),
        NodegroupName::parse(text).is_ok(),
        ObjectName::parse(text).is_ok(),
        SecretName::parse(text).is_ok(),
        RepoPath::parse(text).is_ok(),
    ];
    if taken.contains(&true) {
        assert!(text.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{text:?}");
    }
    if let Ok(path) = RepoPath::parse(text) {
        let parts: Vec<&str> = path.as_str().split('/').collect();
        assert!(parts.iter().all(|part| !part.is_empty() && !part.starts_with('.')), "{text:?}");
        assert!(path.gitkeep_beside().as_str().ends_with(".gitkeep"));
    }
    // What Git has already may be called otherwise, but it is no way out either.
    if let Ok(path) = RepoPath::existing(text) {
        assert!(path.as_str().split('/').all(|part| !["", ".", ".."].contains(&part)), "{text:?}");
    }
});
