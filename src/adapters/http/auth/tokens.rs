//! The file of static tokens: `name read|write sha256-hex-of-token` per line, `#` comments, read again when it changes.

use std::collections::HashMap;
use std::path::PathBuf;

use aws_lc_rs::digest;

use super::watched::Watched;
use crate::domain::identity::Identity;
use crate::domain::names::Actor;

/// A shorter token could be guessed.
const MIN_TOKEN_CHARS: usize = 32;

/// SHA-256 of a token.
pub type Digest = [u8; 32];

type Owners = HashMap<Digest, Identity>;

/// The tokens of a file, as it is now.
#[derive(Debug)]
pub struct TokenFile(Watched<Owners>);

impl TokenFile {
    /// Nothing is read before the first request.
    pub fn new(path: PathBuf) -> Self {
        Self(Watched::new("AUTH_TOKENS_FILE", path, parse))
    }

    /// Whose token this is. Looked up by digest: the time it takes tells nothing about the tokens.
    pub fn owner(&self, token: &str) -> Option<Identity> {
        if token.chars().count() < MIN_TOKEN_CHARS {
            return None;
        }
        self.0.now().get(&digest_of(token)).cloned()
    }
}

/// The reason names the line by number: its text may hold a token that someone put there in clear.
fn parse(text: &str) -> Result<Owners, String> {
    let mut owners = HashMap::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let mistake = |what: &str| format!("line {}: {what}", index + 1);
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, right, digest] = words.as_slice() else {
            return Err(mistake("expected name, read or write, and the SHA-256 of the token"));
        };
        let actor = Actor::parse(name).map_err(|error| mistake(&format!("a name is {error}")))?;
        let can_write = match *right {
            "read" => false,
            "write" => true,
            _ => return Err(mistake("the second word is read or write")),
        };
        let mut bytes = Digest::default();
        hex::decode_to_slice(digest, &mut bytes).map_err(|_| mistake("the SHA-256 has 64 hexadecimal digits"))?;
        if owners.insert(bytes, Identity { actor, can_write, groups: Vec::new() }).is_some() {
            return Err(mistake("this token stands in an earlier line already"));
        }
    }
    Ok(owners)
}

/// SHA-256 of a token.
pub fn digest_of(token: &str) -> Digest {
    let mut bytes = Digest::default();
    bytes.copy_from_slice(digest::digest(&digest::SHA256, token.as_bytes()).as_ref());
    bytes
}

/// What stands in the file for a token.
#[cfg(test)]
pub fn digest_hex(token: &str) -> String {
    hex::encode(digest_of(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn lines_name_a_subject_a_right_and_a_digest_between_comments() {
        let digest = digest_hex(TOKEN);
        let owners = parse(&format!("# people\n\n  ada\twrite {}\n", digest.to_uppercase())).unwrap();
        let owner = &owners[&digest_of(TOKEN)];
        assert_eq!((owner.actor.as_str(), owner.can_write), ("ada", true));
    }

    #[test]
    fn a_mistake_is_told_by_line_number_and_never_by_text() {
        let digest = digest_hex(TOKEN);
        for bad in [
            "hunter2",
            "ada write hunter2",
            &format!("ada hunter2 {digest}"),
            &format!("ada write {digest} hunter2"),
            &format!("ädä read {digest}"),
        ] {
            let reason = parse(&format!("# first\n{bad}\n")).unwrap_err();
            assert!(reason.starts_with("line 2: ") && !reason.contains("hunter2"), "{reason}");
        }
        assert!(parse(&format!("a read {digest}\nb write {digest}\n")).unwrap_err().starts_with("line 2"));
    }

    #[test]
    fn a_short_token_never_gets_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        std::fs::write(&path, format!("ada write {}\n", digest_hex("short"))).unwrap();
        assert_eq!(TokenFile::new(path).owner("short"), None);
    }
}
