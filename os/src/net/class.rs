//! /sys/class/net/<interface>: what scripts and libraries look at instead of asking
//! with ioctls. sysfs(5), Linux's Documentation/ABI/testing/sysfs-class-net.

use super::{
    device::{self, Device},
    stack,
    tun::Tun,
};
use crate::fs::{
    Kind,
    pseudo::{self, Directory, Node},
};
use alloc::{
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use inet::{IfaceInfo, IfaceKind};

/// Publishes the directory.
pub fn init() {
    pseudo::sys().dynamic("class/net", Arc::new(Interfaces));
}

/// Every interface, by name.
struct Interfaces;

impl Directory for Interfaces {
    fn get(&self, name: &str) -> Option<Node> {
        stack::current()
            .look(|stack| stack.interface_named(name).is_some())
            .then(|| Node::directory(Arc::new(Interface(name.to_string()))))
    }

    fn names(&self) -> Vec<(String, Kind)> {
        let names: Vec<String> =
            stack::current().look(|stack| stack.interfaces().map(|i| i.name.clone()).collect());
        names
            .into_iter()
            .map(|name| (name, Kind::Directory))
            .collect()
    }
}

/// One interface. It is looked up by name at each access: it may go.
struct Interface(String);

type Field = fn(&IfaceInfo) -> String;

const FIELDS: [(&str, Field); 8] = [
    ("address", |info| format!("{}\n", mac(info))),
    ("carrier", |info| format!("{}\n", u8::from(info.carrier))),
    ("flags", |info| format!("{:#x}\n", flags(info))),
    ("ifindex", |info| format!("{}\n", info.id.0)),
    ("mtu", |info| format!("{}\n", info.mtu)),
    ("operstate", |info| format!("{}\n", state(info))),
    ("tx_queue_len", |_| "1000\n".into()),
    // ARPHRD_LOOPBACK, ARPHRD_ETHER, ARPHRD_NONE
    ("type", |info| match info.kind {
        IfaceKind::Loopback => "772\n".into(),
        IfaceKind::Ethernet { .. } => "1\n".into(),
        IfaceKind::Tunnel => "65534\n".into(),
    }),
];

const COUNTERS: [(&str, Field); 8] = [
    ("rx_bytes", |info| format!("{}\n", info.counters.rx_bytes)),
    ("rx_dropped", |info| {
        format!("{}\n", info.counters.rx_dropped)
    }),
    ("rx_errors", |info| format!("{}\n", info.counters.rx_errors)),
    ("rx_packets", |info| {
        format!("{}\n", info.counters.rx_packets)
    }),
    ("tx_bytes", |info| format!("{}\n", info.counters.tx_bytes)),
    ("tx_dropped", |info| {
        format!("{}\n", info.counters.tx_dropped)
    }),
    ("tx_errors", |info| format!("{}\n", info.counters.tx_errors)),
    ("tx_packets", |info| {
        format!("{}\n", info.counters.tx_packets)
    }),
];

type TunnelField = fn(&Tun) -> String;

/// What `ip tuntap` reads of a tunnel. -1: anybody's.
const TUNNEL: [(&str, TunnelField); 3] = [
    ("group", |tun| owner(tun.settings().group)),
    ("owner", |tun| owner(tun.settings().owner)),
    ("tun_flags", |tun| format!("{:#x}\n", tun.flags())),
];

impl Interface {
    fn tunnel(&self) -> Option<Arc<Tun>> {
        let net = stack::current();
        let id = net.look(|stack| Some(stack.interface_named(&self.0)?.id))?;
        match device::behind(&net, id) {
            Some(Device::Tun(tun)) => Some(tun),
            _ => None,
        }
    }
}

impl Directory for Interface {
    fn get(&self, name: &str) -> Option<Node> {
        if let Some((_, show)) = TUNNEL.iter().find(|(field, _)| *field == name) {
            let tun = self.tunnel()?;
            return Some(Node::text(move || Ok(show(&tun).into_bytes())));
        }
        if name == "statistics" {
            return Some(Node::directory(Arc::new(Counters(self.0.clone()))));
        }
        field(&FIELDS, name, &self.0)
    }

    fn names(&self) -> Vec<(String, Kind)> {
        let fields = FIELDS
            .iter()
            .map(|(name, _)| (name.to_string(), Kind::Regular));
        let tunnel = TUNNEL
            .iter()
            .filter(|_| self.tunnel().is_some())
            .map(|(name, _)| (name.to_string(), Kind::Regular));
        fields
            .chain(tunnel)
            .chain([("statistics".to_string(), Kind::Directory)])
            .collect()
    }
}

struct Counters(String);

impl Directory for Counters {
    fn get(&self, name: &str) -> Option<Node> {
        field(&COUNTERS, name, &self.0)
    }

    fn names(&self) -> Vec<(String, Kind)> {
        COUNTERS
            .iter()
            .map(|(name, _)| (name.to_string(), Kind::Regular))
            .collect()
    }
}

fn field(fields: &[(&str, Field)], name: &str, iface: &str) -> Option<Node> {
    let (_, show) = *fields.iter().find(|(field, _)| *field == name)?;
    let iface = iface.to_string();
    Some(Node::text(move || {
        let info = stack::current().look(|stack| stack.interface_named(&iface).cloned());
        Ok(show(&info.ok_or(abi::Errno::ENODEV)?).into_bytes())
    }))
}

fn owner(id: Option<u32>) -> String {
    match id {
        Some(id) => format!("{id}\n"),
        None => "-1\n".into(),
    }
}

fn mac(info: &IfaceInfo) -> String {
    let mac = match info.kind {
        IfaceKind::Loopback => [0; 6],
        IfaceKind::Ethernet { mac } => mac,
        // No address.
        IfaceKind::Tunnel => return String::new(),
    };
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

/// `lo` says "unknown", as on Linux.
fn state(info: &IfaceInfo) -> &'static str {
    match info.kind {
        IfaceKind::Loopback => "unknown",
        _ if info.up && info.carrier => "up",
        _ => "down",
    }
}

/// IFF_UP, IFF_BROADCAST, IFF_LOOPBACK, IFF_PROMISC, IFF_MULTICAST of netdevice(7).
fn flags(info: &IfaceInfo) -> u32 {
    let kind = match info.kind {
        IfaceKind::Loopback => 0x8,
        IfaceKind::Ethernet { .. } => 0x1002,
        IfaceKind::Tunnel => 0x1090,
    };
    kind | u32::from(info.up) | u32::from(info.promiscuous) << 8
}
