//! Which network addresses a price list may be fetched from: an address that a setting or a server names must not lead this service
//! to what only this machine or its network can reach.
//!
//! The ranges: <https://www.iana.org/assignments/iana-ipv4-special-registry>, <https://www.iana.org/assignments/iana-ipv6-special-registry>.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How far an address reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// On the internet.
    Public,
    /// This machine or a private network: only when it was asked for.
    Private,
    /// Link-local (where clouds keep their metadata services), multicast, reserved: never.
    Never,
}

/// How far an address reaches. One that carries an IPv4 address within it reaches as far as that one.
pub(super) fn of(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => of_v4(address),
        IpAddr::V6(address) => carried(address).map_or_else(|| of_v6(address), of_v4),
    }
}

fn of_v4(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    match (a, b, c) {
        (10 | 127, ..) | (172, 16..=31, _) | (192, 168, _) | (100, 64..=127, _) => Reach::Private,
        // "This network", link-local, IETF protocols, documentation, benchmarks, multicast and what is reserved behind it.
        (0 | 224..=255, ..) | (169, 254, _) | (192, 0, 0 | 2) | (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => {
            Reach::Never
        }
        _ => Reach::Public,
    }
}

fn of_v6(address: Ipv6Addr) -> Reach {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Private,
        // Where AWS has its metadata service beside the link-local one; the rest of fc00::/7 is private.
        [0xfd00, 0x0ec2, ..] => Reach::Never,
        [first, ..] if first & 0xfe00 == 0xfc00 => Reach::Private,
        // IETF protocols, Teredo among them, and documentation.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Reach::Never,
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Never,
    }
}

/// The IPv4 address in a mapped, translated (NAT64) or tunnelled (6to4) one.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let four = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Some(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            four(high, low)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_reach_as_far_as_their_range() {
        for (reach, addresses) in [
            (
                Reach::Public,
                "8.8.8.8 100.63.0.1 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.0.1 223.255.255.255",
            ),
            (Reach::Public, "2600:9000::1 2001:4860:4860::8888 ::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::1"),
            (Reach::Private, "10.0.0.1 127.0.0.1 127.9.9.9 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1"),
            (Reach::Private, "::1 fc00::1 fdff::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::10.0.0.1 2002:a00:1::1"),
            (Reach::Never, "0.0.0.0 0.1.2.3 169.254.169.254 192.0.0.1 192.0.2.1 198.18.0.1 198.19.9.9 198.51.100.1"),
            (Reach::Never, "203.0.113.1 224.0.0.1 240.0.0.1 255.255.255.255 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe"),
            (Reach::Never, ":: fe80::1 fd00:ec2::254 ff02::1 2001:db8::1 2001::1 fec0::1 ::127.0.0.1 3fff::1 4000::1"),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(of(address.parse().unwrap()), reach, "{address}");
            }
        }
    }
}
