use std::net::{IpAddr, Ipv6Addr};

/// What counts as one source wherever strangers are counted: an IPv4 address, or the /64 of an IPv6 one, within which anybody can have
/// any number of addresses.
pub fn source_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
    }
}

#[cfg(test)]
mod tests;
