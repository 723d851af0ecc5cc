//! PEM blocks, for private keys too: every copy is wiped.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Writes DER as a PEM block.
pub(super) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(der));
    let mut pem = Zeroizing::new(String::with_capacity(base64.len() + base64.len() / 64 + 2 * label.len() + 40));
    pem.push_str("-----BEGIN ");
    pem.push_str(label);
    pem.push_str("-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = after;
    }
    pem.push_str("-----END ");
    pem.push_str(label);
    pem.push_str("-----\n");
    pem
}

/// The DER of the first block with this label; `None` when there is none, or it isn't base64.
pub(super) fn first(label: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, after) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = after.split_once(&format!("-----END {label}-----"))?;
    let mut base64 = Zeroizing::new(String::with_capacity(body.len()));
    base64.extend(body.split_ascii_whitespace());
    STANDARD.decode(base64.as_bytes()).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_read_back_from_among_others_and_with_other_line_ends() {
        let der: Vec<u8> = (0..=255).collect();
        let certificate = encode("CERTIFICATE", &der);
        assert!(certificate.lines().all(|line| line.len() <= 64));
        let bundle =
            format!("# a comment\n{}{}", *encode("PRIVATE KEY", &[1, 2, 3]), *certificate).replace('\n', "\r\n");
        assert_eq!(*first("CERTIFICATE", &bundle).unwrap(), der);
        assert_eq!(*first("PRIVATE KEY", &bundle).unwrap(), [1, 2, 3]);
        assert!(first("PUBLIC KEY", &bundle).is_none());
        assert!(first("CERTIFICATE", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----").is_none());
    }
}
