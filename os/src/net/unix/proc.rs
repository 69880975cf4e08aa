//! /proc/net/unix. proc(5).

use super::{end::End, name::Name};
use crate::{fs::pseudo, sync::SpinLock};
use alloc::{
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::fmt::Write;

/// Every socket of the family that is open.
static ENDS: SpinLock<Vec<Weak<End>>> = SpinLock::new(Vec::new());

/// Publishes the file.
pub fn init() {
    pseudo::proc().file("net/unix", text);
}

/// A socket was made. Those that are gone are forgotten now and then.
pub fn known(end: &Arc<End>) {
    let mut ends = ENDS.lock();
    if ends.len() == ends.capacity() {
        ends.retain(|end| end.strong_count() > 0);
    }
    ends.push(Arc::downgrade(end));
}

/// The sockets that are open or in somebody's hands.
pub fn ends() -> Vec<Arc<End>> {
    let ends = ENDS.lock().clone();
    ends.iter().filter_map(Weak::upgrade).collect()
}

fn text() -> String {
    /// SO_ACCEPTCON of Linux's socket flags.
    const LISTENS: u32 = 1 << 16;
    let mut out = String::from("Num       RefCount Protocol Flags    Type St Inode Path\n");
    for end in ends() {
        let state = end.state.lock();
        if state.closed {
            continue;
        }
        let listens = state.listener.is_some();
        // SS_UNCONNECTED and SS_CONNECTED of Linux.
        let connected = if state.connected { 3 } else { 1 };
        let path = match state.name.as_deref() {
            None => String::new(),
            Some(Name::Path(path)) => alloc::format!(" {}", String::from_utf8_lossy(path)),
            Some(Name::Abstract(name)) => {
                let name = String::from_utf8_lossy(name).replace('\0', "@");
                alloc::format!(" @{name}")
            }
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{:016x}: {:08X} {:08X} {:08X} {:04X} {connected:02X} {:5}{path}",
            0,
            2,
            0,
            if listens { LISTENS } else { 0 },
            end.kind,
            end.inode
        );
    }
    out
}
