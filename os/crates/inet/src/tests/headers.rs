//! IPv4 options and extension headers of TCP segments, between two hosts and over lo.

use super::net::*;
use crate::ip::header::IpHeader;
use crate::*;
use std::vec;
use std::vec::Vec;

const ALERT: [u8; 4] = [148, 4, 0, 0];
const ROUTE: [u8; 11] = [7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0];

fn add_v4(host: &mut Host, id: TcpId, bytes: &[u8]) {
    let options = host.stack.ipv4_options(bytes, true).unwrap();
    host.stack.tcp_add(id, |it| it.v4 = options).unwrap();
}

/// How long the network header of each frame is.
fn fronts(frames: &[Vec<u8>]) -> Vec<usize> {
    let front = |frame: &Vec<u8>| IpHeader::parse(&frame[14..], true).map(|it| it.payload);
    frames.iter().filter_map(front).collect()
}

#[test]
fn each_segment_has_the_options() {
    let (mut a, mut b) = pair();
    let listener = b.listen(Endpoint::v4([10, 0, 0, 2], 80), 8);
    let client = a.tcp();
    add_v4(&mut a, client, &ROUTE);
    a.stack.tcp_configure(client, |o| o.nodelay = true).unwrap();
    let now = a.now;
    a.stack
        .tcp_connect(now, client, Endpoint::v4([10, 0, 0, 2], 80))
        .unwrap();
    a.flush();
    exchange(&mut a, &mut b);
    let server = b.accept(listener).unwrap();
    // What the accepted end answers with came with the SYN, and it has no more room.
    let answer = b.stack.tcp_additions(server).unwrap();
    assert_eq!(answer.v4.given().0[..7], [7, 11, 12, 10, 0, 0, 1]);
    a.send(client, &[7; 5000]).unwrap();
    a.flush();
    let frames = a.frames();
    assert!(frames.len() >= 3);
    assert!(frames.iter().all(|frame| frame.len() <= 14 + 1500));
    assert!(fronts(&frames).iter().all(|&front| front == 32));
    for frame in &frames {
        b.stack.ingress(b.now, b.nic, frame);
    }
    b.flush();
    assert!(fronts(&b.frames()).iter().all(|&front| front == 32));
    assert!(b.recv(server).unwrap().len() >= 4000);
    assert_eq!(a.stack.tcp_mss(client), 1460 - 12 - 12);
    // Taken back.
    a.stack
        .tcp_add(client, |it| *it = Additions::default())
        .unwrap();
    assert_eq!(a.stack.tcp_mss(client), 1460 - 12);
    exchange(&mut a, &mut b);
    a.send(client, b"plain").unwrap();
    a.flush();
    assert_eq!(fronts(&a.frames()), [20]);
}

#[test]
fn options_come_to_a_connection_on_a_ring() {
    let mut host = Host::over(1, true);
    let (client, server) = established_local(&mut host, 80);
    host.send(client, b"before").unwrap();
    add_v4(&mut host, client, &ALERT);
    host.flush();
    host.send(client, b"after").unwrap();
    host.flush();
    assert_eq!(host.recv(server).unwrap(), b"beforeafter");
    assert!(host.stack.tcp_heard(server).is_some());
}

#[test]
fn extension_headers_reach_the_other_end() {
    let mut host = Host::over(1, true);
    let to = Endpoint::new(core::net::Ipv6Addr::LOCALHOST.into(), 80);
    let now = host.now;
    let listener = host.stack.tcp_open(true, 1);
    host.stack.tcp_bind(listener, to).unwrap();
    host.stack.tcp_listen(listener, 8).unwrap();
    host.stack
        .tcp_configure(listener, |o| o.shows_headers = true)
        .unwrap();
    let client = host.stack.tcp_open(true, 2);
    let header = vec![0, 0, 0x1e, 4, 1, 2, 3, 4];
    host.stack
        .tcp_add(client, |it| it.v6.destination = header)
        .unwrap();
    host.stack.tcp_connect(now, client, to).unwrap();
    host.flush();
    let server = host.stack.tcp_accept(listener, 3).unwrap().id;
    host.send(client, &[3; 100_000]).unwrap();
    host.flush();
    let mut got = 0;
    while let Ok(bytes) = host.recv(server) {
        got += bytes.len();
        host.flush();
    }
    assert_eq!(got, 100_000);
    let (heard, front) = host.stack.tcp_heard(server).unwrap();
    assert_eq!(heard.ttl, 64);
    assert!(heard.flow & 0xf_ffff != 0);
    let headers: Vec<_> = extension_headers(front).collect();
    assert_eq!(headers.len(), 1);
    assert_eq!(
        (headers[0].0, &headers[0].1[2..]),
        (60, &[0x1e, 4, 1, 2, 3, 4][..])
    );
}
