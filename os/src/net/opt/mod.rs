//! Socket options: one flat table of level, name, and what get and set do.
//!
//! `syscall` passes the user's pointers on, because what is looked at first (the
//! length, the bytes or the name) differs from level to level: see [`Manner`]. To add
//! an option, add a row to the file of its level: `socket` (SOL_SOCKET), `tcp`, `ip`,
//! `ipv6`, `udp`, `raw`. The line above a row is its documentation, `type: effect`
//! (docs/process/options.md). A row without `set` is read-only, one without `get`
//! write-only; both answer `ENOPROTOOPT`, as Linux does. What is compared with Linux,
//! and what differs and why: docs/process/option-matrix.md.

mod addrform;
mod alg;
mod arrival;
mod extension;
mod filter;
mod header;
mod ip;
mod ipv6;
mod label;
mod membership;
mod netlink;
mod packet;
mod raw;
mod row;
mod shared;
mod socket;
mod source;
mod target;
mod tcp;
mod udp;
mod vsock;

pub use tcp::tcp_info;

use super::{Caller, Socket};
use crate::{
    Result,
    mm::{UserIn, UserOut, UserPtr},
};
use abi::{Errno, net::IFNAMSIZ};
use alloc::vec::Vec;
pub use filter::read_program;
use row::{Ask, Input, Level, Manner, Row, Value, read_only, row, write_only};
use target::Target;

/// The longest option value that is copied in; net.core.optmem_max.
const VALUE_MAX: usize = 131_072;

/// getsockopt(2): `len` points to the room at `at`, and is given the length of what was written there.
pub fn get(socket: &Socket, level: i32, name: i32, at: usize, len: UserPtr<i32>) -> Result<()> {
    let mut target = Target::of(socket);
    let level_of = target.level(level, name, Errno::EOPNOTSUPP)?;
    let room = len.read()?;
    // Lengths of SOL_IPV6 are unsigned, so that -1 is a large room.
    let room = match level_of.manner {
        Manner::Lax | Manner::IntFirstLax => room as u32 as usize,
        _ => usize::try_from(room).map_err(|_| Errno::EINVAL)?,
    };
    let row = level_of.row(name);
    let get = row.and_then(|row| row.get).ok_or(level_of.unknown)?;
    target.ask = Ask { at, room };
    let value = get(&target)?;
    let odd_room = match &value {
        Value::Whole(bytes) => room < bytes.len(),
        Value::Exact(bytes) => room != bytes.len(),
        Value::Name(bytes) => room > bytes.len(),
        Value::Device(bytes) => !bytes.is_empty() && room < IFNAMSIZ as usize,
        Value::Groups(bytes) if room < bytes.len() => {
            len.write(&(bytes.len() as i32))?;
            return Err(Errno::ERANGE);
        }
        Value::Short(needed) => {
            len.write(&(*needed as i32))?;
            true
        }
        Value::Int(_) => level_of.manner == Manner::IntIfRoom && room < size_of::<i32>(),
        Value::Bytes(_) | Value::Items(..) | Value::Groups(_) => false,
    };
    if odd_room {
        return Err(Errno::EINVAL);
    }
    let (bytes, answered) = value.answer(room, level)?;
    if !bytes.is_empty() && UserOut::new(at, bytes.len())?.write(&bytes)? < bytes.len() {
        return Err(Errno::EFAULT);
    }
    len.write(&(answered as i32))
}

/// setsockopt(2): `len` bytes at `at`, already known not to be negative.
pub fn set(
    socket: &Socket,
    cx: &Caller<'_>,
    level: i32,
    name: i32,
    at: usize,
    len: usize,
) -> Result<()> {
    let mut target = Target::of(socket);
    target.ask = Ask { at, room: len };
    let level = target.level(level, name, Errno::ENOPROTOOPT)?;
    let row = level.row(name);
    let int_first = match level.manner {
        Manner::IntFirst => !row.is_some_and(|row| row.text),
        Manner::IntFirstLax => true,
        Manner::NameFirst | Manner::IntIfRoom | Manner::Lax => false,
    };
    if int_first && len < size_of::<i32>() {
        return Err(Errno::EINVAL);
    }
    let bytes = match level.manner {
        Manner::NameFirst if row.is_none_or(|row| row.set.is_none()) => Vec::new(),
        Manner::Lax if at == 0 => alloc::vec![0; len.min(size_of::<i32>())],
        _ => copy_in(at, len)?,
    };
    let int_missing = bytes.len() < len.min(size_of::<i32>());
    let int_read = matches!(level.manner, Manner::Lax | Manner::IntIfRoom);
    if (int_first || int_read) && int_missing {
        return Err(Errno::EFAULT);
    }
    let set = row.and_then(|row| row.set).ok_or(level.unknown)?;
    let input = Input(&bytes, len);
    if int_missing && !row.is_some_and(|row| row.text) {
        return Err(Errno::EFAULT);
    }
    set(&target, cx, &input)
}

/// As much of the value as can be read: options look at their first bytes only.
fn copy_in(at: usize, len: usize) -> Result<Vec<u8>> {
    let mut bytes = alloc::vec![0; len.min(VALUE_MAX)];
    if !bytes.is_empty() {
        // A pointer that is no user address at all gives nothing, and so EFAULT where something is needed.
        let copied = match UserIn::new(at, bytes.len()) {
            Ok(mut value) => value.read(&mut bytes).unwrap_or(0),
            Err(_) => 0,
        };
        bytes.truncate(copied);
    }
    Ok(bytes)
}
