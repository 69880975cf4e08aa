//! Configuration: what an interface that goes down loses, lifetimes, and the changes that are reported.

use super::net::Host;
use crate::{AddressNote, Change, Cidr, Error, Route, RouteKind};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use std::vec::Vec;

fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

fn cidr(addr: IpAddr, prefix: u8) -> Cidr {
    Cidr::new(addr, prefix).unwrap()
}

#[test]
fn an_interface_that_goes_down_loses_its_routes() {
    let mut host = Host::new(1);
    let default = Route {
        gateway: Some(v4(10, 0, 0, 2)),
        ..Route::on_link(cidr(v4(0, 0, 0, 0), 0), host.nic)
    };
    host.stack.add_route(default).unwrap();
    host.stack.take_changes();
    host.stack.set_up(host.now, host.nic, false).unwrap();
    assert!(host.stack.routes().iter().all(|row| row.iface != host.nic));
    let info = host.stack.interface(host.nic).unwrap();
    assert!(info.addresses.iter().all(|own| own.cidr.addr.is_ipv4()));
    let changes = host.stack.take_changes();
    assert!(changes.contains(&Change::RouteRemoved(default)));
    assert!(changes.contains(&Change::Link(host.nic)));

    // The network of its address comes back, what somebody added does not.
    host.stack.set_up(host.now, host.nic, true).unwrap();
    let back: Vec<_> = host
        .stack
        .routes()
        .iter()
        .filter(|r| r.dst.addr.is_ipv4())
        .collect();
    assert_eq!(back.len(), 1);
    assert_eq!(back[0].protocol, Route::KERNEL);
}

#[test]
fn an_address_lives_as_long_as_it_was_given() {
    let mut host = Host::new(1);
    let now = host.now;
    let note = AddressNote {
        lifetime: Some((30, 20, now)),
        ..AddressNote::default()
    };
    let addr = v4(192, 0, 2, 1);
    host.stack
        .add_address_as(now, host.nic, cidr(addr, 24), note)
        .unwrap();
    let later = |seconds| now + Duration::from_secs(seconds);
    host.stack.poll_timers(later(29));
    assert!(host.stack.is_local(addr));
    host.stack.take_changes();
    host.stack.poll_timers(later(30));
    assert!(!host.stack.is_local(addr));
    let gone =
        |change: &Change| matches!(change, Change::AddressRemoved(_, own) if own.cidr.addr == addr);
    assert!(host.stack.take_changes().iter().any(gone));
}

#[test]
fn routes_may_refuse() {
    let mut host = Host::new(1);
    for (kind, error) in [
        (RouteKind::Unreachable, Error::HostUnreachable),
        (RouteKind::Prohibit, Error::Access),
        (RouteKind::Blackhole, Error::Invalid),
    ] {
        let route = Route {
            kind,
            ..Route::on_link(cidr(v4(203, 0, 113, 0), 24), host.nic)
        };
        host.stack.add_route(route).unwrap();
        assert_eq!(
            host.stack.select_route(v4(203, 0, 113, 9), None),
            Err(error)
        );
        host.stack.take_route(|row| row.kind == kind).unwrap();
    }
    assert!(
        host.stack
            .take_route(|row| row.kind != RouteKind::Unicast)
            .is_err()
    );
}

#[test]
fn an_interface_can_be_renamed() {
    let mut host = Host::new(1);
    assert_eq!(host.stack.rename(host.nic, "lo"), Err(Error::Exists));
    assert_eq!(host.stack.rename(host.nic, "a/b"), Err(Error::Invalid));
    assert_eq!(host.stack.rename(host.nic, "wan"), Ok(()));
    assert_eq!(host.stack.interface_named("wan").unwrap().id, host.nic);
}
