//! What is behind the interfaces of a namespace: cards, cables between namespaces, nothing.
//!
//! **What.** Each namespace has a table from interface to [`Device`]; `lo` is the engine's own and not in it. Here are
//! the changes that concern both: an interface is made, goes, moves to another namespace, or its namespace goes.
//! **Who calls.** `Namespace::with` to transmit and to follow changes, `netlink::route` for the rest. **Who owns and locks.**
//! The table has a spin lock, taken inside the engine's; two namespaces' locks are never held at once.

use super::{
    card::{self, Card},
    errno::errno,
    stack::{self, Namespace},
    tun::Tun,
    uevent,
    veth::{self, Cable, Parcel},
};
use crate::Result;
use abi::Errno;
use alloc::{format, string::String, sync::Arc, vec::Vec};
use inet::{Change, IfaceId, IfaceInfo, IfaceKind, Quirks, Stack};

/// What is behind an interface.
#[derive(Clone)]
pub enum Device {
    /// A network card.
    Card(Arc<Card>),
    /// One end of a cable: 0 or 1.
    Veth(Arc<Cable>, usize),
    /// A program with /dev/net/tun.
    Tun(Arc<Tun>),
    /// Takes frames and forgets them.
    Dummy,
}

/// What is owed to others when an engine's lock is dropped.
#[derive(Default)]
pub struct Owed {
    parcels: Vec<Parcel>,
    readers: Vec<Arc<Tun>>,
}

impl Owed {
    /// Almost always.
    pub fn is_empty(&self) -> bool {
        self.parcels.is_empty() && self.readers.is_empty()
    }

    /// Pays it. Called without any engine's lock; never sleeps.
    pub fn pay(self) {
        self.readers.iter().for_each(|tun| tun.wake());
        if !self.parcels.is_empty() {
            veth::deliver(self.parcels);
        }
    }
}

impl Device {
    /// IFLA_INFO_KIND; a card has none.
    pub fn kind(&self) -> Option<&'static str> {
        match self {
            Device::Card(_) => None,
            Device::Veth(..) => Some("veth"),
            Device::Tun(_) => Some("tun"),
            Device::Dummy => Some("dummy"),
        }
    }

    /// IFLA_TXQLEN.
    pub fn queue_length(&self) -> usize {
        match self {
            Device::Tun(tun) => tun.queue_length(),
            _ => 1000,
        }
    }

    /// Whether it is connected where it is new.
    fn carries(&self) -> bool {
        match self {
            Device::Card(_) | Device::Dummy => true,
            Device::Tun(tun) => tun.carries(),
            Device::Veth(..) => false,
        }
    }
}

/// Says what is behind an interface.
pub fn put(net: &Namespace, iface: IfaceId, device: Device) {
    net.devices.lock().push((iface, device));
}

/// What is behind an interface; `None` for `lo`.
pub fn behind(net: &Namespace, iface: IfaceId) -> Option<Device> {
    let devices = net.devices.lock();
    let found = devices.iter().find(|(id, _)| *id == iface);
    found.map(|(_, device)| device.clone())
}

/// ARPHRD_* of an interface with this behind it, and the length of its hardware address.
pub fn hardware(device: Option<&Device>, kind: IfaceKind) -> (u16, usize) {
    match (device, kind) {
        (Some(Device::Tun(tun)), kind) => {
            let length = if kind == IfaceKind::Tunnel { 0 } else { 6 };
            (tun.settings().hardware, length)
        }
        (_, IfaceKind::Loopback) => (abi::if_arp::ARPHRD_LOOPBACK as u16, 6),
        (_, IfaceKind::Ethernet { .. }) => (abi::if_arp::ARPHRD_ETHER as u16, 6),
        (_, IfaceKind::Tunnel) => (abi::if_arp::ARPHRD_NONE as u16, 0),
    }
}

/// Takes the frames of the interfaces whose bit is set. Called with the engine's lock held; what it answers is paid when
/// that is dropped.
pub fn transmit(net: &Namespace, stack: &mut Stack, send: u64) -> Owed {
    let devices = net.devices.lock();
    let mut owed = Owed::default();
    for (iface, device) in devices.iter().filter(|(iface, _)| send & iface.bit() != 0) {
        match device {
            Device::Card(card) => card::transmit(card, *iface, stack),
            Device::Veth(cable, side) => {
                owed.parcels.push(cable.parcel(
                    *side,
                    core::iter::from_fn(|| stack.pop_frame(*iface)).collect(),
                ));
            }
            Device::Tun(tun) => {
                tun.take(stack, *iface);
                owed.readers.push(tun.clone());
            }
            Device::Dummy => {
                while let Some(frame) = stack.pop_frame(*iface) {
                    stack.recycle_frame(frame);
                }
            }
        }
    }
    owed
}

/// What follows from changes in an engine: an end of a cable that went up or down changes the other end's carrier, a program
/// may write when its interface comes up.
pub fn follow(net: &Namespace, changes: &[Change]) {
    for change in changes {
        let Change::Link(iface) = *change else {
            continue;
        };
        let (cable, side) = match behind(net, iface) {
            Some(Device::Veth(cable, side)) => (cable, side),
            Some(Device::Tun(tun)) => {
                tun.came_up();
                continue;
            }
            _ => continue,
        };
        let Some(up) = net.look(|stack| stack.interface(iface).map(|info| info.up)) else {
            continue;
        };
        if !cable.turn(side, up) {
            continue;
        }
        let carries = cable.carries();
        net.with(|stack, _| stack.set_carrier(iface, carries));
        if let Some((peer, iface)) = cable.peer(side) {
            peer.with(|stack, _| stack.set_carrier(iface, carries));
        }
    }
}

/// What a new interface shall be.
pub struct Wish {
    /// Where.
    pub net: Arc<Namespace>,
    /// `None`: the first free one of its kind.
    pub name: Option<String>,
    /// 0: the next one.
    pub index: u32,
    /// `None`: a random one.
    pub mac: Option<[u8; 6]>,
    /// `None`: 1500.
    pub mtu: Option<usize>,
}

/// Makes a dummy interface. `EEXIST`, `EINVAL`, `ENOBUFS`.
pub fn make_dummy(wish: &Wish) -> Result<IfaceId> {
    let iface = add(wish, "dummy", ethernet(wish))?;
    put(&wish.net, iface, Device::Dummy);
    wish.net.with(|stack, _| {
        // It was made just now.
        let _ = stack.set_asks(iface, false);
    });
    uevent::tell(&wish.net, "add", iface);
    Ok(iface)
}

/// Makes an interface for a program. As [`make_dummy`].
pub fn make_tun(wish: &Wish, tun: &Arc<Tun>) -> Result<IfaceId> {
    let iface = match tun.tap {
        true => add(wish, "tap", ethernet(wish))?,
        false => add(wish, "tun", IfaceKind::Tunnel)?,
    };
    tun.move_to(&wish.net, iface);
    put(&wish.net, iface, Device::Tun(tun.clone()));
    uevent::tell(&wish.net, "add", iface);
    Ok(iface)
}

/// Makes a cable with two ends. The peer first, as Linux does, so that it gets the lower number. As [`make_dummy`].
pub fn make_veth(own: &Wish, peer: &Wish) -> Result<IfaceId> {
    let other = add(peer, "veth", ethernet(peer))?;
    let iface = add(own, "veth", ethernet(own)).inspect_err(|_| {
        let _ = peer
            .net
            .with(|stack, now| stack.remove_interface(now, other));
    })?;
    let cable = Cable::new();
    cable.plug(0, &own.net, iface);
    cable.plug(1, &peer.net, other);
    put(&own.net, iface, Device::Veth(cable.clone(), 0));
    put(&peer.net, other, Device::Veth(cable, 1));
    for (net, iface) in [(&own.net, iface), (&peer.net, other)] {
        net.with(|stack, _| stack.set_carrier(iface, false));
        uevent::tell(net, "add", iface);
    }
    Ok(iface)
}

/// With the address that was asked for.
fn ethernet(wish: &Wish) -> IfaceKind {
    let mac = wish.mac.unwrap_or_else(random_mac);
    IfaceKind::Ethernet { mac }
}

fn add(wish: &Wish, kind: &str, kind_of: IfaceKind) -> Result<IfaceId> {
    let index = (wish.index != 0).then_some(IfaceId(wish.index));
    let mtu = wish.mtu.unwrap_or(1500);
    wish.net.with(|stack, _| {
        let name = match &wish.name {
            Some(name) => name.clone(),
            None => format!("{kind}%d"),
        };
        let name = match name.split_once('%') {
            // A pattern has one number, and nothing else that looks like one.
            Some((front, back)) => match back.strip_prefix('d') {
                Some(back) if !back.contains('%') => {
                    free_name(stack, |n| format!("{front}{n}{back}"))
                }
                _ => return Err(Errno::EINVAL),
            },
            None => name,
        };
        if index.is_some_and(|index| stack.interface(index).is_some()) {
            return Err(Errno::EBUSY);
        }
        stack
            .add_interface_at(index, &name, kind_of, mtu, Quirks::default())
            .map_err(errno)
    })
}

fn free_name(stack: &Stack, name: impl Fn(u32) -> String) -> String {
    let mut names = (0..).map(name);
    let free = names.find(|name| stack.interface_named(name).is_none());
    free.unwrap_or_default()
}

/// Locally administered, of one station. IEEE 802.
fn random_mac() -> [u8; 6] {
    let mut mac: [u8; 6] = core::array::from_fn(|_| crate::fs::random::u64() as u8);
    mac[0] = mac[0] & !1 | 2;
    mac
}

/// RTM_DELLINK. Cards and `lo` stay: `EOPNOTSUPP`. `ENODEV`.
pub fn remove(net: &Namespace, iface: IfaceId) -> Result<()> {
    match behind(net, iface) {
        Some(Device::Veth(cable, side)) => {
            if let Some((peer, other)) = cable.peer(side) {
                take(&peer, other);
            }
        }
        Some(Device::Tun(tun)) => tun.cut(),
        Some(Device::Dummy) => {}
        Some(Device::Card(_)) | None => return Err(Errno::EOPNOTSUPP),
    }
    take(net, iface);
    Ok(())
}

/// Takes an interface out of its namespace: what it was, and what is behind it.
fn take(net: &Namespace, iface: IfaceId) -> Option<(IfaceInfo, Device)> {
    uevent::tell(net, "remove", iface);
    let info = net.with(|stack, now| stack.remove_interface(now, iface));
    let mut devices = net.devices.lock();
    let at = devices.iter().position(|(id, _)| *id == iface)?;
    let (_, device) = devices.swap_remove(at);
    Some((info.ok()?, device))
}

/// Moves an interface to another namespace, where it is down and has no address; it keeps its number if that is free there.
/// `EINVAL` for `lo`, `EEXIST` when the name is taken there.
pub fn relocate(
    net: &Namespace,
    iface: IfaceId,
    to: &Arc<Namespace>,
    name: Option<&str>,
) -> Result<IfaceId> {
    if net.is(to) {
        return Ok(iface);
    }
    if behind(net, iface).is_none() {
        return Err(Errno::EINVAL);
    }
    let own = net.look(|stack| stack.interface(iface).map(|info| info.name.clone()));
    let own = own.ok_or(Errno::ENODEV)?;
    let name = name.unwrap_or(&own);
    if to.look(|stack| stack.interface_named(name).is_some()) {
        return Err(Errno::EEXIST);
    }
    let (info, device) = take(net, iface).ok_or(Errno::ENODEV)?;
    settle(to, name, info, device)
}

/// Makes an interface that was taken elsewhere.
fn settle(net: &Arc<Namespace>, name: &str, info: IfaceInfo, device: Device) -> Result<IfaceId> {
    let iface = net.with(|stack, _| {
        let iface =
            stack.add_interface_at(Some(info.id), name, info.kind, info.mtu, info.quirks)?;
        stack.set_asks(iface, info.asks)?;
        stack.set_carrier(iface, device.carries());
        Ok(iface)
    });
    let iface = iface.map_err(errno)?;
    match &device {
        Device::Card(card) => card.move_to(net, iface),
        Device::Veth(cable, side) => cable.plug(*side, net, iface),
        Device::Tun(tun) => tun.move_to(net, iface),
        Device::Dummy => {}
    }
    put(net, iface, device);
    uevent::tell(net, "add", iface);
    Ok(iface)
}

/// A namespace goes: cards go back to the first one, what was made goes with it.
pub fn evict(gone: Vec<(IfaceInfo, Device)>) {
    for (info, device) in gone {
        match &device {
            Device::Veth(cable, side) => {
                if let Some((peer, other)) = cable.peer(*side) {
                    take(&peer, other);
                }
            }
            Device::Tun(tun) => tun.cut(),
            Device::Dummy => {}
            Device::Card(_) => {
                let first = stack::first();
                let name = first.look(|stack| match stack.interface_named(&info.name) {
                    Some(_) => free_name(stack, |n| format!("dev{n}")),
                    None => info.name.clone(),
                });
                if let Err(errno) = settle(&first, &name, info, device) {
                    log::error!("net: a card is lost with its namespace: {errno}");
                }
            }
        }
    }
}

/// The interface of the first card, while it is in the first namespace.
pub fn first() -> Option<IfaceId> {
    let net = stack::first();
    let devices = net.devices.lock();
    let mut cards = devices.iter().filter(|(_, device)| device.kind().is_none());
    cards.next().map(|(iface, _)| *iface)
}
