//! IPv6 extension headers: written, cut and put together again, refused; and nonsense in their place.

use core::net::{IpAddr, Ipv6Addr};
use std::vec;
use std::vec::Vec;

use super::net::*;
use crate::ip::extension::{self, Refusal};
use crate::ip::header::{HeaderFields, IPV6_HEADER, IpHeader};
use crate::rng::Rng;
use crate::*;

const UDP: u8 = 17;

/// A packet of those headers and 16 bytes of payload.
fn packet(headers: &ExtensionHeaders) -> Vec<u8> {
    let mut packet = vec![0; IPV6_HEADER + headers.len() + 16];
    let fields = HeaderFields {
        src: IpAddr::V6(Ipv6Addr::LOCALHOST),
        dst: IpAddr::V6(Ipv6Addr::LOCALHOST),
        protocol: UDP,
        ttl: 64,
        tos: 0,
        id: 0,
        dont_fragment: false,
    };
    fields.write(&mut packet);
    headers.write(&mut packet);
    packet
}

fn options(kind: u8, value: &[u8]) -> Vec<u8> {
    let mut header = vec![0, 0, kind, value.len() as u8];
    header.extend_from_slice(value);
    header.resize(header.len().next_multiple_of(8), 0);
    header[1] = (header.len() / 8 - 1) as u8;
    header
}

#[test]
fn headers_are_written_in_order() {
    let headers = ExtensionHeaders {
        hop_by_hop: options(0x1e, &[1, 2, 3, 4]),
        before_routing: options(1, &[0; 4]),
        routing: Vec::new(),
        destination: options(0x1e, &[0; 12]),
    };
    let packet = packet(&headers);
    let header = IpHeader::parse(&packet, false).unwrap();
    assert_eq!(header.protocol, UDP);
    assert_eq!(header.payload, IPV6_HEADER + 8 + 16);
    let found: Vec<(u8, usize)> = extension::headers(&packet, header.payload)
        .map(|(kind, at, _)| (kind, at))
        .collect();
    // Options before a routing header wait for one.
    assert_eq!(found, [(0, 40), (60, 48)]);
    assert_eq!(extension::link(&packet, header.payload), 48);
    assert_eq!(extension::unfragmentable(&packet, header.payload), 48);
    assert_eq!(
        extension::examine(&packet, header.payload, 40, false),
        Ok(())
    );
}

#[test]
fn a_routing_header_names_the_first_stop() {
    let mut routing = vec![0, 2, 2, 1, 0, 0, 0, 0];
    routing.extend([9; 16]);
    let packet = packet(&ExtensionHeaders {
        routing,
        ..ExtensionHeaders::default()
    });
    assert_eq!(packet[24..40], [9; 16]);
    assert_eq!(packet[48..64], Ipv6Addr::LOCALHOST.octets());
}

#[test]
fn unknown_options_are_judged_by_their_highest_bits() {
    let judge = |kind: u8, group: bool| {
        let mut packet = packet(&ExtensionHeaders {
            destination: options(kind, &[0; 4]),
            ..ExtensionHeaders::default()
        });
        if group {
            packet[24] = 0xff;
        }
        extension::examine(&packet, 48, 40, false)
    };
    assert_eq!(judge(0x1e, false), Ok(()));
    assert_eq!(judge(0x5e, false), Err(Refusal::Silent));
    assert_eq!(judge(0x9e, true), Err(Refusal::Problem(2, 42)));
    assert_eq!(judge(0xde, false), Err(Refusal::Problem(2, 42)));
    assert_eq!(judge(0xde, true), Err(Refusal::Silent));
}

#[test]
fn what_is_cut_keeps_its_headers() {
    let mut host = Host::new(1);
    let server = host.open(DgramKind::Udp, true);
    host.stack
        .dgram_bind(server, Endpoint::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 7))
        .unwrap();
    let client = host.open(DgramKind::Udp, true);
    host.stack
        .dgram_add(client, |additions| {
            additions.v6.hop_by_hop = options(0x1e, &[1; 4]);
            additions.v6.destination = options(0x1e, &[2; 4]);
        })
        .unwrap();
    host.stack
        .dgram_configure(client, |o| o.common.mtu = Some(1280))
        .unwrap();
    let to = Endpoint::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 7);
    host.send_to(client, to, &[5; 4000]).unwrap();
    host.flush();
    let kinds = host
        .stack
        .dgram_recv(server, false, |arrival| {
            assert_eq!(arrival.data, [5; 4000]);
            assert!(arrival.tag.fragment > 1000);
            arrival
                .extension_headers()
                .map(|(kind, header)| (kind, header[4]))
                .collect::<Vec<_>>()
        })
        .unwrap();
    assert_eq!(kinds, [(0, 1), (60, 2)]);
}

#[test]
fn nonsense_panics_nobody() {
    let mut rng = Rng::new(11);
    let mut host = Host::new(1);
    let raw = host.open(DgramKind::Raw { protocol: UDP }, true);
    host.stack
        .dgram_configure(raw, |o| o.common.recv_buffer = 1 << 14)
        .unwrap();
    let sender = host.open(DgramKind::Raw { protocol: 255 }, true);
    host.stack
        .dgram_configure(sender, |o| o.header_included = true)
        .unwrap();
    let kinds = [0, 43, 44, 60, 17, 58, 59];
    for _ in 0..5_000 {
        let mut bytes = vec![0; 48 + rng.u32() as usize % 160];
        bytes.iter_mut().for_each(|byte| *byte = rng.u32() as u8);
        let header = packet(&ExtensionHeaders::default());
        bytes[..40].copy_from_slice(&header[..40]);
        let len = bytes.len() as u16 - 40;
        bytes[4..6].copy_from_slice(&len.to_be_bytes());
        bytes[6] = kinds[rng.u32() as usize % kinds.len()];
        if rng.u32().is_multiple_of(8) {
            bytes[24] = 0xff;
        }
        let mut at = 40;
        while at + 8 <= bytes.len() {
            bytes[at] = kinds[rng.u32() as usize % kinds.len()];
            let units = rng.u32() as usize % 3;
            bytes[at + 1] = units as u8;
            bytes[at + 2] = [0, 1, 2, 3, 4, 5, 0x1e, 0x9e, 0xc2, 0xc9][rng.u32() as usize % 10];
            bytes[at + 3] = (rng.u32() % 8) as u8;
            at += (units + 1) * 8;
        }
        if let Some(header) = IpHeader::parse(&bytes, false) {
            let _ = extension::examine(&bytes, header.payload, 40, false);
            let _ = extension::link(&bytes, header.payload);
            assert!(extension::unfragmentable(&bytes, header.payload) <= header.payload);
        }
        let to = Endpoint::new(IpAddr::V6(Ipv6Addr::LOCALHOST), 0);
        let _ = host.send_to(sender, to, &bytes);
        host.flush();
        while host
            .stack
            .dgram_recv(raw, false, |arrival| arrival.extension_headers().count())
            .is_ok()
        {}
    }
}
