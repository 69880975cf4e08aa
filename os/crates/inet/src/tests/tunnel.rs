//! An interface without a link header: packets go in and out behind zeros, taps see none of them, and hints of any kind are
//! survived.

use std::vec;
use std::vec::Vec;

use crate::checksum::Sum;
use crate::rng::Rng;
use crate::*;

const LINK: usize = 14;

/// A stack with one tunnel that is up, 10.0.0.1/24.
fn tunnel() -> (Stack, IfaceId) {
    let mut stack = Stack::new(Config::default(), 7);
    let now = Instant::from_nanos(0);
    stack
        .add_interface("lo", IfaceKind::Loopback, 65_536, Quirks::default())
        .unwrap();
    let iface = stack
        .add_interface("tun0", IfaceKind::Tunnel, 1500, Quirks::default())
        .unwrap();
    stack.set_up(now, iface, true).unwrap();
    let cidr = Cidr::new([10, 0, 0, 1].into(), 24).unwrap();
    stack.add_address(now, iface, cidr).unwrap();
    (stack, iface)
}

/// An ICMP echo request from 10.0.0.9, as a device hands it over.
fn request() -> Vec<u8> {
    let mut frame = vec![0; LINK];
    frame[12..].copy_from_slice(&[8, 0]);
    frame.extend_from_slice(&[0x45, 0, 0, 32, 0, 1, 0, 0, 64, 1, 0, 0]);
    frame.extend_from_slice(&[10, 0, 0, 9, 10, 0, 0, 1]);
    frame.extend_from_slice(&[8, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4]);
    let sum = Sum::default().bytes(&frame[LINK..LINK + 20]).finish();
    frame[LINK + 10..LINK + 12].copy_from_slice(&sum);
    let sum = Sum::default().bytes(&frame[LINK + 20..]).finish();
    frame[LINK + 22..LINK + 24].copy_from_slice(&sum);
    frame
}

/// What the stack sends, IPv4 only.
fn sent(stack: &mut Stack, iface: IfaceId) -> Vec<Vec<u8>> {
    let mut effects = Effects::new();
    stack.flush(Instant::from_nanos(0), &mut effects);
    let frames = core::iter::from_fn(|| stack.pop_frame(iface));
    frames
        .map(|frame| frame.to_vec())
        .filter(|frame| frame[12..LINK] == [8, 0])
        .collect()
}

#[test]
fn answers_a_ping_behind_zeros() {
    let (mut stack, iface) = tunnel();
    let filter = TapFilter {
        iface: Some(iface),
        protocol: 3,
        cooked: false,
    };
    sent(&mut stack, iface);
    let before = stack.interface(iface).unwrap().counters;
    let tap = stack.tap_open(filter, 1 << 16, 1);
    stack.ingress(Instant::from_nanos(0), iface, &request());
    let frames = sent(&mut stack, iface);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0][..12], [0; 12]);
    assert_eq!(frames[0][LINK + 20], 0);
    assert_eq!(frames[0].len(), LINK + 32);
    for kind in [PacketKind::Host, PacketKind::Outgoing] {
        let seen = stack.tap_recv(tap, false, |packet| {
            (packet.kind, packet.data.len(), packet.network, packet.bare)
        });
        assert_eq!(seen, Ok((kind, 32, 0, true)));
    }
    let after = stack.interface(iface).unwrap().counters;
    assert_eq!(after.rx_bytes - before.rx_bytes, 32);
    assert_eq!(after.tx_bytes - before.tx_bytes, 32);
}

#[test]
fn finishes_what_hints_ask_for() {
    let (mut stack, iface) = tunnel();
    let mut frame = request();
    frame[LINK + 22..LINK + 24].fill(0);
    let offload = Offload {
        unsummed: Some(Unsummed {
            start: 20,
            offset: 2,
        }),
        cut: None,
    };
    let now = Instant::from_nanos(0);
    stack
        .ingress_unfinished(now, iface, &frame, offload)
        .unwrap();
    assert_eq!(sent(&mut stack, iface).len(), 1);
    let wrong = Offload {
        unsummed: Some(Unsummed {
            start: u16::MAX,
            offset: 2,
        }),
        cut: None,
    };
    let refused = stack.ingress_unfinished(now, iface, &frame, wrong);
    assert_eq!(refused, Err(Error::Invalid));
}

#[test]
fn survives_anything() {
    let (mut stack, iface) = tunnel();
    let mut rng = Rng::new(11);
    let now = Instant::from_nanos(0);
    for round in 0..20_000 {
        let mut frame = request();
        frame.resize(LINK + rng.u64() as usize % 120, 0x5a);
        for _ in 0..rng.u64() % 6 {
            let at = rng.u64() as usize % frame.len();
            frame[at] = rng.u64() as u8;
        }
        let unsummed = (round % 3 == 0).then(|| Unsummed {
            start: rng.u64() as u16 % 200,
            offset: rng.u64() as u16 % 40,
        });
        let kind = match rng.u64() % 3 {
            0 => Cut::Udp,
            n => Cut::Tcp { v6: n == 1 },
        };
        let cut = (round % 2 == 0).then(|| (kind, rng.u64() as u16 % 64));
        let _ = stack.ingress_unfinished(now, iface, &frame, Offload { unsummed, cut });
        sent(&mut stack, iface);
    }
    stack.ingress(now, iface, &[]);
    stack.ingress(now, iface, &request());
    assert_eq!(sent(&mut stack, iface).len(), 1);
}
