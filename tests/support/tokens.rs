//! Bearer tokens for tests, and the file that lets them in.

/// A token that may only read.
pub const READER: &str = "reader-0123456789abcdef0123456789";
/// A token that may write.
pub const WRITER: &str = "writer-0123456789abcdef0123456789";

/// What `printf %s <token> | sha256sum` says.
const DIGESTS: [(&str, &str); 2] = [
    (READER, "c65672d96177869811d4384d83dcd9eb9dc0f024d66fdae95dc0fb91348c4c0a"),
    (WRITER, "05887e35948a9d217385b94071e2f4dc771a6f4cbbf2afe6d6491252757f08bd"),
];

/// A line of the file.
pub fn line(name: &str, right: &str, token: &str) -> String {
    let digest = DIGESTS.iter().find(|(known, _)| *known == token).unwrap().1;
    format!("{name} {right} {digest}\n")
}

/// A file with ada, who reads, and bob, who writes.
pub fn file() -> String {
    line("ada", "read", READER) + &line("bob", "write", WRITER)
}

/// The header's value.
pub fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}
