//! TIME-WAIT (RFC 9293 section 3.6.1): sixty seconds, without the connection's buffers.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::time::Duration;

use super::segment::{ACK, Bare, FIN, RST, SYN, Segment, Tuple, after};
use super::{TcpRow, TcpState, TcpTimer};
use crate::addr::Endpoint;
use crate::ip::Rx;
use crate::ip::additions::Additions;
use crate::options::SocketOptions;
use crate::rng::{Map, SeededHash};
use crate::stack::Stack;
use crate::time::Instant;

/// Linux's TCP_TIMEWAIT_LEN.
const LENGTH: Duration = Duration::from_secs(60);
/// net.ipv4.tcp_max_tw_buckets, about; the oldest gives way.
const LIMIT: usize = 65_536;
/// After this a new connection of ours over lo may take the tuple (net.ipv4.tcp_tw_reuse 2).
const REUSE_AFTER: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeWait {
    /// What we would send and what we expect.
    pub seq: u32,
    pub ack: u32,
    pub window: u16,
    pub until: Instant,
    pub v6: bool,
    pub owner: u32,
    pub reuse_addr: bool,
}

pub(crate) struct TimeWaitTable {
    pub entries: Map<Tuple, TimeWait>,
    /// In order of expiry, because every wait has the same length. Restarted waits leave a stale entry behind.
    order: VecDeque<(Instant, Tuple)>,
}

impl TimeWaitTable {
    pub fn new(secret: u64) -> Self {
        TimeWaitTable {
            entries: Map::with_hasher(SeededHash(secret)),
            order: VecDeque::new(),
        }
    }

    /// Whether a new connection may take the tuple over.
    pub fn is_free(&self, tuple: &Tuple, now: Instant, local: bool) -> bool {
        self.entries
            .get(tuple)
            .is_none_or(|wait| local && now + LENGTH >= wait.until + REUSE_AFTER)
    }

    pub fn rows(&self, mut each: impl FnMut(&TcpRow)) {
        for (tuple, wait) in &self.entries {
            each(&TcpRow {
                v6: wait.v6,
                local: tuple.local(),
                peer: tuple.peer(),
                state: TcpState::TimeWait,
                tx_queue: 0,
                rx_queue: 0,
                timer: TcpTimer::TimeWait,
                expires: Some(wait.until),
                retransmits: 0,
                owner: 0,
                token: 0,
                id: None,
                backlog: 0,
                shut: 3,
                options: SocketOptions::new(0, 0),
            });
        }
    }
}

impl Stack {
    pub(crate) fn time_wait_insert(&mut self, now: Instant, tuple: Tuple, mut wait: TimeWait) {
        if self.tcp.time_wait.entries.len() >= LIMIT
            && let Some(&(_, oldest)) = self.tcp.time_wait.order.front()
        {
            self.time_wait_remove(&oldest);
        }
        wait.until = now + LENGTH;
        if self.tcp.time_wait.entries.insert(tuple, wait).is_none() {
            self.tcp.port_used(tuple.local_port());
        }
        self.tcp.time_wait.order.push_back((wait.until, tuple));
        self.counters.tcp.time_waits += 1;
        self.arm_housekeeping(wait.until);
    }

    pub(crate) fn time_wait_remove(&mut self, tuple: &Tuple) {
        if self.tcp.time_wait.entries.remove(tuple).is_some() {
            self.tcp.port_unused(tuple.local_port());
        }
    }

    pub(crate) fn time_wait_expire(&mut self, now: Instant) -> Option<Instant> {
        while let Some(&(at, tuple)) = self.tcp.time_wait.order.front() {
            let live = self
                .tcp
                .time_wait
                .entries
                .get(&tuple)
                .is_some_and(|wait| wait.until == at);
            if live && at > now {
                return Some(at);
            }
            self.tcp.time_wait.order.pop_front();
            if live {
                self.time_wait_remove(&tuple);
            }
        }
        None
    }

    /// A segment for a connection in TIME-WAIT. `true`: it is a new connection's SYN, to be shown to the listener.
    pub(crate) fn time_wait_input(
        &mut self,
        rx: Rx,
        tuple: Tuple,
        wait: TimeWait,
        segment: &Segment,
    ) -> bool {
        if segment.has(RST) {
            // RFC 1337 fix 1 is what Linux has off by default: a RST in the window ends the wait.
            if segment.seq == wait.ack {
                self.time_wait_remove(&tuple);
            }
            return false;
        }
        // RFC 9293 section 3.10.7.4: a SYN beyond what we received may open the connection anew.
        if segment.has(SYN) && !segment.has(ACK) && after(segment.seq, wait.ack) {
            self.time_wait_remove(&tuple);
            return true;
        }
        if segment.has(FIN) || segment.len() != 0 {
            let restart = segment.has(FIN);
            self.tcp_send_bare(
                rx.now,
                &Bare {
                    local: tuple.local(),
                    peer: tuple.peer(),
                    seq: wait.seq,
                    ack: wait.ack,
                    flags: ACK,
                    window: wait.window,
                    tos: 0,
                    ttl: 64,
                },
                Some(rx.iface),
            );
            if restart && let Some(entry) = self.tcp.time_wait.entries.get_mut(&tuple) {
                entry.until = rx.now + LENGTH;
                let until = entry.until;
                self.tcp.time_wait.order.push_back((until, tuple));
            }
        }
        false
    }

    /// Sends a segment that no machine makes. `via` is the interface for link-local peers.
    pub(crate) fn tcp_send_bare(
        &mut self,
        now: Instant,
        bare: &Bare,
        via: Option<crate::iface::IfaceId>,
    ) {
        self.tcp_send_bare_with(now, bare, via, &[]);
    }

    /// The same with `options`, which fill whole words; and with IPv4 options, where it answers to such.
    pub(crate) fn tcp_send_bare_with(
        &mut self,
        now: Instant,
        bare: &Bare,
        via: Option<crate::iface::IfaceId>,
        options: &[u8],
    ) {
        let echo = self.tcp_echo();
        self.tcp_send_bare_as(now, bare, via, options, echo);
    }

    /// The same with what a socket adds.
    pub(crate) fn tcp_send_bare_as(
        &mut self,
        now: Instant,
        bare: &Bare,
        via: Option<crate::iface::IfaceId>,
        options: &[u8],
        additions: Option<Arc<Additions>>,
    ) {
        let Endpoint { addr, .. } = bare.peer;
        let via = via.filter(|_| crate::addr::is_link_local(addr));
        let toward = additions
            .as_ref()
            .and_then(|it| it.first_hop(addr.is_ipv6()));
        let Ok(route) = self.select_route(toward.unwrap_or(addr), via) else {
            return;
        };
        let mut packet = bare.packet(&mut self.frames, options);
        if let Some(additions) = additions {
            packet = self.dress(packet, &additions, bare.local.addr);
        }
        self.counters.tcp.out_segments += 1;
        if bare.flags & RST != 0 {
            self.counters.tcp.out_resets += 1;
        }
        self.ip_output(now, route.iface, route.next_hop, route.mtu, packet);
    }
}
