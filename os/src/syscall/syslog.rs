//! syslog(2): the kernel's messages, and how much of them the console shows.

use super::{
    Args, Caller,
    table::{Row, Support::Full, row},
};
use crate::{
    Result,
    debug::{self, messages},
    sched::{Interruptible, Listener, wait_until},
    task::{creds::cap, memory},
};
use abi::{Errno, general::*};

/// The rows of this family.
pub const ROWS: &[Row] = &[row(__NR_syslog, "syslog", syslog, Full, "")];

/// SYSLOG_ACTION_*.
const CLOSE: i32 = 0;
const OPEN: i32 = 1;
const READ: i32 = 2;
const READ_ALL: i32 = 3;
const READ_CLEAR: i32 = 4;
const CLEAR: i32 = 5;
const CONSOLE_OFF: i32 = 6;
const CONSOLE_ON: i32 = 7;
const CONSOLE_LEVEL: i32 = 8;
const SIZE_UNREAD: i32 = 9;
const SIZE_BUFFER: i32 = 10;

fn syslog(cx: &Caller, a: Args) -> Result<usize> {
    let (action, buffer, len) = (a.int(0), a.get(1), a.int(2));
    let privileged = cx.task.capable(cap::SYSLOG) || cx.task.capable(cap::SYS_ADMIN);
    if ![READ_ALL, SIZE_BUFFER].contains(&action) && !privileged {
        return Err(Errno::EPERM);
    }
    match action {
        CLOSE | OPEN => Ok(0),
        READ | READ_ALL | READ_CLEAR if buffer == 0 || len < 0 => Err(Errno::EINVAL),
        READ | READ_ALL | READ_CLEAR if len == 0 => Ok(0),
        READ => read(buffer, len as usize),
        READ_ALL | READ_CLEAR => {
            let mut text = alloc::vec![0; messages::SIZE.min(len as usize)];
            let got = messages::read_all(&mut text);
            memory::write(buffer, &text[..got])?;
            if action == READ_CLEAR {
                messages::clear();
            }
            Ok(got)
        }
        CLEAR => {
            messages::clear();
            Ok(0)
        }
        CONSOLE_OFF | CONSOLE_ON => {
            debug::set_console(action == CONSOLE_ON);
            Ok(0)
        }
        CONSOLE_LEVEL if !(1..=8).contains(&len) => Err(Errno::EINVAL),
        CONSOLE_LEVEL => {
            debug::set_console_level(len as u8);
            Ok(0)
        }
        SIZE_UNREAD => Ok(messages::unread()),
        SIZE_BUFFER => Ok(messages::SIZE),
        _ => Err(Errno::EINVAL),
    }
}

/// Blocks until there is a message.
fn read(buffer: usize, len: usize) -> Result<usize> {
    let listener = Listener::new();
    wait_until(&[listener.queue()], None, Interruptible::Yes, || {
        (messages::unread() > 0).then_some(())
    })?;
    let mut text = alloc::vec![0; messages::SIZE.min(len)];
    let got = messages::read(&mut text);
    memory::write(buffer, &text[..got])?;
    Ok(got)
}
