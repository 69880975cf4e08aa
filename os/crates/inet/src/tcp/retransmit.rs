//! When a connection sends again, and when it gives up: Linux's times instead of the machine's.
//!
//! The machine has a retransmission timer of its own with a floor of one second (smoltcp's `RTTE_MIN_RTO`). This clock runs beside
//! it, is the earlier one, and makes the machine believe that its time has come: [`Machine::expire`]. Everything else about
//! retransmission (what is sent, how the timers start anew) stays the machine's business.
//!
//! [`Machine::expire`]: super::machine::Machine::expire

use core::time::Duration;

use super::connection::{Connection, Wire};
use super::{TcpOptions, TcpState};
use crate::stack::Config;
use crate::time::Instant;

/// TCP_TIMEOUT_INIT, TCP_RTO_MIN and TCP_RTO_MAX.
const FIRST: Duration = Duration::from_secs(1);
const LEAST: Duration = Duration::from_millis(200);
const MOST: Duration = Duration::from_secs(120);
/// TCP_THIN_LINEAR_RETRIES: then the timeout doubles all the same. A stream is thin with fewer than so many segments under way.
const LINEAR_RETRIES: u32 = 6;
const THIN: u32 = 4;

/// How often the least timeout can be doubled before it is the longest.
const DOUBLINGS: u32 = 9;
/// What net.ipv4.tcp_orphan_retries of 0 means.
const ORPHAN_RETRIES: u8 = 8;

/// The time for which `retries` retransmissions of established data last (Linux: tcp_model_timeout).
fn modelled(retries: u8, most: Duration) -> Duration {
    // Ten timeouts of 200 ms, 400 ms and so on stay below the longest one; the later ones are that. Asked for with every segment.
    let mut doublings = DOUBLINGS;
    if most < MOST {
        doublings = (most.as_millis() / LEAST.as_millis()).max(1).ilog2();
    }
    let doubling = u32::from(retries).min(doublings);
    LEAST * ((2 << doubling) - 1) + most * (u32::from(retries) - doubling)
}

/// How long an attempt to connect lasts: until all retries were in vain, or as long as so many would take if each took twice as long
/// as the one before (Linux: tcp_write_timeout). Both are looked at when a SYN is due.
fn attempt(retries: u8, config: &Config) -> Duration {
    let modelled: Duration = (0..=u32::from(retries))
        .map(|turn| (FIRST * (1 << turn.min(7))).min(MOST))
        .sum();
    let turns = u32::from(retries) + u32::from(config.syn_linear_timeouts);
    let mut elapsed = Duration::ZERO;
    for turn in 0..=turns {
        elapsed += syn_wait(turn, config);
        if turn > 0 && elapsed >= modelled {
            break;
        }
    }
    elapsed
}

/// How long to wait for the answer to a SYN that was repeated `turn` times: some times a second (net.ipv4.tcp_syn_linear_timeouts),
/// then twice as long each time.
pub(crate) fn syn_wait(turn: u32, config: &Config) -> Duration {
    let doublings = turn.saturating_sub(config.syn_linear_timeouts.into());
    (FIRST * (1 << doublings.min(7))).min(MOST)
}

impl Connection {
    /// The retransmission timeout without backoff (RFC 6298 section 2, Linux: __tcp_set_rto).
    pub(crate) fn base_rto(&self, least: Duration) -> Duration {
        let record = &self.record;
        match record.rtt_us {
            0 => FIRST,
            rtt => {
                let slack = Duration::from_micros(u64::from(record.rtt_var_us) * 4);
                Duration::from_micros(rtt.into()) + slack.max(least)
            }
        }
    }

    /// The timeout now.
    pub(crate) fn rto(&self, options: &TcpOptions, config: &Config) -> Duration {
        let mut turn = self.record.retransmits;
        let (least, most) = options.rto_range;
        match self.state {
            TcpState::SynSent => syn_wait(turn, config),
            TcpState::SynReceived => (FIRST * (1 << turn.min(7))).min(most),
            state => {
                let linear = options.thin_linear
                    && state == TcpState::Established
                    && turn <= LINEAR_RETRIES
                    && self.is_thin();
                if linear {
                    turn = 0;
                }
                (self.base_rto(least) * (1 << turn.min(10))).min(most)
            }
        }
    }

    /// Too little is under way for duplicate acknowledgements to tell of a loss (Linux: tcp_stream_is_thin).
    fn is_thin(&self) -> bool {
        let flight = self.record.next.wrapping_sub(self.record.una);
        flight.div_ceil(self.record.mss.max(1)) < THIN && !self.cwnd.is_untried()
    }

    /// Starts the clock where something waits for an acknowledgement, or for a window that is closed.
    pub(crate) fn retransmit_at(
        &mut self,
        now: Instant,
        options: &TcpOptions,
        config: &Config,
    ) -> Option<Instant> {
        let flying = self.record.una != self.record.next;
        let shut_out = self.record.window == 0
            && matches!(self.wire, Wire::Packets(_))
            && self.state.is_synchronized()
            && self.unacked() > 0;
        if !flying && !shut_out || matches!(self.wire, Wire::Local(_)) {
            self.record.clock = None;
            return None;
        }
        let since = *self.record.clock.get_or_insert(now);
        Some(since + self.rto(options, config))
    }

    /// When to give up what waits for an acknowledgement.
    pub(crate) fn give_up_at(
        &self,
        options: &TcpOptions,
        orphan: bool,
        config: &Config,
    ) -> Option<Instant> {
        let waiting = self.record.waiting_since?;
        let synchronized = self.state.is_synchronized();
        if let Some(limit) = options.user_timeout.filter(|limit| !limit.is_zero()) {
            // A peer that answers window probes and stays shut counts as silent here.
            let since = if synchronized {
                self.record.stuck_since
            } else {
                None
            };
            return Some(since.unwrap_or(waiting) + limit);
        }
        // On a ring there is nothing to wait for but the reader.
        if synchronized && matches!(self.wire, Wire::Local(_)) {
            return None;
        }
        let most = options.rto_range.1;
        let limit = match self.state {
            TcpState::SynSent => attempt(options.syn_retries, config),
            state if state == TcpState::SynReceived || self.is_early() => {
                (0..=u32::from(config.synack_retries))
                    .map(|turn| (FIRST * (1 << turn.min(7))).min(MOST))
                    .sum()
            }
            _ if orphan && config.orphan_retries == 0 => modelled(ORPHAN_RETRIES, most),
            _ if orphan => modelled(config.orphan_retries, most),
            _ => modelled(config.retries, most),
        };
        Some(waiting + limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fifteen_retries_are_as_long_as_on_linux() {
        assert_eq!(modelled(15, MOST), Duration::from_millis(924_600));
        assert_eq!(modelled(8, MOST), Duration::from_millis(102_200));
        assert_eq!(modelled(0, MOST), Duration::from_millis(200));
    }

    #[test]
    fn attempts_to_connect_are_as_long_as_on_linux() {
        let config = Config::default();
        let seconds: Vec<u64> = (1..=7)
            .map(|retries| attempt(retries, &config).as_secs())
            .collect();
        assert_eq!(seconds, [3, 7, 19, 35, 67, 131, 251]);
    }

    use std::vec::Vec;
}
