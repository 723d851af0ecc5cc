//! Names and other short strings that obey a rule: a value of one of these types is valid by construction.

mod path;

use std::fmt;

use serde::Serialize;

/// A string broke the rule of its type. The message says what is expected and never repeats the string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadName(pub &'static str);

/// Declares a string type whose only constructor, `parse`, checks a rule.
macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $rule:expr, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// What a valid value looks like, for error messages.
            pub const EXPECTED: &'static str = $expected;

            /// Checks the rule.
            ///
            /// # Errors
            /// [`BadName`] with the rule; the rejected text is not in it.
            pub fn parse(text: &str) -> Result<Self, BadName> {
                let rule: fn(&str) -> bool = $rule;
                if rule(text) { Ok(Self(text.to_owned())) } else { Err(BadName($expected)) }
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name_type!(
    /// A Kubernetes namespace: an [RFC 1123 label](https://kubernetes.io/docs/concepts/overview/working-with-objects/names/).
    Namespace,
    is_dns_label,
    "1-63 characters: lower-case letters, digits and '-', starting and ending with a letter or digit"
);
name_type!(
    /// The name of a nodegroup that this service creates: an RFC 1123 label.
    NodegroupName,
    is_dns_label,
    "1-63 characters: lower-case letters, digits and '-', starting and ending with a letter or digit"
);
name_type!(
    /// The name of a secret that this service creates: an RFC 1123 subdomain of at most 248 characters.
    SecretName,
    |s| s.len() <= 248 && is_dns_subdomain(s),
    "1-248 characters: lower-case letters, digits, '-' and '.', each part starting and ending with a letter or digit"
);
name_type!(
    /// The name of any Kubernetes object: an RFC 1123 subdomain.
    ObjectName,
    is_dns_subdomain,
    "1-253 characters: lower-case letters, digits, '-' and '.', each part starting and ending with a letter or digit"
);
name_type!(
    /// The name of an EKS cluster ([CreateCluster](https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html)).
    ClusterName,
    is_cluster_name,
    "1-100 characters: letters, digits, '-' and '_', starting with a letter or digit"
);
name_type!(
    /// The name of an EC2 instance type, such as `m5.xlarge`.
    InstanceTypeName,
    is_instance_type_name,
    "a family and a size, such as m5.xlarge"
);
name_type!(
    /// A key of a Secret's data.
    DataKey,
    is_data_key,
    "1-253 characters: letters, digits, '-', '_' and '.'; not '.', not '..', not starting with '..'"
);
name_type!(
    /// The value of a Kubernetes label.
    LabelValue,
    is_label_value,
    "at most 63 characters: letters, digits, '-', '_' and '.', starting and ending with a letter or digit"
);
name_type!(
    /// The key of a Kubernetes label or annotation, with or without a prefix.
    QualifiedName,
    is_qualified_name,
    "a name of 1-63 letters, digits, '-', '_' and '.', starting and ending with a letter or digit, and before it, if wanted, a DNS prefix and '/'"
);
name_type!(
    /// Who makes a change, as authentication verified it.
    Actor,
    |s| !s.is_empty() && s.len() <= 200 && s.bytes().all(|b| (0x20..0x7f).contains(&b)) && s.trim() == s,
    "1-200 printable ASCII characters"
);
name_type!(
    /// The name of a Git branch, by the rules of `git check-ref-format`.
    BranchName,
    is_branch_name,
    "a Git branch name: no spaces, no '..', none of ~^:?*[\\, no part starting with '.' or ending with '.lock'"
);
name_type!(
    /// A path inside the GitOps repository: relative, of plain segments, never leading out of it or into `.git`.
    RepoPath,
    |s| s.len() <= 1024 && s.split('/').all(is_path_segment),
    "segments of letters, digits, '.', '_' and '-', not starting with '.', joined by '/'"
);

impl Actor {
    /// The subject of a request when authentication is off.
    #[must_use]
    pub fn anonymous() -> Self {
        Self("anonymous".to_owned())
    }
}

/// RFC 1123 label: `[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?`.
fn is_dns_label(s: &str) -> bool {
    let bytes = s.as_bytes();
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    s.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
}

/// RFC 1123 subdomain; each part may be as long as the whole, as in Kubernetes.
fn is_dns_subdomain(s: &str) -> bool {
    let part = |p: &str| {
        let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        edge(p.bytes().next())
            && edge(p.bytes().last())
            && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    s.len() <= 253 && s.split('.').all(part)
}

fn is_cluster_name(s: &str) -> bool {
    s.len() <= 100
        && s.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn is_instance_type_name(s: &str) -> bool {
    let part = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    s.len() <= 64 && s.split_once('.').is_some_and(|(family, size)| part(family) && part(size))
}

fn is_data_key(s: &str) -> bool {
    (1..=253).contains(&s.len())
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && s != "."
        && !s.starts_with("..")
}

/// A Kubernetes label value; empty is allowed.
fn is_label_value(s: &str) -> bool {
    s.is_empty() || is_qualified_part(s)
}

/// 1–63 of `[A-Za-z0-9._-]` with alphanumeric edges.
fn is_qualified_part(s: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    s.len() <= 63
        && edge(s.bytes().next())
        && edge(s.bytes().last())
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_qualified_name(s: &str) -> bool {
    match s.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_qualified_part(name),
        None => is_qualified_part(s),
    }
}

/// `[A-Za-z0-9_-][A-Za-z0-9._-]*`: cannot be `.`, `..`, `.git`, empty, or hold a separator of any system.
fn is_path_segment(s: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    s.bytes().next().is_some_and(plain) && s.bytes().all(|b| plain(b) || b == b'.')
}

fn is_branch_name(s: &str) -> bool {
    !s.is_empty()
        && s.len() <= 400
        && s != "@"
        && !s.starts_with('-')
        && !s.ends_with('.')
        && !s.contains("..")
        && !s.contains("@{")
        && s.bytes().all(|b| b > 0x20 && b < 0x7f && !b"~^:?*[\\".contains(&b))
        && s.split('/').all(|part| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock"))
}

/// The prefix of a label or annotation key, if it has one.
#[must_use]
pub fn key_prefix(key: &str) -> Option<&str> {
    key.split_once('/').map(|(prefix, _)| prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dns_label_has_alphanumeric_edges_and_at_most_63_characters() {
        for good in ["a", "team-a", "0", &"a".repeat(63)] {
            assert!(Namespace::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", "ä", "a\n", &"a".repeat(64)] {
            assert!(Namespace::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_secret_name_is_a_subdomain_of_at_most_248_characters() {
        assert!(SecretName::parse("a.b-c.d").is_ok());
        assert!(SecretName::parse(&"a".repeat(248)).is_ok());
        for bad in ["a..b", ".a", "a.", "a/b", &"a".repeat(249)] {
            assert!(SecretName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_repository_path_cannot_leave_the_repository_or_enter_dot_git() {
        assert!(RepoPath::parse("nodegroups/team-a/workers.yaml").is_ok());
        for bad in ["", "/a", "a/", "a//b", "../a", "a/../b", ".git/config", "a/.git", "a\\b", "a b"] {
            assert!(RepoPath::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_data_key_is_no_path() {
        for good in ["password", "tls.crt", ".dockerconfigjson", "_"] {
            assert!(DataKey::parse(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "..a", "a/b", "ä"] {
            assert!(DataKey::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_branch_name_follows_git() {
        for good in ["dev", "backend-api", "feature/x"] {
            assert!(BranchName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "a..b", "a b", "-x", "a.lock", "a/.b", "a/", "x~1", "@", "a@{b"] {
            assert!(BranchName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_message_of_a_bad_name_never_repeats_it() {
        let error = NodegroupName::parse("Hunter2!").unwrap_err();
        assert!(!error.to_string().contains("Hunter2"));
    }
}
