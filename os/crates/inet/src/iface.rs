//! Interfaces: the table of network interfaces, their addresses and their transmit queues.

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::ops::{Deref, DerefMut};
use core::time::Duration;

use crate::addr::Cidr;
use crate::changes::Change;
use crate::conf::Conf;
use crate::counters::IfaceCounters;
use crate::dhcp::DhcpClient;
use crate::error::{Error, Result};
use crate::frame::{Frame, LINK_HEADER};
use crate::group::{Querier, Told};
use crate::neighbour::NeighbourTable;
use crate::route::{Route, RouteKind};
use crate::stack::Stack;
use crate::time::Instant;

/// An interface index as Linux numbers them: from 1; the first interface added gets 1 (add `lo` first), and the number of
/// one that is gone is not given again soon. At most 63 interfaces at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IfaceId(pub u32);

impl IfaceId {
    /// Linux gives `lo` index 1 everywhere.
    pub const LO: IfaceId = IfaceId(1);

    /// Its bit in `Effects::send`; no two interfaces that exist share one.
    pub const fn bit(self) -> u64 {
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
    /// IP packets to one other side, which has no address (TUN). Between engine and device they have a link header of which
    /// only the ethertype means anything; taps see them without, and nobody is asked for.
    Tunnel,
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
    /// What else is said of it.
    pub note: AddressNote,
}

/// What configuration programs say of an address and want to read again. The engine only keeps it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddressNote {
    /// `IFA_BROADCAST` as it was given; an address that was added without one shows none.
    pub broadcast: Option<Ipv4Addr>,
    /// `IFA_ADDRESS` where it is the other end of a point-to-point link.
    pub peer: Option<IpAddr>,
    /// `ifa_scope`; `None` follows from the address.
    pub scope: Option<u8>,
    /// `IFA_LABEL`, up to a NUL; empty is the interface's name.
    pub label: [u8; 16],
    /// `IFA_FLAGS` beyond IFA_F_PERMANENT.
    pub flags: u32,
    /// How long the address is valid and preferred, in seconds from then on; `None` is for ever.
    pub lifetime: Option<(u32, u32, Instant)>,
    /// `IFA_PROTO`: 1 loopback, 2 router advertisement, 3 link-local, 0 anybody else.
    pub protocol: u8,
}

impl AddressNote {
    /// IFA_F_MANAGETEMPADDR: Linux marks the addresses so that it makes itself from a router's prefix.
    pub const MANAGES_TEMPORARY: u32 = 0x100;

    /// When the address stops being valid.
    fn expires(&self) -> Option<Instant> {
        let (valid, _, since) = self.lifetime?;
        Some(since + Duration::from_secs(valid.into()))
    }
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
    /// IFF_LOWER_UP: what is behind it is connected. Only kept here.
    pub carrier: bool,
    /// IFF_PROMISC asked for.
    pub promiscuous: bool,
    /// How many packet sockets want the same.
    pub promiscuity: u32,
    /// Neighbours are asked for by ARP and NDP; otherwise frames go to nobody in particular (IFF_NOARP).
    pub asks: bool,
    /// As given.
    pub quirks: Quirks,
    /// In the order in which they were added.
    pub addresses: Vec<IfaceAddress>,
    /// Traffic so far.
    pub counters: IfaceCounters,
}

/// A group that somebody here joined on an interface.
pub(crate) struct Membership {
    pub group: IpAddr,
    pub users: u32,
}

/// An interface and everything that is per link.
pub(crate) struct Iface {
    pub info: IfaceInfo,
    pub tx: VecDeque<Frame>,
    pub neighbours: NeighbourTable,
    pub groups: Vec<Membership>,
    /// What its routers were and will be told of groups.
    pub told: Vec<Told>,
    /// What is known of those routers, IPv4 and IPv6.
    pub queriers: [Querier; 2],
    pub dhcp: Option<DhcpClient>,
    /// Its values of the files that there are for each interface.
    pub conf: Conf,
}

impl Iface {
    pub fn mac(&self) -> Option<[u8; 6]> {
        match self.info.kind {
            IfaceKind::Loopback | IfaceKind::Tunnel => None,
            IfaceKind::Ethernet { mac } => Some(mac),
        }
    }

    /// Largest packet of the family of `addr`, in bytes.
    pub fn mtu_for(&self, addr: IpAddr) -> usize {
        match addr {
            IpAddr::V4(_) => self.info.mtu,
            IpAddr::V6(_) => self.conf.v6.mtu,
        }
    }

    pub fn is_loopback(&self) -> bool {
        self.info.kind == IfaceKind::Loopback
    }

    pub fn is_tunnel(&self) -> bool {
        self.info.kind == IfaceKind::Tunnel
    }

    /// What a frame of `len` bytes, link header included, counts as.
    pub fn link_len(&self, len: usize) -> u64 {
        match self.is_tunnel() {
            true => len.saturating_sub(LINK_HEADER) as u64,
            false => len as u64,
        }
    }

    pub fn has_address(&self, addr: IpAddr) -> bool {
        self.info.addresses.iter().any(|own| own.cidr.addr == addr)
    }

    pub fn is_broadcast(&self, addr: Ipv4Addr) -> bool {
        addr.is_broadcast()
            || self
                .info
                .addresses
                .iter()
                .any(|own| own.broadcast == Some(addr))
    }

    /// Whether frames to this group are for us: joined, or one that every host is in (RFC 1112, RFC 4291 section 2.8).
    pub fn in_group(&self, group: IpAddr) -> bool {
        self.has_standing(group) || self.groups.iter().any(|joined| joined.group == group)
    }

    /// Whether it is one that every host with such addresses is in.
    pub fn has_standing(&self, group: IpAddr) -> bool {
        match group {
            IpAddr::V4(group) => group == Ipv4Addr::new(224, 0, 0, 1),
            IpAddr::V6(group) => {
                let bits = group.to_bits();
                bits == ALL_NODES
                    || bits == 0xff01 << 112 | 1
                    || bits >> 24 == SOLICITED >> 24
                        && self.info.addresses.iter().any(|own| match own.cidr.addr {
                            IpAddr::V6(own) => own.to_bits() & 0xff_ffff == bits & 0xff_ffff,
                            IpAddr::V4(_) => false,
                        })
            }
        }
    }
}

/// The interfaces in the order of their making, found by index.
#[derive(Default)]
pub(crate) struct IfaceTable(Vec<Iface>);

impl IfaceTable {
    /// Where it is: indices without holes are positions.
    fn position(&self, iface: IfaceId) -> Option<usize> {
        let guess = (iface.0 as usize).wrapping_sub(1);
        match self.0.get(guess) {
            Some(slot) if slot.info.id == iface => Some(guess),
            _ => self.0.iter().position(|slot| slot.info.id == iface),
        }
    }

    pub fn get(&self, iface: IfaceId) -> Option<&Iface> {
        self.0.get(self.position(iface)?)
    }

    pub fn get_mut(&mut self, iface: IfaceId) -> Option<&mut Iface> {
        let at = self.position(iface)?;
        self.0.get_mut(at)
    }

    fn insert(&mut self, iface: Iface) {
        let at = self.0.partition_point(|slot| slot.info.id < iface.info.id);
        self.0.insert(at, iface);
    }

    fn remove(&mut self, iface: IfaceId) -> Option<Iface> {
        let at = self.position(iface)?;
        Some(self.0.remove(at))
    }
}

impl Deref for IfaceTable {
    type Target = [Iface];

    fn deref(&self) -> &[Iface] {
        &self.0
    }
}

impl DerefMut for IfaceTable {
    fn deref_mut(&mut self) -> &mut [Iface] {
        &mut self.0
    }
}

impl<'a> IntoIterator for &'a IfaceTable {
    type Item = &'a Iface;
    type IntoIter = core::slice::Iter<'a, Iface>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// ff02::1.
const ALL_NODES: u128 = 0xff02 << 112 | 1;
/// ff02::1:ff00:0/104 (RFC 4291 section 2.7.1).
const SOLICITED: u128 = 0xff02 << 112 | 0x1_ff00_0000;

/// Whether an interface may be called so: up to 15 bytes without a slash, a colon or white space.
fn is_name(name: &str) -> bool {
    let bad = |byte: u8| byte == b'/' || byte == b':' || byte.is_ascii_whitespace();
    !name.is_empty() && name.len() <= 15 && name != "." && name != ".." && !name.bytes().any(bad)
}

/// The solicited-node group of an address.
pub(crate) fn solicited_node(addr: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(SOLICITED | addr.to_bits() & 0xff_ffff)
}

/// fe80:: and the modified EUI-64 of the hardware address (RFC 4291 appendix A).
pub(crate) fn link_local(mac: [u8; 6]) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac;
    Ipv6Addr::from([
        0xfe,
        0x80,
        0,
        0,
        0,
        0,
        0,
        0,
        a ^ 2,
        b,
        c,
        0xff,
        0xfe,
        d,
        e,
        f,
    ])
}

impl Stack {
    /// Adds an interface, down, without addresses. `mtu` is that of IP packets (lo: 65536).
    ///
    /// Errors: `Exists` (name), `Invalid` (not a name, mtu below 68), `NoBuffers` (63 exist).
    pub fn add_interface(
        &mut self,
        name: &str,
        kind: IfaceKind,
        mtu: usize,
        quirks: Quirks,
    ) -> Result<IfaceId> {
        self.add_interface_at(None, name, kind, mtu, quirks)
    }

    /// The same with this index if it is free, otherwise with the next one.
    pub fn add_interface_at(
        &mut self,
        index: Option<IfaceId>,
        name: &str,
        kind: IfaceKind,
        mtu: usize,
        quirks: Quirks,
    ) -> Result<IfaceId> {
        if !is_name(name) || !(68..=65_536).contains(&mtu) {
            return Err(Error::Invalid);
        }
        if self.interface_named(name).is_some() {
            return Err(Error::Exists);
        }
        if self.ifaces.len() >= 63 {
            return Err(Error::NoBuffers);
        }
        let taken = self
            .ifaces
            .iter()
            .fold(0, |bits, slot| bits | slot.info.id.bit());
        let index = index.filter(|id| id.0 != 0 && taken & id.bit() == 0);
        let id = index.unwrap_or_else(|| {
            // One of the 64 that follow has a bit that is free.
            let mut id = IfaceId(self.last_index);
            loop {
                id.0 = id.0 % (i32::MAX as u32) + 1;
                if taken & id.bit() == 0 {
                    self.last_index = id.0;
                    return id;
                }
            }
        });
        let mut conf = self.conf_default;
        conf.v6.mtu = mtu;
        self.ifaces.insert(Iface {
            info: IfaceInfo {
                id,
                name: name.to_string(),
                kind,
                mtu,
                up: false,
                carrier: true,
                promiscuous: false,
                promiscuity: 0,
                asks: kind != IfaceKind::Tunnel,
                quirks,
                addresses: Vec::new(),
                counters: IfaceCounters::default(),
            },
            tx: VecDeque::new(),
            neighbours: NeighbourTable::with(conf.neigh),
            groups: Vec::new(),
            told: Vec::new(),
            queriers: Default::default(),
            dhcp: None,
            conf,
        });
        self.note(Change::Link(id));
        Ok(id)
    }

    /// Takes an interface away with its addresses, routes and neighbours; returns what it was. Errors: `NoDevice`.
    pub fn remove_interface(&mut self, now: Instant, iface: IfaceId) -> Result<IfaceInfo> {
        self.set_up(now, iface, false)?;
        let own: Vec<IpAddr> = self
            .iface(iface)?
            .info
            .addresses
            .iter()
            .map(|own| own.cidr.addr)
            .collect();
        for addr in own {
            self.remove_address(iface, addr)?;
        }
        let gone = self.ifaces.remove(iface).ok_or(Error::NoDevice)?;
        self.routes.retain(|route| route.iface != iface);
        let mut name = [0; 16];
        name[..gone.info.name.len()].copy_from_slice(gone.info.name.as_bytes());
        self.note(Change::LinkRemoved(iface, name, gone.info.kind));
        self.routes_changed();
        Ok(gone.info)
    }

    /// Whether neighbours are asked for. Errors: `NoDevice`.
    pub fn set_asks(&mut self, iface: IfaceId, asks: bool) -> Result<()> {
        self.iface_mut(iface)?.info.asks = asks;
        Ok(())
    }

    /// The cable was plugged in or out; an interface that is not there has none.
    pub fn set_carrier(&mut self, iface: IfaceId, carrier: bool) {
        let Some(slot) = self.ifaces.get_mut(iface) else {
            return;
        };
        if core::mem::replace(&mut slot.info.carrier, carrier) != carrier {
            self.note(Change::Link(iface));
        }
    }

    /// IFF_UP. Bringing `lo` up adds 127.0.0.1/8 and ::1/128; bringing an Ethernet interface up adds its fe80:: address.
    /// Errors: `NoDevice`.
    pub fn set_up(&mut self, now: Instant, iface: IfaceId, up: bool) -> Result<()> {
        let slot = self.iface_mut(iface)?;
        let was = core::mem::replace(&mut slot.info.up, up);
        if up != was {
            self.note(Change::Link(iface));
        }
        if up && !was {
            self.connected_again(iface)?;
        }
        if up && !was {
            let slot = self.iface_mut(iface)?;
            let v4 = IpAddr::V4(Ipv4Addr::LOCALHOST);
            if slot.is_loopback() && !slot.has_address(v4) {
                let cidr = Cidr {
                    addr: v4,
                    prefix: 8,
                };
                self.add_address(now, iface, cidr)?;
            }
            self.begin_v6(now, iface)?;
            self.groups_up(now, iface);
        }
        if !up && was {
            self.groups_down(iface);
            let pool = &mut self.frames;
            let slot = self.ifaces.get_mut(iface).ok_or(Error::NoDevice)?;
            slot.tx.drain(..).for_each(|frame| pool.put(frame));
            slot.neighbours.flush(pool);
            self.disconnected(iface);
        }
        self.routes_changed();
        Ok(())
    }

    /// SIOCSIFMTU. Errors: `NoDevice`, `Invalid` (68 to 65536).
    pub fn set_mtu(&mut self, iface: IfaceId, mtu: usize) -> Result<()> {
        if !(68..=65_536).contains(&mtu) {
            return Err(Error::Invalid);
        }
        let slot = self.iface_mut(iface)?;
        slot.info.mtu = mtu;
        slot.conf.v6.mtu = mtu;
        self.routes_changed();
        self.note(Change::Link(iface));
        Ok(())
    }

    /// Replaces the quirks, for example once slirp is recognised. Errors: `NoDevice`.
    pub fn set_quirks(&mut self, iface: IfaceId, quirks: Quirks) -> Result<()> {
        self.iface_mut(iface)?.info.quirks = quirks;
        self.routes_changed();
        Ok(())
    }

    /// IFF_PROMISC: taps see frames for other stations too. Errors: `NoDevice`.
    pub fn set_promiscuous(&mut self, iface: IfaceId, on: bool) -> Result<()> {
        let was = core::mem::replace(&mut self.iface_mut(iface)?.info.promiscuous, on);
        if was != on {
            self.note(Change::Link(iface));
        }
        Ok(())
    }

    /// PACKET_MR_PROMISC: counted, beside IFF_PROMISC. Errors: `NoDevice`.
    pub fn promiscuity(&mut self, iface: IfaceId, more: bool) -> Result<()> {
        let slot = self.iface_mut(iface)?;
        slot.info.promiscuity = match more {
            true => slot.info.promiscuity + 1,
            false => slot.info.promiscuity.saturating_sub(1),
        };
        Ok(())
    }

    /// Every interface, by index. Borrowed: copy what must outlive the lock.
    pub fn interfaces(&self) -> impl Iterator<Item = &IfaceInfo> {
        self.ifaces.iter().map(|iface| &iface.info)
    }

    /// One interface.
    pub fn interface(&self, iface: IfaceId) -> Option<&IfaceInfo> {
        self.ifaces.get(iface).map(|iface| &iface.info)
    }

    /// The interface with that name.
    pub fn interface_named(&self, name: &str) -> Option<&IfaceInfo> {
        self.interfaces().find(|info| info.name == name)
    }

    /// Gives an interface another name. Errors: `NoDevice`, `Exists`, `Invalid` (empty, longer than 15 bytes, with a slash,
    /// a colon or white space).
    pub fn rename(&mut self, iface: IfaceId, name: &str) -> Result<()> {
        if !is_name(name) {
            return Err(Error::Invalid);
        }
        if self
            .interface_named(name)
            .is_some_and(|other| other.id != iface)
        {
            return Err(Error::Exists);
        }
        self.iface_mut(iface)?.info.name = name.to_string();
        self.note(Change::Link(iface));
        Ok(())
    }

    /// Sets the hardware address. Errors: `NoDevice`, `Invalid` (a group's address), `NotSupported` (no Ethernet).
    pub fn set_mac(&mut self, iface: IfaceId, mac: [u8; 6]) -> Result<()> {
        if mac[0] & 1 != 0 || mac == [0; 6] {
            return Err(Error::Invalid);
        }
        match &mut self.iface_mut(iface)?.info.kind {
            IfaceKind::Loopback | IfaceKind::Tunnel => return Err(Error::NotSupported),
            IfaceKind::Ethernet { mac: own } => *own = mac,
        }
        self.note(Change::Link(iface));
        Ok(())
    }

    /// The routes to the networks of the addresses of an interface that came up.
    fn connected_again(&mut self, iface: IfaceId) -> Result<()> {
        let slot = self.iface(iface)?;
        if slot.is_loopback() {
            return Ok(());
        }
        for own in slot.info.addresses.clone() {
            self.add_connected(iface, own.cidr)?;
        }
        Ok(())
    }

    /// An interface went down: routes through it and its IPv6 addresses go, IPv4 addresses stay, as on Linux.
    fn disconnected(&mut self, iface: IfaceId) {
        let gone: Vec<Route> = self
            .routes
            .extract_if(.., |route| {
                route.iface == iface && route.kind == RouteKind::Unicast
            })
            .collect();
        gone.into_iter()
            .for_each(|route| self.note(Change::RouteRemoved(route)));
        let Some(slot) = self.ifaces.get_mut(iface) else {
            return;
        };
        let addresses = &mut slot.info.addresses;
        let gone: Vec<IfaceAddress> = addresses
            .extract_if(.., |own| own.cidr.addr.is_ipv6())
            .collect();
        gone.into_iter()
            .for_each(|own| self.note(Change::AddressRemoved(iface, own)));
    }

    /// Adds an address and the route to its network. Errors: `NoDevice`, `Exists`, `Invalid` (multicast, broadcast).
    pub fn add_address(&mut self, now: Instant, iface: IfaceId, cidr: Cidr) -> Result<()> {
        let shown = match self.iface(iface)?.info.kind {
            IfaceKind::Loopback | IfaceKind::Tunnel => None,
            IfaceKind::Ethernet { .. } => cidr.broadcast(),
        };
        let note = AddressNote {
            broadcast: shown,
            ..AddressNote::default()
        };
        self.add_address_as(now, iface, cidr, note)
    }

    /// The same with what a configuration program says of it. Errors: also `Access` (no IPv6 on this interface).
    pub fn add_address_as(
        &mut self,
        now: Instant,
        iface: IfaceId,
        cidr: Cidr,
        note: AddressNote,
    ) -> Result<()> {
        let _ = now;
        let addr = cidr.addr;
        let reserved = match addr {
            IpAddr::V4(v4) => v4.is_broadcast() || v4.is_unspecified(),
            IpAddr::V6(v6) => v6.is_unspecified(),
        };
        if addr.is_multicast() || reserved || Cidr::new(addr, cidr.prefix).is_none() {
            return Err(Error::Invalid);
        }
        let slot = self.iface_mut(iface)?;
        if slot.has_address(addr) {
            return Err(Error::Exists);
        }
        if addr.is_ipv6() && slot.conf.v6.disable {
            return Err(Error::Access);
        }
        let loopback = slot.is_loopback();
        let broadcast = if loopback { None } else { cidr.broadcast() };
        let own = IfaceAddress {
            cidr,
            broadcast,
            note,
        };
        slot.info.addresses.push(own);
        if let Some(at) = note.expires() {
            self.arm_housekeeping(at);
        }
        let slot = self.iface_mut(iface)?;
        let up = slot.info.up;
        self.note(Change::AddressAdded(iface, own));
        if !loopback && up {
            self.add_connected(iface, cidr)?;
        }
        self.routes_changed();
        Ok(())
    }

    /// Says something else of an address that is there. Errors: `NoDevice`, `NotFound`.
    pub fn change_address(
        &mut self,
        iface: IfaceId,
        addr: IpAddr,
        note: AddressNote,
    ) -> Result<()> {
        let addresses = &mut self.iface_mut(iface)?.info.addresses;
        let own = addresses
            .iter_mut()
            .find(|own| own.cidr.addr == addr)
            .ok_or(Error::NotFound)?;
        own.note = note;
        let own = *own;
        if let Some(at) = note.expires() {
            self.arm_housekeeping(at);
        }
        self.note(Change::AddressAdded(iface, own));
        Ok(())
    }

    /// Removes the addresses whose time is over. Returns when to look again.
    pub(crate) fn addresses_expire(&mut self, now: Instant) -> Option<Instant> {
        let due = |own: &IfaceAddress| own.note.expires().filter(|at| *at <= now).is_some();
        let over: Vec<(IfaceId, IpAddr)> = self
            .interfaces()
            .flat_map(|info| {
                let over = info.addresses.iter().filter(|own| due(own));
                over.map(|own| (info.id, own.cidr.addr))
            })
            .collect();
        for (iface, addr) in over {
            // It was there a moment ago.
            let _ = self.remove_address(iface, addr);
        }
        self.interfaces()
            .flat_map(|info| info.addresses.iter().filter_map(|own| own.note.expires()))
            .min()
    }

    /// The route to the network of an own address; a single address has none.
    fn add_connected(&mut self, iface: IfaceId, cidr: Cidr) -> Result<()> {
        let v4 = cidr.addr.is_ipv4();
        if cidr.prefix == if v4 { 32 } else { 128 } {
            return Ok(());
        }
        let route = Route {
            source: v4.then_some(cidr.addr),
            metric: if v4 { 0 } else { 256 },
            protocol: Route::KERNEL,
            ..Route::on_link(cidr.network(), iface)
        };
        match self.add_route(route) {
            Ok(()) | Err(Error::Exists) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes an address and the routes that need it. Connections that use it stall. Errors: `NoDevice`, `NotFound`.
    pub fn remove_address(&mut self, iface: IfaceId, addr: IpAddr) -> Result<()> {
        let slot = self.iface_mut(iface)?;
        let at = slot
            .info
            .addresses
            .iter()
            .position(|own| own.cidr.addr == addr)
            .ok_or(Error::NotFound)?;
        let gone = slot.info.addresses.remove(at);
        let network = gone.cidr.network();
        let still = slot
            .info
            .addresses
            .iter()
            .any(|own| own.cidr.network() == network);
        let lost: Vec<Route> = self
            .routes
            .extract_if(.., |route| {
                let connected = route.iface == iface
                    && route.gateway.is_none()
                    && route.dst == network
                    && route.protocol == Route::KERNEL;
                let sourced = route.iface == iface && route.source == Some(addr);
                sourced || connected && !still
            })
            .collect();
        lost.into_iter()
            .for_each(|route| self.note(Change::RouteRemoved(route)));
        self.note(Change::AddressRemoved(iface, gone));
        self.routes_changed();
        Ok(())
    }

    /// The groups whose frames an interface takes, with how many sockets joined, the latest first; the standing ones of its addresses last.
    pub fn groups(&self, iface: IfaceId) -> Vec<(IpAddr, u32)> {
        let Ok(slot) = self.iface(iface) else {
            return Vec::new();
        };
        let joined = slot
            .groups
            .iter()
            .rev()
            .map(|joined| (joined.group, joined.users));
        let mut groups: Vec<(IpAddr, u32)> = joined.collect();
        let addresses = &slot.info.addresses;
        for own in addresses {
            if let (IpAddr::V6(addr), false) = (own.cidr.addr, slot.is_loopback()) {
                let group = IpAddr::V6(solicited_node(addr));
                match groups.iter_mut().find(|(known, _)| *known == group) {
                    Some((_, users)) => *users += 1,
                    None => groups.push((group, 1)),
                }
            }
        }
        if addresses.iter().any(|own| own.cidr.addr.is_ipv6()) {
            let nodes = [ALL_NODES, 0xff01 << 112 | 1];
            groups.extend(nodes.map(|bits| (IpAddr::V6(Ipv6Addr::from_bits(bits)), 1)));
        }
        if addresses.iter().any(|own| own.cidr.addr.is_ipv4()) {
            groups.push((IpAddr::V4(Ipv4Addr::new(224, 0, 0, 1)), 1));
        }
        groups
    }

    /// Whether an interface that is up has this address (127.0.0.0/8 included while lo is up).
    pub fn is_local(&self, addr: IpAddr) -> bool {
        if addr.is_loopback() {
            return self
                .ifaces
                .iter()
                .any(|iface| iface.is_loopback() && iface.info.up);
        }
        self.ifaces
            .iter()
            .any(|iface| iface.info.up && iface.has_address(addr))
    }

    /// One frame from a device: an Ethernet frame without FCS. Anything may be in it. Call for each frame of a batch, then
    /// `flush` once.
    pub fn ingress(&mut self, now: Instant, iface: IfaceId, frame: &[u8]) {
        self.now = now;
        self.link_input(now, iface, frame);
    }

    /// The next frame to hand to the device. It starts with `Config::tx_headroom` zero bytes for the device's own header.
    /// The caller owns the buffer until it gives it back with [`Stack::recycle_frame`]; so a driver may transmit in place.
    pub fn pop_frame(&mut self, iface: IfaceId) -> Option<Frame> {
        let headroom = self.config.tx_headroom;
        let slot = self.ifaces.get_mut(iface)?;
        let mut frame = slot.tx.pop_front()?;
        frame.widen(headroom);
        Some(frame)
    }

    /// Puts back a frame for which the device had no room; it stays first. Call `flush` again when the device has room.
    pub fn unpop_frame(&mut self, iface: IfaceId, frame: Frame) {
        let headroom = self.config.tx_headroom;
        let mut frame = frame;
        frame.narrow(headroom);
        if let Some(slot) = self.ifaces.get_mut(iface) {
            slot.tx.push_front(frame);
        }
    }

    /// Gives a transmitted buffer back for reuse (last in, first out, so that it is still in the cache).
    pub fn recycle_frame(&mut self, frame: Frame) {
        self.frames.put(frame);
    }

    /// Frames waiting for the device.
    pub fn frames_queued(&self, iface: IfaceId) -> usize {
        self.ifaces.get(iface).map_or(0, |slot| slot.tx.len())
    }

    pub(crate) fn iface(&self, iface: IfaceId) -> Result<&Iface> {
        self.ifaces.get(iface).ok_or(Error::NoDevice)
    }

    pub(crate) fn iface_mut(&mut self, iface: IfaceId) -> Result<&mut Iface> {
        self.ifaces.get_mut(iface).ok_or(Error::NoDevice)
    }
}
