//! The branch of an object: its name says which object it is for, and never what the change does.

use aws_lc_rs::digest;

use crate::domain::change::ObjectKey;
use crate::domain::names::{BadName, BranchName};

/// The most characters of an object's name in its branch.
const NAME_LIMIT: usize = 150;

/// The longest branch name that [`BranchName`] takes.
const BRANCH_LIMIT: usize = 400;

/// The longest prefix: room for the longest kind and namespace, the hash, and some of the name stays.
pub const PREFIX_LIMIT: usize = 80;

/// Whether a base branch and the branches below a prefix can be in one repository.
///
/// # Errors
/// A sentence that says which setting to mend.
pub fn check_prefix(prefix: &str, base: &BranchName) -> Result<(), String> {
    if prefix.len() > PREFIX_LIMIT || BranchName::parse(prefix).is_err() {
        let expected = BranchName::EXPECTED;
        return Err(format!("the branch prefix must be at most {PREFIX_LIMIT} characters and {expected}"));
    }
    let (base, inside) = (base.as_str(), format!("{prefix}/"));
    if base == prefix || base.starts_with(&inside) || prefix.starts_with(&format!("{base}/")) {
        return Err(format!(
            "the base branch {base} and the branch prefix {prefix} overlap: Git can't have both; change one"
        ));
    }
    Ok(())
}

/// `<prefix>/<kind>/<namespace>/<name>-<8 hex of SHA-256(kind, namespace, name)>`. A long name is cut; the hash keeps two
/// such apart, and separates its fields with NUL so that no two keys hash alike by accident.
///
/// # Errors
/// [`BadName`] when the prefix is no branch name or is too long.
pub fn branch_name(prefix: &str, key: &ObjectKey) -> Result<BranchName, BadName> {
    if prefix.len() > PREFIX_LIMIT {
        return Err(BadName("a branch prefix of at most 80 characters"));
    }
    let (namespace, name) = (key.namespace.as_str(), key.name.as_str());
    let identity = format!("{}\0{namespace}\0{name}", key.kind);
    let hash = hex::encode(&digest::digest(&digest::SHA256, identity.as_bytes()).as_ref()[..4]);
    let head = format!("{prefix}/{}/{namespace}/", key.kind);
    let room = NAME_LIMIT.min(BRANCH_LIMIT - head.len() - 1 - hash.len());
    BranchName::parse(&format!("{head}{}-{hash}", &name[..name.len().min(room)]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::ObjectKind;

    #[test]
    fn a_branch_names_its_object_and_ends_in_a_hash() {
        let key = ObjectKey::parse(ObjectKind::Nodegroup, "team-a", "workers").unwrap();
        let branch = branch_name("backend-api", &key).unwrap();
        // printf 'nodegroup\0team-a\0workers' | sha256sum
        assert_eq!(branch.as_str(), "backend-api/nodegroup/team-a/workers-a0b5740b");
    }

    #[test]
    fn objects_that_differ_anywhere_have_different_branches_at_any_length() {
        let long = "a".repeat(248);
        let namespace = "n".repeat(63);
        let other = format!("{}b", "a".repeat(247));
        let keys = [(&*namespace, &*long), (&*namespace, &*other), ("n", "a.b"), ("n", "a")];
        let mut branches = std::collections::BTreeSet::new();
        for kind in [ObjectKind::Nodegroup, ObjectKind::Secret] {
            for (namespace, name) in keys {
                let key = ObjectKey::parse(kind, namespace, name).unwrap();
                branches.insert(branch_name(&"p".repeat(PREFIX_LIMIT), &key).unwrap());
            }
        }
        assert_eq!(branches.len(), 8);
    }
}
