//! Echo, ping and raw sockets, errors.

use core::net::Ipv6Addr;
use core::time::Duration;
use std::vec;

use super::net::*;
use crate::*;

#[test]
fn ping_sockets_of_both_families() {
    let (mut a, mut b) = pair();
    let id = a.open(DgramKind::Ping, false);
    a.send_to(
        id,
        Endpoint::v4([10, 0, 0, 2], 0),
        &[8, 0, 0, 0, 0, 0, 0, 1, b'h', b'i'],
    )
    .unwrap();
    exchange(&mut a, &mut b);
    let (reply, from) = a.recv_from(id).unwrap();
    assert_eq!((reply[0], &reply[6..]), (0, &[0, 1, b'h', b'i'][..]));
    assert_eq!(from, Endpoint::v4([10, 0, 0, 2], 0));
    assert_eq!(
        u16::from_be_bytes([reply[4], reply[5]]),
        a.stack.dgram_local(id).port
    );
    let six = a.open(DgramKind::Ping, true);
    a.send_to(
        six,
        Endpoint::new(Ipv6Addr::LOCALHOST.into(), 0),
        &[128, 0, 0, 0, 0, 0, 0, 2],
    )
    .unwrap();
    assert_eq!(a.recv_from(six).unwrap().0[0], 129);
    assert_eq!(b.stack.counters().icmp[0].out_echo_replies, 1);
}

#[test]
fn raw_sockets_see_the_ip_header_and_replies() {
    let mut host = Host::new(1);
    let raw = host.open(DgramKind::Raw { protocol: 1 }, false);
    let mut echo = vec![8, 0, 0, 0, 0x12, 0x34, 0, 1];
    crate::icmp::seal(v4(0, 0, 0, 0), v4(0, 0, 0, 0), &mut echo);
    host.send_to(raw, lo(0), &echo).unwrap();
    // Over lo the request is seen too.
    let (request, _) = host.recv_from(raw).unwrap();
    assert_eq!((request[0], request[20]), (0x45, 8));
    let (reply, _) = host.recv_from(raw).unwrap();
    assert_eq!((reply[0], reply[9], reply[20]), (0x45, 1, 0));
    host.stack
        .dgram_configure(raw, |options| options.icmp_filter[0] = !1)
        .unwrap();
    host.send_to(raw, lo(0), &echo).unwrap();
    assert_eq!(host.recv_from(raw).unwrap().0[20], 0);
    assert_eq!(host.recv_from(raw), Err(Error::WouldBlock));
}

#[test]
fn an_unknown_protocol_is_refused_unless_a_raw_socket_wants_it() {
    let (mut a, mut b) = pair();
    let from = a.open(DgramKind::Raw { protocol: 200 }, false);
    a.stack
        .dgram_connect(from, Endpoint::v4([10, 0, 0, 2], 0))
        .unwrap();
    a.stack
        .dgram_send(a.now, from, &SendMeta::default(), b"200")
        .unwrap();
    a.flush();
    exchange(&mut a, &mut b);
    assert_eq!(
        a.stack.dgram_take_error(from),
        Some(Error::ProtocolUnreachable)
    );
    let to = b.open(DgramKind::Raw { protocol: 200 }, false);
    a.stack
        .dgram_send(a.now, from, &SendMeta::default(), b"200")
        .unwrap();
    a.flush();
    exchange(&mut a, &mut b);
    assert_eq!(b.recv_from(to).unwrap().0[20..], b"200"[..]);
    assert_eq!(a.stack.dgram_take_error(from), None);
}

#[test]
fn header_included() {
    let mut host = Host::new(1);
    let raw = host.open(DgramKind::Raw { protocol: 255 }, false);
    let udp = host.udp(lo(6000));
    let mut packet = vec![
        0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 127, 0, 0, 1,
    ];
    packet.extend([0x13, 0x88, 0x17, 0x70, 0, 10, 0, 0, b'o', b'k']);
    host.send_to(raw, lo(0), &packet).unwrap();
    assert_eq!(host.recv_from(udp).unwrap(), (b"ok".to_vec(), lo(5000)));
}

/// The ICMP error that a router at 10.0.0.2 sends about `frame`.
fn complaint(frame: &[u8], kind: u8, code: u8, word: u32) -> std::vec::Vec<u8> {
    let quote = &frame[14..frame.len().min(14 + 28)];
    let mut message = vec![kind, code, 0, 0];
    message.extend(word.to_be_bytes());
    message.extend(quote);
    crate::icmp::seal(v4(10, 0, 0, 2), v4(10, 0, 0, 1), &mut message);
    let mut packet = vec![0; 20];
    packet.extend(message);
    let fields = crate::ip::header::HeaderFields {
        src: v4(10, 0, 0, 2),
        dst: v4(10, 0, 0, 1),
        protocol: 1,
        ttl: 64,
        tos: 0,
        id: 0,
        dont_fragment: false,
    };
    fields.write(&mut packet);
    let mut out = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    out.extend(packet);
    out
}

#[test]
fn errors_end_a_connection_attempt_but_not_a_connection() {
    for (code, error) in [
        (0, Error::NetUnreachable),
        (1, Error::HostUnreachable),
        (3, Error::Refused),
        (13, Error::HostUnreachable),
    ] {
        let mut a = Host::new(1);
        a.stack
            .add_neighbour(a.now, a.nic, v4(10, 0, 0, 2), [2, 0, 0, 0, 0, 2])
            .unwrap();
        let id = a.connect(Endpoint::v4([10, 0, 0, 2], 80));
        let syn = a.frames().remove(0);
        let mut forged = syn.clone();
        forged[14 + 24] ^= 1;
        a.stack
            .ingress(a.now, a.nic, &complaint(&forged, 3, code, 0));
        assert_eq!(a.state(id), TcpState::SynSent);
        a.stack.ingress(a.now, a.nic, &complaint(&syn, 3, code, 0));
        a.flush();
        assert_eq!(a.stack.tcp_take_error(id), Some(error));
    }
    let (mut a, mut b) = pair();
    let (client, server) = established(&mut a, &mut b, 80);
    a.send(client, b"data").unwrap();
    let frame = a.frames().remove(0);
    a.stack.ingress(a.now, a.nic, &complaint(&frame, 3, 1, 0));
    a.flush();
    assert_eq!(a.state(client), TcpState::Established);
    pass(&mut a, &mut b, Duration::from_secs(3));
    assert_eq!(b.recv(server).unwrap(), b"data");
}

#[test]
fn fragmentation_needed_makes_segments_smaller() {
    let (mut a, mut b) = pair();
    let (client, server) = established(&mut a, &mut b, 80);
    a.send(client, &[1; 5000]).unwrap();
    let frame = a.frames().remove(0);
    assert_eq!(frame.len(), 1514);
    a.stack
        .ingress(a.now, a.nic, &complaint(&frame, 3, 4, 1000));
    a.flush();
    let mut longest = 0;
    let mut got = 0;
    for _ in 0..50 {
        a.wait(Duration::from_millis(200));
        b.now = a.now;
        for frame in a.frames() {
            longest = longest.max(frame.len());
            b.stack.ingress(b.now, b.nic, &frame);
        }
        b.flush();
        b.frames()
            .iter()
            .for_each(|frame| a.stack.ingress(a.now, a.nic, frame));
        a.flush();
        got += b.recv(server).map_or(0, |part| part.len());
    }
    assert_eq!((got, longest), (5000, 1014));
}
