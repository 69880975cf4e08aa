//! /proc/net: the tables that netstat, ss and programs read. proc_net(5).

use super::{
    netlink, registry,
    stack::{self, Namespace},
};
use crate::{
    drivers::{self, nic::NicCounters},
    fs::{
        Kind,
        pseudo::{self, Directory, Node},
    },
    sync::SpinLock,
};
use alloc::{format, string::String, sync::Arc, vec::Vec};
use core::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr},
};
use inet::{DgramKind, DgramRow, Endpoint, IfaceKind, LabelShare, TcpRow};

/// Publishes the files.
pub fn init() {
    pseudo::proc().link("net", "self/net");
    file("dev", dev);
    file("tcp", |net| tcp(net, false));
    file("tcp6", |net| tcp(net, true));
    file("udp", |net| dgram(net, DgramKind::Udp, false));
    file("udp6", |net| dgram(net, DgramKind::Udp, true));
    let raw = DgramKind::Raw { protocol: 0 };
    file("raw", move |net| dgram(net, raw, false));
    file("raw6", move |net| dgram(net, raw, true));
    file("icmp", |net| dgram(net, DgramKind::Ping, false));
    file("icmp6", |net| dgram(net, DgramKind::Ping, true));
    file("route", route);
    file("ipv6_route", netlink::route::ipv6_route);
    file("arp", arp);
    file("if_inet6", if_inet6);
    file("ip6_flowlabel", ip6_flowlabel);
    file("netlink", netlink::report);
    // Ours, not Linux's: what the cards did, for measuring (frames per notification).
    file("cards", cards);
}

/// Makes the text of a file.
type Text = dyn Fn(&Namespace) -> String + Send + Sync;

/// The files of every /proc/<pid>/net.
static FILES: SpinLock<Vec<(&'static str, Arc<Text>)>> = SpinLock::new(Vec::new());

/// Publishes a file of /proc/<pid>/net; its text is of that process's namespace.
pub fn file(name: &'static str, text: impl Fn(&Namespace) -> String + Send + Sync + 'static) {
    FILES.lock().push((name, Arc::new(text)));
}

/// /proc/<pid>/net of a process in `net`, for `task`.
pub fn directory(net: Arc<Namespace>) -> Node {
    Node::directory(Arc::new(Files(net)))
}

struct Files(Arc<Namespace>);

impl Directory for Files {
    fn get(&self, name: &str) -> Option<Node> {
        let files = FILES.lock();
        let (_, text) = files.iter().find(|(known, _)| *known == name)?;
        let (text, net) = (text.clone(), self.0.clone());
        Some(Node::text(move || Ok(text(&net).into_bytes())))
    }

    fn names(&self) -> Vec<(String, Kind)> {
        let files = FILES.lock();
        files
            .iter()
            .map(|(name, _)| ((*name).into(), Kind::Regular))
            .collect()
    }
}

fn dev(net: &Namespace) -> String {
    let mut text = String::from(
        "Inter-|   Receive                                                |  Transmit\n \
         face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n",
    );
    net.look(|stack| {
        for iface in stack.interfaces() {
            let c = &iface.counters;
            let _ = writeln!(
                text,
                "{:>6}: {:7} {:7} {:4} {:4} {:4} {:5} {:10} {:9} {:8} {:7} {:4} {:4} {:4} {:5} {:7} {:10}",
                iface.name,
                c.rx_bytes,
                c.rx_packets,
                c.rx_errors,
                c.rx_dropped,
                0,
                0,
                0,
                0,
                c.tx_bytes,
                c.tx_packets,
                c.tx_errors,
                c.tx_dropped,
                0,
                0,
                0,
                0,
            );
        }
    });
    text
}

fn cards(_net: &Namespace) -> String {
    let mut text = String::from(
        "card rx-frames rx-bytes rx-errors tx-frames tx-bytes tx-errors kicks interrupts\n",
    );
    for (n, nic) in drivers::nics().iter().enumerate() {
        let NicCounters {
            rx_frames,
            rx_bytes,
            rx_errors,
            tx_frames,
            tx_bytes,
            tx_errors,
            kicks,
            interrupts,
        } = nic.counters();
        let _ = writeln!(
            text,
            "eth{n} {rx_frames} {rx_bytes} {rx_errors} {tx_frames} {tx_bytes} {tx_errors} {kicks} {interrupts}"
        );
    }
    text
}

/// An address as the kernel prints it: each 32-bit word of the network form as a host-order hexadecimal number.
fn hex(endpoint: Endpoint, v6: bool) -> String {
    let mut text = String::new();
    let words = |text: &mut String, octets: &[u8]| {
        for word in octets.chunks_exact(4) {
            let word = u32::from_ne_bytes([word[0], word[1], word[2], word[3]]);
            let _ = write!(text, "{word:08X}");
        }
    };
    match (endpoint.addr, v6) {
        (IpAddr::V4(addr), false) => words(&mut text, &addr.octets()),
        (IpAddr::V4(addr), true) if addr.is_unspecified() => words(&mut text, &[0; 16]),
        (IpAddr::V4(addr), true) => words(&mut text, &addr.to_ipv6_mapped().octets()),
        (IpAddr::V6(addr), _) => words(&mut text, &addr.octets()),
    }
    let _ = write!(text, ":{:04X}", endpoint.port);
    text
}

fn tcp(net: &Namespace, v6: bool) -> String {
    let mut text = String::from(match v6 {
        false => {
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        }
        true => {
            "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        }
    });
    let now = stack::now();
    let mut slot = 0;
    net.look(|stack| {
        stack.tcp_rows(|row: &TcpRow| {
            if row.v6 != v6 {
                return;
            }
            // In clock ticks of 10 ms.
            let when = row.expires.map_or(0, |at| at.since(now).as_millis() / 10);
            let _ = writeln!(
                text,
                "{slot:4}: {} {} {:02X} {:08X}:{:08X} {:02X}:{:08X} {:08X} {:5} {:8} {} 1 0000000000000000",
                hex(row.local, v6), hex(row.peer, v6), row.state as u8, row.tx_queue, row.rx_queue,
                row.timer as u8, when, row.retransmits, row.owner, 0, registry::inode(row.token),
            );
            slot += 1;
        });
    });
    text
}

/// /proc/net/{udp,raw,icmp} and their siblings for IPv6.
fn dgram(net: &Namespace, kind: DgramKind, v6: bool) -> String {
    let mut text = String::from(match v6 {
        false => {
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
        }
        true => {
            "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
        }
    });
    let mut slot = 0;
    net.look(|stack| {
        stack.dgram_rows(|row: &DgramRow| {
            // Of raw sockets any protocol belongs here.
            let same = core::mem::discriminant(&row.kind) == core::mem::discriminant(&kind);
            if row.v6 != v6 || !same {
                return;
            }
            let state = if row.connected { 1 } else { 7 };
            let _ = writeln!(
                text,
                "{slot:5}: {} {} {state:02X} {:08X}:{:08X} 00:00000000 00000000 {:5} {:8} {} 2 0000000000000000 {}",
                hex(row.local, v6), hex(row.peer, v6), 0, row.rx_queue, row.owner, 0, registry::inode(row.token), row.drops,
            );
            slot += 1;
        });
    });
    text
}

fn route(net: &Namespace) -> String {
    const RTF_UP: u32 = 1;
    const RTF_GATEWAY: u32 = 2;
    const RTF_HOST: u32 = 4;
    let mut text = String::from(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n",
    );
    net.look(|stack| {
        for route in stack.routes() {
            let (IpAddr::V4(dst), Some(iface)) = (route.dst.addr, stack.interface(route.iface))
            else {
                continue;
            };
            if iface.kind == IfaceKind::Loopback {
                continue;
            }
            let number = |addr: Ipv4Addr| u32::from_ne_bytes(addr.octets());
            let gateway = match route.gateway {
                Some(IpAddr::V4(gateway)) => gateway,
                _ => Ipv4Addr::UNSPECIFIED,
            };
            let mut flags = RTF_UP;
            if !gateway.is_unspecified() {
                flags |= RTF_GATEWAY;
            }
            if route.dst.prefix == 32 {
                flags |= RTF_HOST;
            }
            let mask = u32::MAX
                .checked_shl(32 - u32::from(route.dst.prefix))
                .unwrap_or(0);
            let _ = writeln!(
                text,
                "{}\t{:08X}\t{:08X}\t{flags:04X}\t0\t0\t{}\t{:08X}\t0\t0\t0",
                iface.name,
                number(dst),
                number(gateway),
                route.metric,
                mask.to_be(),
            );
        }
    });
    text
}

fn arp(net: &Namespace) -> String {
    let mut text = String::from(
        "IP address       HW type     Flags       HW address            Mask     Device\n",
    );
    net.look(|stack| {
        for neighbour in stack.neighbours() {
            let IpAddr::V4(addr) = neighbour.addr else {
                continue;
            };
            let Some(iface) = stack.interface(neighbour.iface) else {
                continue;
            };
            let complete = if neighbour.mac == [0; 6] { 0 } else { 2 };
            let mac = neighbour.mac.map(|byte| format!("{byte:02x}")).join(":");
            let _ = writeln!(
                text,
                "{addr:<16} 0x1         0x{complete:x}         {mac}     *        {}",
                iface.name
            );
        }
    });
    text
}

/// Leased flow labels: number, who shares it (as IPV6_FL_S_*), how many use it, and seconds that it stays.
fn ip6_flowlabel(net: &Namespace) -> String {
    let mut text = String::from(
        "Label S Owner  Users  Linger Expires  Dst                              Opt\n",
    );
    net.look(|stack| {
        for label in stack.flow_labels() {
            let (share, owner) = match label.share {
                LabelShare::Exclusive => (1, 0),
                LabelShare::Process(pid) => (2, i64::from(pid)),
                LabelShare::User(uid) => (3, i64::from(uid)),
                LabelShare::Any => (255, 0),
            };
            let _ = writeln!(
                text,
                "{:05X} {share:<1} {owner:<6} {:<6} {:<6} {:<8} {:032x} {:<4}",
                label.label,
                label.users,
                label.linger.as_secs(),
                label.expires.since(stack::now()).as_secs(),
                label.to.to_bits(),
                0,
            );
        }
    });
    text
}

fn if_inet6(net: &Namespace) -> String {
    const SCOPE_GLOBAL: u32 = 0;
    const SCOPE_HOST: u32 = 0x10;
    const SCOPE_LINK: u32 = 0x20;
    const PERMANENT: u32 = 0x80;
    let mut text = String::new();
    net.look(|stack| {
        for iface in stack.interfaces() {
            for address in &iface.addresses {
                let IpAddr::V6(addr) = address.cidr.addr else {
                    continue;
                };
                let scope = match () {
                    _ if addr.is_loopback() => SCOPE_HOST,
                    _ if addr.is_unicast_link_local() => SCOPE_LINK,
                    _ => SCOPE_GLOBAL,
                };
                for byte in addr.octets() {
                    let _ = write!(text, "{byte:02x}");
                }
                let _ = writeln!(
                    text,
                    " {:02x} {:02x} {scope:02x} {PERMANENT:02x} {:>8}",
                    iface.id.0, address.cidr.prefix, iface.name,
                );
            }
        }
    });
    text
}
