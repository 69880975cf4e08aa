//! /proc/net/unix. proc(5).

use super::{end::End, name::Name};
use crate::{
    net::{proc, stack::Namespace},
    sync::SpinLock,
};
use alloc::{
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::{fmt::Write, sync::atomic::Ordering::Relaxed};

/// Every socket of the family that is open.
static ENDS: SpinLock<Vec<Weak<End>>> = SpinLock::new(Vec::new());

/// Publishes the file.
pub fn init() {
    proc::file("unix", text);
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

/// A socket as sock_diag(7) shows it.
pub struct Row {
    /// SOCK_*.
    pub kind: u32,
    pub inode: u64,
    /// `sun_path` as bind(2) left it.
    pub name: Option<Vec<u8>>,
    /// Inode number of the other side.
    pub peer: Option<u64>,
    pub connected: bool,
    pub listens: bool,
    /// listen(2)'s argument.
    pub backlog: usize,
    /// Inode numbers of who connected and was not accepted.
    pub waiting: Vec<u64>,
    /// SIOCINQ and SIOCOUTQ.
    pub unread: usize,
    pub inflight: usize,
    pub send_buffer: usize,
    /// Which sides are shut: 1 receiving, 2 sending.
    pub shut: u8,
    pub owner: u32,
}

impl Row {
    /// The state in TCP's numbers: listening, connected, neither.
    pub fn state(&self) -> u8 {
        match (self.listens, self.connected) {
            (true, _) => 10,
            (false, true) => 1,
            (false, false) => 7,
        }
    }
}

/// Every socket that is open.
pub fn rows() -> Vec<Row> {
    ends().iter().filter_map(row).collect()
}

fn row(end: &Arc<End>) -> Option<Row> {
    let state = end.state.lock();
    if state.closed {
        return None;
    }
    let listener = state.listener.clone();
    let peer = state.peer.clone();
    let mut row = Row {
        kind: end.kind,
        inode: end.inode,
        name: state.name.as_deref().map(|name| match name {
            Name::Path(path) => path.iter().copied().chain([0]).collect(),
            Name::Abstract(name) => [0].into_iter().chain(name.iter().copied()).collect(),
        }),
        peer: None,
        connected: state.connected,
        listens: listener.is_some(),
        backlog: 0,
        waiting: Vec::new(),
        unread: 0,
        inflight: end.inflight.load(Relaxed),
        send_buffer: end.send_buffer.load(Relaxed),
        shut: u8::from(state.shut_read) | u8::from(state.shut_write) << 1,
        owner: state.owner.creds.euid,
    };
    drop(state);
    row.peer = peer.upgrade().map(|peer| peer.inode);
    row.unread = end.unread();
    if let Some(listener) = listener {
        row.backlog = listener.backlog();
        let waiting = listener.waiting();
        row.waiting = waiting.iter().map(|s| s.common().inode).collect();
    }
    Some(row)
}

fn text(net: &Namespace) -> String {
    /// SO_ACCEPTCON of Linux's socket flags.
    const LISTENS: u32 = 1 << 16;
    let mut out = String::from("Num       RefCount Protocol Flags    Type St Inode Path\n");
    for end in ends().into_iter().filter(|end| end.net.is(net)) {
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
