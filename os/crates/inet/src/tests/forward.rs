//! A router with two cards, and the rules by which it chooses a table.

use super::net::*;
use crate::*;
use std::vec::Vec;

/// A host behind a router whose other card is on 10.0.1.0/24, where 10.0.1.9 is known.
fn routed() -> (Host, Host, IfaceId) {
    let config = Config {
        forward: [true; 2],
        ..Config::default()
    };
    let (mut a, mut r) = (Host::new(1), Host::with(2, config));
    let kind = IfaceKind::Ethernet {
        mac: [2, 0, 0, 1, 0, 2],
    };
    let far = r
        .stack
        .add_interface("eth1", kind, 1000, Quirks::default())
        .unwrap();
    r.stack.set_up(r.now, far, true).unwrap();
    let cidr = Cidr::new(v4(10, 0, 1, 2), 24).unwrap();
    r.stack.add_address(r.now, far, cidr).unwrap();
    let there = [2, 0, 0, 1, 0, 9];
    r.stack
        .set_neighbour(
            r.now,
            far,
            v4(10, 0, 1, 9),
            there,
            NeighbourState::Permanent,
        )
        .unwrap();
    let gateway = Route {
        gateway: Some(v4(10, 0, 0, 2)),
        ..Route::on_link(Cidr::new(v4(0, 0, 0, 0), 0).unwrap(), a.nic)
    };
    a.stack.add_route(gateway).unwrap();
    (a, r, far)
}

/// IPv4 packets that left by an interface.
fn packets(host: &mut Host, iface: IfaceId) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while let Some(frame) = host.stack.pop_frame(iface) {
        if frame[12..14] == [8, 0] {
            packets.push(frame[14..].to_vec());
        }
    }
    packets
}

#[test]
fn packets_for_others_pass_one_hop_older() {
    let (mut a, mut r, far) = routed();
    let udp = a.udp(Endpoint::v4([10, 0, 0, 1], 1000));
    a.send_to(udp, Endpoint::v4([10, 0, 1, 9], 9), b"hello")
        .unwrap();
    exchange(&mut a, &mut r);
    let passed = packets(&mut r, far);
    assert_eq!(passed.len(), 1);
    assert_eq!(passed[0][8], 63);
    assert_eq!(&passed[0][28..], b"hello");
    assert!(crate::ip::header::IpHeader::parse(&passed[0], true).is_some());
    r.stack.configure(|config| config.forward = [false; 2]);
    a.send_to(udp, Endpoint::v4([10, 0, 1, 9], 9), b"hello")
        .unwrap();
    exchange(&mut a, &mut r);
    assert!(packets(&mut r, far).is_empty());
}

#[test]
fn what_does_not_fit_the_next_link_goes_in_pieces() {
    let (mut a, mut r, far) = routed();
    let udp = a.udp(Endpoint::v4([10, 0, 0, 1], 1000));
    a.send_to(udp, Endpoint::v4([10, 0, 1, 9], 9), &[7; 1400])
        .unwrap();
    exchange(&mut a, &mut r);
    let passed = packets(&mut r, far);
    assert_eq!(passed.len(), 2);
    assert!(passed.iter().all(|packet| packet.len() <= 1000));
}

#[test]
fn an_interface_that_goes_takes_its_routes_and_leaves_its_number() {
    let (_, mut r, far) = routed();
    assert!(r.stack.routes().iter().any(|route| route.iface == far));
    r.stack.remove_interface(r.now, far).unwrap();
    assert!(!r.stack.routes().iter().any(|route| route.iface == far));
    assert!(r.stack.interface(far).is_none());
    let kind = IfaceKind::Ethernet { mac: [2; 6] };
    let next = r
        .stack
        .add_interface("eth1", kind, 1500, Quirks::default())
        .unwrap();
    assert_eq!(next.0, far.0 + 1);
    // The hole does not hide who comes after it.
    assert_eq!(r.stack.interface(next).unwrap().name, "eth1");
    for n in 0..200 {
        let more = r
            .stack
            .add_interface("more", kind, 1500, Quirks::default())
            .unwrap();
        assert_eq!(r.stack.interface(more).unwrap().id, more, "round {n}");
        r.stack.remove_interface(r.now, more).unwrap();
    }
}

#[test]
fn a_rule_leads_to_a_table_of_its_own() {
    let (_, mut r, far) = routed();
    let dst = v4(8, 8, 8, 8);
    let to = |gateway, table, iface| Route {
        gateway: Some(gateway),
        table,
        mtu: 900,
        ..Route::on_link(Cidr::new(v4(0, 0, 0, 0), 0).unwrap(), iface)
    };
    r.stack
        .add_route(to(v4(10, 0, 0, 7), Route::MAIN, r.nic))
        .unwrap();
    r.stack.add_route(to(v4(10, 0, 1, 9), 100, far)).unwrap();
    let rule = Rule {
        mark: (7, u32::MAX),
        priority: 100,
        action: RuleAction::Table(100),
        ..r.stack.rules(false)[0]
    };
    r.stack.add_rule(rule).unwrap();
    assert_eq!(r.stack.add_rule(rule), Err(Error::Exists));
    let marked = Flow {
        mark: 7,
        ..Flow::to(dst)
    };
    assert_eq!(r.stack.select_route(dst, None).unwrap().iface, r.nic);
    let way = r.stack.select_route_for(&marked).unwrap();
    assert_eq!((way.iface, way.mtu), (far, 900));
    r.stack.take_rule(|known| *known == rule).unwrap();
    assert_eq!(r.stack.select_route_for(&marked).unwrap().iface, r.nic);
    assert_eq!(r.stack.rules(false).len(), 2);
}
