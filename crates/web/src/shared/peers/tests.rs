use super::*;

fn peers() -> Peers {
    Peers::new(2, vec!["10.0.0.0/8".parse().expect("a network")])
}

fn at(address: &str) -> IpAddr {
    address.parse().expect("an address")
}

#[test]
fn a_stranger_has_so_many_and_another_has_as_many() {
    let peers = peers();
    let first = peers.admit(at("192.0.2.1")).expect("the first");
    let _second = peers.admit(at("::ffff:192.0.2.1")).expect("the second");
    assert!(peers.admit(at("192.0.2.1")).is_none());
    let _other = peers.admit(at("192.0.2.2")).expect("another stranger");
    drop(first);
    let _third = peers.admit(at("192.0.2.1")).expect("a place was given back");
    assert!(peers.admit(at("192.0.2.1")).is_none());
}

#[test]
fn the_addresses_of_one_network_share_their_places() {
    let peers = peers();
    let places = [1, 2].map(|host| peers.admit(at(&format!("2001:db8:1:2::{host}"))).expect("a place"));
    assert!(peers.admit(at("2001:db8:1:2::3")).is_none());
    assert!(peers.admit(at("2001:db8:1:3::3")).is_some());
    drop(places);
    assert!(peers.open.lock().expect("no test panicked").is_empty(), "nothing is kept of who has left");
}

#[test]
fn trusted_proxies_and_this_machine_are_not_counted() {
    let peers = peers();
    for address in ["10.1.2.3", "::ffff:10.1.2.3", "127.0.0.1", "::1"] {
        let places: Vec<_> = (0..10).map(|_| peers.admit(at(address))).collect();
        assert!(places.iter().all(Option::is_some), "{address}");
    }
}
