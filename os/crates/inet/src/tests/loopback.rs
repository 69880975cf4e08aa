// A host talking to itself over lo. Included twice: with packets and with shared rings (FAST).

use core::time::Duration;
use std::vec;
use std::vec::Vec;

use net::*;
use crate::*;

#[test]
fn connects_sends_and_closes() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    assert_eq!(host.send(client, b"hello"), Ok(5));
    assert_eq!(host.recv(server).unwrap(), b"hello");
    assert_eq!(host.recv(server), Err(Error::WouldBlock));
    assert_eq!(host.send(server, b"world"), Ok(5));
    assert_eq!(host.recv(client).unwrap(), b"world");
    assert_eq!(
        host.stack.tcp_peer(server),
        Some(host.stack.tcp_local(client))
    );
    host.close(client);
    assert_eq!(host.recv(server).unwrap(), b"");
    assert_eq!(host.state(server), TcpState::CloseWait);
    host.close(server);
    let mut rows = Vec::new();
    host.stack.tcp_rows(|row| rows.push(row.state));
    assert_eq!(rows, [TcpState::TimeWait]);
    host.wait(Duration::from_secs(61));
    rows.clear();
    host.stack.tcp_rows(|row| rows.push(row.state));
    assert_eq!(rows, []);
}

#[test]
fn refused_where_nobody_listens() {
    let mut host = Host::over(1, FAST);
    let token = host.token();
    let id = host.stack.tcp_open(false, token);
    host.stack.tcp_connect(host.now, id, lo(81)).unwrap();
    host.flush();
    assert!(host.woke(token).has(Ready::ERR | Ready::HUP));
    assert!(
        host.stack
            .tcp_ready(id)
            .has(Ready::ERR | Ready::HUP | Ready::READ | Ready::WRITE)
    );
    assert_eq!(host.stack.tcp_take_error(id), Some(Error::Refused));
    assert_eq!(host.stack.tcp_take_error(id), None);
    assert_eq!(host.recv(id), Err(Error::NotConnected));
    // The socket may try again.
    host.listen(lo(81), 1);
    host.stack.tcp_connect(host.now, id, lo(81)).unwrap();
    host.flush();
    assert_eq!(host.state(id), TcpState::Established);
}

#[test]
fn every_address_of_the_host_is_local() {
    let mut host = Host::over(1, FAST);
    let any = host.listen(Endpoint::v4([0, 0, 0, 0], 80), 8);
    for (addr, source) in [
        ([127, 0, 0, 1], [127, 0, 0, 1]),
        ([127, 9, 9, 9], [127, 0, 0, 1]),
        ([10, 0, 0, 1], [10, 0, 0, 1]),
        ([0, 0, 0, 0], [127, 0, 0, 1]),
    ] {
        let client = host.connect(Endpoint::v4(addr, 80));
        let server = host.accept(any).unwrap();
        assert_eq!(
            host.stack.tcp_peer(server).unwrap().addr,
            Endpoint::v4(source, 0).addr
        );
        host.send(client, b"x").unwrap();
        assert_eq!(host.recv(server).unwrap(), b"x");
    }
}

#[test]
fn moves_a_megabyte_through_small_and_large_writes() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    let data: Vec<u8> = (0..1_000_000u32).map(|i| (i ^ i >> 8) as u8).collect();
    let (mut sent, mut got) = (0, Vec::new());
    let mut step = 1;
    while got.len() < data.len() {
        if sent < data.len() {
            let end = data.len().min(sent + step);
            match host.send(client, &data[sent..end]) {
                Ok(n) => sent += n,
                Err(error) => assert_eq!(error, Error::WouldBlock),
            }
            step = step * 3 % 70_001 + 1;
        }
        match host.recv(server) {
            Ok(part) => got.extend(part),
            Err(Error::WouldBlock) => host.wait(Duration::from_millis(5)),
            Err(error) => panic!("{error:?}"),
        }
    }
    assert!(got == data);
    assert_eq!(host.stack.counters().tcp.retransmitted_segments, 0);
}

#[test]
fn a_full_window_wakes_the_writer_when_the_reader_reads() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    let block = vec![7; 65_536];
    let mut sent = 0;
    while let Ok(n) = host.send(client, &block) {
        sent += n;
    }
    host.wait(Duration::from_secs(1));
    while let Ok(n) = host.send(client, &block) {
        sent += n;
    }
    assert!(sent >= 262_000, "{sent}");
    assert!(!host.stack.tcp_ready(client).has(Ready::WRITE));
    host.wakes.clear();
    let mut got = 0;
    while got < sent {
        got += host.recv(server).unwrap_or_default().len();
        host.wait(Duration::from_millis(50));
    }
    assert!(host.wakes.values().any(|events| events.has(Ready::WRITE)));
    assert!(host.stack.tcp_ready(client).has(Ready::WRITE));
}

#[test]
fn half_close_lets_the_other_half_go_on() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    host.shutdown(client, Shutdown::Write).unwrap();
    assert_eq!(host.send(client, b"x"), Err(Error::Pipe));
    assert_eq!(host.recv(server).unwrap(), b"");
    assert!(
        host.stack
            .tcp_ready(server)
            .has(Ready::READ | Ready::RDHUP | Ready::WRITE)
    );
    assert!(!host.stack.tcp_ready(server).has(Ready::HUP));
    host.send(server, b"still here").unwrap();
    assert_eq!(host.recv(client).unwrap(), b"still here");
    host.shutdown(server, Shutdown::Write).unwrap();
    assert_eq!(host.recv(client).unwrap(), b"");
    assert!(host.stack.tcp_ready(client).has(Ready::HUP));
    assert!(host.stack.tcp_ready(server).has(Ready::HUP));
}

#[test]
fn close_with_unread_data_resets() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    host.send(client, b"never read").unwrap();
    host.close(server);
    assert!(host.stack.tcp_ready(client).has(Ready::ERR | Ready::HUP));
    assert_eq!(host.recv(client), Err(Error::Reset));
    assert_eq!(host.recv(client).unwrap(), b"");
    assert_eq!(host.send(client, b"x"), Err(Error::Pipe));
    assert_eq!(host.stack.tcp_peer(client), None);
}

#[test]
fn writing_to_a_closed_peer_works_once() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    host.close(server);
    assert_eq!(host.send(client, b"first"), Ok(5));
    // The reset came back to a connection in CLOSE-WAIT: EPIPE (Linux tcp_reset).
    assert_eq!(host.stack.tcp_take_error(client), Some(Error::Pipe));
    assert_eq!(host.send(client, b"second"), Err(Error::Pipe));
}

#[test]
fn linger_zero_resets() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    host.stack.tcp_close(host.now, client, Linger::Abort);
    host.flush();
    assert_eq!(host.recv(server), Err(Error::Reset));
    let mut rows = 0;
    host.stack.tcp_rows(|_| rows += 1);
    assert_eq!(rows, 0);
}

#[test]
fn lingering_close_ends_when_all_is_acknowledged() {
    let mut host = Host::over(1, FAST);
    let token = host.token();
    let listener = host.listen(lo(80), 8);
    let client = host.stack.tcp_open(false, token);
    host.stack.tcp_connect(host.now, client, lo(80)).unwrap();
    host.flush();
    let server = host.accept(listener).unwrap();
    host.send(client, b"data").unwrap();
    host.woke(token);
    // Rings deliver at once: nothing to wait for.
    assert_eq!(host.stack.tcp_linger(host.now, client), !FAST);
    host.flush();
    host.wait(Duration::from_millis(100));
    assert!(host.woke(token).has(Ready::DRAINED));
    host.close(client);
    assert_eq!(host.recv(server).unwrap(), b"data");
    assert_eq!(host.recv(server).unwrap(), b"");
}

#[test]
fn a_full_accept_queue_makes_clients_wait_not_fail() {
    let mut host = Host::over(1, FAST);
    let listener = host.listen(lo(80), 1);
    let clients: Vec<TcpId> = (0..4).map(|_| host.connect(lo(80))).collect();
    let done = |host: &Host| {
        clients
            .iter()
            .filter(|&&id| host.state(id) == TcpState::Established)
            .count()
    };
    // Linux: backlog + 1.
    assert_eq!(done(&host), 2);
    assert!(
        clients
            .iter()
            .all(|&id| host.stack.tcp_peer(id).is_some() || host.state(id) == TcpState::SynSent)
    );
    for _ in 0..2 {
        host.accept(listener).unwrap();
    }
    assert_eq!(host.accept(listener), Err(Error::WouldBlock));
    host.wait(Duration::from_secs(4));
    assert_eq!(done(&host), 4);
    assert!(host.stack.counters().tcp.listen_overflows > 0);
}

#[test]
fn closing_a_listener_resets_whom_nobody_accepted() {
    let mut host = Host::over(1, FAST);
    let listener = host.listen(lo(80), 8);
    let client = host.connect(lo(80));
    assert_eq!(host.state(client), TcpState::Established);
    host.close(listener);
    assert_eq!(host.recv(client), Err(Error::Reset));
}

#[test]
fn many_connections_one_after_another_reuse_what_they_can() {
    let mut host = Host::over(1, FAST);
    let listener = host.listen(lo(80), 8);
    for round in 0..300 {
        let client = host.connect(lo(80));
        let server = host.accept(listener).unwrap();
        host.send(client, b"ping").unwrap();
        assert_eq!(host.recv(server).unwrap(), b"ping", "{round}");
        host.close(client);
        host.close(server);
        host.now = host.now + Duration::from_millis(1);
    }
    assert_eq!(host.stack.counters().tcp.time_waits, 300);
    assert_eq!(host.stack.counters().tcp.current_established, 0);
}

#[test]
fn peek_sees_across_the_ring_without_consuming() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    // Move the ring's start away from zero.
    host.send(client, &vec![1; 100_000]).unwrap();
    let mut got = 0;
    while got < 100_000 {
        got += host.recv(server).unwrap_or_default().len();
        host.wait(Duration::from_millis(20));
    }
    let data: Vec<u8> = (0..60_000u32).map(|i| i as u8).collect();
    host.send(client, &data).unwrap();
    host.wait(Duration::from_millis(50));
    let mut seen = Vec::new();
    while seen.len() < data.len() {
        let at = seen.len();
        let part = host
            .stack
            .tcp_peek_with(server, at, |bytes| bytes.to_vec())
            .unwrap();
        assert!(!part.is_empty());
        seen.extend(part);
    }
    assert!(seen == data);
    assert_eq!(host.stack.tcp_unread(server), 60_000);
    assert!(host.recv(server).unwrap() == data);
}

#[test]
fn ipv6_and_dual_stack() {
    let mut host = Host::over(1, FAST);
    let token = host.token();
    let listener = host.stack.tcp_open(true, token);
    host.stack
        .tcp_bind(
            listener,
            Endpoint {
                port: 80,
                ..Endpoint::unspecified(true)
            },
        )
        .unwrap();
    host.stack.tcp_listen(listener, 8).unwrap();
    let six = host.stack.tcp_open(true, 1);
    let v6_lo = Endpoint::new(core::net::Ipv6Addr::LOCALHOST.into(), 80);
    host.stack.tcp_connect(host.now, six, v6_lo).unwrap();
    let four = host.stack.tcp_open(true, 2);
    let mapped = core::net::Ipv4Addr::LOCALHOST.to_ipv6_mapped();
    host.stack
        .tcp_connect(host.now, four, Endpoint::new(mapped.into(), 80))
        .unwrap();
    host.flush();
    for (client, v6) in [(six, true), (four, false)] {
        let server = host.accept(listener).unwrap();
        assert_eq!(host.stack.tcp_peer(server).unwrap().addr.is_ipv6(), v6);
        host.send(client, b"six or four").unwrap();
        assert_eq!(host.recv(server).unwrap(), b"six or four");
    }
}

#[test]
fn cork_holds_a_partial_segment_for_at_most_200_ms() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    let write = |host: &mut Host, data: &[u8], more: bool| {
        host.stack
            .tcp_send_with(client, more, |room| {
                room[..data.len()].copy_from_slice(data);
                (data.len(), ())
            })
            .unwrap();
        host.flush();
    };
    write(&mut host, b"one ", true);
    assert_eq!(host.stack.tcp_unread(server), 0);
    write(&mut host, b"two", false);
    assert_eq!(host.recv(server).unwrap(), b"one two");
    write(&mut host, b"late", true);
    host.wait(Duration::from_millis(150));
    assert_eq!(host.stack.tcp_unread(server), 0);
    host.wait(Duration::from_millis(60));
    assert_eq!(host.recv(server).unwrap(), b"late");
}

#[test]
fn keepalive_gives_up_on_a_silent_peer() {
    let (mut a, mut b) = pair();
    let (client, _server) = established(&mut a, &mut b, 80);
    a.stack
        .tcp_configure(client, |options| {
            options.common.keepalive = true;
            options.keep_idle = Duration::from_secs(10);
            options.keep_interval = Duration::from_secs(2);
            options.keep_count = 3;
        })
        .unwrap();
    a.flush();
    pass(&mut a, &mut b, Duration::from_secs(30));
    assert_eq!(a.state(client), TcpState::Established);
    // Now the wire is cut.
    for _ in 0..30 {
        a.frames();
        a.wait(Duration::from_secs(1));
    }
    assert_eq!(a.stack.tcp_take_error(client), Some(Error::TimedOut));
}

#[test]
fn tcp_info_and_queues_tell_the_truth() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    host.send(client, &[1; 1000]).unwrap();
    assert_eq!(host.stack.tcp_unread(server), 1000);
    host.wait(Duration::from_millis(50));
    assert_eq!(host.stack.tcp_unacked(client), 0);
    let info = host.stack.tcp_info(host.now, client).unwrap();
    assert_eq!(
        (info.state, info.bytes_acked, info.snd_mss),
        (1, 1001, if FAST { 32_768 } else { 65_483 })
    );
    let info_mss = info.snd_mss as usize;
    let info = host.stack.tcp_info(host.now, server).unwrap();
    assert_eq!(info.bytes_received, 1000);
    assert_eq!(host.stack.tcp_mss(client), info_mss);
}

#[test]
fn a_deferring_listener_shows_connections_with_data_or_after_a_while() {
    let mut host = Host::over(1, FAST);
    let listener = host.listen(lo(80), 8);
    host.stack
        .tcp_configure(listener, |options| options.defer_accept = Some(Duration::from_secs(3)))
        .unwrap();
    let talker = host.connect(lo(80));
    let closer = host.connect(lo(80));
    let silent = host.connect(lo(80));
    for id in [talker, closer, silent] {
        assert_eq!(host.state(id), TcpState::Established);
    }
    assert_eq!(host.accept(listener), Err(Error::WouldBlock));
    host.send(talker, b"hello").unwrap();
    let server = host.accept(listener).unwrap();
    assert_eq!(host.recv(server).unwrap(), b"hello");
    host.close(closer);
    let server = host.accept(listener).unwrap();
    assert_eq!(host.recv(server).unwrap(), b"");
    assert_eq!(host.accept(listener), Err(Error::WouldBlock));
    host.wait(Duration::from_secs(4));
    assert!(host.accept(listener).is_ok());
}

#[test]
fn a_larger_receive_buffer_lets_more_in() {
    let mut host = Host::over(1, FAST);
    let fill = |host: &mut Host, size: usize| {
        let listener = host.listen(lo(80), 8);
        host.stack.tcp_configure(listener, |options| options.common.recv_buffer = size).unwrap();
        let client = host.connect(lo(80));
        let _server = host.accept(listener).unwrap();
        host.close(listener);
        let mut sent = 0;
        while let Ok(n) = host.send(client, &[0; 10_000]) {
            sent += n;
            host.wait(Duration::from_millis(20));
        }
        sent
    };
    let small = fill(&mut host, 10_000);
    assert!((10_000 + 131_072 - 1000..=10_000 + 131_072).contains(&small), "{small}");
    assert!(fill(&mut host, 300_000) >= 300_000);
}

#[test]
fn disconnect_frees_a_socket_for_another_connection() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    host.stack.tcp_disconnect(host.now, client).unwrap();
    host.flush();
    assert_eq!(host.recv(server), Err(Error::Reset));
    assert_eq!(host.stack.tcp_local(client), Endpoint::unspecified(false));
    host.listen(lo(81), 1);
    host.stack.tcp_connect(host.now, client, lo(81)).unwrap();
    host.flush();
    assert_eq!(host.state(client), TcpState::Established);
    assert_eq!(host.stack.tcp_connect(host.now, client, lo(81)), Err(Error::Connected));
}

/// Sends `data` with MSG_OOB.
fn urge(host: &mut Host, id: TcpId, data: &[u8]) {
    assert_eq!(host.stack.tcp_send(id, data), Ok(data.len()));
    host.stack.tcp_urge(id);
    host.flush();
}

#[test]
fn urgent_data_beside_the_stream() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    assert_eq!(host.stack.tcp_recv_urgent(server, false), Err(Error::Invalid));
    host.send(client, b"a").unwrap();
    urge(&mut host, client, b"bc");
    host.send(client, b"d").unwrap();
    assert!(host.stack.tcp_ready(server).has(Ready::PRIORITY));
    assert_eq!(host.stack.tcp_readable(server), 2);
    assert!(!host.stack.tcp_at_mark(server));
    assert_eq!(host.recv(server).unwrap(), b"ab");
    assert!(host.stack.tcp_at_mark(server));
    assert_eq!(host.stack.tcp_recv_urgent(server, true), Ok(Some(b'c')));
    assert_eq!(host.stack.tcp_recv_urgent(server, false), Ok(Some(b'c')));
    assert_eq!(host.stack.tcp_recv_urgent(server, false), Err(Error::Invalid));
    assert!(!host.stack.tcp_ready(server).has(Ready::PRIORITY));
    assert_eq!(host.recv(server).unwrap(), b"d");
    assert!(!host.stack.tcp_at_mark(server));
}

#[test]
fn urgent_data_that_nobody_asks_for() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    // Alone it is nothing to read.
    urge(&mut host, client, b"!");
    assert!(!host.stack.tcp_ready(server).has(Ready::READ));
    assert_eq!(host.recv(server), Err(Error::WouldBlock));
    assert_eq!(host.stack.tcp_recv_urgent(server, false), Err(Error::Invalid));
    // A second makes the first ordinary,
    urge(&mut host, client, b"12");
    urge(&mut host, client, b"34");
    assert_eq!(host.recv(server).unwrap(), b"123");
    assert_eq!(host.stack.tcp_recv_urgent(server, false), Ok(Some(b'4')));
    // unless the reader stands there.
    urge(&mut host, client, b"pq");
    assert_eq!(host.recv(server).unwrap(), b"p");
    urge(&mut host, client, b"rs");
    assert_eq!(host.recv(server).unwrap(), b"r");
    assert_eq!(host.stack.tcp_recv_urgent(server, false), Ok(Some(b's')));
}

#[test]
fn urgent_data_in_line() {
    let mut host = Host::over(1, FAST);
    let (client, server) = established_local(&mut host, 80);
    host.stack
        .tcp_configure(server, |options| options.common.oob_inline = true)
        .unwrap();
    urge(&mut host, client, b"abc");
    host.send(client, b"de").unwrap();
    assert_eq!(host.stack.tcp_recv_urgent(server, false), Err(Error::Invalid));
    assert_eq!(host.recv(server).unwrap(), b"ab");
    assert!(host.stack.tcp_at_mark(server));
    assert_eq!(host.recv(server).unwrap(), b"cde");
}
