// Who may bind where: the rules of bind(2), SO_REUSEADDR, SO_REUSEPORT. Included twice, as loopback.rs.

use core::time::Duration;

use net::*;
use crate::*;

fn any(port: u16) -> Endpoint {
    Endpoint::v4([0, 0, 0, 0], port)
}

/// Opens a TCP socket and binds it.
fn bound(host: &mut Host, at: Endpoint, addr: bool, port: bool) -> (TcpId, Result<()>) {
    let id = host.tcp();
    host.stack
        .tcp_configure(id, |options| {
            options.common.reuse_addr = addr;
            options.common.reuse_port = port;
        })
        .unwrap();
    let result = host.stack.tcp_bind(id, at);
    (id, result)
}

#[test]
fn tcp_table() {
    // (first: address, reuse_addr, reuse_port, listens), (second), may the second bind
    let here = Endpoint::v4([127, 0, 0, 1], 80);
    let there = Endpoint::v4([10, 0, 0, 1], 80);
    for (first, second, ok) in [
        ((here, false, false, false), (here, false, false), false),
        ((here, false, false, false), (there, false, false), true),
        ((here, false, false, false), (any(80), false, false), false),
        ((any(80), false, false, false), (here, false, false), false),
        ((any(80), true, false, false), (here, true, false), true),
        ((any(80), true, false, false), (any(80), true, false), true),
        (
            (any(80), true, false, false),
            (any(80), false, false),
            false,
        ),
        (
            (any(80), false, false, false),
            (any(80), true, false),
            false,
        ),
        ((any(80), true, false, true), (any(80), true, false), false),
        ((any(80), true, false, true), (here, true, false), false),
        ((here, true, false, true), (there, false, false), true),
        ((any(80), false, true, true), (any(80), false, true), true),
        ((any(80), false, true, true), (any(80), false, false), false),
        ((any(80), true, false, true), (any(80), false, true), false),
    ] {
        let mut host = Host::over(1, FAST);
        let (id, result) = bound(&mut host, first.0, first.1, first.2);
        result.unwrap();
        if first.3 {
            host.stack.tcp_listen(id, 1).unwrap();
        }
        let (_, result) = bound(&mut host, second.0, second.1, second.2);
        let expected = if ok { Ok(()) } else { Err(Error::AddrInUse) };
        assert_eq!(result, expected, "{first:?} then {second:?}");
    }
}

#[test]
fn two_may_bind_but_one_listens() {
    let mut host = Host::over(1, FAST);
    let (a, _) = bound(&mut host, any(80), true, false);
    let (b, _) = bound(&mut host, any(80), true, false);
    host.stack.tcp_listen(a, 1).unwrap();
    assert_eq!(host.stack.tcp_listen(b, 1), Err(Error::AddrInUse));
}

#[test]
fn errors_of_bind() {
    let mut host = Host::over(1, FAST);
    let id = host.tcp();
    assert_eq!(
        host.stack.tcp_bind(id, Endpoint::v4([1, 2, 3, 4], 80)),
        Err(Error::AddrNotAvailable)
    );
    assert_eq!(
        host.stack.tcp_bind(id, Endpoint::unspecified(true)),
        Err(Error::Family)
    );
    host.stack.tcp_bind(id, any(0)).unwrap();
    assert!((32_768..=60_999).contains(&host.stack.tcp_local(id).port));
    assert_eq!(host.stack.tcp_bind(id, any(80)), Err(Error::Invalid));
    host.stack
        .tcp_configure(id, |options| options.common.freebind = true)
        .unwrap();
    let free = host.tcp();
    host.stack
        .tcp_configure(free, |options| options.common.freebind = true)
        .unwrap();
    host.stack
        .tcp_bind(free, Endpoint::v4([1, 2, 3, 4], 80))
        .unwrap();
}

#[test]
fn dual_stack_wildcards_conflict_with_ipv4() {
    let mut host = Host::over(1, FAST);
    let six = host.stack.tcp_open(true, 1);
    host.stack
        .tcp_bind(
            six,
            Endpoint {
                port: 80,
                ..Endpoint::unspecified(true)
            },
        )
        .unwrap();
    assert_eq!(
        bound(&mut host, any(80), false, false).1,
        Err(Error::AddrInUse)
    );
    let only = host.stack.tcp_open(true, 2);
    host.stack
        .tcp_configure(only, |options| options.common.v6_only = true)
        .unwrap();
    host.stack
        .tcp_bind(
            only,
            Endpoint {
                port: 81,
                ..Endpoint::unspecified(true)
            },
        )
        .unwrap();
    bound(&mut host, any(81), false, false).1.unwrap();
}

#[test]
fn connections_and_time_wait_hold_a_port_against_those_who_do_not_share() {
    let mut host = Host::over(1, FAST);
    let listener = host.tcp();
    host.stack.tcp_bind(listener, lo(80)).unwrap();
    host.stack.tcp_listen(listener, 1).unwrap();
    let client = host.connect(lo(80));
    let server = host.accept(listener).unwrap();
    host.close(listener);
    assert_eq!(
        bound(&mut host, any(80), false, false).1,
        Err(Error::AddrInUse)
    );
    // The server closes first and keeps TIME-WAIT.
    host.close(server);
    host.close(client);
    assert_eq!(
        bound(&mut host, any(80), false, false).1,
        Err(Error::AddrInUse)
    );
    host.wait(Duration::from_secs(61));
    bound(&mut host, any(80), false, false).1.unwrap();
}

#[test]
fn a_server_that_shares_its_address_restarts_at_once() {
    let mut host = Host::over(1, FAST);
    let listener = host.listen(lo(80), 1);
    let client = host.connect(lo(80));
    let server = host.accept(listener).unwrap();
    host.close(server);
    host.close(client);
    host.close(listener);
    let (again, result) = bound(&mut host, lo(80), true, false);
    result.unwrap();
    host.stack.tcp_listen(again, 1).unwrap();
}

#[test]
fn reuse_port_spreads_connections() {
    let mut host = Host::over(1, FAST);
    let listeners: std::vec::Vec<TcpId> = (0..4)
        .map(|_| {
            let (id, result) = bound(&mut host, any(80), false, true);
            result.unwrap();
            host.stack.tcp_listen(id, 200).unwrap();
            id
        })
        .collect();
    for _ in 0..100 {
        host.connect(lo(80));
    }
    for id in listeners {
        let mut got = 0;
        while host.accept(id).is_ok() {
            got += 1;
        }
        assert!((8..=50).contains(&got), "{got}");
    }
}

#[test]
fn ports_come_back_when_sockets_close() {
    let mut host = Host::over(1, FAST);
    for _ in 0..3 {
        let (id, result) = bound(&mut host, any(80), false, false);
        result.unwrap();
        host.close(id);
        let udp = host.udp(any(80));
        host.stack.dgram_close(host.now, udp);
    }
}

#[test]
fn ephemeral_ports_run_out_and_return() {
    let config = Config {
        ephemeral_ports: (40_000, 40_003),
        local_fast_path: FAST,
        ..Config::default()
    };
    let mut host = Host::with(1, config);
    host.listen(lo(80), 100);
    let ids: std::vec::Vec<TcpId> = (0..4).map(|_| host.connect(lo(80))).collect();
    let id = host.tcp();
    assert_eq!(
        host.stack.tcp_connect(host.now, id, lo(80)),
        Err(Error::AddrNotAvailable)
    );
    // To another port the same local ports serve again.
    host.listen(lo(81), 100);
    host.connect(lo(81));
    host.stack.tcp_close(host.now, ids[0], Linger::Abort);
    host.flush();
    host.stack.tcp_connect(host.now, id, lo(80)).unwrap();
}

#[test]
fn udp_table() {
    let mut host = Host::over(1, FAST);
    let one = host.open(DgramKind::Udp, false);
    let two = host.open(DgramKind::Udp, false);
    host.stack.dgram_bind(one, any(53)).unwrap();
    assert_eq!(host.stack.dgram_bind(two, lo(53)), Err(Error::AddrInUse));
    for id in [one, two] {
        host.stack
            .dgram_configure(id, |options| options.common.reuse_addr = true)
            .unwrap();
    }
    host.stack.dgram_bind(two, lo(53)).unwrap();
    // The more specific one hears.
    let from = host.udp(lo(5000));
    host.send_to(from, lo(53), b"x").unwrap();
    assert!(host.recv_from(two).is_ok());
    assert_eq!(host.recv_from(one), Err(Error::WouldBlock));
}

#[test]
fn handles_go_stale() {
    let mut host = Host::over(1, FAST);
    let id = host.tcp();
    host.close(id);
    let other = host.tcp();
    assert_ne!(id, other);
    assert_eq!(host.send(id, b"x"), Err(Error::NoSocket));
    assert_eq!(host.stack.tcp_bind(id, any(80)), Err(Error::NoSocket));
    assert_eq!(host.state(id), TcpState::Closed);
}
