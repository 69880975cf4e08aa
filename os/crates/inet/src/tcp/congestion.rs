//! The congestion window: how much may be under way, by Reno (RFC 5681) or CUBIC (RFC 9438), in whole segments as Linux counts.
//!
//! The machine has no congestion control. It believes the windows that the peer's segments announce: these are shown to it no larger
//! than the congestion window. On paths within the host nothing is lost and nothing held back.

use super::TcpOptions;
use super::connection::Connection;
use super::segment::{ACK, Segment};
use super::socket::Role;
use crate::slab::Key;
use crate::stack::{Config, Stack};
use crate::time::Instant;

/// TCP_CONGESTION.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Congestion {
    /// RFC 5681.
    Reno,
    /// RFC 9438.
    #[default]
    Cubic,
}

impl Congestion {
    /// The names, as in net.ipv4.tcp_available_congestion_control.
    pub const NAMES: &'static str = "reno cubic";

    /// The name that programs use.
    pub const fn name(self) -> &'static str {
        match self {
            Congestion::Reno => "reno",
            Congestion::Cubic => "cubic",
        }
    }

    /// The algorithm of that name.
    pub fn named(name: &[u8]) -> Option<Congestion> {
        [Congestion::Reno, Congestion::Cubic]
            .into_iter()
            .find(|algorithm| algorithm.name().as_bytes() == name)
    }
}

/// Initial window, in segments (RFC 6928).
const FIRST: u32 = 10;
/// No loss yet.
const UNLIMITED: u32 = i32::MAX as u32;
/// CUBIC keeps 7/10 of the window at a loss (RFC 9438 section 4.6), Reno half.
const CUBIC_BETA: (u32, u32) = (7, 10);
/// A longer segment comes from a peer that sends.
const RECEIVING: usize = 512;
/// No window grows beyond.
const MOST: u32 = 1 << 20;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// In segments.
    pub size: u32,
    pub threshold: u32,
    /// Acknowledged segments since the last growth.
    counted: u32,
    /// CUBIC: the window before the last loss, and this round of growth.
    before_loss: u32,
    epoch: Option<Epoch>,
    /// Losses of what was sent before this sequence number are one loss.
    recover: Option<u32>,
}

/// A round of CUBIC's growth.
#[derive(Clone, Copy, Debug)]
struct Epoch {
    began: Instant,
    /// The window where the curve is flat, and when it is reached, in milliseconds (K).
    origin: u32,
    flat_at: u64,
}

impl Default for Window {
    fn default() -> Window {
        Window {
            size: FIRST,
            threshold: UNLIMITED,
            counted: 0,
            before_loss: 0,
            epoch: None,
            recover: None,
        }
    }
}

/// The largest number whose cube is not above.
fn cube_root(of: u64) -> u64 {
    let mut root = 0u64;
    for bit in (0..21).rev() {
        let next = root | 1 << bit;
        if next * next * next <= of {
            root = next;
        }
    }
    root
}

impl Window {
    /// No loss yet: the path is still tried out (Linux: tcp_in_initial_slowstart).
    pub fn is_untried(&self) -> bool {
        self.threshold >= UNLIMITED
    }

    /// `acked` segments were acknowledged that filled the window when they were sent.
    fn grow(&mut self, now: Instant, algorithm: Congestion, mut acked: u32) {
        if self.size < self.threshold {
            let step = acked.min(self.threshold - self.size);
            self.size += step;
            acked -= step;
        }
        if acked == 0 {
            return;
        }
        let per_segment = match algorithm {
            Congestion::Reno => self.size,
            Congestion::Cubic => self.cubic_pace(now),
        };
        self.counted += acked;
        if self.counted >= per_segment {
            self.size = (self.size + self.counted / per_segment).min(MOST);
            self.counted %= per_segment;
        }
    }

    /// After how many acknowledged segments the window grows by one (RFC 9438 sections 4.2 to 4.5).
    fn cubic_pace(&mut self, now: Instant) -> u32 {
        let size = self.size;
        let epoch = *self.epoch.get_or_insert_with(|| {
            let origin = self.before_loss.max(size);
            Epoch {
                began: now,
                origin,
                // cbrt((W_max - cwnd) / 0.4).
                flat_at: cube_root(u64::from(origin - size) * 2_500_000_000),
            }
        });
        let origin = epoch.origin;
        let elapsed = now.since(epoch.began).as_millis() as u64;
        let distance = elapsed.abs_diff(epoch.flat_at).min(100_000);
        // 0.4 * t^3 with t in seconds.
        let cubic = distance * distance * distance / 2_500_000_000;
        let target = match elapsed < epoch.flat_at {
            true => u64::from(origin).saturating_sub(cubic),
            false => u64::from(origin) + cubic,
        };
        // Reno would have grown by about half a segment for each window since (the Reno-friendly region).
        match target.checked_sub(u64::from(self.size)) {
            Some(ahead) if ahead > 0 => (u64::from(size) / ahead).max(2) as u32,
            _ => size.saturating_mul(2),
        }
    }

    /// Something was lost: less from now on. `timeout`: so much that the path has to be tried anew.
    fn shrink(&mut self, algorithm: Congestion, timeout: bool) {
        self.before_loss = self.size;
        let kept = match algorithm {
            Congestion::Reno => self.size / 2,
            Congestion::Cubic => self.size * CUBIC_BETA.0 / CUBIC_BETA.1,
        };
        self.threshold = kept.max(2);
        self.size = if timeout { 1 } else { self.threshold };
        self.counted = 0;
        self.epoch = None;
    }

    /// Larger than a new connection's.
    pub fn is_grown(&self) -> bool {
        self.size > FIRST
    }

    /// After a pause the path is tried anew (RFC 5681 section 4.1), up to where it was good.
    pub fn restart(&mut self) {
        if self.threshold < UNLIMITED {
            self.threshold = self.threshold.max(self.size / 4 * 3);
        }
        self.size = FIRST;
        self.counted = 0;
        self.epoch = None;
    }
}

impl Connection {
    /// Nothing was under way for a retransmission timeout, and now there is something to send.
    pub(crate) fn has_idled(&self, now: Instant, options: &TcpOptions, config: &Config) -> bool {
        let record = &self.record;
        config.slow_start_after_idle
            && !self.path.local
            && record.una == record.next
            && self.unacked() > 0
            && now.since(record.last_send.max(record.last_recv)) > self.rto(options, config)
    }

    /// Bytes that may be under way.
    fn congestion_limit(&self) -> u32 {
        self.cwnd.size.saturating_mul(self.record.mss.max(1))
    }

    /// New data was acknowledged.
    pub(crate) fn congestion_acked(&mut self, now: Instant, algorithm: Congestion, acked: u32) {
        let record = &self.record;
        if let Some(recover) = self.cwnd.recover
            && !super::segment::after(recover, record.una)
        {
            self.cwnd.recover = None;
        }
        // A window that was not used says nothing about the path (RFC 7661).
        let flight = record.next.wrapping_sub(record.una).saturating_add(acked);
        if flight.saturating_mul(2) >= self.congestion_limit() && self.cwnd.recover.is_none()
            || self.cwnd.size < self.cwnd.threshold && self.cwnd.recover.is_some()
        {
            let segments = acked.div_ceil(record.mss.max(1));
            self.cwnd.grow(now, algorithm, segments);
        }
    }

    /// What is out was lost, or some of it. Once per window.
    pub(crate) fn congestion_lost(&mut self, algorithm: Congestion, timeout: bool) {
        if self.path.local || self.cwnd.recover.is_some() && !timeout {
            return;
        }
        // A probe of a closed window was not lost, and a SYN says nothing about the path.
        if self.record.window == 0 || !self.state.is_synchronized() {
            return;
        }
        self.cwnd.recover = Some(self.record.next);
        self.cwnd.shrink(algorithm, timeout);
    }

    /// What the machine is told instead of the window in `segment`; `None` when that is fine.
    pub(crate) fn shown_window(&self, segment: &Segment) -> Option<u16> {
        if self.path.local || !segment.has(ACK) {
            return None;
        }
        // A receiver's segments are not worth a copy each.
        if segment.payload_len > RECEIVING && self.unacked() == 0 {
            return None;
        }
        let shift = if segment.has(super::segment::SYN) {
            0
        } else {
            self.record.shift_send
        };
        let limit = self.congestion_limit();
        if u32::from(segment.window) << shift <= limit {
            return None;
        }
        Some((limit.div_ceil(1 << shift)).min(0xffff) as u16)
    }
}

impl Stack {
    /// Tells a machine that the window has become smaller, before it sends everything again.
    pub(crate) fn congestion_restrain(&mut self, now: Instant, key: Key) {
        let Some(tcp) = self.tcp.slab.get_mut(key) else {
            return;
        };
        let algorithm = tcp.options.congestion;
        let Role::Connection(connection) = &mut tcp.role else {
            return;
        };
        connection.congestion_lost(algorithm, true);
        self.congestion_show(now, key);
    }

    /// Tells a machine how large the window is now.
    pub(crate) fn congestion_show(&mut self, now: Instant, key: Key) {
        let Some(Role::Connection(connection)) =
            self.tcp.slab.get_mut(key).map(|tcp| &mut tcp.role)
        else {
            return;
        };
        let record = &connection.record;
        let limit = connection.congestion_limit();
        if connection.path.local || !connection.state.is_synchronized() || record.window <= limit {
            return;
        }
        let fin = u32::from(connection.fin_received);
        let bare = super::segment::Bare {
            local: connection.peer,
            peer: connection.local,
            seq: record
                .start
                .wrapping_add(record.bytes_received as u32)
                .wrapping_add(fin),
            ack: record.una,
            flags: ACK,
            window: limit.div_ceil(1 << record.shift_send).min(0xffff) as u16,
            tos: 0,
            ttl: 64,
        };
        let packet = bare.packet(&mut self.frames, &[]);
        let mut out = super::machine::Outbox::new(&mut self.frames, &mut self.scratch);
        if let super::connection::Wire::Packets(machine) = &mut connection.wire {
            machine.input(now, &packet, &mut out);
        }
        self.frames.put(packet);
        // It may want to say something to that: nobody asked.
        self.scratch
            .drain(..)
            .for_each(|frame| self.frames.put(frame));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::time::Duration;

    #[test]
    fn cube_roots() {
        for root in [0u64, 1, 2, 10, 999, 1000, 100_000] {
            assert_eq!(cube_root(root * root * root), root);
            assert_eq!(cube_root(root * root * root + 1), root.max(1));
        }
    }

    #[test]
    fn slow_start_doubles_and_reno_adds_one() {
        let now = Instant::from_millis(0);
        let mut window = Window::default();
        window.grow(now, Congestion::Reno, 10);
        assert_eq!(window.size, 20);
        window.shrink(Congestion::Reno, false);
        assert_eq!((window.size, window.threshold), (10, 10));
        window.grow(now, Congestion::Reno, 9);
        assert_eq!(window.size, 10);
        window.grow(now, Congestion::Reno, 1);
        assert_eq!(window.size, 11);
        window.shrink(Congestion::Reno, true);
        assert_eq!((window.size, window.threshold), (1, 5));
    }

    #[test]
    fn cubic_comes_back_to_where_the_loss_was_and_then_tries_more() {
        let mut now = Instant::from_millis(0);
        let mut window = Window {
            size: 100,
            ..Window::default()
        };
        window.shrink(Congestion::Cubic, false);
        assert_eq!(window.size, 70);
        // K = cbrt(30 / 0.4) = 4.2 s; round trips of 400 ms, so that Reno would not be faster.
        let mut sizes = std::vec::Vec::new();
        for _ in 0..30 {
            now = now + Duration::from_millis(400);
            window.grow(now, Congestion::Cubic, window.size);
            sizes.push(window.size);
        }
        assert!((90..=100).contains(&sizes[5]), "{sizes:?}");
        assert!((96..=104).contains(&sizes[10]), "{sizes:?}");
        assert!(sizes[29] > 200, "{sizes:?}");
    }
}
