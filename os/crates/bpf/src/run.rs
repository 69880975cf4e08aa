//! The interpreter.

use crate::check::{MEMORY, Program};
use crate::op::{Alu, Ancillary, LL_OFF, NET_OFF, Op, Operand, Size, Test};
use crate::packet::Packet;

/// Registers.
struct Machine {
    a: u32,
    x: u32,
    memory: [u32; MEMORY],
    random: u64,
}

impl Program {
    /// How many bytes, from offset 0, to keep; 0 drops the packet. May be more than there are. A load beyond the
    /// packet and a division by an X of zero end the program with 0.
    pub fn run(&self, packet: &Packet<'_>) -> u32 {
        let mut machine = Machine {
            a: 0,
            x: 0,
            memory: [0; MEMORY],
            random: packet.seed,
        };
        let mut at = 0;
        // A checked program ends in a return; leaving the slice cannot happen and would mean "drop".
        while let Some(&op) = self.ops.get(at) {
            at += 1;
            match machine.step(op, packet) {
                Next::Follow => {}
                Next::Jump(to) => at = to,
                Next::Return(keep) => return keep,
            }
        }
        0
    }
}

enum Next {
    Follow,
    Jump(usize),
    Return(u32),
}

impl Machine {
    fn step(&mut self, op: Op, packet: &Packet<'_>) -> Next {
        match op {
            Op::LoadAbsolute(size, k) => match load(packet, k as i32, size) {
                Some(value) => self.a = value,
                None => return Next::Return(0),
            },
            Op::LoadIndirect(size, k) => match load(packet, self.x.wrapping_add(k) as i32, size) {
                Some(value) => self.a = value,
                None => return Next::Return(0),
            },
            Op::LoadXHeaderLength(k) => match load(packet, k as i32, Size::Byte) {
                Some(value) => self.x = (value & 15) * 4,
                None => return Next::Return(0),
            },
            Op::LoadAncillary(what) => match self.ancillary(what, packet) {
                Some(value) => self.a = value,
                None => return Next::Return(0),
            },
            Op::LoadLength => self.a = packet.payload().len() as u32,
            Op::LoadXLength => self.x = packet.payload().len() as u32,
            Op::LoadImmediate(k) => self.a = k,
            Op::LoadXImmediate(k) => self.x = k,
            Op::LoadMemory(k) => self.a = self.memory.get(k).copied().unwrap_or(0),
            Op::LoadXMemory(k) => self.x = self.memory.get(k).copied().unwrap_or(0),
            Op::Store(k) => self.store(k, self.a),
            Op::StoreX(k) => self.store(k, self.x),
            Op::Alu(alu, operand) => {
                let by = self.value(operand);
                match calculate(alu, self.a, by) {
                    Some(value) => self.a = value,
                    None => return Next::Return(0),
                }
            }
            Op::Negate => self.a = self.a.wrapping_neg(),
            Op::Jump(to) => return Next::Jump(to),
            Op::Branch(test, operand, yes, no) => {
                let by = self.value(operand);
                let holds = match test {
                    Test::Equal => self.a == by,
                    Test::Greater => self.a > by,
                    Test::GreaterEqual => self.a >= by,
                    Test::AnyBit => self.a & by != 0,
                };
                return Next::Jump(if holds { yes } else { no });
            }
            Op::CopyToX => self.x = self.a,
            Op::CopyToA => self.a = self.x,
            Op::ReturnK(k) => return Next::Return(k),
            Op::ReturnA => return Next::Return(self.a),
        }
        Next::Follow
    }

    fn store(&mut self, at: usize, value: u32) {
        if let Some(word) = self.memory.get_mut(at) {
            *word = value;
        }
    }

    fn value(&self, operand: Operand) -> u32 {
        match operand {
            Operand::K(k) => k,
            Operand::X => self.x,
        }
    }

    /// `None` ends the program: what is asked for does not exist.
    fn ancillary(&mut self, what: Ancillary, packet: &Packet<'_>) -> Option<u32> {
        Some(match what {
            Ancillary::Protocol => u32::from(packet.protocol),
            Ancillary::PacketType => u32::from(packet.kind),
            Ancillary::Interface if packet.interface == 0 => return None,
            Ancillary::Interface => packet.interface,
            Ancillary::HardwareType if packet.interface == 0 => return None,
            Ancillary::HardwareType => u32::from(packet.hardware),
            Ancillary::Mark => packet.mark,
            Ancillary::XorX => self.a ^ self.x,
            Ancillary::PayloadOffset => packet.payload_offset(),
            Ancillary::NetlinkAttribute => attribute(packet.payload(), self.a, self.x),
            Ancillary::NestedAttribute => nested(packet.payload(), self.a, self.x),
            Ancillary::Random => {
                // Steele, Lea and Flood's SplitMix64.
                self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = self.random;
                z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
                (z ^ z >> 31) as u32
            }
            // One queue, one processor, no receive hash, and VLAN tags stay in the frame.
            Ancillary::Queue
            | Ancillary::Cpu
            | Ancillary::ReceiveHash
            | Ancillary::VlanTag
            | Ancillary::VlanPresent
            | Ancillary::VlanProtocol => 0,
        })
    }
}

/// `None`: division by zero.
fn calculate(alu: Alu, a: u32, by: u32) -> Option<u32> {
    Some(match alu {
        Alu::Add => a.wrapping_add(by),
        Alu::Sub => a.wrapping_sub(by),
        Alu::Mul => a.wrapping_mul(by),
        Alu::Div => a.checked_div(by)?,
        Alu::Mod => a.checked_rem(by)?,
        Alu::And => a & by,
        Alu::Or => a | by,
        Alu::Xor => a ^ by,
        // Linux's 32-bit shifts use the low five bits.
        Alu::Shl => a.wrapping_shl(by),
        Alu::Shr => a.wrapping_shr(by),
    })
}

/// A load from the packet, in network byte order. Negative offsets count from the network or the link header.
fn load(packet: &Packet<'_>, offset: i32, size: Size) -> Option<u32> {
    let (base, offset) = match offset {
        0.. => (Some(packet.data), offset),
        NET_OFF.. => (packet.network, offset - NET_OFF),
        LL_OFF.. => (packet.link, offset - LL_OFF),
        _ => (None, 0),
    };
    let at = base?.checked_add(usize::try_from(offset).ok()?)?;
    let bytes = packet.bytes.get(at..at.checked_add(size.bytes())?)?;
    Some(
        bytes
            .iter()
            .fold(0, |value, byte| value << 8 | u32::from(*byte)),
    )
}

/// SKF_AD_NLATTR: where the attribute of type `wanted` is, seen from offset `from` on; 0 when it is not there.
fn attribute(bytes: &[u8], from: u32, wanted: u32) -> u32 {
    const HEADER: usize = 4;
    let mut at = from as usize;
    while let Some(&[l0, l1, t0, t1]) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        let len = usize::from(u16::from_ne_bytes([l0, l1]));
        if len < HEADER || len > bytes.len() - at {
            return 0;
        }
        // The two upper bits are flags (linux/netlink.h).
        if u32::from(u16::from_ne_bytes([t0, t1]) & 0x3fff) == wanted {
            return at as u32;
        }
        at += len.next_multiple_of(4);
    }
    0
}

/// SKF_AD_NLATTR_NEST: the same inside the attribute at `at`.
fn nested(bytes: &[u8], at: u32, wanted: u32) -> u32 {
    let Some(&[l0, l1, _, _]) = bytes.get(at as usize..).and_then(|rest| rest.first_chunk()) else {
        return 0;
    };
    let len = usize::from(u16::from_ne_bytes([l0, l1]));
    match bytes.get(..at as usize + len) {
        Some(inside) => attribute(inside, at + 4, wanted),
        None => 0,
    }
}
