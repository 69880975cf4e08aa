//! What is set for each interface by itself.

use super::net::Host;
use crate::*;
use std::net::IpAddr;
use std::vec::Vec;

/// The values of the card.
fn of(host: &Host) -> ConfOf {
    ConfOf::Iface(host.nic)
}

fn addresses(host: &Host) -> Vec<IpAddr> {
    let info = host.stack.interface(host.nic).unwrap();
    let mut addresses: Vec<IpAddr> = info.addresses.iter().map(|own| own.cidr.addr).collect();
    addresses.sort();
    addresses
}

#[test]
fn all_of_forwarding_is_everybodys_and_one_is_ones_own() {
    let mut host = Host::new(1);
    let now = host.now;
    host.stack.configure(|config| config.forward[0] = true);
    for of in [ConfOf::All, ConfOf::Default, of(&host)] {
        assert!(host.stack.conf(of).unwrap().v4.forwarding);
    }
    let mut conf = host.stack.conf(of(&host)).unwrap();
    conf.v4.forwarding = false;
    host.stack.set_conf(now, of(&host), conf).unwrap();
    assert!(host.stack.config().forward[0]);
    assert!(!host.stack.conf(of(&host)).unwrap().v4.forwarding);
    // What is said again changes nothing.
    host.stack.configure(|config| config.forward[0] = true);
    assert!(!host.stack.conf(of(&host)).unwrap().v4.forwarding);
}

#[test]
fn ipv6_ends_and_begins_again() {
    let mut host = Host::new(1);
    let now = host.now;
    let before = addresses(&host);
    assert!(before.iter().any(IpAddr::is_ipv6));
    let mut conf = host.stack.conf(of(&host)).unwrap();
    conf.v6.disable = true;
    host.stack.set_conf(now, of(&host), conf).unwrap();
    assert!(addresses(&host).iter().all(IpAddr::is_ipv4));
    assert!(
        host.stack
            .routes()
            .iter()
            .all(|row| row.iface != host.nic || row.dst.addr.is_ipv4())
    );
    let cidr = Cidr::new("fd00::1".parse().unwrap(), 64).unwrap();
    let refused = host.stack.add_address(now, host.nic, cidr);
    assert_eq!(refused, Err(Error::Access));
    conf.v6.disable = false;
    host.stack.set_conf(now, of(&host), conf).unwrap();
    assert_eq!(addresses(&host), before);
}

#[test]
fn an_mtu_of_ipv6_is_neither_too_small_nor_larger_than_the_links() {
    let mut host = Host::new(1);
    let now = host.now;
    let conf = host.stack.conf(of(&host)).unwrap();
    let link = host.stack.interface(host.nic).unwrap().mtu;
    for (mtu, answer) in [
        (1279, Err(Error::Invalid)),
        (link + 1, Err(Error::Invalid)),
        (1280, Ok(())),
    ] {
        let mut conf = conf;
        conf.v6.mtu = mtu;
        assert_eq!(host.stack.set_conf(now, of(&host), conf), answer, "{mtu}");
    }
}
