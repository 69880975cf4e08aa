//! What TCP tells about itself: TCP_INFO, TCP_MAXSEG, /proc/net/tcp.

use super::connection::{Connection, Wire};
use super::segment::HEADER;
use super::socket::{Role, Tcp};
use super::{TcpId, TcpInfo, TcpRow, TcpState, TcpTimer};
use crate::addr::Endpoint;
use crate::error::{Error, Result};
use crate::ip::header::header_len;
use crate::stack::Stack;
use crate::time::Instant;

/// TCPI_OPT_*: what was agreed to, data went with the SYN, this end took it.
const OPT_STAMPS: u8 = 1;
const OPT_SACK: u8 = 2;
const OPT_WSCALE: u8 = 4;
const OPT_SYN_DATA: u8 = 32;
const OPT_TFO_CHILD: u8 = 128;
/// TCP_CA_Loss.
const CA_LOSS: u8 = 4;

impl Connection {
    /// Payload bytes of a full segment.
    fn mss(&self) -> u32 {
        let headers = header_len(self.peer.addr.is_ipv6()) + HEADER;
        let stamps = if self.record.stamped { 12 } else { 0 };
        let told = self.record.mss.saturating_sub(self.extra() as u32);
        let whole = told.min((self.mtu() - headers) as u32);
        let whole = whole.saturating_sub(stamps).max(1);
        if let Wire::Packets(_) = self.wire {
            return whole;
        }
        // Linux keeps to half of the largest window that it has seen. What answers a SYN over lo is a segment large, what comes
        // later half of the buffer.
        let heard = self.record.segs_in > 1 || self.fin_received;
        let largest = if heard { self.record.window / 2 } else { whole };
        whole.min((largest / 2).max(1))
    }

    fn timer(&self) -> TcpTimer {
        if self.record.waiting_since.is_some() {
            if self.record.window == 0 && self.state.is_synchronized() {
                TcpTimer::ZeroWindowProbe
            } else {
                TcpTimer::Retransmit
            }
        } else {
            TcpTimer::Off
        }
    }
}

impl Tcp {
    fn row(&self, id: TcpId) -> TcpRow {
        let mut row = TcpRow {
            v6: self.v6,
            local: self.local,
            peer: Endpoint::unspecified(self.v6),
            state: self.shown_state(),
            tx_queue: 0,
            rx_queue: 0,
            timer: TcpTimer::Off,
            expires: None,
            retransmits: 0,
            owner: self.options.common.owner,
            token: self.token,
            id: Some(id),
            backlog: 0,
            shut: 0,
            options: self.options.common,
        };
        match &self.role {
            Role::Idle => {}
            Role::Listener(listener) => {
                row.rx_queue = listener.ready.len();
                row.backlog = listener.backlog;
            }
            Role::Connection(connection) => {
                row.peer = connection.peer;
                let read = connection.shut_read || connection.fin_received;
                row.shut = u8::from(read) | u8::from(connection.shut_write) << 1;
                row.tx_queue = connection.unacked();
                row.rx_queue = connection.unread();
                row.timer = connection.timer();
                row.expires = connection.armed;
                row.retransmits = connection.record.retransmits;
                if row.timer == TcpTimer::Off && connection.keepalive_at(&self.options).is_some() {
                    row.timer = TcpTimer::Keepalive;
                }
            }
        }
        row
    }
}

impl Stack {
    /// TCP_MAXSEG as getsockopt reports it, in bytes.
    pub fn tcp_mss(&self, id: TcpId) -> usize {
        let Some(tcp) = self.tcp.slab.get(id.0) else {
            return 536;
        };
        match (&tcp.role, tcp.options.max_segment) {
            (Role::Connection(connection), _) if connection.state.is_synchronized() => {
                connection.mss() as usize
            }
            (_, Some(mss)) => usize::from(mss),
            _ => 536,
        }
    }

    /// TCP_WINDOW_CLAMP in bytes: as set, or the window that a connection began with; 0 is none.
    pub fn tcp_window_clamp(&self, id: TcpId) -> u32 {
        let Some(tcp) = self.tcp.slab.get(id.0) else {
            return 0;
        };
        match (tcp.options.window_clamp, &tcp.role) {
            (Some(clamp), _) => clamp,
            (None, Role::Connection(connection)) => (connection.recv_buffer() / 2) as u32,
            (None, _) => 0,
        }
    }

    /// TCP_INFO. Errors: `NoSocket`.
    pub fn tcp_info(&self, now: Instant, id: TcpId) -> Result<TcpInfo> {
        let tcp = self.tcp.slab.get(id.0).ok_or(Error::NoSocket)?;
        let mut info = TcpInfo {
            state: tcp.shown_state() as u8,
            ..TcpInfo::default()
        };
        let connection = match &tcp.role {
            Role::Idle => return Ok(info),
            Role::Listener(listener) => {
                // As Linux reports a listener: queue and backlog.
                info.unacked = listener.ready.len() as u32;
                info.sacked = listener.backlog as u32;
                info.snd_cwnd = 10;
                return Ok(info);
            }
            Role::Connection(connection) => connection,
        };
        let record = &connection.record;
        let mss = connection.mss();
        let ago = |then: Instant| now.since(then).as_millis() as u32;
        info.retransmits = record.retransmits as u8;
        info.backoff = record.retransmits as u8;
        info.window_scale_send = record.shift_send;
        info.window_scale_recv = record.shift_recv;
        for (agreed, bit) in [
            (record.stamped, OPT_STAMPS),
            (record.sack, OPT_SACK),
            (record.scaled, OPT_WSCALE),
            (record.syn_data, OPT_SYN_DATA),
            (record.early, OPT_TFO_CHILD),
        ] {
            info.options |= if agreed { bit } else { 0 };
        }
        info.sacked = connection.sacked.bytes().div_ceil(mss.max(1));
        info.dsack_dups = record.duplicates;
        info.rto_us = connection.rto(&tcp.options, &self.config).as_micros() as u32;
        info.snd_mss = mss;
        info.rcv_mss = mss;
        info.unacked = record.next.wrapping_sub(record.una).div_ceil(mss.max(1));
        info.rtt_us = record.rtt_us;
        info.rtt_var_us = record.rtt_var_us;
        info.snd_cwnd = connection.cwnd.size;
        info.snd_ssthresh = connection.cwnd.threshold;
        info.snd_wnd = record.window;
        info.rcv_space = connection.recv_buffer() as u32;
        info.pmtu = (connection.mtu() + connection.extra()) as u32;
        info.total_retrans = record.total_retransmits;
        if record.retransmits > 0 && connection.state.is_synchronized() {
            // All that is out is taken for lost, and the first of it is out again.
            info.ca_state = CA_LOSS;
            info.lost = info.unacked;
            info.retrans = info.unacked.min(1);
        }
        info.min_rtt_us = record.min_rtt_us;
        info.delivered = (record.data_segs_out as u32 + 1)
            .saturating_sub(record.total_retransmits)
            .saturating_sub(info.unacked);
        info.bytes_retrans = record.bytes_again;
        info.bytes_acked = record.bytes_acked;
        info.bytes_received = record.bytes_received;
        info.bytes_sent = record.bytes_sent;
        info.segs_out = record.segs_out;
        info.segs_in = record.segs_in;
        info.data_segs_out = record.data_segs_out;
        info.data_segs_in = record.data_segs_in;
        info.notsent_bytes = connection.unsent() as u32;
        info.last_data_sent_ms = ago(record.last_send);
        info.last_data_recv_ms = ago(record.last_recv);
        info.last_ack_recv_ms = ago(record.last_ack);
        Ok(info)
    }

    /// Every TCP socket and connection, TIME-WAIT and half-open ones included.
    pub fn tcp_rows(&self, each: impl FnMut(&TcpRow)) {
        let mut each = each;
        for (key, tcp) in self.tcp.slab.iter() {
            // As in Linux, a socket that neither listens nor connects is in no table.
            if tcp.state() != TcpState::Closed {
                each(&tcp.row(TcpId(key)));
            }
        }
        self.tcp.time_wait.rows(each);
    }
}
