//! Frames that nobody sane would send. Nothing may panic, and the host must go on working.

use core::time::Duration;
use std::vec;
use std::vec::Vec;

use super::net::*;
use crate::rng::Rng;
use crate::*;

/// A host with one of everything, and frames that it finds interesting.
fn target() -> (Host, Vec<Vec<u8>>) {
    let (mut a, mut b) = pair();
    let mut corpus = Vec::new();
    let listen = |a: &mut Host, b: &mut Host, corpus: &mut Vec<Vec<u8>>| {
        for _ in 0..20 {
            let (to_b, to_a) = (a.frames(), b.frames());
            corpus.extend(to_b.iter().cloned());
            to_b.iter()
                .for_each(|frame| b.stack.ingress(b.now, b.nic, frame));
            to_a.iter()
                .for_each(|frame| a.stack.ingress(a.now, a.nic, frame));
            a.flush();
            b.flush();
        }
    };
    let listener = b.listen(Endpoint::v4([0, 0, 0, 0], 80), 8);
    let client = a.connect(Endpoint::v4([10, 0, 0, 2], 80));
    listen(&mut a, &mut b, &mut corpus);
    b.accept(listener).unwrap();
    // Data in the SYN, with a cookie.
    for host in [&mut a, &mut b] {
        host.stack.configure(|config| config.fast_open = 3);
    }
    b.stack.tcp_fast_listen(listener, 100).unwrap();
    b.stack
        .tcp_configure(listener, |options| options.save_syn = 2)
        .unwrap();
    for _ in 0..2 {
        let id = a.tcp();
        let (to, now) = (Endpoint::v4([10, 0, 0, 2], 80), a.now);
        let data = match a.stack.tcp_fast_room(id, to) {
            Ok(0) => &[][..],
            _ => b"early",
        };
        a.stack.tcp_connect_fast(now, id, to, data).unwrap();
        a.flush();
        listen(&mut a, &mut b, &mut corpus);
        let server = b.accept(listener).unwrap();
        assert_eq!(b.stack.tcp_unread(server), data.len());
    }
    a.send(client, &[3; 4000]).unwrap();
    listen(&mut a, &mut b, &mut corpus);
    let udp = b.udp(Endpoint::v4([0, 0, 0, 0], 53));
    b.stack
        .dgram_configure(udp, |options| options.common.recv_buffer = 1 << 16)
        .unwrap();
    let from = a.udp(Endpoint::v4([0, 0, 0, 0], 5000));
    a.send_to(from, Endpoint::v4([10, 0, 0, 2], 53), &[4; 3000])
        .unwrap();
    a.send_to(from, Endpoint::v4([10, 0, 0, 2], 99), b"nobody")
        .unwrap();
    let ping = a.open(DgramKind::Ping, false);
    a.send_to(
        ping,
        Endpoint::v4([10, 0, 0, 2], 0),
        &[8, 0, 0, 0, 0, 0, 0, 1, 9, 9],
    )
    .unwrap();
    listen(&mut a, &mut b, &mut corpus);
    let six = b.open(DgramKind::Raw { protocol: 58 }, true);
    b.stack
        .dgram_configure(six, |options| options.common.recv_buffer = 1 << 14)
        .unwrap();
    b.open(DgramKind::Raw { protocol: 1 }, false);
    b.stack.tap_open(
        TapFilter {
            iface: None,
            protocol: 3,
            cooked: true,
        },
        1 << 14,
        1,
    );
    b.stack.dhcp_start(b.now, b.nic).unwrap();
    let link_local = b
        .stack
        .interface(b.nic)
        .unwrap()
        .addresses
        .iter()
        .map(|own| own.cidr.addr)
        .find(|addr| addr.is_ipv6());
    let ping6 = a.open(DgramKind::Ping, true);
    let to = Endpoint {
        scope: a.nic.0,
        ..Endpoint::new(link_local.unwrap(), 0)
    };
    a.send_to(ping6, to, &[128, 0, 0, 0, 0, 0, 0, 1]).unwrap();
    listen(&mut a, &mut b, &mut corpus);
    a.shutdown(client, Shutdown::Write).unwrap();
    listen(&mut a, &mut b, &mut corpus);
    a.stack.dhcp_start(a.now, a.nic).unwrap();
    a.flush();
    corpus.extend(a.frames());
    // An ICMP error about a segment of b's.
    let mut quoted = corpus
        .iter()
        .find(|frame| frame[12..14] == [8, 0] && frame[23] == 6)
        .unwrap()
        .clone();
    let mut error = quoted[..14].to_vec();
    quoted.drain(..14);
    error.extend(&quoted[..20]);
    error[23] = 1;
    error.extend([3, 3, 0, 0, 0, 0, 0, 0]);
    error.extend(&quoted[..28]);
    corpus.push(error);
    (b, corpus)
}

/// Makes a frame's checksums right again, so that damage gets past the first check.
fn repair(frame: &mut [u8]) {
    let Some(packet) = frame.get_mut(14..) else {
        return;
    };
    crate::ip::header::refresh_v4_checksum(packet);
    let Some(header) = crate::ip::header::IpHeader::parse(packet, false) else {
        return;
    };
    let Some(payload) = packet.get_mut(header.payload..header.end) else {
        return;
    };
    let at = match header.protocol {
        6 => 16,
        17 => 6,
        1 | 58 => 2,
        _ => return,
    };
    if payload.len() < at + 2 {
        return;
    }
    payload[at..at + 2].fill(0);
    let start = match header.protocol {
        1 => crate::checksum::Sum::default(),
        protocol => crate::checksum::Sum::pseudo(header.src, header.dst, protocol, payload.len()),
    };
    let sum = start.bytes(payload).finish();
    payload[at..at + 2].copy_from_slice(&sum);
}

fn still_works(host: &mut Host) {
    let listener = host.listen(lo(9999), 4);
    let client = host.connect(lo(9999));
    let server = host.accept(listener).unwrap();
    host.send(client, b"alive").unwrap();
    assert_eq!(host.recv(server).unwrap(), b"alive");
}

#[test]
fn mutated_frames() {
    for seed in seeds(0, 6) {
        let (mut host, corpus) = target();
        let mut rng = Rng::new(seed);
        for round in 0..4000 {
            let mut frame = corpus[rng.below(corpus.len() as u32) as usize].clone();
            for _ in 0..1 + rng.below(4) {
                // Headers are where the meaning is.
                let near = rng.below(3) != 0;
                let range = if near {
                    frame.len().min(80)
                } else {
                    frame.len()
                };
                let at = rng.below(range as u32) as usize;
                match rng.below(4) {
                    0 => frame[at] = rng.u32() as u8,
                    1 => frame[at] ^= 1 << rng.below(8),
                    2 => frame[at] = [0, 1, 0x7f, 0x80, 0xff][rng.below(5) as usize],
                    _ => frame[at] = frame[at].wrapping_add(1),
                }
            }
            if rng.below(4) == 0 {
                let len = rng.below(frame.len() as u32 + 1) as usize;
                frame.truncate(len);
            }
            if rng.below(8) != 0 {
                repair(&mut frame);
            }
            host.stack.ingress(host.now, host.nic, &frame);
            if round % 16 == 0 {
                host.flush();
                host.frames();
                host.wait(Duration::from_millis(200));
            }
        }
        host.flush();
        host.frames();
        still_works(&mut host);
    }
}

#[test]
fn noise() {
    let (mut host, _) = target();
    let mut rng = Rng::new(7);
    for _ in 0..20_000 {
        let mut frame: Vec<u8> = (0..rng.below(120)).map(|_| rng.u32() as u8).collect();
        if frame.len() > 34 {
            frame[..6].copy_from_slice(&[2, 0, 0, 0, 0, 2]);
            let kind = [[8, 0], [8, 6], [0x86, 0xdd]][rng.below(3) as usize];
            frame[12..14].copy_from_slice(&kind);
            frame[14] = if kind == [0x86, 0xdd] { 0x60 } else { 0x45 };
            if kind == [8, 0] {
                frame[30..34].copy_from_slice(&[10, 0, 0, 2]);
                let len = (frame.len() - 14) as u16;
                frame[16..18].copy_from_slice(&len.to_be_bytes());
                frame[20..22].copy_from_slice(&[0, 0]);
            }
            repair(&mut frame);
        }
        host.stack.ingress(host.now, host.nic, &frame);
    }
    host.flush();
    still_works(&mut host);
}

#[test]
fn every_truncation_of_every_frame() {
    let (mut host, corpus) = target();
    for frame in &corpus {
        for len in 0..frame.len().min(120) {
            host.stack.ingress(host.now, host.nic, &frame[..len]);
        }
    }
    host.flush();
    still_works(&mut host);
}

#[test]
fn a_flood_of_syns_and_fragments_is_bounded() {
    for cookies in 0..3 {
        flood(cookies);
    }
}

fn flood(cookies: u8) {
    let mut host = Host::new(2);
    host.stack.configure(|config| config.syn_cookies = cookies);
    host.listen(Endpoint::v4([0, 0, 0, 0], 80), 16);
    let mut rng = Rng::new(3);
    for at in 0..3000u32 {
        let src = v4(10, 0, 0, 3 + (rng.below(200)) as u8);
        let mut packet = vec![0; 40];
        packet[20..24].copy_from_slice(&[(at >> 8) as u8, at as u8, 0, 80]);
        packet[24..28].copy_from_slice(&rng.u32().to_be_bytes());
        packet[32] = 0x50;
        packet[33] = 2;
        packet[34] = 16;
        let fields = crate::ip::header::HeaderFields {
            src,
            dst: v4(10, 0, 0, 2),
            protocol: 6,
            ttl: 64,
            tos: 0,
            id: at as u16,
            dont_fragment: false,
        };
        fields.write(&mut packet);
        let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 9, 8, 0];
        frame.extend(&packet);
        repair(&mut frame);
        host.stack.ingress(host.now, host.nic, &frame);
        // And the first fragment of something that never ends.
        frame[20] = 0x20;
        repair(&mut frame);
        host.stack.ingress(host.now, host.nic, &frame);
    }
    host.flush();
    let mut rows = 0;
    host.stack.tcp_rows(|_| rows += 1);
    assert!(rows <= [257, 18, 1][usize::from(cookies)], "{rows}");
    host.wait(Duration::from_secs(200));
    rows = 0;
    host.stack.tcp_rows(|_| rows += 1);
    assert_eq!(rows, 1);
    still_works(&mut host);
}
