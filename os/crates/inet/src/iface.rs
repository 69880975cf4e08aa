//! Interfaces: the table of network interfaces, their addresses and their transmit queues.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::addr::Cidr;
use crate::counters::IfaceCounters;
use crate::error::Result;
use crate::stack::Stack;
use crate::time::Instant;

/// An interface index as Linux numbers them: from 1; the first interface added gets 1 (add `lo` first). At most 63.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfaceId(pub u32);

impl IfaceId {
    pub(crate) const fn bit(self) -> u64 {
        1 << (self.0 & 63)
    }
}

/// What kind of link an interface is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfaceKind {
    /// Packets come back. They never leave the engine and carry no link header, except towards packet taps.
    Loopback,
    /// Ethernet II frames, with this address.
    Ethernet {
        /// Our address.
        mac: [u8; 6],
    },
}

/// What a device or the other side of it allows beyond the standard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// The peer (slirp) takes IPv4 TCP frames of up to 64 KiB whatever the MTU: send unsegmented.
    pub tso_to_slirp: bool,
    /// Frames come from a peer in the same machine: received checksums are not verified.
    pub trusted: bool,
    /// The device fills in TCP and UDP checksums itself: send them unset. (Not for virtio-net without VIRTIO_NET_F_CSUM.)
    pub tx_checksum_offload: bool,
}

/// An address of an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfaceAddress {
    /// Address and prefix length.
    pub cidr: Cidr,
    /// Directed broadcast address, IPv4 only.
    pub broadcast: Option<core::net::Ipv4Addr>,
}

/// What SIOCGIF*, rtnetlink and /proc/net/dev want to know about an interface.
#[derive(Clone, Debug)]
pub struct IfaceInfo {
    /// The index.
    pub id: IfaceId,
    /// `lo`, `eth0`.
    pub name: String,
    /// Kind and hardware address.
    pub kind: IfaceKind,
    /// Largest IP packet in bytes.
    pub mtu: usize,
    /// IFF_UP.
    pub up: bool,
    /// IFF_PROMISC asked for.
    pub promiscuous: bool,
    /// As given.
    pub quirks: Quirks,
    /// In the order in which they were added.
    pub addresses: Vec<IfaceAddress>,
    /// Traffic so far.
    pub counters: IfaceCounters,
}

impl Stack {
    /// Adds an interface, down, without addresses. `mtu` is that of IP packets (lo: 65536).
    ///
    /// Errors: `Exists` (name), `Invalid` (name empty or longer than 15 bytes, mtu below 68), `NoBuffers` (63 exist).
    pub fn add_interface(
        &mut self,
        name: &str,
        kind: IfaceKind,
        mtu: usize,
        quirks: Quirks,
    ) -> Result<IfaceId> {
        todo!()
    }

    /// IFF_UP. Bringing `lo` up adds 127.0.0.1/8 and ::1/128; bringing an Ethernet interface up adds its fe80:: address.
    /// Errors: `NoDevice`.
    pub fn set_up(&mut self, now: Instant, iface: IfaceId, up: bool) -> Result<()> {
        todo!()
    }

    /// SIOCSIFMTU. Errors: `NoDevice`, `Invalid` (68 to 65536).
    pub fn set_mtu(&mut self, iface: IfaceId, mtu: usize) -> Result<()> {
        todo!()
    }

    /// Replaces the quirks, for example once slirp is recognised. Errors: `NoDevice`.
    pub fn set_quirks(&mut self, iface: IfaceId, quirks: Quirks) -> Result<()> {
        todo!()
    }

    /// IFF_PROMISC: taps see frames for other stations too. Errors: `NoDevice`.
    pub fn set_promiscuous(&mut self, iface: IfaceId, on: bool) -> Result<()> {
        todo!()
    }

    /// Every interface, by index. Borrowed: copy what must outlive the lock.
    pub fn interfaces(&self) -> impl Iterator<Item = &IfaceInfo> {
        core::iter::empty()
    }

    /// One interface.
    pub fn interface(&self, iface: IfaceId) -> Option<&IfaceInfo> {
        todo!()
    }

    /// The interface with that name.
    pub fn interface_named(&self, name: &str) -> Option<&IfaceInfo> {
        todo!()
    }

    /// Adds an address and the route to its network. Errors: `NoDevice`, `Exists`, `Invalid` (multicast, broadcast).
    pub fn add_address(&mut self, now: Instant, iface: IfaceId, cidr: Cidr) -> Result<()> {
        todo!()
    }

    /// Removes an address and the routes that need it. Connections that use it stall. Errors: `NoDevice`, `NotFound`.
    pub fn remove_address(&mut self, iface: IfaceId, addr: IpAddr) -> Result<()> {
        todo!()
    }

    /// Whether an interface that is up has this address (127.0.0.0/8 included while lo is up).
    pub fn is_local(&self, addr: IpAddr) -> bool {
        todo!()
    }

    /// One frame from a device: an Ethernet frame without FCS. Anything may be in it. Call for each frame of a batch, then
    /// `flush` once.
    pub fn ingress(&mut self, now: Instant, iface: IfaceId, frame: &[u8]) {
        todo!()
    }

    /// The next frame to hand to the device. It starts with `Config::tx_headroom` zero bytes for the device's own header.
    /// The caller owns the buffer until it gives it back with [`Stack::recycle_frame`]; so a driver may transmit in place.
    pub fn pop_frame(&mut self, iface: IfaceId) -> Option<Vec<u8>> {
        todo!()
    }

    /// Puts back a frame for which the device had no room; it stays first. Call `flush` again when the device has room.
    pub fn unpop_frame(&mut self, iface: IfaceId, frame: Vec<u8>) {
        todo!()
    }

    /// Gives a transmitted buffer back for reuse (last in, first out, so that it is still in the cache).
    pub fn recycle_frame(&mut self, frame: Vec<u8>) {
        todo!()
    }

    /// Frames waiting for the device.
    pub fn frames_queued(&self, iface: IfaceId) -> usize {
        todo!()
    }
}
