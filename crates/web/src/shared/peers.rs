use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;

type Open = Arc<Mutex<HashMap<String, usize>>>;

/// How many connections each stranger has open ([`base::source_of`]). This machine itself and trusted proxies, which stand for many, are
/// not counted.
#[derive(Debug)]
pub(super) struct Peers {
    each: usize,
    trusted: Vec<IpNet>,
    open: Open,
}

impl Peers {
    /// At most `each` of one source.
    pub(super) fn new(each: usize, trusted: Vec<IpNet>) -> Self {
        Self { each, trusted, open: Open::default() }
    }

    /// The place of one more connection from `peer`; None if it has as many as it may.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<PeerPlace> {
        let peer = peer.to_canonical();
        if peer.is_loopback() || self.trusted.iter().any(|network| network.contains(&peer)) {
            return Some(PeerPlace(None));
        }
        let source = base::source_of(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(source.clone()).or_default();
        if *count >= self.each {
            return None;
        }
        *count += 1;
        Some(PeerPlace(Some((source, Arc::clone(&self.open)))))
    }
}

/// Given back when it is dropped.
#[derive(Debug)]
pub(super) struct PeerPlace(Option<(String, Open)>);

impl Drop for PeerPlace {
    fn drop(&mut self) {
        let Some((source, open)) = self.0.take() else { return };
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&source) {
            *count -= 1;
            if *count == 0 {
                open.remove(&source);
            }
        }
    }
}

#[cfg(test)]
mod tests;
