//! Instructions: as programs write them, and decoded.

/// `struct sock_filter`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instruction {
    /// Class, size or operation, mode or source.
    pub code: u16,
    /// How far to jump when the condition holds.
    pub jt: u8,
    /// How far otherwise.
    pub jf: u8,
    /// Operand, offset or jump distance.
    pub k: u32,
}

impl Instruction {
    /// Bytes in memory.
    pub const SIZE: usize = 8;

    /// From memory, in the machine's own byte order.
    pub fn from_bytes(bytes: [u8; Self::SIZE]) -> Instruction {
        let [c0, c1, jt, jf, k @ ..] = bytes;
        Instruction {
            code: u16::from_ne_bytes([c0, c1]),
            jt,
            jf,
            k: u32::from_ne_bytes(k),
        }
    }

    /// To memory.
    pub fn to_bytes(self) -> [u8; Self::SIZE] {
        let [c0, c1] = self.code.to_ne_bytes();
        let [k0, k1, k2, k3] = self.k.to_ne_bytes();
        [c0, c1, self.jt, self.jf, k0, k1, k2, k3]
    }
}

/// Bytes of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Word,
    Half,
    Byte,
}

impl Size {
    pub fn bytes(self) -> usize {
        match self {
            Size::Word => 4,
            Size::Half => 2,
            Size::Byte => 1,
        }
    }
}

/// BPF_K or BPF_X.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    K(u32),
    X,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alu {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    And,
    Or,
    Xor,
    Shl,
    Shr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Equal,
    Greater,
    GreaterEqual,
    AnyBit,
}

/// What Linux knows about a packet besides its bytes: offsets from SKF_AD_OFF (linux/filter.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ancillary {
    Protocol,
    PacketType,
    Interface,
    NetlinkAttribute,
    NestedAttribute,
    Mark,
    Queue,
    HardwareType,
    ReceiveHash,
    Cpu,
    XorX,
    VlanTag,
    VlanPresent,
    PayloadOffset,
    Random,
    VlanProtocol,
}

impl Ancillary {
    /// By offset; every load size means the same.
    pub fn at(offset: u32) -> Option<Ancillary> {
        use Ancillary::*;
        const ALL: [Ancillary; 16] = [
            Protocol,
            PacketType,
            Interface,
            NetlinkAttribute,
            NestedAttribute,
            Mark,
            Queue,
            HardwareType,
            ReceiveHash,
            Cpu,
            XorX,
            VlanTag,
            VlanPresent,
            PayloadOffset,
            Random,
            VlanProtocol,
        ];
        let step = offset.checked_sub(AD_OFF)?;
        if !step.is_multiple_of(4) {
            return None;
        }
        ALL.get(step as usize / 4).copied()
    }
}

/// SKF_AD_OFF: -0x1000.
pub(crate) const AD_OFF: u32 = -0x1000_i32 as u32;
/// SKF_NET_OFF and SKF_LL_OFF: offsets from the network and from the link header.
pub(crate) const NET_OFF: i32 = -0x10_0000;
pub(crate) const LL_OFF: i32 = -0x20_0000;

/// A checked instruction. Jump targets are absolute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    LoadAbsolute(Size, u32),
    LoadIndirect(Size, u32),
    LoadAncillary(Ancillary),
    LoadLength,
    LoadImmediate(u32),
    LoadMemory(usize),
    LoadXLength,
    LoadXImmediate(u32),
    LoadXMemory(usize),
    LoadXHeaderLength(u32),
    Store(usize),
    StoreX(usize),
    Alu(Alu, Operand),
    Negate,
    Jump(usize),
    Branch(Test, Operand, usize, usize),
    CopyToX,
    CopyToA,
    ReturnK(u32),
    ReturnA,
}
