//! [`Port`]: the mailbox of a socket, and the table of all ports.

use super::Protocol;
use crate::{Result, file::Events, net::stack::Namespace, sched::WaitQueue, sync::SpinLock};
use abi::Errno;
use alloc::{
    collections::VecDeque,
    format,
    string::String,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::fmt::Write;

/// What a datagram costs beyond its bytes: Linux's sk_buff and its shared part.
const OVERHEAD: usize = 512;
/// The bytes of a datagram of a dump: what the reader has room for, between these.
const DUMP_LEAST: usize = 3776;
const DUMP_MOST: usize = 32_768;

/// A datagram in a mailbox.
#[derive(Clone)]
pub struct Datagram {
    /// Messages.
    pub bytes: Arc<[u8]>,
    /// Who sent it; 0 is the kernel.
    pub from: u32,
    /// To which group, 0 for none.
    pub group: u32,
    /// The sender, for SO_PASSCRED: process, user, group.
    pub creds: [u32; 3],
}

/// Records of a dump that did not fit into the mailbox yet.
pub struct Dump {
    rest: VecDeque<Vec<u8>>,
}

/// What SOL_NETLINK options switch.
#[derive(Clone, Copy, Default)]
#[allow(missing_docs)]
pub struct Wishes {
    pub packet_info: bool,
    pub broadcast_error: bool,
    pub no_enobufs: bool,
    pub all_namespaces: bool,
    pub capped_ack: bool,
    pub extended_ack: bool,
    pub strict: bool,
}

/// See the module.
pub struct Port {
    /// NETLINK_*.
    pub protocol: Protocol,
    /// Inode number of the socket.
    pub inode: u64,
    /// Its namespace: numbers and groups are of one.
    pub net: Arc<Namespace>,
    queue: Arc<WaitQueue>,
    pub state: SpinLock<State>,
}

/// What is decided about a port.
#[derive(Default)]
pub struct State {
    /// `nl_pid`; `None` before bind(2) or the first send.
    pub id: Option<u32>,
    /// Bit `n - 1` for group `n`.
    pub groups: u64,
    /// connect(2): port and group.
    pub peer: (u32, u32),
    pub wishes: Wishes,
    /// SO_RCVBUF in bytes.
    pub limit: usize,
    /// SO_ATTACH_FILTER.
    pub filter: Option<Arc<bpf::Program>>,
    inbox: VecDeque<Datagram>,
    /// Bytes in the inbox with overhead.
    charge: usize,
    dump: Option<Dump>,
    /// The largest room that a reader had, which sizes the datagrams of dumps.
    reader_room: usize,
    /// Something was lost, and nothing more comes in until the inbox is empty.
    congested: bool,
    error: Option<Errno>,
    /// Datagrams lost.
    pub drops: u64,
}

/// Every port that is open.
static PORTS: SpinLock<Vec<Weak<Port>>> = SpinLock::new(Vec::new());

impl Port {
    /// A port without a number.
    pub fn new(
        net: &Arc<Namespace>,
        protocol: Protocol,
        inode: u64,
        queue: Arc<WaitQueue>,
        limit: usize,
    ) -> Arc<Port> {
        let port = Arc::new(Port {
            protocol,
            inode,
            net: net.clone(),
            queue,
            state: SpinLock::new(State {
                limit,
                reader_room: DUMP_LEAST,
                ..State::default()
            }),
        });
        let mut ports = PORTS.lock();
        ports.retain(|port| port.strong_count() > 0);
        ports.push(Arc::downgrade(&port));
        port
    }

    /// `nl_pid`, 0 without one.
    pub fn id(&self) -> u32 {
        self.state.lock().id.unwrap_or(0)
    }

    /// bind(2) with a number of the program's choice. `EADDRINUSE`, `EINVAL` when it has another.
    pub fn take_id(self: &Arc<Port>, id: u32) -> Result<()> {
        match self.state.lock().id {
            Some(own) if own == id => return Ok(()),
            Some(_) => return Err(Errno::EINVAL),
            None => {}
        }
        if find(&self.net, self.protocol, id).is_some() {
            return Err(Errno::EADDRINUSE);
        }
        self.state.lock().id = Some(id);
        Ok(())
    }

    /// The number that a program does not choose: its process id, or when another
    /// socket has that, one from the top.
    pub fn autobind(self: &Arc<Port>, pid: u32) {
        if self.state.lock().id.is_some() {
            return;
        }
        // -4096 and below, as Linux: no process has such an id.
        let spare = (4096..i32::MAX).map(|n| n.wrapping_neg() as u32);
        let id = core::iter::once(pid)
            .chain(spare)
            .find(|id| find(&self.net, self.protocol, *id).is_none());
        self.state.lock().id = id;
    }

    /// Puts a datagram into the mailbox. `ENOBUFS` when it is full, which its owner will hear too.
    pub fn deliver(&self, datagram: Datagram) -> Result<usize> {
        let mut state = self.state.lock();
        if state.congested || state.charge > state.limit {
            state.drops += 1;
            let silent = state.wishes.no_enobufs;
            if !silent && !core::mem::replace(&mut state.congested, true) {
                state.error = Some(Errno::ENOBUFS);
            }
            drop(state);
            self.queue.wake(Events::ERR);
            return Err(Errno::ENOBUFS);
        }
        let len = state.put(datagram);
        drop(state);
        self.queue.wake(Events::IN | Events::RDNORM);
        Ok(len)
    }

    /// Begins to answer with many records; `done` closes them. `EBUSY` while another dump goes on.
    pub fn begin_dump(&self, records: Vec<Vec<u8>>, done: Vec<u8>) -> Result<()> {
        let mut state = self.state.lock();
        if state.dump.is_some() {
            return Err(Errno::EBUSY);
        }
        let mut rest = VecDeque::from(records);
        rest.push_back(done);
        state.dump = Some(Dump { rest });
        state.go_on();
        drop(state);
        self.queue.wake(Events::IN | Events::RDNORM);
        Ok(())
    }

    /// The next datagram, for a reader with `room` bytes. `EAGAIN`, or what went wrong since.
    pub fn take(&self, room: usize, peek: bool) -> Result<Datagram> {
        let mut state = self.state.lock();
        if let Some(errno) = state.error.take() {
            return Err(errno);
        }
        if room > state.reader_room {
            state.reader_room = room.min(DUMP_MOST);
        }
        let Some(first) = state.inbox.front().cloned() else {
            state.congested = false;
            return Err(Errno::EAGAIN);
        };
        if !peek {
            state.inbox.pop_front();
            state.charge -= OVERHEAD + first.bytes.len();
            if state.inbox.is_empty() {
                state.congested = false;
            }
            if state.charge <= state.limit / 2 {
                state.go_on();
            }
        }
        Ok(first)
    }

    /// Level readiness.
    pub fn ready(&self) -> Events {
        let state = self.state.lock();
        let mut events = Events::OUT | Events::WRNORM | Events::WRBAND;
        if !state.inbox.is_empty() {
            events |= Events::IN | Events::RDNORM;
        }
        if state.error.is_some() {
            events |= Events::ERR;
        }
        events
    }

    /// SO_ERROR.
    pub fn take_error(&self) -> Option<Errno> {
        self.state.lock().error.take()
    }
}

impl State {
    /// Takes a datagram in, unless the socket filter drops it; the filter may cut it. Answers with the bytes that are left, or with
    /// all of one that was dropped, as Linux tells the sender.
    fn put(&mut self, mut datagram: Datagram) -> usize {
        if let Some(filter) = &self.filter {
            let packet = bpf::Packet {
                bytes: &datagram.bytes,
                ..bpf::Packet::default()
            };
            let keep = filter.run(&packet) as usize;
            if keep == 0 {
                self.drops += 1;
                return datagram.bytes.len();
            }
            if keep < datagram.bytes.len() {
                datagram.bytes = datagram.bytes[..keep].into();
            }
        }
        let len = datagram.bytes.len();
        self.charge += OVERHEAD + len;
        self.inbox.push_back(datagram);
        len
    }

    /// Moves records of the dump into one more datagram.
    fn go_on(&mut self) {
        let room = self.reader_room;
        let Some(dump) = &mut self.dump else { return };
        let mut bytes = Vec::new();
        while let Some(record) = dump.rest.front() {
            if !bytes.is_empty() && bytes.len() + record.len() > room {
                break;
            }
            bytes.append(&mut dump.rest.pop_front().unwrap_or_default());
        }
        if dump.rest.is_empty() {
            self.dump = None;
        }
        self.put(Datagram {
            bytes: bytes.into(),
            from: 0,
            group: 0,
            creds: [0; 3],
        });
    }
}

/// The port with that number.
pub fn find(net: &Namespace, protocol: Protocol, id: u32) -> Option<Arc<Port>> {
    all(net).find(|port| port.protocol == protocol && port.state.lock().id == Some(id))
}

/// Whether anybody listens to a group, so that nobody writes what nobody reads.
pub fn anybody(net: &Namespace, protocol: Protocol, group: u32) -> bool {
    let bit = group_bit(group);
    all(net).any(|port| port.protocol == protocol && port.state.lock().groups & bit != 0)
}

/// Delivers to everybody in a group but `except` (the sender).
pub fn multicast(
    net: &Namespace,
    protocol: Protocol,
    group: u32,
    datagram: &Datagram,
    except: u32,
) {
    let bit = group_bit(group);
    for port in all(net) {
        let state = port.state.lock();
        let wants = state.groups & bit != 0;
        let sender = except != 0 && state.id == Some(except);
        drop(state);
        if port.protocol == protocol && wants && !sender {
            // Who is full hears of it by ENOBUFS.
            let _ = port.deliver(datagram.clone());
        }
    }
}

/// The bit of group `n`, from 1.
pub fn group_bit(group: u32) -> u64 {
    match group {
        1..=64 => 1 << (group - 1),
        _ => 0,
    }
}

fn all(net: &Namespace) -> impl Iterator<Item = Arc<Port>> {
    let ports = PORTS.lock().clone();
    ports
        .into_iter()
        .filter_map(|port| port.upgrade())
        .filter(|port| port.net.is(net))
}

/// /proc/net/netlink.
pub fn report(net: &Namespace) -> String {
    let mut text = String::from(
        "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n",
    );
    for port in all(net) {
        let state = port.state.lock();
        let dumping = u8::from(state.dump.is_some());
        text += &format!(
            "{:016x} {:<3} {:<10} {:08x} {:<8} {:<8} {:<5} {:<8} {:<8} ",
            0,
            port.protocol as u32,
            state.id.unwrap_or(0),
            state.groups as u32,
            state.charge,
            0,
            dumping,
            2,
            state.drops
        );
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<8}", port.inode);
    }
    text
}
