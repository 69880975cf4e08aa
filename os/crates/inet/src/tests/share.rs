//! Who of several gets a packet: PACKET_FANOUT, and programs of SO_ATTACH_REUSEPORT_CBPF.

use alloc::sync::Arc;
use std::{vec, vec::Vec};

use bpf::{Instruction, Program};

use super::net::*;
use crate::*;

const EVERYTHING: TapFilter = TapFilter {
    iface: None,
    protocol: 0x88b5,
    cooked: false,
};

fn fanout(kind: FanoutKind, flags: u8) -> Fanout {
    Fanout {
        id: 7,
        number: kind as u8,
        kind,
        flags,
        most: 0,
    }
}

/// The byte at the start is the answer.
fn first_byte() -> Arc<Program> {
    let instruction = |code, k| Instruction {
        code,
        jt: 0,
        jf: 0,
        k,
    };
    // Load the byte at 0; answer with it.
    Arc::new(Program::new(&[instruction(0x30, 0), instruction(0x16, 0)]).unwrap())
}

fn throw(host: &mut Host, from: TapId, mark: u8) {
    let mut frame = vec![0; 60];
    frame[12..14].copy_from_slice(&0x88b5u16.to_be_bytes());
    frame[14] = mark;
    let send = TapSend {
        iface: IfaceId::LO,
        protocol: 0,
        dst: [0; 6],
        frame: &frame,
        offload: Offload::default(),
        unseen: false,
    };
    host.stack.tap_send(host.now, from, &send).unwrap();
}

fn drain(host: &mut Host, tap: TapId) -> Vec<u8> {
    let mut marks = Vec::new();
    while let Ok(mark) = host.stack.tap_recv(tap, false, |packet| packet.data[14]) {
        marks.push(mark);
    }
    marks
}

#[test]
fn a_fanout_group_takes_turns_and_loses_members() {
    let mut host = Host::new(1);
    let nothing = TapFilter {
        protocol: 0,
        ..EVERYTHING
    };
    let out = host.stack.tap_open(nothing, 1 << 20, 1);
    let taps: Vec<TapId> = (2..5)
        .map(|token| host.stack.tap_open(EVERYTHING, 1 << 20, token))
        .collect();
    let turns = fanout(FanoutKind::Turns, 0);
    for &tap in &taps {
        host.stack.tap_join(tap, turns).unwrap();
    }
    let again = host.stack.tap_join(taps[0], turns);
    assert_eq!(again, Err(FanoutRefusal::Member));
    assert_eq!(
        host.stack.tap_join(out, turns),
        Err(FanoutRefusal::Mismatch)
    );
    for mark in 0..6 {
        throw(&mut host, out, mark);
    }
    assert_eq!(drain(&mut host, taps[0]), [2, 5]);
    assert_eq!(drain(&mut host, taps[1]), [0, 3]);
    assert_eq!(drain(&mut host, taps[2]), [1, 4]);
    host.stack.tap_close(taps[0]);
    host.stack.tap_close(taps[1]);
    throw(&mut host, out, 9);
    assert_eq!(drain(&mut host, taps[2]), [9]);
}

#[test]
fn a_full_member_passes_on() {
    let mut host = Host::new(1);
    let small = host.stack.tap_open(EVERYTHING, 2000, 1);
    let large = host.stack.tap_open(EVERYTHING, 1 << 20, 2);
    let nothing = TapFilter {
        protocol: 0,
        ..EVERYTHING
    };
    let out = host.stack.tap_open(nothing, 1 << 20, 3);
    for tap in [small, large] {
        let rolls = fanout(FanoutKind::Cpu, Fanout::ROLLOVER);
        host.stack.tap_join(tap, rolls).unwrap();
    }
    for mark in 0..10 {
        throw(&mut host, out, mark);
    }
    let (first, rest) = (drain(&mut host, small), drain(&mut host, large));
    assert_eq!(first.len() + rest.len(), 10);
    assert!((1..5).contains(&first.len()), "{first:?}");
    let counts = host.stack.tap_rollover(small).unwrap();
    assert_eq!(counts.all, rest.len() as u64);
}

#[test]
fn a_program_chooses_among_sockets_that_share_a_port() {
    let mut host = Host::new(1);
    let all = Endpoint::v4([0, 0, 0, 0], 7000);
    let sockets: Vec<DgramId> = (0..3)
        .map(|_| {
            let id = host.open(DgramKind::Udp, false);
            host.stack
                .dgram_configure(id, |options| options.common.reuse_port = true)
                .unwrap();
            host.stack.dgram_bind(id, all).unwrap();
            id
        })
        .collect();
    let from = host.udp(lo(5000));
    let plain = Sharer::Dgram(from);
    assert_eq!(
        host.stack.reuse_attach(plain, first_byte()),
        Err(Error::Invalid)
    );
    let sharer = Sharer::Dgram(sockets[1]);
    assert_eq!(host.stack.reuse_detach(sharer), Err(Error::NotFound));
    host.stack.reuse_attach(sharer, first_byte()).unwrap();
    for (index, &socket) in sockets.iter().enumerate() {
        host.send_to(from, lo(7000), &[index as u8]).unwrap();
        assert_eq!(host.recv_from(socket).unwrap().0, [index as u8]);
    }
    // The last one moves into the place of one that closes.
    host.stack.dgram_close(host.now, sockets[0]);
    host.send_to(from, lo(7000), &[0]).unwrap();
    assert_eq!(host.recv_from(sockets[2]).unwrap().0, [0]);
    host.stack.reuse_detach(sharer).unwrap();
}
