//! The stack: everything the engine knows, and the two calls that drive it.

use crate::counters::Counters;
use crate::effects::Effects;
use crate::time::Instant;

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
    /// Frames queued per device before connections wait for it.
    pub tx_queue_len: usize,
    /// TCP between two sockets of this stack may use a shared ring instead of packets.
    pub local_fast_path: bool,
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
            tx_queue_len: 1000,
            local_fast_path: true,
        }
    }
}

/// The engine. See the crate documentation for how to drive it.
pub struct Stack {}

impl Stack {
    /// A stack without interfaces. `seed` comes from the kernel's random generator; initial sequence numbers, ephemeral ports and
    /// IP identifiers depend on it.
    pub fn new(config: Config, seed: u64) -> Self {
        todo!()
    }

    /// Does everything that has become due without time passing: sends what sockets queued, delivers loopback packets (and what
    /// these cause), then reports. Call once after a batch of calls, before dropping the lock.
    pub fn flush(&mut self, now: Instant, effects: &mut Effects) {
        todo!()
    }

    /// Runs every timer whose deadline has come. Call when `Effects::next_deadline` has passed; then `flush`.
    pub fn poll_timers(&mut self, now: Instant) {
        todo!()
    }

    /// The earliest deadline.
    pub fn next_deadline(&self) -> Option<Instant> {
        todo!()
    }

    /// Protocol counters.
    pub fn counters(&self) -> &Counters {
        todo!()
    }
}
