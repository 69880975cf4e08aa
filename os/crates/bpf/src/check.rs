//! What a program has to be like: the checks of Linux's bpf_check_classic, all of which answer EINVAL.

use crate::MAX_INSTRUCTIONS;
use crate::op::{AD_OFF, Alu, Ancillary, Instruction, Op, Operand, Size, Test};
use alloc::{boxed::Box, vec, vec::Vec};

/// Words of scratch memory (BPF_MEMWORDS).
pub(crate) const MEMORY: usize = 16;

/// The program breaks a rule: EINVAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejected;

/// A filter that may be run.
#[derive(Clone, Debug)]
pub struct Program {
    original: Box<[Instruction]>,
    pub(crate) ops: Box<[Op]>,
}

impl Program {
    /// Checks a program: known instructions, jumps that stay inside, no division by a constant zero, no shift by 32
    /// or more, memory within its sixteen words and written before it is read, a return at the end.
    pub fn new(instructions: &[Instruction]) -> Result<Program, Rejected> {
        if instructions.is_empty() || instructions.len() > MAX_INSTRUCTIONS {
            return Err(Rejected);
        }
        let mut ops = Vec::with_capacity(instructions.len());
        for (at, instruction) in instructions.iter().enumerate() {
            let op = decode(instruction, at).ok_or(Rejected)?;
            if !allowed(&op, instructions.len()) {
                return Err(Rejected);
            }
            ops.push(op);
        }
        if !matches!(ops.last(), Some(Op::ReturnA | Op::ReturnK(_)))
            || !memory_is_written_first(&ops)
        {
            return Err(Rejected);
        }
        Ok(Program {
            original: instructions.into(),
            ops: ops.into(),
        })
    }

    /// As it was given, for SO_GET_FILTER.
    pub fn instructions(&self) -> &[Instruction] {
        &self.original
    }
}

/// linux/bpf_common.h.
mod code {
    pub const CLASS: u16 = 7;
    pub const LD: u16 = 0;
    pub const LDX: u16 = 1;
    pub const ST: u16 = 2;
    pub const STX: u16 = 3;
    pub const ALU: u16 = 4;
    pub const JMP: u16 = 5;
    pub const IMM: u16 = 0;
    pub const ABS: u16 = 0x20;
    pub const IND: u16 = 0x40;
    pub const MEM: u16 = 0x60;
    pub const LEN: u16 = 0x80;
    pub const MSH: u16 = 0xa0;
    pub const HALF: u16 = 0x08;
    pub const BYTE: u16 = 0x10;
    pub const X: u16 = 0x08;
    pub const TAX: u16 = 0x07;
    pub const TXA: u16 = 0x87;
    pub const NEG: u16 = 0x84;
    pub const RET_K: u16 = 0x06;
    pub const RET_A: u16 = 0x16;
    pub const JA: u16 = 0x05;
}

/// The meaning of an instruction; `None` when it has none.
fn decode(instruction: &Instruction, at: usize) -> Option<Op> {
    let &Instruction { code, jt, jf, k } = instruction;
    let operand = if code & code::X != 0 {
        Operand::X
    } else {
        Operand::K(k)
    };
    match code {
        code::TAX => return Some(Op::CopyToX),
        code::TXA => return Some(Op::CopyToA),
        code::NEG => return Some(Op::Negate),
        code::RET_K => return Some(Op::ReturnK(k)),
        code::RET_A => return Some(Op::ReturnA),
        code::JA => return Some(Op::Jump(at.checked_add(1)?.checked_add(k as usize)?)),
        code::ST => return Some(Op::Store(k as usize)),
        code::STX => return Some(Op::StoreX(k as usize)),
        _ => {}
    }
    match code & code::CLASS {
        code::LD => decode_load(code, k),
        code::LDX => Some(match code & !code::CLASS {
            code::IMM => Op::LoadXImmediate(k),
            code::MEM => Op::LoadXMemory(k as usize),
            code::LEN => Op::LoadXLength,
            mode if mode == code::MSH | code::BYTE => Op::LoadXHeaderLength(k),
            _ => return None,
        }),
        code::ALU => {
            const OPERATIONS: [(u16, Alu); 10] = [
                (0x00, Alu::Add),
                (0x10, Alu::Sub),
                (0x20, Alu::Mul),
                (0x30, Alu::Div),
                (0x40, Alu::Or),
                (0x50, Alu::And),
                (0x60, Alu::Shl),
                (0x70, Alu::Shr),
                (0x90, Alu::Mod),
                (0xa0, Alu::Xor),
            ];
            let wanted = code & !(code::CLASS | code::X);
            let (_, alu) = OPERATIONS.iter().find(|(number, _)| *number == wanted)?;
            Some(Op::Alu(*alu, operand))
        }
        code::JMP => {
            let test = match code & !(code::CLASS | code::X) {
                0x10 => Test::Equal,
                0x20 => Test::Greater,
                0x30 => Test::GreaterEqual,
                0x40 => Test::AnyBit,
                _ => return None,
            };
            let to = |distance: u8| at + 1 + usize::from(distance);
            Some(Op::Branch(test, operand, to(jt), to(jf)))
        }
        _ => None,
    }
}

fn decode_load(code: u16, k: u32) -> Option<Op> {
    const SIZE_MASK: u16 = 0x18;
    let size = match code & SIZE_MASK {
        0 => Size::Word,
        code::HALF => Size::Half,
        code::BYTE => Size::Byte,
        _ => return None,
    };
    Some(match (code & !(code::CLASS | SIZE_MASK), size) {
        (code::ABS, _) if k >= AD_OFF => Op::LoadAncillary(Ancillary::at(k)?),
        (code::ABS, size) => Op::LoadAbsolute(size, k),
        (code::IND, size) => Op::LoadIndirect(size, k),
        (code::IMM, Size::Word) => Op::LoadImmediate(k),
        (code::MEM, Size::Word) => Op::LoadMemory(k as usize),
        (code::LEN, Size::Word) => Op::LoadLength,
        _ => return None,
    })
}

/// The rules about operands, in a program of `len` instructions.
fn allowed(op: &Op, len: usize) -> bool {
    match *op {
        Op::Alu(Alu::Div | Alu::Mod, Operand::K(k)) => k != 0,
        Op::Alu(Alu::Shl | Alu::Shr, Operand::K(k)) => k < 32,
        Op::LoadMemory(k) | Op::LoadXMemory(k) | Op::Store(k) | Op::StoreX(k) => k < MEMORY,
        Op::Jump(to) => to < len,
        Op::Branch(_, _, yes, no) => yes < len && no < len,
        _ => true,
    }
}

/// Whether no path reads a word of memory that it did not write. Jumps go forward, so one pass is enough: `valid[at]`
/// has a bit for each word that every path to `at` has written.
fn memory_is_written_first(ops: &[Op]) -> bool {
    let mut valid = vec![u16::MAX; ops.len()];
    let mut written = 0_u16;
    for (at, op) in ops.iter().enumerate() {
        written &= valid[at];
        let mut arrive = |to: usize| {
            if let Some(there) = valid.get_mut(to) {
                *there &= written;
            }
        };
        match *op {
            Op::Store(k) | Op::StoreX(k) => written |= 1 << k,
            Op::LoadMemory(k) | Op::LoadXMemory(k) if written & 1 << k == 0 => return false,
            Op::Jump(to) => {
                arrive(to);
                written = u16::MAX;
            }
            Op::Branch(_, _, yes, no) => {
                arrive(yes);
                arrive(no);
                written = u16::MAX;
            }
            _ => {}
        }
    }
    true
}
