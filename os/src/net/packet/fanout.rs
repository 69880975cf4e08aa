//! PACKET_FANOUT as programs say it: `struct fanout_args`, or its first word alone. packet(7).

use crate::Result;
use abi::{
    Errno,
    if_packet::{
        PACKET_FANOUT_CBPF, PACKET_FANOUT_CPU, PACKET_FANOUT_EBPF, PACKET_FANOUT_HASH,
        PACKET_FANOUT_LB, PACKET_FANOUT_QM, PACKET_FANOUT_RND, PACKET_FANOUT_ROLLOVER,
    },
};
use inet::{Fanout, FanoutKind, FanoutRefusal};

/// PACKET_FANOUT_FLAG_DEFRAG, shifted down.
const DEFRAG: u8 = 0x80;

/// What setsockopt(2) was given; `most` is 0 where only a word came. `EINVAL`.
pub fn decode(word: u32, most: u32) -> Result<Fanout> {
    let (id, number, flags) = (word as u16, (word >> 16) as u8, (word >> 24) as u8);
    // Nothing puts fragments together for packet sockets.
    if flags & DEFRAG != 0 {
        return Err(Errno::EINVAL);
    }
    let kind = match u32::from(number) {
        PACKET_FANOUT_ROLLOVER if flags & Fanout::ROLLOVER != 0 => return Err(Errno::EINVAL),
        PACKET_FANOUT_HASH => FanoutKind::Hash,
        PACKET_FANOUT_LB => FanoutKind::Turns,
        PACKET_FANOUT_CPU => FanoutKind::Cpu,
        PACKET_FANOUT_ROLLOVER => FanoutKind::Rollover,
        PACKET_FANOUT_RND => FanoutKind::Random,
        PACKET_FANOUT_QM => FanoutKind::Queue,
        // Of the second kind nobody can load a program: all goes to the first socket.
        PACKET_FANOUT_CBPF | PACKET_FANOUT_EBPF => FanoutKind::Program,
        _ => return Err(Errno::EINVAL),
    };
    Ok(Fanout {
        id,
        number,
        kind,
        flags,
        most,
    })
}

/// What getsockopt(2) answers; 0 outside any group.
pub fn encode(fanout: Option<Fanout>) -> i32 {
    fanout.map_or(0, |f| {
        i32::from_ne_bytes(
            (u32::from(f.id) | u32::from(f.number) << 16 | u32::from(f.flags) << 24).to_ne_bytes(),
        )
    })
}

/// The one translator of a refusal.
pub fn errno(refusal: FanoutRefusal) -> Errno {
    match refusal {
        FanoutRefusal::Member => Errno::EALREADY,
        FanoutRefusal::Mismatch => Errno::EINVAL,
        FanoutRefusal::Full => Errno::ENOSPC,
        FanoutRefusal::NoNumber => Errno::ENOMEM,
    }
}
