//! `UdpSocket`: names, a connected pair, peeking, the sender's address, broadcast permission. std::net.

use rust_programs::{check, done, same};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};

fn main() {
    for host in ["127.0.0.1:0", "[::1]:0"] {
        let (one, two) = (
            UdpSocket::bind(host).expect("bind"),
            UdpSocket::bind(host).expect("bind"),
        );
        let (first, second) = (
            one.local_addr().expect("name"),
            two.local_addr().expect("name"),
        );
        let mut buffer = [0; 32];
        same(one.send_to(b"hello", second).ok(), Some(5), "send_to");
        same(
            two.peek_from(&mut buffer).ok(),
            Some((5, first)),
            "peek_from leaves it",
        );
        same(
            two.recv_from(&mut buffer).ok(),
            Some((5, first)),
            "recv_from says who",
        );
        one.connect(second).expect("connect");
        two.connect(first).expect("connect");
        same(one.peer_addr().ok(), Some(second), "the peer's name");
        same(two.send(b"back").ok(), Some(4), "send");
        same(one.recv(&mut buffer).ok(), Some(4), "recv");
        check(&buffer[..4] == b"back", "the bytes");
        drop(two);
        let _ = one.send(b"x");
        let refused = one.recv(&mut buffer).map_err(|error| error.kind());
        same(
            refused,
            Err(ErrorKind::ConnectionRefused),
            "nobody there is an error",
        );
    }
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("bind");
    same(
        socket.broadcast().ok(),
        Some(false),
        "no broadcast at first",
    );
    socket.set_broadcast(true).expect("option");
    same(socket.broadcast().ok(), Some(true), "broadcast allowed");
    socket.set_ttl(9).expect("option");
    same(socket.ttl().ok(), Some(9), "time to live");
    same(
        socket.multicast_loop_v4().ok(),
        Some(true),
        "multicast loops",
    );
    done()
}
