//! /proc/net/packet. packet(7), proc(5).

use crate::{
    net::{proc, stack::Namespace},
    sync::SpinLock,
};
use alloc::{string::String, sync::Arc, vec::Vec};
use core::fmt::Write;
use inet::TapId;

struct Known {
    net: Arc<Namespace>,
    inode: u64,
    kind: u32,
    owner: u32,
    tap: TapId,
}

/// Every packet socket that is open.
static SOCKETS: SpinLock<Vec<Known>> = SpinLock::new(Vec::new());

/// Publishes the file.
pub fn init() {
    proc::file("packet", text);
}

/// A socket was made.
pub fn known(net: &Arc<Namespace>, inode: u64, kind: u32, owner: u32, tap: TapId) {
    SOCKETS.lock().push(Known {
        net: net.clone(),
        inode,
        kind,
        owner,
        tap,
    });
}

/// A socket was closed.
pub fn forget(inode: u64) {
    SOCKETS.lock().retain(|known| known.inode != inode);
}

fn text(net: &Namespace) -> String {
    let mut out = String::from("sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n");
    for Known {
        net: home,
        inode,
        kind,
        owner,
        tap,
    } in &*SOCKETS.lock()
    {
        if !core::ptr::eq(&**home, net) {
            continue;
        }
        let Some(status) = net.look(|stack| stack.tap_status(*tap)) else {
            continue;
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "{:016x} {:<6} {kind:<4} {:04x}   {:<5} {} {:<6} {owner:<6} {inode:<6}",
            0,
            3,
            status.filter.protocol,
            status.filter.iface.map_or(0, |iface| iface.0),
            u8::from(status.filter.protocol != 0),
            status.held,
        );
    }
    out
}
