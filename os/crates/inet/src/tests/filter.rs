// Socket filters on the way of packets. What programs may be is tested in crate `bpf`.

use std::sync::Arc;

use bpf::{Instruction, Program};

use super::net::*;
use crate::*;

fn program(instructions: &[(u16, u8, u8, u32)]) -> Option<Arc<Program>> {
    let instructions: std::vec::Vec<Instruction> = instructions
        .iter()
        .map(|&(code, jt, jf, k)| Instruction { code, jt, jf, k })
        .collect();
    Some(Arc::new(Program::new(&instructions).unwrap()))
}

fn returns(bytes: u32) -> Option<Arc<Program>> {
    program(&[(0x06, 0, 0, bytes)])
}

#[test]
fn a_datagram_is_dropped_or_cut() {
    for fast in [false, true] {
        let mut host = Host::over(1, fast);
        let (a, b) = (host.udp(lo(5000)), host.udp(lo(6000)));
        host.stack.dgram_set_filter(b, returns(0)).unwrap();
        host.send_to(a, lo(6000), b"gone").unwrap();
        assert_eq!(host.recv_from(b), Err(Error::WouldBlock));
        // The header counts: 8 + 3.
        host.stack.dgram_set_filter(b, returns(11)).unwrap();
        host.send_to(a, lo(6000), b"three").unwrap();
        assert_eq!(host.recv_from(b).unwrap().0, b"thr");
        // Never into the header.
        host.stack.dgram_set_filter(b, returns(1)).unwrap();
        host.send_to(a, lo(6000), b"three").unwrap();
        assert_eq!(host.recv_from(b).unwrap().0, b"");
        host.stack.dgram_set_filter(b, None).unwrap();
        host.send_to(a, lo(6000), b"three").unwrap();
        assert_eq!(host.recv_from(b).unwrap().0, b"three");
    }
}

#[test]
fn offset_zero_is_the_udp_header() {
    let mut host = Host::over(1, true);
    let (a, b) = (host.udp(lo(5000)), host.udp(lo(6000)));
    // Source port 5000, and protocol UDP in the IP header.
    let filter = program(&[
        (0x28, 0, 0, 0),
        (0x15, 0, 3, 5000),
        (0x30, 0, 0, (-0x10_0000_i32 + 9) as u32),
        (0x15, 0, 1, 17),
        (0x06, 0, 0, u32::MAX),
        (0x06, 0, 0, 0),
    ]);
    host.stack.dgram_set_filter(b, filter).unwrap();
    host.send_to(a, lo(6000), b"x").unwrap();
    assert_eq!(host.recv_from(b).unwrap().0, b"x");
    let c = host.udp(lo(5001));
    host.send_to(c, lo(6000), b"y").unwrap();
    assert_eq!(host.recv_from(b), Err(Error::WouldBlock));
}
