//! TCP Fast Open between two hosts: the cookie, the data, and what happens when a segment is lost.

use core::time::Duration;

use super::net::*;
use crate::*;

const SYN_DATA: u8 = 32;

fn server() -> Endpoint {
    Endpoint::v4([10, 0, 0, 2], 80)
}

fn fast_pair() -> (Host, Host, TcpId) {
    let (mut a, mut b) = pair();
    for host in [&mut a, &mut b] {
        host.stack.configure(|config| config.fast_open = 3);
    }
    let listener = b.listen(server(), 8);
    b.stack.tcp_fast_listen(listener, 2).unwrap();
    (a, b, listener)
}

fn connect(a: &mut Host, data: &[u8]) -> TcpId {
    let (id, now) = (a.tcp(), a.now);
    a.stack.tcp_connect_fast(now, id, server(), data).unwrap();
    a.flush();
    id
}

/// Brings `a` a cookie.
fn introduce(a: &mut Host, b: &mut Host, listener: TcpId) {
    let id = a.tcp();
    assert_eq!(a.stack.tcp_fast_room(id, server()), Ok(0));
    let client = connect(a, b"");
    exchange(a, b);
    b.accept(listener).unwrap();
    assert_eq!(a.state(client), TcpState::Established);
    assert_eq!(a.stack.tcp_fast_room(id, server()), Ok(1500 - 80));
}

fn options(host: &Host, id: TcpId) -> u8 {
    host.stack.tcp_info(host.now, id).unwrap().options
}

#[test]
fn data_goes_with_the_second_syn() {
    let (mut a, mut b, listener) = fast_pair();
    introduce(&mut a, &mut b, listener);
    let client = connect(&mut a, b"early");
    let syn = a.frames();
    assert_eq!(syn.len(), 1);
    b.stack.ingress(b.now, b.nic, &syn[0]);
    b.flush();
    // Before the handshake is over.
    let server = b.accept(listener).unwrap();
    assert_eq!(b.recv(server).unwrap(), b"early");
    assert_eq!(b.stack.tcp_info(b.now, server).unwrap().state, 3);
    b.send(server, b"answer").unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(a.recv(client).unwrap(), b"answer");
    pass(&mut a, &mut b, Duration::from_millis(50));
    assert_eq!(options(&a, client) & SYN_DATA, SYN_DATA);
    assert_eq!(options(&b, server) & SYN_DATA, SYN_DATA);
    assert_eq!(b.stack.tcp_info(b.now, server).unwrap().state, 1);
    assert_eq!(a.stack.tcp_unacked(client), 0);
    a.send(client, b"more").unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(b.recv(server).unwrap(), b"more");
    a.shutdown(client, Shutdown::Both).unwrap();
    pass(&mut a, &mut b, Duration::from_millis(500));
    assert_eq!(b.recv(server).unwrap(), b"");
}

#[test]
fn a_server_that_does_not_want_it_gets_the_data_later() {
    let (mut a, mut b, listener) = fast_pair();
    introduce(&mut a, &mut b, listener);
    b.stack.configure(|config| config.fast_open = 1);
    let client = connect(&mut a, b"early");
    pass(&mut a, &mut b, Duration::from_millis(500));
    let server = b.accept(listener).unwrap();
    assert_eq!(b.recv(server).unwrap(), b"early");
    assert_eq!(options(&a, client) & SYN_DATA, 0);
}

#[test]
fn a_wrong_cookie_is_replaced() {
    let (mut a, mut b, listener) = fast_pair();
    introduce(&mut a, &mut b, listener);
    let keys = FastOpenKeys {
        primary: [9; 16],
        backup: None,
    };
    b.stack.set_fast_keys(keys);
    for (at, expected) in [(0, 0), (1, SYN_DATA)] {
        let client = connect(&mut a, b"early");
        pass(&mut a, &mut b, Duration::from_millis(500));
        let server = b.accept(listener).unwrap();
        assert_eq!(b.recv(server).unwrap(), b"early", "{at}");
        assert_eq!(options(&a, client) & SYN_DATA, expected, "{at}");
    }
    // The old one is still good as the backup.
    b.stack.set_fast_keys(FastOpenKeys {
        primary: [1; 16],
        backup: Some([9; 16]),
    });
    let client = connect(&mut a, b"early");
    pass(&mut a, &mut b, Duration::from_millis(500));
    b.accept(listener).unwrap();
    assert_eq!(options(&a, client) & SYN_DATA, SYN_DATA);
}

#[test]
fn lost_segments_of_the_handshake_come_again() {
    for lost in 0..3 {
        let (mut a, mut b, listener) = fast_pair();
        introduce(&mut a, &mut b, listener);
        let client = connect(&mut a, b"early");
        let mut frames = 0;
        for _ in 0..3 {
            for (from, to) in [(0, 1), (1, 0)] {
                let hosts = [&mut a, &mut b];
                let said = hosts[from].frames();
                let host = &mut *{ hosts }[to];
                for frame in said {
                    if frames != lost {
                        host.stack.ingress(host.now, host.nic, &frame);
                    }
                    frames += 1;
                }
                host.flush();
            }
        }
        pass(&mut a, &mut b, Duration::from_secs(8));
        let server = b.accept(listener).unwrap();
        assert_eq!(b.recv(server).unwrap(), b"early", "{lost}");
        b.send(server, b"answer").unwrap();
        pass(&mut a, &mut b, Duration::from_secs(1));
        assert_eq!(a.recv(client).unwrap(), b"answer", "{lost}");
        assert_eq!(b.stack.tcp_info(b.now, server).unwrap().state, 1);
        assert_eq!(a.stack.tcp_unacked(client), 0);
    }
}

#[test]
fn no_more_are_in_use_early_than_the_listener_said() {
    let (mut a, mut b, listener) = fast_pair();
    introduce(&mut a, &mut b, listener);
    for at in 0..3 {
        connect(&mut a, b"early");
        for frame in a.frames() {
            b.stack.ingress(b.now, b.nic, &frame);
        }
        b.flush();
        assert_eq!(b.accept(listener).is_ok(), at < 2);
    }
    assert_eq!(b.stack.counters().tcp.fast_open_overflows, 1);
    // Those in use come to nothing, and others may be.
    b.wait(Duration::from_secs(300));
    b.frames();
    connect(&mut a, b"early");
    for frame in a.frames() {
        b.stack.ingress(b.now, b.nic, &frame);
    }
    b.flush();
    assert!(b.accept(listener).is_ok());
}
