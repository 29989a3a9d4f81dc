use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use http::HeaderMap;
use http::request::Parts;

use super::Site;

/// Where a request comes from, for throttling and the audit log: the peer's address, or, when the peer is a trusted
/// proxy, the last address in `X-Forwarded-For` that is not one itself. What an untrusted peer sends is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    fn find(peer: IpAddr, headers: &HeaderMap, site: &Site) -> Self {
        let mut found = peer.to_canonical();
        // Proxies append, so the list is read from its end, and only as far as each entry was added by a trusted one.
        let entries: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("unreadable").split(','))
            .map(str::trim)
            .collect();
        if !entries.is_empty() && !site.trusts(found) {
            site.unbelieved_told.call_once(|| {
                tracing::warn!(
                    event = "server.forwarded_for_not_believed",
                    peer = %found,
                    "this peer sends X-Forwarded-For and is none of the trusted proxies, so all who come through it count as one; if it \
                     is the proxy in front of this server, name it with `trusted_proxies`"
                );
            });
        }
        for entry in entries.into_iter().rev() {
            if !site.trusts(found) {
                break;
            }
            let Some(address) = parse(entry) else { break };
            found = address.to_canonical();
        }
        Self(found)
    }
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn parse(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    bare.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // Without a peer (a test that calls the router itself) the request comes from this machine.
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(address)| address.ip());
        Ok(match parts.extensions.get::<Arc<Site>>() {
            Some(site) => Self::find(peer, &parts.headers, site),
            None => Self(peer),
        })
    }
}
