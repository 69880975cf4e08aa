// UDP sockets. Included twice, as loopback.rs.

use std::{vec, vec::Vec};

use net::*;
use crate::*;
use core::net::IpAddr;
use core::time::Duration;

#[test]
fn datagrams_keep_their_bounds_and_senders() {
    let mut host = Host::over(1, FAST);
    let (a, b) = (host.udp(lo(5000)), host.udp(lo(6000)));
    for data in [&b"one"[..], b"", b"three"] {
        host.send_to(a, lo(6000), data).unwrap();
    }
    assert_eq!(host.stack.dgram_next_len(b), 3);
    assert_eq!(host.recv_from(b).unwrap(), (b"one".to_vec(), lo(5000)));
    assert_eq!(host.recv_from(b).unwrap(), (Vec::new(), lo(5000)));
    assert_eq!(host.recv_from(b).unwrap(), (b"three".to_vec(), lo(5000)));
    assert_eq!(host.recv_from(b), Err(Error::WouldBlock));
}

#[test]
fn the_largest_datagram_and_one_more() {
    let mut host = Host::over(1, FAST);
    let (a, b) = (host.udp(lo(5000)), host.udp(lo(6000)));
    let data: Vec<u8> = (0..65_507u32).map(|i| i as u8).collect();
    host.send_to(a, lo(6000), &data).unwrap();
    assert!(host.recv_from(b).unwrap().0 == data);
    assert_eq!(
        host.send_to(a, lo(6000), &[0; 65_508]),
        Err(Error::MessageTooBig)
    );
}

#[test]
fn an_unbound_sender_gets_an_ephemeral_port() {
    let mut host = Host::over(1, FAST);
    let b = host.udp(lo(6000));
    let a = host.open(DgramKind::Udp, false);
    host.send_to(a, lo(6000), b"x").unwrap();
    let (_, from) = host.recv_from(b).unwrap();
    assert!((32_768..=60_999).contains(&from.port));
    assert_eq!(
        host.stack.dgram_local(a),
        Endpoint::v4([0, 0, 0, 0], from.port)
    );
}

#[test]
fn a_connected_socket_hears_its_peer_only_and_learns_of_refusal() {
    let mut host = Host::over(1, FAST);
    let (a, b, c) = (host.udp(lo(5000)), host.udp(lo(6000)), host.udp(lo(7000)));
    host.stack.dgram_connect(a, lo(6000)).unwrap();
    host.send_to(c, lo(5000), b"stranger").unwrap();
    assert_eq!(host.recv_from(a), Err(Error::WouldBlock));
    host.send_to(b, lo(5000), b"friend").unwrap();
    assert_eq!(host.recv_from(a).unwrap().0, b"friend");
    let token_events = host.stack.dgram_ready(a);
    assert_eq!(token_events, Ready::WRITE);
    host.stack.dgram_close(host.now, b);
    host.stack
        .dgram_send(host.now, a, &SendMeta::default(), b"?")
        .unwrap();
    host.flush();
    assert!(host.stack.dgram_ready(a).has(Ready::ERR));
    assert_eq!(host.recv_from(a), Err(Error::Refused));
    // An unconnected socket is told nothing.
    host.send_to(c, lo(6000), b"?").unwrap();
    assert_eq!(host.recv_from(c), Err(Error::WouldBlock));
    assert_eq!(host.stack.dgram_take_error(c), None);
}

#[test]
fn the_error_queue_keeps_what_was_sent() {
    let mut host = Host::over(1, FAST);
    let a = host.udp(lo(5000));
    host.stack
        .dgram_configure(a, |options| options.recv_errors = true)
        .unwrap();
    host.send_to(a, lo(6000), b"into the void").unwrap();
    assert_eq!(host.stack.dgram_take_error(a), Some(Error::Refused));
    let (error, kind, to, data) = host
        .stack
        .dgram_recv_error(a, |record| {
            (
                (record.error, record.origin),
                (record.kind, record.code),
                record.to,
                record.data.to_vec(),
            )
        })
        .unwrap();
    assert_eq!(error, (Error::Refused, ErrorOrigin::Icmp));
    assert_eq!(
        (kind, to, data),
        ((3, 3), lo(6000), b"into the void".to_vec())
    );
}

#[test]
fn too_long_a_datagram_is_noted_with_the_paths_mtu() {
    let mut host = Host::over(1, FAST);
    let a = host.udp(lo(5000));
    let long = [0; 65_530];
    // Who did not ask learns it by the call alone.
    assert_eq!(host.send_to(a, lo(6000), &long), Err(Error::MessageTooBig));
    let note = |host: &mut Host| {
        host.stack.dgram_recv_error(a, |record| {
            let ErrorRecord { error, origin, ttl, data, .. } = *record;
            (error, origin, record.info, record.to, ttl, data.len())
        })
    };
    assert_eq!(note(&mut host), Err(Error::WouldBlock));
    host.stack
        .dgram_configure(a, |options| options.recv_errors = true)
        .unwrap();
    assert_eq!(host.send_to(a, lo(6000), &long), Err(Error::MessageTooBig));
    let local = (Error::MessageTooBig, ErrorOrigin::Local);
    let mtu = 65_536;
    assert_eq!(note(&mut host), Ok((local.0, local.1, mtu, lo(6000), 0, 0)));
    // No pending error: the call has told.
    assert_eq!(host.stack.dgram_take_error(a), None);
}

#[test]
fn a_full_queue_drops_and_counts() {
    let mut host = Host::over(1, FAST);
    let (a, b) = (host.udp(lo(5000)), host.udp(lo(6000)));
    host.stack
        .dgram_configure(b, |options| options.common.recv_buffer = 4096)
        .unwrap();
    for _ in 0..20 {
        host.send_to(a, lo(6000), &[0; 1000]).unwrap();
    }
    let mut got = 0;
    while host.recv_from(b).is_ok() {
        got += 1;
    }
    assert_eq!(got, 3);
    let mut drops = 0;
    host.stack.dgram_rows(|row| drops += row.drops);
    assert_eq!(drops, 17);
    assert_eq!(host.stack.counters().udp[0].recv_buffer_errors, 17);
}

#[test]
fn arrival_tells_destination_interface_ttl_and_tos() {
    let mut host = Host::over(1, FAST);
    let (a, b) = (
        host.udp(lo(5000)),
        host.udp(Endpoint::v4([0, 0, 0, 0], 6000)),
    );
    let meta = SendMeta {
        to: Some(Endpoint::v4([10, 0, 0, 1], 6000)),
        ttl: Some(9),
        tos: Some(0x10),
        ..SendMeta::default()
    };
    host.stack.dgram_send(host.now, a, &meta, b"x").unwrap();
    host.flush();
    let seen = host
        .stack
        .dgram_recv(b, true, |arrival| {
            (arrival.to, arrival.iface, arrival.ttl, arrival.tos)
        })
        .unwrap();
    assert_eq!(seen, (v4(10, 0, 0, 1), IfaceId::LO, 9, 0x10));
    assert_eq!(host.recv_from(b).unwrap().0, b"x");
}

#[test]
fn dual_stack_hears_both_and_v6_only_one() {
    let mut host = Host::over(1, FAST);
    let dual = host.open(DgramKind::Udp, true);
    host.stack
        .dgram_bind(
            dual,
            Endpoint {
                port: 6000,
                ..Endpoint::unspecified(true)
            },
        )
        .unwrap();
    let only = host.open(DgramKind::Udp, true);
    host.stack
        .dgram_configure(only, |options| options.common.v6_only = true)
        .unwrap();
    host.stack
        .dgram_bind(
            only,
            Endpoint {
                port: 6001,
                ..Endpoint::unspecified(true)
            },
        )
        .unwrap();
    let a = host.udp(lo(5000));
    host.send_to(a, lo(6000), b"four").unwrap();
    assert_eq!(host.recv_from(dual).unwrap(), (b"four".to_vec(), lo(5000)));
    host.send_to(a, lo(6001), b"four").unwrap();
    assert_eq!(host.recv_from(only), Err(Error::WouldBlock));
    let six = host.open(DgramKind::Udp, true);
    for (id, port) in [(dual, 6000), (only, 6001)] {
        host.send_to(
            six,
            Endpoint::new(core::net::Ipv6Addr::LOCALHOST.into(), port),
            b"six",
        )
        .unwrap();
        assert_eq!(host.recv_from(id).unwrap().0, b"six");
    }
    let bad = Endpoint::new(core::net::Ipv6Addr::LOCALHOST.into(), 1);
    assert_eq!(host.send_to(a, bad, b"x"), Err(Error::Family));
}

#[test]
fn broadcast_needs_permission_and_reaches_every_socket() {
    let (mut a, mut b) = (Host::over(1, FAST), Host::over(2, FAST));
    let from = a.udp(Endpoint::v4([0, 0, 0, 0], 5000));
    let all = Endpoint::v4([10, 0, 0, 255], 6000);
    assert_eq!(a.send_to(from, all, b"x"), Err(Error::Access));
    a.stack
        .dgram_configure(from, |options| options.common.broadcast = true)
        .unwrap();
    let open = |b: &mut Host| {
        let id = b.open(DgramKind::Udp, false);
        b.stack
            .dgram_configure(id, |options| options.common.reuse_addr = true)
            .unwrap();
        b.stack
            .dgram_bind(id, Endpoint::v4([0, 0, 0, 0], 6000))
            .unwrap();
        id
    };
    let (one, two) = (open(&mut b), open(&mut b));
    a.send_to(from, all, b"to all").unwrap();
    exchange(&mut a, &mut b);
    for id in [one, two] {
        assert_eq!(b.recv_from(id).unwrap().0, b"to all");
    }
}

#[test]
fn multicast_reaches_members() {
    let (mut a, mut b) = (Host::over(1, FAST), Host::over(2, FAST));
    let group = v4(239, 1, 2, 3);
    let from = a.udp(Endpoint::v4([0, 0, 0, 0], 5000));
    let to = b.udp(Endpoint::v4([0, 0, 0, 0], 6000));
    let nic = a.nic;
    a.stack
        .dgram_configure(from, |options| options.multicast_iface = Some(nic))
        .unwrap();
    a.send_to(from, Endpoint::new(group, 6000), b"early")
        .unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(b.recv_from(to), Err(Error::WouldBlock));
    b.stack.dgram_join(b.now, to, group, Some(b.nic)).unwrap();
    assert_eq!(
        b.stack.dgram_join(b.now, to, group, Some(b.nic)),
        Err(Error::AddrInUse)
    );
    b.flush();
    b.wait(Duration::from_millis(10));
    // The report (RFC 3376) goes to 224.0.0.22 with a router alert: a change to "everybody but nobody" of our group.
    let report = b.frames().remove(0);
    assert_eq!(report[..6], [1, 0, 0x5e, 0, 0, 22]);
    assert_eq!(report[14], 0x46);
    assert_eq!(report[38], 0x22);
    assert_eq!(report[44..], [0, 1, 4, 0, 0, 0, 239, 1, 2, 3]);
    a.send_to(from, Endpoint::new(group, 6000), b"member")
        .unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(b.recv_from(to).unwrap().0, b"member");
    b.stack.dgram_leave(b.now, to, group, None).unwrap();
    assert_eq!(
        b.stack.dgram_leave(b.now, to, group, None),
        Err(Error::AddrNotAvailable)
    );
}

#[test]
fn sources_are_filtered_and_reported() {
    let (mut a, mut b) = (Host::over(1, FAST), Host::over(2, FAST));
    let group = v4(239, 1, 2, 3);
    let from = a.udp(Endpoint::v4([0, 0, 0, 0], 5000));
    let to = b.udp(Endpoint::v4([0, 0, 0, 0], 6000));
    let nic = a.nic;
    a.stack
        .dgram_configure(from, |options| options.multicast_iface = Some(nic))
        .unwrap();
    let sender = a.stack.select_route(group, Some(nic)).unwrap().source;
    let other = v4(192, 0, 2, 99);
    let nic = b.nic;
    let change = |b: &mut Host, source, change| {
        let done = b.stack.dgram_source(b.now, to, (group, source), Some(nic), change, 10);
        b.flush();
        b.wait(Duration::from_secs(3));
        let mut records: Vec<Vec<u8>> = b.frames().iter().map(|frame| frame[46..].to_vec()).collect();
        // Everything is told twice.
        records.dedup();
        (done, records)
    };
    let record = |kind: u8, source: IpAddr| {
        let IpAddr::V4(source) = source else {
            unreachable!()
        };
        let mut bytes = vec![kind, 0, 0, 1, 239, 1, 2, 3];
        bytes.extend(source.octets());
        bytes
    };
    // Sources that are wanted: ALLOW_NEW_SOURCES, and BLOCK_OLD_SOURCES when one goes.
    let (done, records) = change(&mut b, other, SourceChange::Join);
    assert_eq!((done, records), (Ok(()), vec![record(5, other)]));
    a.send_to(from, Endpoint::new(group, 6000), b"unwanted").unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(b.recv_from(to), Err(Error::WouldBlock));
    let (done, records) = change(&mut b, sender, SourceChange::Join);
    assert_eq!((done, records), (Ok(()), vec![record(5, sender)]));
    a.send_to(from, Endpoint::new(group, 6000), b"wanted").unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(b.recv_from(to).unwrap().0, b"wanted");
    let (done, records) = change(&mut b, other, SourceChange::Leave);
    assert_eq!((done, records), (Ok(()), vec![record(6, other)]));
    assert_eq!(
        change(&mut b, other, SourceChange::Block).0,
        Err(Error::Invalid)
    );
}

#[test]
fn a_sender_in_the_group_hears_itself() {
    let mut host = Host::over(1, FAST);
    let group = v4(239, 1, 2, 3);
    let id = host.udp(Endpoint::v4([0, 0, 0, 0], 6000));
    let nic = host.nic;
    host.stack
        .dgram_configure(id, |options| options.multicast_iface = Some(nic))
        .unwrap();
    host.stack
        .dgram_join(host.now, id, group, Some(nic))
        .unwrap();
    host.send_to(id, Endpoint::new(group, 6000), b"echo")
        .unwrap();
    assert_eq!(host.recv_from(id).unwrap().0, b"echo");
    host.stack
        .dgram_configure(id, |options| options.multicast_loop = false)
        .unwrap();
    host.send_to(id, Endpoint::new(group, 6000), b"silence")
        .unwrap();
    assert_eq!(host.recv_from(id), Err(Error::WouldBlock));
}

#[test]
fn shutdown_ends_reading_and_writing() {
    let mut host = Host::over(1, FAST);
    let id = host.udp(lo(5000));
    assert_eq!(
        host.stack.dgram_shutdown(id, Shutdown::Both),
        Err(Error::NotConnected)
    );
    let id = host.udp(lo(5001));
    host.stack.dgram_connect(id, lo(6000)).unwrap();
    host.stack.dgram_shutdown(id, Shutdown::Both).unwrap();
    assert_eq!(
        host.stack
            .dgram_send(host.now, id, &SendMeta::default(), b"x"),
        Err(Error::Pipe)
    );
    assert_eq!(host.recv_from(id), Err(Error::NotConnected));
    assert!(host.stack.dgram_ready(id).has(Ready::HUP | Ready::READ));
}

#[test]
fn a_fault_in_the_callers_memory_sends_nothing() {
    let mut host = Host::over(1, FAST);
    let (a, b) = (host.udp(lo(5000)), host.udp(lo(6000)));
    let meta = SendMeta {
        to: Some(lo(6000)),
        ..SendMeta::default()
    };
    assert_eq!(
        host.stack
            .dgram_send_with(host.now, a, &meta, 100, |_| false),
        Err(Error::Fault)
    );
    host.flush();
    assert_eq!(host.recv_from(b), Err(Error::WouldBlock));
}

#[test]
fn a_full_buffer_is_reported_to_whoever_sends() {
    let mut host = Host::over(1, FAST);
    let (a, b) = (host.udp(lo(5000)), host.udp(lo(6000)));
    let mut sent = 0;
    while !host.effects.crowded {
        host.send_to(a, lo(6000), &[0; 1000]).unwrap();
        sent += 1;
    }
    let mut got = 0;
    while host.recv_from(b).is_ok() {
        got += 1;
    }
    // Told in time: nothing was lost.
    assert_eq!(sent, got);
}
