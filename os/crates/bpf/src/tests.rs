//! The rules one by one, a program of tcpdump's, and random programs on random packets.

use crate::{Instruction, MAX_INSTRUCTIONS, Packet, Program};
use alloc::{vec, vec::Vec};

const fn i(code: u16, jt: u8, jf: u8, k: u32) -> Instruction {
    Instruction { code, jt, jf, k }
}

const RET_ALL: Instruction = i(0x06, 0, 0, u32::MAX);

fn run(program: &[Instruction], bytes: &[u8]) -> u32 {
    let packet = Packet {
        bytes,
        link: Some(0),
        network: Some(14),
        ..Packet::default()
    };
    Program::new(program)
        .expect("the program keeps the rules")
        .run(&packet)
}

fn rejected(program: &[Instruction]) {
    assert!(Program::new(program).is_err(), "{program:?}");
}

#[test]
fn lengths() {
    rejected(&[]);
    rejected(&vec![RET_ALL; MAX_INSTRUCTIONS + 1]);
    assert!(Program::new(&vec![RET_ALL; MAX_INSTRUCTIONS]).is_ok());
}

#[test]
fn must_return() {
    rejected(&[i(0x00, 0, 0, 1)]);
    rejected(&[RET_ALL, i(0x00, 0, 0, 1)]);
}

#[test]
fn unknown_instructions() {
    for code in [
        0x0e,
        0x18,
        0x38,
        0xff,
        0x87 | 0x100,
        0x35 | 0x80,
        0x94 | 0x100,
        0x61 | 0x10,
        0x0a,
        0x1e,
    ] {
        rejected(&[i(code, 0, 0, 1), RET_ALL]);
    }
}

#[test]
fn constants() {
    rejected(&[i(0x34, 0, 0, 0), RET_ALL]);
    rejected(&[i(0x94, 0, 0, 0), RET_ALL]);
    rejected(&[i(0x64, 0, 0, 32), RET_ALL]);
    rejected(&[i(0x74, 0, 0, 32), RET_ALL]);
    assert_eq!(
        run(
            &[i(0x00, 0, 0, 3), i(0x64, 0, 0, 31), i(0x16, 0, 0, 0)],
            b""
        ),
        1 << 31
    );
}

#[test]
fn jumps_stay_inside() {
    rejected(&[i(0x05, 0, 0, 1), RET_ALL]);
    rejected(&[i(0x05, 0, 0, u32::MAX), RET_ALL]);
    rejected(&[i(0x15, 1, 0, 0), RET_ALL]);
    rejected(&[i(0x15, 0, 1, 0), RET_ALL]);
    assert_eq!(
        run(&[i(0x05, 0, 0, 1), i(0x06, 0, 0, 0), i(0x06, 0, 0, 7)], b""),
        7
    );
}

#[test]
fn memory_needs_writing() {
    rejected(&[i(0x60, 0, 0, 0), RET_ALL]);
    rejected(&[i(0x02, 0, 0, 16), RET_ALL]);
    rejected(&[i(0x61, 0, 0, 15), RET_ALL]);
    // One of two paths does not write.
    rejected(&[
        i(0x15, 0, 1, 0),
        i(0x02, 0, 0, 3),
        i(0x60, 0, 0, 3),
        RET_ALL,
    ]);
    // Both do.
    let both = [
        i(0x15, 0, 2, 0),
        i(0x02, 0, 0, 3),
        i(0x05, 0, 0, 1),
        i(0x03, 0, 0, 3),
        i(0x60, 0, 0, 3),
        RET_ALL,
    ];
    assert!(Program::new(&both).is_ok());
}

#[test]
fn ancillary_offsets() {
    let ad = -0x1000_i32 as u32;
    assert!(Program::new(&[i(0x20, 0, 0, ad), RET_ALL]).is_ok());
    assert!(Program::new(&[i(0x30, 0, 0, ad + 60), RET_ALL]).is_ok());
    rejected(&[i(0x20, 0, 0, ad + 64), RET_ALL]);
    rejected(&[i(0x20, 0, 0, ad + 1), RET_ALL]);
    // Below lie the headers' offsets; these are checked when they are used.
    assert!(Program::new(&[i(0x20, 0, 0, ad - 1), RET_ALL]).is_ok());
    assert_eq!(run(&[i(0x20, 0, 0, ad - 1), RET_ALL], &[0; 64]), 0);
}

#[test]
fn loads() {
    let bytes = [1, 2, 3, 4, 5];
    let a = i(0x16, 0, 0, 0);
    assert_eq!(run(&[i(0x20, 0, 0, 0), a], &bytes), 0x0102_0304);
    assert_eq!(run(&[i(0x28, 0, 0, 3), a], &bytes), 0x0405);
    assert_eq!(run(&[i(0x30, 0, 0, 4), a], &bytes), 5);
    assert_eq!(run(&[i(0x28, 0, 0, 4), RET_ALL], &bytes), 0);
    assert_eq!(run(&[i(0x80, 0, 0, 0), a], &bytes), 5);
    assert_eq!(run(&[i(0x01, 0, 0, 3), i(0x50, 0, 0, 1), a], &bytes), 5);
    assert_eq!(run(&[i(0xb1, 0, 0, 4), i(0x87, 0, 0, 0), a], &bytes), 20);
    // SKF_LL_OFF + 2
    assert_eq!(
        run(&[i(0x30, 0, 0, (-0x20_0000_i32 + 2) as u32), a], &bytes),
        3
    );
}

#[test]
fn division_by_x() {
    assert_eq!(run(&[i(0x01, 0, 0, 0), i(0x3c, 0, 0, 0), RET_ALL], b""), 0);
    assert_eq!(
        run(
            &[
                i(0x00, 0, 0, 9),
                i(0x01, 0, 0, 4),
                i(0x9c, 0, 0, 0),
                i(0x16, 0, 0, 0)
            ],
            b""
        ),
        1
    );
}

/// `tcp port 80` over IPv4, as a compiler for filters writes it.
#[test]
fn a_real_program() {
    let program = [
        i(0x28, 0, 0, 12),
        i(0x15, 0, 8, 0x0800),
        i(0x30, 0, 0, 23),
        i(0x15, 0, 6, 6),
        i(0x28, 0, 0, 20),
        i(0x45, 4, 0, 0x1fff),
        i(0xb1, 0, 0, 14),
        i(0x48, 0, 0, 16),
        i(0x15, 0, 1, 80),
        i(0x06, 0, 0, 65535),
        i(0x06, 0, 0, 0),
    ];
    let mut frame = [0; 60];
    frame[12] = 8;
    frame[14] = 0x45;
    frame[23] = 6;
    frame[37] = 80;
    assert_eq!(run(&program, &frame), 65535);
    frame[37] = 81;
    assert_eq!(run(&program, &frame), 0);
}

#[test]
fn payload_offset() {
    let ask = [i(0x20, 0, 0, (-0x1000_i32 + 52) as u32), i(0x16, 0, 0, 0)];
    let mut frame = [0; 80];
    frame[14] = 0x45;
    frame[23] = 6;
    frame[46] = 0x80;
    let packet = Packet {
        bytes: &frame,
        network: Some(14),
        protocol: 0x0800,
        ..Packet::default()
    };
    assert_eq!(
        Program::new(&ask).map(|program| program.run(&packet)),
        Ok(14 + 20 + 32)
    );
}

#[test]
fn netlink_attributes() {
    let bytes = [8, 0, 1, 0, 9, 9, 9, 9, 12, 0, 2, 0, 8, 0, 5, 0, 7, 7, 7, 7];
    let find = |code: u32, from, wanted| {
        run(
            &[
                i(0x00, 0, 0, from),
                i(0x01, 0, 0, wanted),
                i(0x20, 0, 0, (-0x1000_i32) as u32 + code),
                i(0x16, 0, 0, 0),
            ],
            &bytes,
        )
    };
    if cfg!(target_endian = "little") {
        assert_eq!(find(12, 0, 2), 8);
        assert_eq!(find(12, 0, 3), 0);
        assert_eq!(find(12, u32::MAX, 3), 0);
        assert_eq!(find(16, 8, 5), 12);
        assert_eq!(find(16, u32::MAX, 5), 0);
    }
}

/// Nothing that is accepted panics, whatever the packet.
#[test]
fn random_programs() {
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut accepted = 0;
    for _ in 0..60_000 {
        let len = next() % 7;
        let mut program: Vec<Instruction> = (0..len)
            .map(|_| {
                let bits = next();
                let k = match bits >> 60 {
                    0 => (bits >> 20) as u32,
                    1 => u32::MAX - (bits >> 20 & 0x1fff) as u32,
                    2 => (-0x20_0000_i32 + (bits >> 20 & 0x7f) as i32) as u32,
                    _ => (bits >> 20 & 15) as u32,
                };
                i(
                    (bits & 0xbf) as u16,
                    (bits >> 8 & 3) as u8,
                    (bits >> 10 & 3) as u8,
                    k,
                )
            })
            .collect();
        program.push(i(0x16, 0, 0, 0));
        let Ok(program) = Program::new(&program) else {
            continue;
        };
        accepted += 1;
        let bytes: Vec<u8> = (0..next() % 64).map(|_| next() as u8).collect();
        let packet = Packet {
            bytes: &bytes,
            data: next() as usize % 70,
            network: Some(next() as usize % 70),
            link: None,
            protocol: 0x0800,
            ..Packet::default()
        };
        program.run(&packet);
    }
    assert!(accepted > 2_000, "{accepted}");
}
