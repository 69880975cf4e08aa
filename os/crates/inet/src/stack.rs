//! The stack: everything the engine knows, and the calls that drive it.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

use crate::changes::Change;
use crate::conf::Conf;
use crate::counters::Counters;
use crate::dgram::DgramTable;
use crate::effects::{Effects, Ready, Wake};
use crate::frame::{Frame, FramePool};
use crate::icmp::{ErrorBudget, IcmpConfig};
use crate::iface::IfaceTable;
use crate::ip::label::FlowLabels;
use crate::ip::reassembly::Reassembly;
use crate::reuse::Choice;
use crate::rng::Rng;
use crate::route::Route;
use crate::rule::Rule;
use crate::slab::Key;
use crate::tap::Taps;
use crate::tcp::{Congestion, TcpTable};
use crate::time::Instant;
use crate::timers::Timers;

/// Sizes and defaults, fixed at start.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Zero bytes in front of every frame for the device's own header (virtio-net: 12, or 10 legacy).
    pub tx_headroom: usize,
    /// net.ipv4.tcp_rmem default, in bytes.
    pub tcp_recv_buffer: usize,
    /// net.ipv4.tcp_wmem default, in bytes.
    pub tcp_send_buffer: usize,
    /// net.core.rmem_default, in bytes.
    pub dgram_recv_buffer: usize,
    /// net.core.wmem_default, in bytes.
    pub dgram_send_buffer: usize,
    /// net.core.somaxconn.
    pub max_backlog: usize,
    /// net.ipv4.ip_local_port_range, both ends included.
    pub ephemeral_ports: (u16, u16),
    /// net.ipv4.tcp_keepalive_time.
    pub keep_idle: Duration,
    /// net.ipv4.tcp_keepalive_intvl.
    pub keep_interval: Duration,
    /// net.ipv4.tcp_keepalive_probes.
    pub keep_count: u32,
    /// net.ipv4.tcp_syn_retries.
    pub syn_retries: u8,
    /// net.ipv4.tcp_syn_linear_timeouts: so many SYNs are repeated a second apart, and are not counted.
    pub syn_linear_timeouts: u8,
    /// net.ipv4.tcp_synack_retries.
    pub synack_retries: u8,
    /// net.ipv4.tcp_retries2.
    pub retries: u8,
    /// net.ipv4.tcp_orphan_retries: `retries` of a connection that no descriptor has; 0 is 8.
    pub orphan_retries: u8,
    /// net.ipv4.tcp_max_orphans: connections that no descriptor has; one more is reset.
    pub max_orphans: usize,
    /// net.ipv4.tcp_max_syn_backlog: so many connections of a listener may be half open; without SYN cookies the
    /// oldest gives way.
    pub max_half_open: usize,
    /// net.ipv4.tcp_abort_on_overflow: a connection that completes while too many wait to be accepted is reset.
    pub abort_on_overflow: bool,
    /// net.ipv4.tcp_congestion_control.
    pub congestion: Congestion,
    /// net.ipv4.tcp_fin_timeout.
    pub fin_wait2: Duration,
    /// net.ipv4.tcp_timestamps: 0 is off, 1 begins every connection's clock somewhere else, 2 does not.
    pub timestamps: u8,
    /// net.ipv4.tcp_sack and tcp_dsack.
    pub sack: bool,
    /// Duplicates are told.
    pub dsack: bool,
    /// net.ipv4.tcp_slow_start_after_idle: after a pause the congestion window is that of a new connection.
    pub slow_start_after_idle: bool,
    /// net.ipv4.tcp_syncookies: 1 gives them while too many connections of a listener are half open, 2 always.
    pub syn_cookies: u8,
    /// net.ipv4.tcp_fastopen, a sum of bits.
    pub fast_open: u32,
    /// net.ipv4.tcp_rto_min_us.
    pub rto_least: Duration,
    /// net.ipv4.tcp_rto_max_ms.
    pub rto_most: Duration,
    /// net.ipv4.tcp_thin_linear_timeouts.
    pub thin_linear: bool,
    /// net.ipv4.ip_forward and net.ipv6.conf.all.forwarding: packets for others are passed on. A change is one of every
    /// interface, see [`crate::Conf`].
    pub forward: [bool; 2],
    /// net.ipv4.icmp_* and net.ipv6.icmp.*.
    pub icmp: IcmpConfig,
    /// net.ipv4.igmp_qrv: how often a change of groups is told, unless a router says.
    pub igmp_qrv: u8,
    /// net.ipv4.igmp_link_local_mcast_reports: routers hear of groups of 224.0.0.0/24 too.
    pub igmp_local_reports: bool,
    /// net.ipv4.igmp_max_memberships: groups that a socket may join.
    pub igmp_max_memberships: usize,
    /// net.ipv6.mld_qrv.
    pub mld_qrv: u8,
    /// Frames queued per device before connections wait for it.
    pub tx_queue_len: usize,
    /// Bytes of TCP buffers in all, beyond which new connections get small ones (net.ipv4.tcp_mem).
    pub tcp_memory: usize,
    /// TCP between two sockets of this stack may use a shared ring instead of packets.
    pub local_fast_path: bool,
    /// What time it is, in ns since 1970: only for options that carry it.
    pub wall_clock: fn() -> u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            tx_headroom: 0,
            tcp_recv_buffer: 131_072,
            tcp_send_buffer: 131_072,
            dgram_recv_buffer: 212_992,
            dgram_send_buffer: 212_992,
            max_backlog: 4096,
            ephemeral_ports: (32_768, 60_999),
            keep_idle: Duration::from_secs(7200),
            keep_interval: Duration::from_secs(75),
            keep_count: 9,
            syn_retries: 6,
            syn_linear_timeouts: 4,
            synack_retries: 5,
            retries: 15,
            orphan_retries: 0,
            max_orphans: 4096,
            congestion: Congestion::Cubic,
            max_half_open: 256,
            abort_on_overflow: false,
            fin_wait2: Duration::from_secs(60),
            timestamps: 1,
            sack: true,
            dsack: true,
            slow_start_after_idle: true,
            syn_cookies: 1,
            fast_open: crate::tcp::FAST_OPEN_DEFAULT,
            rto_least: Duration::from_millis(200),
            rto_most: Duration::from_secs(120),
            thin_linear: false,
            forward: [false; 2],
            icmp: IcmpConfig::default(),
            igmp_qrv: 2,
            igmp_local_reports: true,
            igmp_max_memberships: 20,
            mld_qrv: 2,
            tx_queue_len: 1000,
            tcp_memory: 64 << 20,
            local_fast_path: true,
            wall_clock: || 0,
        }
    }
}

/// Names any socket, for the list of those to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SocketRef {
    Tcp(Key),
    Dgram(Key),
    Tap(Key),
}

/// Sockets to which something happened since the last flush, each once.
#[derive(Default)]
pub(crate) struct Woken {
    list: Vec<SocketRef>,
}

impl Woken {
    /// `pending` is the socket's own collection of events.
    pub fn note(&mut self, who: SocketRef, pending: &mut Ready, events: Ready) {
        if pending.is_empty() && !events.is_empty() {
            self.list.push(who);
        }
        *pending |= events;
    }
}

/// The engine. See the crate documentation for how to drive it.
pub struct Stack {
    pub(crate) config: Config,
    /// Of the latest call that said what time it is.
    pub(crate) now: Instant,
    pub(crate) rng: Rng,
    pub(crate) counters: Counters,
    pub(crate) ifaces: IfaceTable,
    /// Values that join in on every interface.
    pub(crate) conf_all: Conf,
    /// Values of interfaces to come.
    pub(crate) conf_default: Conf,
    /// The index that was given last.
    pub(crate) last_index: u32,
    pub(crate) routes: Vec<Route>,
    /// Empty as long as they are those that everybody has.
    pub(crate) rules: Vec<Rule>,
    /// Changes whenever a route, an address or an interface does.
    pub(crate) route_generation: u32,
    pub(crate) frames: FramePool,
    /// What the connection at work has just made; empty between calls.
    pub(crate) scratch: Vec<Frame>,
    /// Packets on their way from us to us.
    pub(crate) loopback: VecDeque<Frame>,
    pub(crate) reassembly: Reassembly,
    pub(crate) labels: FlowLabels,
    pub(crate) icmp_budget: ErrorBudget,
    pub(crate) tcp: TcpTable,
    pub(crate) dgram: DgramTable,
    pub(crate) taps: Taps,
    /// Programs that choose among sockets that share a port.
    pub(crate) choices: Vec<Choice>,
    pub(crate) timers: Timers,
    /// When neighbours, reassembly, TIME-WAIT or DHCP want to be looked at; perhaps earlier than needed.
    housekeeping: Option<Instant>,
    pub(crate) woken: Woken,
    /// For [`Stack::take_changes`].
    pub(crate) changes: Vec<Change>,
}

/// How soon after a device's queue was full to look again.
const STALL: Duration = Duration::from_millis(1);
/// Loopback packets delivered in one flush before the caller gets a chance to look at its devices.
const LOOPBACK_BUDGET: usize = 2048;

impl Stack {
    /// A stack without interfaces. `seed` comes from the kernel's random generator; initial sequence numbers, ephemeral ports and
    /// IP identifiers depend on it.
    pub fn new(config: Config, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let secret = rng.u64();
        Stack {
            config,
            now: Instant::ZERO,
            counters: Counters::default(),
            conf_all: Conf::new(config.forward),
            conf_default: Conf::new(config.forward),
            ifaces: IfaceTable::default(),
            last_index: 0,
            routes: Vec::new(),
            rules: Vec::new(),
            route_generation: 0,
            frames: FramePool::new(config.tx_headroom),
            scratch: Vec::new(),
            loopback: VecDeque::new(),
            reassembly: Reassembly::default(),
            labels: FlowLabels::default(),
            icmp_budget: ErrorBudget::default(),
            tcp: TcpTable::new(secret),
            dgram: DgramTable::new(secret),
            taps: Taps::new(),
            choices: Vec::new(),
            timers: Timers::default(),
            housekeeping: None,
            woken: Woken::default(),
            changes: Vec::new(),
            rng,
        }
    }

    /// Sizes and defaults as they are now.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Changes sizes and defaults; sockets that are open keep what they were made with. `tx_headroom` stays as it was.
    pub fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        let (headroom, forward) = (self.config.tx_headroom, self.config.forward);
        change(&mut self.config);
        self.config.tx_headroom = headroom;
        self.forward_everywhere(forward);
    }

    /// What time the latest call said it is.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Does everything that has become due without time passing: sends what sockets queued, delivers loopback packets (and what
    /// these cause), then reports. Call once after a batch of calls, before dropping the lock.
    pub fn flush(&mut self, now: Instant, effects: &mut Effects) {
        self.now = now;
        self.time_corks(now);
        self.tcp_unstall();
        self.dgram_unstall();
        let mut budget = LOOPBACK_BUDGET;
        loop {
            self.tcp_egress(now);
            if self.loopback.is_empty() || budget == 0 {
                break;
            }
            budget -= self.loopback_input(now, budget);
        }
        self.report(effects);
        effects.next_deadline = if self.loopback.is_empty() && !self.tcp_is_busy() {
            self.next_deadline()
        } else {
            Some(now)
        };
        if !self.tcp.stalled.is_empty() || !self.dgram.waiting.is_empty() {
            // The caller is about to give frames to the device: look again whether that made room.
            let soon = now + STALL;
            effects.next_deadline = Some(effects.next_deadline.map_or(soon, |at| at.min(soon)));
        }
    }

    fn report(&mut self, effects: &mut Effects) {
        effects.crowded |= core::mem::take(&mut self.dgram.crowded);
        for who in self.woken.list.drain(..) {
            let wake = match who {
                SocketRef::Tcp(key) => self
                    .tcp
                    .slab
                    .get_mut(key)
                    .map(|tcp| (tcp.token, &mut tcp.pending)),
                SocketRef::Dgram(key) => self
                    .dgram
                    .slab
                    .get_mut(key)
                    .map(|dgram| (dgram.token, &mut dgram.pending)),
                SocketRef::Tap(key) => self
                    .taps
                    .slab
                    .get_mut(key)
                    .map(|tap| (tap.token(), &mut tap.pending)),
            };
            // A socket closed since has nobody to wake.
            if let Some((token, pending)) = wake {
                effects.wake.push(Wake {
                    token,
                    events: core::mem::take(pending),
                });
            }
        }
        for iface in &self.ifaces {
            if !iface.tx.is_empty() {
                effects.send |= iface.info.id.bit();
            }
        }
    }

    /// Runs every timer whose deadline has come. Call when `Effects::next_deadline` has passed; then `flush`.
    pub fn poll_timers(&mut self, now: Instant) {
        self.now = now;
        while let Some((at, key)) = self.timers.pop_due(now) {
            self.tcp_deadline(now, at, key);
        }
        if self.housekeeping.is_some_and(|at| at <= now) {
            self.housekeeping = None;
            let next = [
                self.neighbours_expire(now),
                self.reassembly_expire(now),
                self.time_wait_expire(now),
                self.dhcp_expire(now),
                self.addresses_expire(now),
                self.groups_expire(now),
            ];
            for at in next.into_iter().flatten() {
                self.arm_housekeeping(at);
            }
        }
    }

    /// The earliest deadline.
    pub fn next_deadline(&self) -> Option<Instant> {
        [self.timers.next(), self.housekeeping]
            .into_iter()
            .flatten()
            .min()
    }

    /// Protocol counters.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn arm_housekeeping(&mut self, at: Instant) {
        if self.housekeeping.is_none_or(|armed| at < armed) {
            self.housekeeping = Some(at);
        }
    }
}
