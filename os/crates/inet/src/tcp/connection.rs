//! A connection: the state machine and what Linux keeps beside it.

use alloc::boxed::Box;
use core::net::IpAddr;
use core::time::Duration;

use smoltcp::socket::tcp;

use super::congestion::Window;
use super::fastopen::FastOpen;
use super::headers::Heard;
use super::local::LocalEnd;
use super::machine::Machine;
use super::sack::Scoreboard;
use super::segment::Tuple;
use super::urgent::Urgent;
use super::{TcpOptions, TcpState};
use crate::addr::Endpoint;
use crate::effects::Ready;
use crate::iface::IfaceId;
use crate::slab::Key;
use crate::time::Instant;

/// Where packets to the peer go; looked up again when the stack's route generation has changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Path {
    pub iface: IfaceId,
    pub next_hop: IpAddr,
    pub mtu: usize,
    pub generation: u32,
    /// Over lo: no checksums.
    pub local: bool,
    /// The device fills in transport checksums.
    pub offload: bool,
}

/// Counts and times for TCP_INFO and the timers, observed on the segments that pass.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record {
    /// Lowest unacknowledged and next sequence number to send.
    pub una: u32,
    pub next: u32,
    /// The sequence number of the peer's first byte.
    pub start: u32,
    /// The acknowledgement and window field sent last, and the window (in bytes) received last.
    pub ack_sent: u32,
    /// Bytes received after that acknowledgement.
    pub since_ack: u32,
    pub window_sent: u16,
    pub window: u32,
    /// Shift counts of the window fields (RFC 7323).
    pub shift_send: u8,
    pub shift_recv: u8,
    /// Largest segment the peer takes.
    pub mss: u32,
    /// Since when something has been unacknowledged without progress.
    pub waiting_since: Option<Instant>,
    /// The same, and window probes that were answered are no progress.
    pub stuck_since: Option<Instant>,
    /// Since when the retransmission timer runs.
    pub clock: Option<Instant>,
    /// A sample under way: the sequence number that ends it and when it was sent.
    pub sample: Option<(u32, Instant)>,
    pub rtt_us: u32,
    pub rtt_var_us: u32,
    pub min_rtt_us: u32,
    /// Times the timer has expired without progress.
    pub retransmits: u32,
    pub total_retransmits: u32,
    pub keep_probes: u32,
    pub last_recv: Instant,
    /// Segments with data that were acknowledged at once since the connection, or its last burst, began.
    pub quick_acks: u8,
    pub last_ack: Instant,
    pub last_send: Instant,
    pub bytes_acked: u64,
    pub bytes_received: u64,
    pub bytes_sent: u64,
    pub bytes_again: u64,
    pub segs_in: u64,
    pub segs_out: u64,
    pub data_segs_in: u64,
    pub data_segs_out: u64,
    /// Time stamps were agreed to (RFC 7323): where our clock begins, the peer's latest stamp and when it came.
    pub stamped: bool,
    pub stamp_offset: u32,
    pub stamp_seen: Option<u32>,
    pub stamp_at: Instant,
    /// Selective acknowledgements were agreed to (RFC 2018), and scaled windows.
    pub sack: bool,
    pub scaled: bool,
    /// Bytes that came once more, to be told (RFC 2883), and how often the peer told that.
    pub duplicate: Option<(u32, u32)>,
    pub duplicates: u32,
    /// The data in the SYN was taken (RFC 7413), and this is the end that took it.
    pub syn_data: bool,
    pub early: bool,
}

impl Record {
    /// RFC 6298 section 2, in microseconds.
    pub fn sample_rtt(&mut self, rtt: Duration) {
        let rtt = rtt.as_micros().min(u128::from(u32::MAX)) as u32;
        let rtt = rtt.max(1);
        self.min_rtt_us = match self.min_rtt_us {
            0 => rtt,
            least => least.min(rtt),
        };
        if self.rtt_us == 0 {
            self.rtt_us = rtt;
            self.rtt_var_us = rtt / 2;
        } else {
            let delta = self.rtt_us.abs_diff(rtt);
            self.rtt_var_us = self.rtt_var_us - self.rtt_var_us / 4 + delta / 4;
            self.rtt_us = self.rtt_us - self.rtt_us / 8 + rtt / 8;
        }
    }
}

/// How the bytes travel.
pub(crate) enum Wire {
    /// In segments.
    Packets(Box<Machine>),
    /// Straight into the other socket of this host.
    Local(LocalEnd),
}

/// What a SYN of ours offers: net.ipv4.tcp_timestamps, tcp_sack, tcp_dsack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offers {
    pub stamps: bool,
    pub sack: bool,
    pub duplicates: bool,
}

pub(crate) struct Connection {
    pub tuple: Tuple,
    pub local: Endpoint,
    pub peer: Endpoint,
    pub wire: Wire,
    /// As of the last look; a difference to the machine's is an event.
    pub state: TcpState,
    /// The listener, until accepted.
    pub parent: Option<Key>,
    /// Completed and in the listener's queue.
    pub queued: bool,
    pub path: Path,
    /// On the list of those with something to send.
    pub dirty: bool,
    /// The earliest entry in the deadline index.
    pub armed: Option<Instant>,
    /// No longer in the demultiplexer: ended. Received data may still be read.
    pub detached: bool,
    pub shut_read: bool,
    pub shut_write: bool,
    /// The peer sent FIN.
    pub fin_received: bool,
    /// Unread bytes at the last look.
    pub unread: usize,
    /// Was there room to send at the last look.
    pub writable: bool,
    /// MSG_MORE or TCP_CORK holds a partial segment back until then.
    pub corked_until: Option<Instant>,
    /// FIN-WAIT-2 without a descriptor ends then.
    pub fin_wait_until: Option<Instant>,
    /// Counted in [`super::socket::TcpTable::orphans`].
    pub orphaned: bool,
    /// Urgent data received, and
    pub urgent: Option<Urgent>,
    /// sent: the sequence number behind it, until that is acknowledged.
    pub urgent_out: Option<u32>,
    /// TCP_DEFER_ACCEPT: complete, and shown to the listener with the first data or then.
    pub defer_until: Option<Instant>,
    /// What our SYN offers.
    pub offers: Offers,
    pub fast: Option<Box<FastOpen>>,
    /// IPv6: a label of the kernel's.
    pub label: u32,
    /// See [`crate::Stack::tcp_heard`].
    pub heard: Heard,
    pub heard_headers: Option<Box<[u8]>>,
    pub sacked: Scoreboard,
    pub record: Record,
    pub cwnd: Window,
}

/// The machine's state in Linux's numbering.
pub(crate) fn state_of(state: tcp::State) -> TcpState {
    match state {
        tcp::State::Closed => TcpState::Closed,
        tcp::State::Listen => TcpState::Listen,
        tcp::State::SynSent => TcpState::SynSent,
        tcp::State::SynReceived => TcpState::SynReceived,
        tcp::State::Established => TcpState::Established,
        tcp::State::FinWait1 => TcpState::FinWait1,
        tcp::State::FinWait2 => TcpState::FinWait2,
        tcp::State::CloseWait => TcpState::CloseWait,
        tcp::State::Closing => TcpState::Closing,
        tcp::State::LastAck => TcpState::LastAck,
        tcp::State::TimeWait => TcpState::TimeWait,
    }
}

impl TcpState {
    /// The handshake is over and the connection has not ended.
    pub(crate) fn is_synchronized(self) -> bool {
        !matches!(
            self,
            TcpState::SynSent
                | TcpState::SynReceived
                | TcpState::Closed
                | TcpState::Listen
                | TcpState::TimeWait
        )
    }

    /// Our FIN is not yet sent or called for.
    pub(crate) fn may_send(self) -> bool {
        matches!(self, TcpState::Established | TcpState::CloseWait)
    }
}

impl Connection {
    pub fn unread(&self) -> usize {
        match &self.wire {
            Wire::Packets(machine) => machine.socket().recv_queue(),
            Wire::Local(end) => end.ring.visible(),
        }
    }

    pub fn unacked(&self) -> usize {
        match &self.wire {
            Wire::Packets(machine) => machine.socket().send_queue(),
            Wire::Local(end) => end.unacked(),
        }
    }

    /// Bytes queued and never sent.
    pub fn unsent(&self) -> usize {
        if let Wire::Local(end) = &self.wire {
            return end.unacked();
        }
        let flight = self.record.next.wrapping_sub(self.record.una) as usize;
        self.unacked().saturating_sub(flight)
    }

    /// The contiguous received bytes from `offset` on.
    pub fn peek(&mut self, offset: usize) -> &[u8] {
        let unread = self.unread();
        match &mut self.wire {
            Wire::Packets(machine) => machine.peek(offset, unread),
            Wire::Local(end) => end.ring.peek(offset),
        }
    }

    /// Bytes that may be received ahead of the reader, and the largest packet.
    pub fn recv_buffer(&self) -> usize {
        match &self.wire {
            Wire::Packets(machine) => machine.shape.recv_buffer,
            Wire::Local(end) => end.recv_buffer,
        }
    }

    pub fn mtu(&self) -> usize {
        match &self.wire {
            Wire::Packets(machine) => machine.shape.mtu,
            Wire::Local(_) => self.path.mtu,
        }
    }

    /// Ends with RST when it may speak next. Local connections are reset by [`crate::Stack::local_abort`].
    pub fn abort(&mut self) {
        if let Wire::Packets(machine) = &mut self.wire {
            machine.socket_mut().abort();
        }
    }

    pub fn room(&self) -> usize {
        match &self.wire {
            Wire::Packets(machine) => {
                machine.socket().send_capacity() - machine.socket().send_queue()
            }
            Wire::Local(end) => end.room(),
        }
    }

    /// Linux's sk_stream_is_writeable: free space is at least half of what is queued, and not too much is unsent.
    pub fn is_writable(&self, options: &TcpOptions) -> bool {
        self.state.may_send()
            && self.room() * 2 >= self.unacked().max(1)
            && self.unsent() < options.notsent_low_water
    }

    /// Level readiness (Linux: tcp_poll).
    pub fn ready(&self, options: &TcpOptions) -> Ready {
        let mut ready = Ready::NONE;
        let over = self.state == TcpState::Closed || self.detached;
        let eof = self.fin_received || self.shut_read || over;
        let shut_write = self.shut_write || over;
        if eof && shut_write {
            ready |= Ready::HUP;
        }
        if eof {
            ready |= Ready::READ | Ready::RDHUP;
        }
        if matches!(self.state, TcpState::SynSent | TcpState::SynReceived) && !over {
            return ready;
        }
        let hidden = usize::from(self.hides_next(options.common.oob_inline));
        if self.unread() >= options.common.recv_low_water + hidden {
            ready |= Ready::READ;
        }
        if self.has_urgent() {
            ready |= Ready::PRIORITY;
        }
        if shut_write || self.is_writable(options) {
            ready |= Ready::WRITE;
        }
        ready
    }

    /// Hands the options to the machine.
    pub fn apply(&mut self, options: &TcpOptions) {
        let Wire::Packets(machine) = &mut self.wire else {
            return;
        };
        let socket = machine.socket_mut();
        // A corked connection decides itself when to send; what it lets go must leave at once.
        socket.set_nagle_enabled(!options.nodelay);
        socket.set_hop_limit(options.common.ttl.filter(|&ttl| ttl != 0));
        let patience = super::machine::ACK_DELAY.min(options.delayed_ack.into());
        if socket.ack_delay().is_some_and(|now| now != patience) {
            socket.set_ack_delay(Some(patience));
        }
    }

    /// smoltcp forgets its retransmission timer when duplicate acknowledgements ask for a fast retransmission and only a FIN is
    /// outstanding: it then has nothing to send and nothing to wait for.
    pub fn has_lost_fin(&self) -> bool {
        let closing = matches!(
            self.state,
            TcpState::FinWait1 | TcpState::Closing | TcpState::LastAck
        );
        closing && self.record.una != self.record.next && self.unacked() == 0
    }

    /// When the keepalive timer wants attention (RFC 9293 section 3.8.4).
    pub fn keepalive_at(&self, options: &TcpOptions) -> Option<Instant> {
        let idle =
            self.state.is_synchronized() && self.record.waiting_since.is_none() && !self.detached;
        // The other end of a local connection cannot vanish.
        let local = matches!(self.wire, Wire::Local(_));
        if !options.common.keepalive || !idle || local {
            return None;
        }
        let probes = self.record.keep_probes;
        Some(self.record.last_recv + options.keep_idle + options.keep_interval * probes)
    }
}
