//! Two hosts on an Ethernet wire: ARP, NDP, TCP with real checksums, fragments.

use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;
use std::vec;
use std::vec::Vec;

use super::net::*;
use crate::*;

#[test]
fn arp_then_tcp() {
    let (mut a, mut b) = pair();
    let (client, server) = established(&mut a, &mut b, 80);
    a.send(client, b"over the wire").unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(b.recv(server).unwrap(), b"over the wire");
    let known: Vec<_> = a.stack.neighbours().map(|n| (n.addr, n.state)).collect();
    assert_eq!(known, [(v4(10, 0, 0, 2), NeighbourState::Reachable)]);
    assert_eq!(b.stack.counters().tcp.in_checksum_errors, 0);
}

#[test]
fn first_frame_asks_and_the_syn_waits() {
    let mut a = Host::new(1);
    a.connect(Endpoint::v4([10, 0, 0, 2], 80));
    let frames = a.frames();
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0][..6], [0xff; 6]);
    assert_eq!(frames[0][12..14], [8, 6]);
    assert_eq!(frames[0][38..42], [10, 0, 0, 2]);
}

#[test]
fn nobody_answers_arp() {
    let mut a = Host::new(1);
    let id = a.connect(Endpoint::v4([10, 0, 0, 9], 80));
    let udp = a.udp(Endpoint::v4([0, 0, 0, 0], 5000));
    a.stack
        .dgram_connect(udp, Endpoint::v4([10, 0, 0, 9], 7))
        .unwrap();
    a.stack
        .dgram_configure(udp, |options| options.recv_errors = true)
        .unwrap();
    a.stack
        .dgram_send(a.now, udp, &SendMeta::default(), b"?")
        .unwrap();
    a.flush();
    a.wait(Duration::from_secs(5));
    assert_eq!(a.stack.tcp_take_error(id), Some(Error::HostUnreachable));
    assert_eq!(a.stack.dgram_take_error(udp), Some(Error::HostUnreachable));
    let asked = a
        .frames()
        .iter()
        .filter(|frame| frame[12..14] == [8, 6])
        .count();
    assert_eq!(asked, 3);
}

#[test]
fn a_route_through_a_gateway() {
    let (mut a, mut b) = pair();
    let default = Route {
        gateway: Some(v4(10, 0, 0, 2)),
        ..Route::on_link(Cidr::new(v4(0, 0, 0, 0), 0).unwrap(), a.nic)
    };
    assert_eq!(
        a.stack.select_route(v4(8, 8, 8, 8), None),
        Err(Error::NetUnreachable)
    );
    a.stack.add_route(default).unwrap();
    assert_eq!(a.stack.add_route(default), Err(Error::Exists));
    let off = Route {
        gateway: Some(v4(172, 16, 0, 1)),
        ..default
    };
    assert_eq!(a.stack.add_route(off), Err(Error::NetUnreachable));
    let route = a.stack.select_route(v4(8, 8, 8, 8), None).unwrap();
    assert_eq!(
        (route.next_hop, route.source),
        (v4(10, 0, 0, 2), v4(10, 0, 0, 1))
    );
    b.stack
        .add_address(b.now, b.nic, Cidr::new(v4(8, 8, 8, 8), 32).unwrap())
        .unwrap();
    let listener = b.listen(Endpoint::v4([8, 8, 8, 8], 53), 1);
    let client = a.connect(Endpoint::v4([8, 8, 8, 8], 53));
    exchange(&mut a, &mut b);
    assert_eq!(a.state(client), TcpState::Established);
    assert!(b.accept(listener).is_ok());
    a.stack.remove_route(default).unwrap();
    assert_eq!(a.stack.remove_route(default), Err(Error::NotFound));
}

#[test]
fn more_specific_routes_win_and_then_lower_metrics() {
    let mut a = Host::new(1);
    let route = |net: [u8; 4], prefix, metric| Route {
        gateway: Some(v4(10, 0, 0, metric as u8)),
        metric,
        ..Route::on_link(
            Cidr::new(v4(net[0], net[1], net[2], net[3]), prefix).unwrap(),
            IfaceId(2),
        )
    };
    for (net, prefix, metric) in [
        ([0, 0, 0, 0], 0, 9),
        ([9, 9, 0, 0], 16, 8),
        ([9, 9, 0, 0], 16, 7),
        ([9, 0, 0, 0], 8, 6),
    ] {
        a.stack.add_route(route(net, prefix, metric)).unwrap();
    }
    let hop = |addr| a.stack.select_route(addr, None).unwrap().next_hop;
    assert_eq!(hop(v4(1, 1, 1, 1)), v4(10, 0, 0, 9));
    assert_eq!(hop(v4(9, 1, 1, 1)), v4(10, 0, 0, 6));
    assert_eq!(hop(v4(9, 9, 1, 1)), v4(10, 0, 0, 7));
    assert_eq!(hop(v4(10, 0, 0, 77)), v4(10, 0, 0, 77));
}

#[test]
fn neighbour_discovery_over_link_local_addresses() {
    let (mut a, mut b) = pair();
    let link_local = |host: &Host| {
        let info = host.stack.interface(host.nic).unwrap();
        info.addresses
            .iter()
            .map(|own| own.cidr.addr)
            .find(IpAddr::is_ipv6)
            .unwrap()
    };
    let listener = b.stack.tcp_open(true, 1);
    b.stack
        .tcp_bind(
            listener,
            Endpoint {
                port: 80,
                ..Endpoint::unspecified(true)
            },
        )
        .unwrap();
    b.stack.tcp_listen(listener, 1).unwrap();
    let to = Endpoint::new(link_local(&b), 80);
    let client = a.stack.tcp_open(true, 2);
    assert_eq!(a.stack.tcp_connect(a.now, client, to), Err(Error::Invalid));
    a.stack
        .tcp_connect(
            a.now,
            client,
            Endpoint {
                scope: a.nic.0,
                ..to
            },
        )
        .unwrap();
    a.flush();
    exchange(&mut a, &mut b);
    assert_eq!(a.state(client), TcpState::Established);
    let server = b.accept(listener).unwrap();
    a.send(client, b"v6").unwrap();
    exchange(&mut a, &mut b);
    assert_eq!(b.recv(server).unwrap(), b"v6");
    assert_eq!(b.stack.tcp_peer(server).unwrap().scope, b.nic.0);
}

#[test]
fn router_advertisements_configure_an_address_and_a_route() {
    let mut a = Host::new(1);
    let router = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
    let all = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    let mut message = vec![134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    message.extend([1, 1, 2, 0, 0, 0, 0, 2]);
    message.extend([3, 4, 64, 0xc0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    message.extend(Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0).octets());
    let (src, dst) = (IpAddr::V6(router), IpAddr::V6(all));
    crate::icmp::seal(src, dst, &mut message);
    let mut frame = vec![0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd];
    frame.extend([0x60, 0, 0, 0, 0, message.len() as u8, 58, 255]);
    frame.extend(router.octets());
    frame.extend(all.octets());
    frame.extend(message);
    a.stack.ingress(a.now, a.nic, &frame);
    a.flush();
    let route = a
        .stack
        .select_route(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 1).into(), None)
        .unwrap();
    assert_eq!(route.next_hop, src);
    assert_eq!(route.source, "fec0::ff:fe00:1".parse::<IpAddr>().unwrap());
}

#[test]
fn bulk_data_both_ways_over_1500_byte_frames() {
    let (mut a, mut b) = pair();
    let (client, server) = established(&mut a, &mut b, 80);
    let data: Vec<u8> = (0..500_000u32).map(|i| (i ^ i >> 8) as u8).collect();
    let (mut sent, mut got, mut back) = (0, Vec::new(), Vec::new());
    while back.len() < data.len() {
        sent += a.send(client, &data[sent..]).unwrap_or(0);
        exchange(&mut a, &mut b);
        if let Ok(part) = b.recv(server) {
            got.extend(part);
        }
        let due = got.len().min(data.len());
        let at = back.len();
        let _ = b.send(server, &data[at..due.min(at + 30_000)]);
        exchange(&mut a, &mut b);
        if let Ok(part) = a.recv(client) {
            back.extend(part);
        }
        pass(&mut a, &mut b, Duration::from_millis(1));
        // What came back tells the echo how far it got.
        assert!(back[..] == data[..back.len()]);
    }
    assert!(got == data);
}

/// Sends until the congestion window holds 60 000 bytes.
fn warm(a: &mut Host, b: &mut Host, client: TcpId, server: TcpId) {
    for _ in 0..4 {
        a.send(client, &[0; 60_000]).unwrap();
        exchange(a, b);
        pass(a, b, Duration::from_millis(50));
        b.recv(server).unwrap();
        exchange(a, b);
    }
    let info = a.stack.tcp_info(a.now, client).unwrap();
    assert!(info.snd_cwnd > 42, "{}", info.snd_cwnd);
}

#[test]
fn a_new_connection_begins_with_ten_segments() {
    let (mut a, mut b) = pair();
    let (client, server) = established(&mut a, &mut b, 80);
    a.send(client, &[5; 60_000]).unwrap();
    assert_eq!(a.frames().len(), 10);
    // They are lost. A timeout begins with one, and each acknowledgement brings two.
    a.wait(Duration::from_millis(250));
    let info = a.stack.tcp_info(a.now, client).unwrap();
    assert_eq!((info.snd_cwnd, info.snd_ssthresh), (1, 7));
    let frames = a.frames();
    assert_eq!(frames.len(), 1);
    b.now = a.now;
    b.stack.ingress(b.now, b.nic, &frames[0]);
    b.flush();
    b.wait(Duration::from_millis(20));
    a.now = b.now;
    for frame in b.frames() {
        a.stack.ingress(a.now, a.nic, &frame);
    }
    a.flush();
    assert_eq!(a.frames().len(), 2);
    pass(&mut a, &mut b, Duration::from_secs(3));
    assert_eq!(b.recv(server).unwrap().len(), 60_000);
}

#[test]
fn a_batch_of_segments_costs_one_acknowledgement() {
    let (mut a, mut b) = pair();
    let (client, server) = established(&mut a, &mut b, 80);
    warm(&mut a, &mut b, client, server);
    a.send(client, &[5; 60_000]).unwrap();
    let frames = a.frames();
    assert!(frames.len() > 40, "{}", frames.len());
    for frame in &frames {
        b.stack.ingress(b.now, b.nic, frame);
    }
    b.flush();
    let acks = b.frames();
    assert_eq!(acks.len(), 1);
}

#[test]
fn slirp_takes_unsegmented_frames() {
    let (mut a, mut b) = pair();
    a.stack
        .set_quirks(
            a.nic,
            Quirks {
                tso_to_slirp: true,
                ..Quirks::default()
            },
        )
        .unwrap();
    let (client, server) = established(&mut a, &mut b, 80);
    warm(&mut a, &mut b, client, server);
    a.send(client, &[5; 60_000]).unwrap();
    let frames = a.frames();
    assert_eq!(frames.len(), 1);
    assert!(frames[0].len() > 60_000);
    b.stack.ingress(b.now, b.nic, &frames[0]);
    b.flush();
    assert_eq!(b.recv(server).unwrap().len(), 60_000);
}

#[test]
fn fragments_are_put_together() {
    for mtu in [1500, 576, 1280] {
        let (mut a, mut b) = pair();
        a.stack.set_mtu(a.nic, mtu).unwrap();
        let from = a.udp(Endpoint::v4([0, 0, 0, 0], 5000));
        let to = b.udp(Endpoint::v4([0, 0, 0, 0], 6000));
        let data: Vec<u8> = (0..9_001u32).map(|i| (i * 3) as u8).collect();
        a.send_to(from, Endpoint::v4([10, 0, 0, 2], 6000), &data)
            .unwrap();
        exchange(&mut a, &mut b);
        let (got, source) = b.recv_from(to).unwrap();
        assert!(got == data);
        assert_eq!(source, Endpoint::v4([10, 0, 0, 1], 5000));
        assert_eq!(b.stack.counters().ip[0].reassembly_oks, 1);
    }
}

#[test]
fn fragments_in_any_order_and_twice() {
    let (mut a, mut b) = pair();
    let from = a.udp(Endpoint::v4([0, 0, 0, 0], 5000));
    let to = b.udp(Endpoint::v4([0, 0, 0, 0], 6000));
    let peer = Endpoint::v4([10, 0, 0, 2], 6000);
    // Learn the neighbour first.
    a.send_to(from, peer, b"hello").unwrap();
    exchange(&mut a, &mut b);
    b.recv_from(to).unwrap();
    for order in [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
        [2, 0, 1],
        [1, 0, 2],
        [0, 2, 1],
    ] {
        a.send_to(from, peer, &[9; 4000]).unwrap();
        let frames = a.frames();
        assert_eq!(frames.len(), 3);
        for at in order {
            b.stack.ingress(b.now, b.nic, &frames[at]);
            if at != order[2] {
                b.stack.ingress(b.now, b.nic, &frames[at]);
            }
        }
        assert_eq!(b.recv_from(to).unwrap().0.len(), 4000, "{order:?}");
    }
    // A lost fragment leaves nothing behind but a count.
    a.send_to(from, peer, &[9; 4000]).unwrap();
    let frames = a.frames();
    b.stack.ingress(b.now, b.nic, &frames[0]);
    b.stack.ingress(b.now, b.nic, &frames[2]);
    b.flush();
    b.wait(Duration::from_secs(31));
    assert_eq!(b.stack.counters().ip[0].reassembly_timeouts, 1);
    assert_eq!(b.recv_from(to), Err(Error::WouldBlock));
}

#[test]
fn ipv6_fragments() {
    let (mut a, mut b) = pair();
    for (host, last) in [(&mut a, 1), (&mut b, 2)] {
        let addr = Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, last).into();
        host.stack
            .add_address(host.now, host.nic, Cidr::new(addr, 64).unwrap())
            .unwrap();
    }
    let from = a.open(DgramKind::Udp, true);
    let to = b.open(DgramKind::Udp, true);
    b.stack
        .dgram_bind(
            to,
            Endpoint {
                port: 6000,
                ..Endpoint::unspecified(true)
            },
        )
        .unwrap();
    let peer = Endpoint::new(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2).into(), 6000);
    let data: Vec<u8> = (0..20_000u32).map(|i| (i * 3) as u8).collect();
    a.send_to(from, peer, &data).unwrap();
    exchange(&mut a, &mut b);
    assert!(b.recv_from(to).unwrap().0 == data);
}

#[test]
fn dhcp_gets_an_address() {
    let mut a = Host::new(1);
    a.stack.remove_address(a.nic, v4(10, 0, 0, 1)).unwrap();
    a.stack.dhcp_start(a.now, a.nic).unwrap();
    let serve = |a: &mut Host, kind: u8| {
        a.flush();
        let asked = a.frames();
        let discover = asked
            .iter()
            .find(|frame| frame[12..14] == [8, 0])
            .expect("a message")
            .clone();
        let bootp = &discover[14 + 28..];
        let mut answer = bootp[..240].to_vec();
        answer[0] = 2;
        answer[16..20].copy_from_slice(&[10, 0, 2, 15]);
        answer.extend([
            53, 1, kind, 54, 4, 10, 0, 2, 2, 1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 2, 2, 6, 4, 10,
            0, 2, 3,
        ]);
        answer.extend([51, 4, 0, 1, 0x51, 0x80, 255]);
        let mut server = Host::new(9);
        server
            .stack
            .add_address(
                server.now,
                server.nic,
                Cidr::new(v4(10, 0, 2, 2), 24).unwrap(),
            )
            .unwrap();
        let id = server.udp(Endpoint::v4([10, 0, 2, 2], 67));
        server
            .stack
            .dgram_configure(id, |options| options.common.broadcast = true)
            .unwrap();
        server
            .send_to(id, Endpoint::v4([10, 0, 2, 255], 68), &answer)
            .unwrap();
        let mut frame = server.frames().remove(0);
        // To the limited broadcast address, as a server that knows no address of ours does.
        frame[14 + 16..14 + 20].fill(255);
        crate::ip::header::refresh_v4_checksum(&mut frame[14..]);
        frame[14 + 26..14 + 28].fill(0);
        a.stack.ingress(a.now, a.nic, &frame);
    };
    serve(&mut a, 2);
    serve(&mut a, 5);
    let lease = a.stack.dhcp_lease(a.nic).expect("a lease");
    assert_eq!(lease.address, Cidr::new(v4(10, 0, 2, 15), 24).unwrap());
    assert_eq!(lease.dns, [core::net::Ipv4Addr::new(10, 0, 2, 3)]);
    let route = a.stack.select_route(v4(1, 2, 3, 4), None).unwrap();
    assert_eq!(
        (route.next_hop, route.source),
        (v4(10, 0, 2, 2), v4(10, 0, 2, 15))
    );
}

#[test]
fn taps_see_both_directions_and_send() {
    let (mut a, mut b) = pair();
    let all = TapFilter {
        iface: None,
        protocol: 3,
        cooked: false,
    };
    let tap = a.stack.tap_open(all, 1 << 20, 7);
    let (client, _) = established(&mut a, &mut b, 80);
    a.send(client, b"x").unwrap();
    assert!(a.woke(7).has(Ready::READ));
    let mut seen = Vec::new();
    while let Ok(row) = a
        .stack
        .tap_recv(tap, false, |packet| (packet.protocol, packet.kind))
    {
        seen.push(row);
    }
    assert_eq!(seen[0], (0x0806, PacketKind::Outgoing));
    assert_eq!(seen[1], (0x0806, PacketKind::Host));
    assert_eq!(seen[2], (0x0800, PacketKind::Outgoing));
    let listening = b.stack.tap_open(
        TapFilter {
            protocol: 0x88b5,
            cooked: true,
            ..all
        },
        1 << 20,
        8,
    );
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5];
    frame.extend(b"raw");
    let send = TapSend {
        iface: a.nic,
        protocol: 0,
        dst: [0; 6],
        frame: &frame,
        offload: Offload::default(),
        unseen: false,
    };
    a.stack.tap_send(a.now, tap, &send).unwrap();
    a.flush();
    exchange(&mut a, &mut b);
    let got = b
        .stack
        .tap_recv(listening, false, |packet| packet.data.to_vec())
        .unwrap();
    assert_eq!(got, b"raw");
    assert_eq!(b.stack.tap_statistics(listening), (1, 0));
}

#[test]
fn a_full_device_queue_stalls_and_resumes() {
    let config = Config {
        tx_queue_len: 4,
        local_fast_path: false,
        ..Config::default()
    };
    let (mut a, mut b) = (Host::with(1, config), Host::new(2));
    let (client, server) = established(&mut a, &mut b, 80);
    let mut got = 0;
    let mut sent = 0;
    while got < 200_000 {
        sent += a.send(client, &[1; 50_000]).unwrap_or(0);
        exchange(&mut a, &mut b);
        a.flush();
        got += b.recv(server).map_or(0, |part| part.len());
    }
    assert!(sent >= got);
    assert_eq!(a.stack.counters().tcp.retransmitted_segments, 0);
}

#[test]
fn a_full_device_queue_makes_a_datagram_sender_wait() {
    let mut a = Host::with(
        1,
        Config {
            tx_queue_len: 4,
            ..Config::default()
        },
    );
    a.stack
        .add_neighbour(a.now, a.nic, v4(10, 0, 0, 2), [2, 0, 0, 0, 0, 2])
        .unwrap();
    let token = a.token();
    let id = a.stack.dgram_open(DgramKind::Udp, false, token);
    let to = Endpoint::v4([10, 0, 0, 2], 7);
    let mut sent = 0;
    while a.send_to(id, to, b"x").is_ok() {
        sent += 1;
    }
    assert_eq!(sent, 4);
    assert!(!a.stack.dgram_ready(id).has(Ready::WRITE));
    assert_eq!(a.woke(token), Ready::NONE);
    assert_eq!(a.frames().len(), 4);
    a.wait(Duration::from_millis(2));
    assert!(a.woke(token).has(Ready::WRITE));
    assert!(a.stack.dgram_ready(id).has(Ready::WRITE));
    assert_eq!(a.send_to(id, to, b"x"), Ok(()));
}

#[test]
fn after_a_pause_the_path_is_tried_anew() {
    for restarts in [true, false] {
        let (mut a, mut b) = pair();
        a.stack
            .configure(|config| config.slow_start_after_idle = restarts);
        let (client, server) = established(&mut a, &mut b, 80);
        for _ in 0..40 {
            a.send(client, &[7; 50_000]).unwrap();
            pass(&mut a, &mut b, Duration::from_millis(20));
            b.recv(server).unwrap();
        }
        pass(&mut a, &mut b, Duration::from_secs(3));
        let window = |a: &Host| a.stack.tcp_info(a.now, client).unwrap().snd_cwnd;
        let before = window(&a);
        assert!(before > 20, "{before}");
        a.send(client, b"x").unwrap();
        assert_eq!(window(&a), if restarts { 10 } else { before });
        pass(&mut a, &mut b, Duration::from_millis(20));
        assert_eq!(b.recv(server).unwrap(), b"x");
    }
}
