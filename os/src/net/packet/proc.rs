//! /proc/net/packet. packet(7), proc(5).

use crate::{
    net::{proc, socket::Socket, stack::Namespace},
    sync::SpinLock,
};
use alloc::{
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::fmt::Write;
use inet::TapId;

struct Known {
    net: Arc<Namespace>,
    inode: u64,
    kind: u32,
    owner: u32,
    tap: TapId,
    socket: Weak<Socket>,
}

/// Every packet socket that is open.
static SOCKETS: SpinLock<Vec<Known>> = SpinLock::new(Vec::new());

/// Publishes the file.
pub fn init() {
    proc::file("packet", text);
}

/// A socket was made.
pub fn known(socket: &Arc<Socket>, owner: u32, tap: TapId) {
    let common = socket.common();
    SOCKETS.lock().push(Known {
        net: common.net.clone(),
        inode: common.inode,
        kind: common.kind,
        owner,
        tap,
        socket: Arc::downgrade(socket),
    });
}

/// One packet socket, for sock_diag(7).
pub struct Row {
    #[allow(missing_docs)]
    pub inode: u64,
    /// SOCK_RAW or SOCK_DGRAM.
    pub kind: u32,
    /// The user who opened it.
    pub owner: u32,
    /// Bytes that wait, with bookkeeping.
    pub held: usize,
    /// Itself.
    pub socket: Arc<Socket>,
}

/// Every packet socket of a namespace.
pub fn rows(net: &Namespace) -> Vec<Row> {
    let known: Vec<(u64, u32, u32, TapId, Arc<Socket>)> = SOCKETS
        .lock()
        .iter()
        .filter(|known| core::ptr::eq(&*known.net, net))
        .filter_map(|known| {
            let socket = known.socket.upgrade()?;
            Some((known.inode, known.kind, known.owner, known.tap, socket))
        })
        .collect();
    let rows = known
        .into_iter()
        .filter_map(|(inode, kind, owner, tap, socket)| {
            Some(Row {
                inode,
                kind,
                owner,
                held: net.look(|stack| stack.tap_status(tap))?.held,
                socket,
            })
        });
    rows.collect()
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
        ..
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
