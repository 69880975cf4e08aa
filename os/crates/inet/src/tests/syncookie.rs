//! SYN cookies between two hosts: nothing is kept for a SYN, and the connection is as it would have been.

use core::time::Duration;
use std::vec;

use super::net::*;
use crate::*;

fn server() -> Endpoint {
    Endpoint::v4([10, 0, 0, 2], 80)
}

fn with(stamps: u8, sack: bool) {
    let (mut a, mut b) = pair();
    b.stack.configure(|config| config.syn_cookies = 2);
    a.stack
        .configure(|config| (config.timestamps, config.sack) = (stamps, sack));
    let listener = b.listen(server(), 8);
    let client = a.connect(server());
    // The SYN, and its answer.
    for _ in 0..4 {
        for frame in a.frames() {
            b.stack.ingress(b.now, b.nic, &frame);
        }
        b.flush();
        let mut rows = 0;
        b.stack.tcp_rows(|_| rows += 1);
        if a.state(client) == TcpState::SynSent {
            assert_eq!(rows, 1);
        }
        for frame in b.frames() {
            a.stack.ingress(a.now, a.nic, &frame);
        }
        a.flush();
    }
    let server = b.accept(listener).unwrap();
    let data: std::vec::Vec<u8> = (0..300_000u32).map(|at| (at >> 3) as u8).collect();
    for (from, to) in [(0, 1), (1, 0)] {
        let (mut sent, mut got) = (0, vec![]);
        for _ in 0..2000 {
            let ids = [client, server];
            let hosts = [&mut a, &mut b];
            if let Ok(len) = hosts[from].send(ids[from], &data[sent..]) {
                sent += len;
            }
            if let Ok(more) = hosts[to].recv(ids[to]) {
                got.extend(more);
            }
            pass(&mut a, &mut b, Duration::from_millis(5));
            if got.len() == data.len() {
                break;
            }
        }
        assert!(got == data, "{} of {}", got.len(), data.len());
    }
    for (host, id) in [(&a, client), (&b, server)] {
        let info = host.stack.tcp_info(host.now, id).unwrap();
        let agreed = u8::from(stamps != 0) | u8::from(sack && stamps != 0) << 1;
        assert_eq!(info.options & 3, agreed);
        assert_eq!(info.total_retrans, 0);
    }
    let counters = &b.stack.counters().tcp;
    assert_eq!((counters.cookies_sent, counters.cookies_taken), (1, 1));
    a.shutdown(client, Shutdown::Both).unwrap();
    pass(&mut a, &mut b, Duration::from_millis(100));
    assert_eq!(b.recv(server).unwrap(), b"");
}

#[test]
fn what_was_offered_is_remembered() {
    with(1, true);
    with(1, false);
    with(0, true);
}

#[test]
fn an_acknowledgement_without_a_cookie_is_refused() {
    let (mut a, mut b) = pair();
    b.stack.configure(|config| config.syn_cookies = 2);
    let listener = b.listen(server(), 8);
    a.connect(server());
    for frame in a.frames() {
        b.stack.ingress(b.now, b.nic, &frame);
    }
    b.flush();
    let mut answers = b.frames();
    // Whoever did not see the answer cannot know the number.
    answers[0][14 + 20 + 7] ^= 1;
    let (mut other, _) = pair();
    other.stack.configure(|config| config.syn_cookies = 2);
    for frame in &answers {
        a.stack.ingress(a.now, a.nic, frame);
    }
    a.flush();
    for frame in a.frames() {
        b.stack.ingress(b.now, b.nic, &frame);
    }
    b.flush();
    assert!(b.accept(listener).is_err());
}
