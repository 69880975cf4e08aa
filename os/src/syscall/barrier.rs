//! membarrier(2).

use super::{
    Caller,
    table::{Row, Support::Full, row},
};
use crate::{Result, arch};
use abi::{Errno, general::__NR_membarrier};
use core::sync::atomic::Ordering::Relaxed;

/// The rows of this family.
pub const ROWS: &[Row] = &[row(
    __NR_membarrier,
    "membarrier",
    |cx, a| membarrier(cx, a.uint(0), a.uint(1)),
    Full,
    "",
)];

/// MEMBARRIER_CMD_* of Linux uapi `linux/membarrier.h`.
const QUERY: u32 = 0;
const GLOBAL: u32 = 1;
const GLOBAL_EXPEDITED: u32 = 1 << 1;
const REGISTER_GLOBAL_EXPEDITED: u32 = 1 << 2;
const PRIVATE_EXPEDITED: u32 = 1 << 3;
const PRIVATE_EXPEDITED_SYNC_CORE: u32 = 1 << 5;
const PRIVATE_EXPEDITED_RSEQ: u32 = 1 << 7;
const GET_REGISTRATIONS: u32 = 1 << 9;
/// Each command that needs one is followed by its registration.
const REGISTRATIONS: u32 = REGISTER_GLOBAL_EXPEDITED
    | PRIVATE_EXPEDITED << 1
    | SYNC_CORE << 1
    | PRIVATE_EXPEDITED_RSEQ << 1;
/// Where the port can say it, as on Linux.
const SYNC_CORE: u32 = match arch::MEMBARRIER_SYNC_CORE {
    true => PRIVATE_EXPEDITED_SYNC_CORE,
    false => 0,
};
const KNOWN: u32 = GLOBAL
    | GLOBAL_EXPEDITED
    | PRIVATE_EXPEDITED
    | SYNC_CORE
    | PRIVATE_EXPEDITED_RSEQ
    | REGISTRATIONS
    | GET_REGISTRATIONS;
/// MEMBARRIER_CMD_FLAG_CPU: the third argument names a processor.
const FLAG_CPU: u32 = 1;

/// One processor: every thread is in order with every other at each switch, so that
/// nothing is left to do but the checks. `EPERM` for what was not registered.
fn membarrier(cx: &Caller, command: u32, flags: u32) -> Result<usize> {
    let allowed = match command {
        PRIVATE_EXPEDITED_RSEQ => FLAG_CPU,
        _ => 0,
    };
    if flags & !allowed != 0 {
        return Err(Errno::EINVAL);
    }
    let registered = &cx.task.process.barriers;
    match command {
        QUERY => return Ok(KNOWN as usize),
        _ if !command.is_power_of_two() || command & KNOWN == 0 => return Err(Errno::EINVAL),
        GET_REGISTRATIONS => return Ok(registered.load(Relaxed) as usize),
        GLOBAL | GLOBAL_EXPEDITED => {}
        command if command & REGISTRATIONS != 0 => {
            registered.fetch_or(command, Relaxed);
        }
        command if registered.load(Relaxed) & command << 1 == 0 => return Err(Errno::EPERM),
        PRIVATE_EXPEDITED_SYNC_CORE => arch::sync_icache(),
        _ => {}
    }
    Ok(0)
}
