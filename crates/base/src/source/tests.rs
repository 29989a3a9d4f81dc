use super::*;

#[test]
fn addresses_of_one_network_are_one_source() {
    let source = |text: &str| source_of(text.parse().unwrap());
    assert_eq!(source("192.0.2.7"), "192.0.2.7");
    assert_eq!(source("::ffff:192.0.2.7"), "192.0.2.7");
    assert_eq!(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    assert_eq!(source("2001:db8:1:2::9"), source("2001:db8:1:2:ffff::"));
    assert_ne!(source("2001:db8:1:3::9"), source("2001:db8:1:2::9"));
}
