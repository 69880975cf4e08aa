//! What only shared rings have to get right.

use core::time::Duration;

use super::net::*;
use crate::*;

fn host() -> Host {
    Host::over(1, true)
}

#[test]
fn a_socket_connects_to_itself() {
    let mut host = host();
    let id = host.tcp();
    host.stack.tcp_bind(id, lo(5000)).unwrap();
    host.stack.tcp_connect(host.now, id, lo(5000)).unwrap();
    host.flush();
    assert_eq!(host.state(id), TcpState::Established);
    assert_eq!(host.send(id, b"me"), Ok(2));
    assert_eq!(host.recv(id).unwrap(), b"me");
    assert_eq!(host.recv(id), Err(Error::WouldBlock));
    host.close(id);
    assert_eq!(host.stack.counters().tcp.current_established, 0);
}

#[test]
fn two_sockets_open_to_each_other() {
    let mut host = host();
    let (a, b) = (host.tcp(), host.tcp());
    host.stack.tcp_bind(a, lo(5000)).unwrap();
    host.stack.tcp_bind(b, lo(5001)).unwrap();
    host.stack.tcp_connect(host.now, a, lo(5001)).unwrap();
    host.stack.tcp_connect(host.now, b, lo(5000)).unwrap();
    host.flush();
    host.send(a, b"cross").unwrap();
    assert_eq!(host.recv(b).unwrap(), b"cross");
}

#[test]
fn a_tap_sees_packets_of_every_connection() {
    let mut host = host();
    let (old, old_server) = established_local(&mut host, 80);
    host.send(old, b"before").unwrap();
    let tap = host.stack.tap_open(
        TapFilter {
            iface: None,
            protocol: 3,
            cooked: true,
        },
        1 << 20,
        1,
    );
    // What was sent before is no news to the tap, and not lost.
    assert_eq!(host.stack.tap_next_len(tap), 0);
    host.send(old, b" and after").unwrap();
    assert_eq!(host.recv(old_server).unwrap(), b"before and after");
    let mut seen = false;
    while let Ok(found) = host
        .stack
        .tap_recv(tap, false, |packet| packet.data.ends_with(b" and after"))
    {
        seen |= found;
    }
    assert!(seen);
    let (new, new_server) = established_local(&mut host, 81);
    host.send(new, b"seen").unwrap();
    assert_eq!(host.recv(new_server).unwrap(), b"seen");
    let mut seen = false;
    while let Ok(found) = host
        .stack
        .tap_recv(tap, false, |packet| packet.data.ends_with(b"seen"))
    {
        seen |= found;
    }
    assert!(seen);
}

#[test]
fn no_connection_outlives_both_sockets() {
    let mut host = host();
    for round in 0..50 {
        let (client, server) = established_local(&mut host, 80);
        match round % 5 {
            0 => host.send(client, b"unread").map(drop).unwrap(),
            1 => host.shutdown(server, Shutdown::Both).unwrap(),
            2 => host.shutdown(client, Shutdown::Read).unwrap(),
            _ => {}
        }
        if round % 2 == 0 {
            host.close(client);
            host.close(server);
        } else {
            host.close(server);
            host.wait(Duration::from_secs(1));
            host.stack.tcp_close(
                host.now,
                client,
                if round % 3 == 0 {
                    Linger::Abort
                } else {
                    Linger::Background
                },
            );
            host.flush();
        }
    }
    let mut live = 0;
    host.stack
        .tcp_rows(|row| live += usize::from(row.state != TcpState::TimeWait));
    assert_eq!(live, 0);
    assert_eq!(host.stack.counters().tcp.current_established, 0);
    host.wait(Duration::from_secs(120));
    let mut rows = 0;
    host.stack.tcp_rows(|_| rows += 1);
    assert_eq!(rows, 0);
    assert_eq!(host.stack.next_deadline(), None);
}

#[test]
fn an_orphan_in_fin_wait_2_goes_after_a_minute() {
    let mut host = host();
    let (client, server) = established_local(&mut host, 80);
    host.close(client);
    host.wait(Duration::from_secs(61));
    // The server, which never closed, finds out when it writes.
    assert_eq!(host.state(server), TcpState::CloseWait);
    assert_eq!(host.send(server, b"anyone?"), Ok(7));
    assert_eq!(host.send(server, b"anyone?"), Err(Error::Pipe));
}

#[test]
fn data_written_before_accept_is_there_after_it() {
    let mut host = host();
    let listener = host.listen(lo(80), 4);
    let client = host.connect(lo(80));
    assert_eq!(host.send(client, b"early"), Ok(5));
    host.close(client);
    let server = host.accept(listener).unwrap();
    assert_eq!(host.recv(server).unwrap(), b"early");
    assert_eq!(host.recv(server).unwrap(), b"");
}

#[test]
fn a_connection_attempt_gives_up_after_its_retries() {
    let mut host = host();
    host.listen(lo(80), 0);
    host.connect(lo(80));
    let id = host.tcp();
    host.stack
        .tcp_configure(id, |options| options.syn_retries = 2)
        .unwrap();
    host.stack.tcp_connect(host.now, id, lo(80)).unwrap();
    host.flush();
    host.wait(Duration::from_secs(6));
    assert_eq!(host.state(id), TcpState::SynSent);
    host.wait(Duration::from_secs(2));
    assert_eq!(host.stack.tcp_take_error(id), Some(Error::TimedOut));
}

#[test]
fn lo_counts_what_passed() {
    let mut host = host();
    let (client, server) = established_local(&mut host, 80);
    let before = host.stack.interface(IfaceId::LO).unwrap().counters.tx_bytes;
    host.send(client, &[0; 1000]).unwrap();
    host.recv(server).unwrap();
    let after = host.stack.interface(IfaceId::LO).unwrap().counters.tx_bytes;
    assert!((1000..1200).contains(&(after - before)));
}

/// Everything that a ring may hold when packets take over.
#[test]
fn a_connection_leaves_its_ring_in_any_state() {
    for state in 0..5 {
        let mut host = host();
        let (client, server) = established_local(&mut host, 80);
        let (down, up) = (std::vec![1; 300_000], std::vec![2; 70_000]);
        let sent = host.send(client, &down).unwrap();
        host.send(server, &up).unwrap();
        match state {
            1 => host.shutdown(client, Shutdown::Write).unwrap(),
            2 => host.shutdown(server, Shutdown::Write).unwrap(),
            3 => host.close(client),
            4 => {
                host.stack.tcp_send(server, b"!").unwrap();
                host.stack.tcp_urge(server);
            }
            _ => {}
        }
        host.stack.tap_open(
            TapFilter {
                iface: None,
                protocol: 3,
                cooked: true,
            },
            1 << 20,
            1,
        );
        host.flush();
        let state_of = |host: &Host| (host.state(client), host.state(server));
        if state == 3 {
            // Unread data was lost with the client: the server learns it after what it got.
            assert_eq!(host.recv(server).map(|data| data.len()), Ok(sent));
            assert_eq!(host.recv(server), Err(Error::Reset));
            continue;
        }
        let states = state_of(&host);
        let want = match state {
            1 => (TcpState::FinWait2, TcpState::CloseWait),
            2 => (TcpState::CloseWait, TcpState::FinWait2),
            _ => (TcpState::Established, TcpState::Established),
        };
        assert_eq!(states, want);
        assert!(host.recv(server).unwrap() == down[..sent]);
        assert!(host.recv(client).unwrap() == up);
        if state == 4 {
            assert_eq!(host.stack.tcp_recv_urgent(client, false), Ok(Some(b'!')));
        }
        if state != 1 {
            assert_eq!(host.send(client, b"more").unwrap(), 4);
            assert_eq!(host.recv(server).unwrap(), b"more");
        }
        host.shutdown(server, Shutdown::Write).unwrap();
        // Where the client was first, it is in TIME-WAIT now.
        let again = host.shutdown(client, Shutdown::Write);
        assert_eq!(again.is_err(), state == 1);
        host.wait(Duration::from_millis(50));
        assert_eq!(host.recv(client).unwrap(), b"");
        assert_eq!(host.recv(server).unwrap(), b"");
        host.close(client);
        host.close(server);
        assert_eq!(host.stack.counters().tcp.current_established, 0);
    }
}

#[test]
fn a_late_filter_is_obeyed() {
    let mut host = host();
    let (client, server) = established_local(&mut host, 80);
    let program = bpf::Program::new(&[bpf::Instruction {
        code: 0x06,
        jt: 0,
        jf: 0,
        k: 0,
    }])
    .unwrap();
    host.stack
        .tcp_set_filter(server, Some(std::sync::Arc::new(program)))
        .unwrap();
    host.send(client, b"dropped").unwrap();
    assert_eq!(host.recv(server), Err(Error::WouldBlock));
    host.stack.tcp_set_filter(server, None).unwrap();
    host.wait(Duration::from_secs(1));
    assert_eq!(host.recv(server).unwrap(), b"dropped");
}
