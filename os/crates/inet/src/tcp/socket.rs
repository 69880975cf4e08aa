//! What stands behind a TCP handle, and the table of all of them.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec::Vec;

use core::time::Duration;

use super::connection::Connection;
use super::fastopen::{FastOpenKeys, FastOpenTable};
use super::headers::CameWith;
use super::machine::Machine;
use super::segment::Tuple;
use super::syncookie::CookieJar;
use super::timewait::TimeWaitTable;
use super::{TcpOptions, TcpState};
use crate::addr::Endpoint;
use crate::effects::Ready;
use crate::error::Error;
use crate::ip::additions::Additions;
use crate::options::SocketOptions;
use crate::rng::{Map, SeededHash};
use crate::slab::{Key, Slab};
use crate::stack::Config;

/// How a socket came by its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    No,
    /// By connect: shared with other connections as long as the four-tuples differ.
    Auto,
    /// By bind or listen: in the port's bucket.
    Explicit,
    /// By a listener: shares its port.
    Inherited,
}

pub(crate) struct Listener {
    pub backlog: usize,
    /// Half-open connections, oldest first; some may have completed or gone since.
    pub half_open: VecDeque<Key>,
    /// Completed connections, oldest first.
    pub ready: VecDeque<Key>,
    /// Connections in SYN-RECEIVED.
    pub embryos: usize,
    /// Connections in use before their handshake is over (TCP_FASTOPEN).
    pub early: usize,
}

pub(crate) enum Role {
    /// Neither listening nor connected.
    Idle,
    Listener(Listener),
    Connection(Box<Connection>),
}

pub(crate) struct Tcp {
    pub v6: bool,
    /// The descriptor is gone, or not yet there.
    pub orphan: bool,
    pub token: u64,
    pub options: TcpOptions,
    /// The address given to bind; the full one once connected.
    pub local: Endpoint,
    pub bound: Bound,
    pub role: Role,
    pub error: Option<Error>,
    /// A connection ended here, in order or not: reads give end of stream rather than "not connected" (SOCK_DONE).
    pub done: bool,
    /// shutdown(2) before there was a connection: reading, writing. The connection that comes has it so.
    pub shut_early: (bool, bool),
    /// SO_ATTACH_FILTER; counted in [`TcpTable::filtered`].
    pub filter: Option<Arc<bpf::Program>>,
    /// TCP_FASTOPEN_KEY.
    pub fast_keys: Option<Box<FastOpenKeys>>,
    /// TCP_SAVED_SYN, until it is read.
    pub saved_syn: Option<Box<[u8]>>,
    /// IP_OPTIONS, IPV6_HOPOPTS and its kin, IPV6_FLOWINFO of the peer's address.
    pub additions: Option<Arc<Additions>>,
    pub pending: Ready,
}

impl Tcp {
    pub fn connection(&self) -> Option<&Connection> {
        match &self.role {
            Role::Connection(connection) => Some(connection),
            _ => None,
        }
    }

    pub fn connection_mut(&mut self) -> Option<&mut Connection> {
        match &mut self.role {
            Role::Connection(connection) => Some(connection),
            _ => None,
        }
    }

    pub fn listener(&self) -> Option<&Listener> {
        match &self.role {
            Role::Listener(listener) => Some(listener),
            _ => None,
        }
    }

    pub fn listener_mut(&mut self) -> Option<&mut Listener> {
        match &mut self.role {
            Role::Listener(listener) => Some(listener),
            _ => None,
        }
    }

    /// The state that is told to others.
    pub fn shown_state(&self) -> TcpState {
        match &self.role {
            Role::Connection(connection) => connection.shown_state(),
            _ => self.state(),
        }
    }

    pub fn state(&self) -> TcpState {
        match &self.role {
            Role::Idle => TcpState::Closed,
            Role::Listener(_) => TcpState::Listen,
            Role::Connection(connection) => connection.state,
        }
    }
}

/// TCP_DELACK_MAX.
const DELAYED_ACK: Duration = Duration::from_millis(200);

impl TcpOptions {
    pub(crate) fn new(config: &Config) -> Self {
        TcpOptions {
            common: SocketOptions::new(config.tcp_recv_buffer, config.tcp_send_buffer),
            nodelay: false,
            cork: false,
            quick_ack: true,
            max_segment: None,
            keep_idle: config.keep_idle,
            keep_interval: config.keep_interval,
            keep_count: config.keep_count,
            user_timeout: None,
            syn_retries: config.syn_retries,
            defer_accept: None,
            fin_wait2: Some(config.fin_wait2),
            window_clamp: None,
            congestion: config.congestion,
            notsent_low_water: usize::MAX,
            fast_open_queue: 0,
            fast_open_connect: false,
            fast_open_no_cookie: false,
            save_syn: 0,
            rto_range: (config.rto_least, config.rto_most),
            delayed_ack: DELAYED_ACK,
            auto_label: true,
            shows_headers: false,
            extra_header: 0,
            thin_linear: config.thin_linear,
        }
    }

    /// The receive buffer of a connection, in bytes: its size is the largest window.
    pub(crate) fn recv_buffer(&self) -> usize {
        let clamp = self.window_clamp.map_or(usize::MAX, |clamp| clamp as usize);
        self.common.recv_buffer.min(clamp)
    }
}

/// Machines of ended connections, kept for the next ones: making their buffers costs more than a short connection.
pub(crate) struct Spares {
    pub machines: Vec<Machine>,
    /// Buffers of local connections' rings.
    pub rings: Vec<Vec<u8>>,
}

const SPARES: usize = 64;

impl Spares {
    /// `false`: there are enough.
    pub fn put(&mut self, machine: Machine) -> bool {
        if self.machines.len() < SPARES {
            self.machines.push(machine);
            return true;
        }
        false
    }
}

pub(crate) struct TcpTable {
    pub slab: Slab<Tcp>,
    /// Connections, children of listeners included.
    pub demux: Map<Tuple, Key>,
    /// Sockets bound explicitly, listeners among them, by port.
    pub ports: Map<u16, Vec<Key>>,
    /// Connections and TIME-WAITs by local port: a port in here is not free.
    pub in_use: Map<u16, u32>,
    pub time_wait: TimeWaitTable,
    /// Connections with something to send, each once.
    pub dirty: Vec<Key>,
    /// Connections whose cork began in this round.
    pub corked: Vec<Key>,
    /// Connections that wait for their device.
    pub stalled: Vec<Key>,
    pub spares: Spares,
    /// Bytes of buffers in all machines.
    pub memory: usize,
    /// Connections that a descriptor had and that have none any more.
    pub orphans: usize,
    /// Sockets with a filter. While there is one, new connections take the packet path.
    pub filtered: usize,
    pub fast_open: FastOpenTable,
    pub cookies: CookieJar,
    /// A listener asked once to keep SYNs: connections to such a one take the packet path.
    pub keeps_syns: bool,
    /// A socket once had additions: connections to a listener with such take the packet path.
    pub adds: bool,
    /// What the segment that is being looked at had besides the fixed header.
    pub came_with: Option<Box<CameWith>>,
}

impl TcpTable {
    pub fn new(secret: u64) -> Self {
        TcpTable {
            slab: Slab::new(),
            demux: Map::with_hasher(SeededHash(secret)),
            ports: Map::with_hasher(SeededHash(secret)),
            in_use: Map::with_hasher(SeededHash(secret)),
            time_wait: TimeWaitTable::new(secret),
            dirty: Vec::new(),
            stalled: Vec::new(),
            corked: Vec::new(),
            spares: Spares {
                machines: Vec::new(),
                rings: Vec::new(),
            },
            memory: 0,
            orphans: 0,
            filtered: 0,
            fast_open: FastOpenTable::default(),
            cookies: CookieJar::new(secret),
            keeps_syns: false,
            adds: false,
            came_with: None,
        }
    }

    pub fn port_used(&mut self, port: u16) {
        *self.in_use.entry(port).or_insert(0) += 1;
    }

    pub fn port_unused(&mut self, port: u16) {
        if let Some(count) = self.in_use.get_mut(&port) {
            *count -= 1;
            if *count == 0 {
                self.in_use.remove(&port);
            }
        }
    }

    pub fn put_in_bucket(&mut self, port: u16, key: Key) {
        let bucket = self.ports.entry(port).or_default();
        if !bucket.contains(&key) {
            bucket.push(key);
        }
    }

    pub fn take_from_bucket(&mut self, port: u16, key: Key) {
        if let Some(bucket) = self.ports.get_mut(&port) {
            bucket.retain(|&other| other != key);
            if bucket.is_empty() {
                self.ports.remove(&port);
            }
        }
    }

    /// Puts a connection on the list of those to look at in the next flush.
    pub fn mark_dirty(&mut self, key: Key) {
        if let Some(connection) = self.slab.get_mut(key).and_then(|tcp| tcp.connection_mut())
            && !connection.dirty
        {
            connection.dirty = true;
            self.dirty.push(key);
        }
    }
}
