//! The filters that ss(8) compiles its expressions to: INET_DIAG_REQ_BYTECODE.
//!
//! A program is a row of operations of four bytes, `code`, `yes` and `no`: how many
//! bytes to go on when it holds and when it does not. To end exactly at the end of the
//! program is to accept, to go beyond is to refuse. Jumps only go forwards, so every
//! program ends.

use crate::message::{half, word};
use crate::numbers::diag::op;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `sizeof(struct inet_diag_bc_op)`.
const OP: usize = 4;
/// `sizeof(struct inet_diag_hostcond)` without the address.
const HOST: usize = 8;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// What a filter looks at.
#[derive(Clone, Copy, Debug)]
pub struct Subject {
    /// Own address; on an IPv6 socket it is an IPv6 one.
    pub source: IpAddr,
    /// Own port.
    pub source_port: u16,
    /// The peer's address.
    pub destination: IpAddr,
    /// The peer's port.
    pub destination_port: u16,
    /// The port was chosen by bind(2).
    pub port_chosen: bool,
    /// SO_BINDTODEVICE, an interface index or 0.
    pub device: u32,
    /// SO_MARK.
    pub mark: u32,
}

/// A checked program.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    code: &'a [u8],
}

impl<'a> Filter<'a> {
    /// `None` for one that does not end, jumps into the middle of a word or lacks operands.
    pub fn new(code: &'a [u8]) -> Option<Filter<'a>> {
        let mut at = 0;
        while at < code.len() {
            let operation = *code.get(at)?;
            let (yes, no) = (
                usize::from(*code.get(at + 1)?),
                usize::from(half(code, at + 2)?),
            );
            let rest = code.len() - at;
            let least = OP + operands(code, at, operation)?;
            // Refusing is going four bytes beyond the end.
            let lost = no < OP || no > rest + OP || no % 4 != 0;
            let jumps = operation != op::NOP && lost;
            let steps = operation == op::JMP || yes >= least && yes <= rest + OP && yes % 4 == 0;
            if jumps || !steps {
                return None;
            }
            // A jump never holds; what follows it is reached from elsewhere.
            at += if operation == op::JMP { OP } else { yes };
        }
        Some(Filter { code })
    }

    /// Whether the socket passes.
    pub fn accepts(&self, subject: &Subject) -> bool {
        let mut at = 0;
        while at < self.code.len() {
            let Some(step) = self.step(at, subject) else {
                return false;
            };
            // No operation goes on by less than its own size, or the walk would not end.
            at += step.max(OP);
        }
        at == self.code.len()
    }

    fn step(&self, at: usize, subject: &Subject) -> Option<usize> {
        let code = self.code;
        let operation = *code.get(at)?;
        let port = half(code, at + OP + 2);
        let (source, destination) = (subject.source_port, subject.destination_port);
        let holds = match operation {
            op::NOP => true,
            op::JMP => false,
            op::S_EQ => source == port?,
            op::S_GE => source >= port?,
            op::S_LE => source <= port?,
            op::D_EQ => destination == port?,
            op::D_GE => destination >= port?,
            op::D_LE => destination <= port?,
            op::AUTO => !subject.port_chosen,
            op::S_COND => host(code, at + OP, subject.source, source)?,
            op::D_COND => host(code, at + OP, subject.destination, destination)?,
            op::DEV_COND => subject.device == word(code, at + OP)?,
            op::MARK_COND => subject.mark & word(code, at + OP + 4)? == word(code, at + OP)?,
            _ => return None,
        };
        Some(match holds {
            true => usize::from(*code.get(at + 1)?),
            false => usize::from(half(code, at + 2)?),
        })
    }
}

/// How many bytes of operands an operation has. `None` when they are not there or it is unknown.
fn operands(code: &[u8], at: usize, operation: u8) -> Option<usize> {
    let len = match operation {
        op::NOP | op::JMP | op::AUTO => 0,
        op::S_GE | op::S_LE | op::D_GE | op::D_LE | op::S_EQ | op::D_EQ => OP,
        op::DEV_COND => 4,
        op::MARK_COND => 8,
        op::S_COND | op::D_COND => {
            let family = *code.get(at + OP)?;
            let prefix = usize::from(*code.get(at + OP + 1)?);
            let addr = match family {
                0 => 0,
                AF_INET => 4,
                AF_INET6 => 16,
                _ => return None,
            };
            if prefix > 8 * addr {
                return None;
            }
            HOST + addr
        }
        _ => return None,
    };
    code.get(at..at + OP + len)?;
    Some(len)
}

/// `struct inet_diag_hostcond`: family, prefix length, port or -1, address.
fn host(code: &[u8], at: usize, addr: IpAddr, port: u16) -> Option<bool> {
    let (family, prefix) = (*code.get(at)?, u32::from(*code.get(at + 1)?));
    let wanted = word(code, at + 4)? as i32;
    if wanted != -1 && wanted != i32::from(port) {
        return Some(false);
    }
    let addr = match (family, addr) {
        (AF_INET, IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => return Some(false),
        },
        (AF_INET6, IpAddr::V4(_)) => return Some(false),
        (_, addr) => addr,
    };
    if prefix == 0 {
        return Some(true);
    }
    let bytes = code.get(at + HOST..)?;
    Some(match addr {
        IpAddr::V4(addr) => {
            let wanted = Ipv4Addr::from(*bytes.first_chunk()?).to_bits();
            (addr.to_bits() ^ wanted) >> (32 - prefix.min(32)) == 0
        }
        IpAddr::V6(addr) => {
            let wanted = Ipv6Addr::from(*bytes.first_chunk()?).to_bits();
            (addr.to_bits() ^ wanted) >> (128 - prefix.min(128)) == 0
        }
    })
}
