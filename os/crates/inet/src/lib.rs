//! The net engine: TCP/IP as a value that the kernel owns.
//!
//! **What.** [`Stack`] holds interfaces, addresses, routes, neighbours and every TCP, UDP, raw and packet socket. It is
//! `no_std`, safe Rust, and knows nothing about the kernel: no locks, no clock, no callbacks, no device.
//! **Who calls.** `os/src/net` (the shell) and the tests. **Who owns and locks.** The shell, behind one lock; every method takes
//! `&mut self` and returns without blocking. Time is an argument ([`Instant`]).
//!
//! A call does its work on the data structures and marks what became due. One [`Stack::flush`] before the lock is dropped
//! sends what is due, delivers loopback packets, and reports in [`Effects`] whom to wake, which devices have frames, and when to
//! call [`Stack::poll_timers`] next. So a batch of 64 received frames costs one acknowledgement and one wake-up per socket.
//!
//! A typical sequence, a device interrupt:
//! ```text
//! lock; for frame in ring { stack.ingress(now, nic, frame) } stack.flush(now, &mut effects); unlock
//! apply effects: wake tokens; while let Some(frame) = stack.pop_frame(nic) { ring.add(frame) } kick once
//! ```
//! and a system call:
//! ```text
//! lock; let n = stack.tcp_send(id, bytes); stack.flush(now, &mut effects); unlock; apply effects
//! ```
//!
//! The way of a packet through the files, in: `link` (Ethernet, loopback) -> `ip` (addresses, `ip/reassembly`) -> `tcp/input`,
//! `dgram/input` or `icmp`; and out: `tcp/egress` or `dgram/send` -> `ip/output` -> `link` -> `neighbour` (`arp`, `ndp`).
//! TCP's state machine is smoltcp's, one per connection (`tcp/machine`); what Linux keeps beside it is in `tcp/connection`.
//! Between two sockets of this host bytes take a short cut (`tcp/local`), unless a packet tap is looking.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod addr;
mod addrform;
mod arp;
mod changes;
mod checksum;
mod conf;
mod counters;
mod dgram;
mod dhcp;
mod effects;
mod error;
mod filter;
mod frame;
mod group;
mod icmp;
mod iface;
mod ip;
mod link;
mod ndp;
mod neighbour;
mod options;
mod reuse;
mod rng;
mod route;
mod rule;
mod slab;
mod stack;
mod tap;
mod tcp;
mod time;
mod timers;

pub use addr::{Cidr, Endpoint};
pub use changes::Change;
pub use conf::{Conf, ConfOf, Ipv4Conf, Ipv6Conf, NeighConf};
pub use counters::{Counters, IcmpCounters, IfaceCounters, IpCounters, TcpCounters, UdpCounters};
pub use dgram::{
    Arrival, DgramId, DgramKind, DgramOptions, DgramRow, ErrorOrigin, ErrorRecord, SendMeta,
    SourceChange, SourceFilter,
};
pub use dhcp::DhcpLease;
pub use effects::{Effects, Ready, Wake};
pub use error::{Error, Result};
pub use frame::{Frame, Tag};
pub use group::{GroupRow, SourceRow};
pub use icmp::{Extension, IcmpConfig};
pub use iface::{AddressNote, IfaceAddress, IfaceId, IfaceInfo, IfaceKind, Quirks};
pub use ip::additions::Additions;
pub use ip::extension::{ExtensionHeaders, extension_headers};
pub use ip::label::{FlowLabel, LabelRequest, LabelShare};
pub use ip::options::Ipv4Options;
pub use neighbour::{Neighbour, NeighbourState};
pub use options::SocketOptions;
pub use reuse::Sharer;
pub use route::{Route, RouteKind, Selection};
pub use rule::{Flow, Rule, RuleAction};
pub use stack::{Config, Stack};
pub use tap::{
    Collected, Cut, Fanout, FanoutKind, FanoutRefusal, Offload, PacketKind, RolloverCounts,
    TapFilter, TapId, TapPacket, TapSend, TapStatus, Unsummed,
};
pub use tcp::{
    Accepted, Congestion, FastOpenKeys, Heard, Linger, Shutdown, TcpId, TcpInfo, TcpOptions,
    TcpRow, TcpState, TcpTimer,
};
pub use time::Instant;

#[cfg(test)]
mod tests;
