//! /proc/net/{igmp,igmp6,dev_mcast}: which multicast groups this machine is in. proc_net(5).

use super::{proc, stack::Namespace};
use alloc::{format, string::String, vec::Vec};
use core::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr},
};
use inet::{IfaceInfo, IfaceKind};

/// Publishes the files.
pub fn init() {
    proc::file("igmp", igmp);
    proc::file("igmp6", igmp6);
    proc::file("dev_mcast", dev_mcast);
}

/// The groups of an interface with how many joined, standing ones last.
fn groups(net: &Namespace, info: &IfaceInfo) -> Vec<(IpAddr, u32)> {
    if !info.up {
        return Vec::new();
    }
    net.look(|stack| stack.groups(info.id))
}

fn interfaces(net: &Namespace) -> Vec<IfaceInfo> {
    net.look(|stack| stack.interfaces().cloned().collect())
}

fn igmp(net: &Namespace) -> String {
    let mut text = String::from("Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n");
    for info in interfaces(net) {
        let groups: Vec<(Ipv4Addr, u32)> = groups(net, &info)
            .into_iter()
            .filter_map(|(group, users)| match group {
                IpAddr::V4(group) => Some((group, users)),
                IpAddr::V6(_) => None,
            })
            .collect();
        if groups.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}\t{:<10}: {:5}      V2",
            info.id.0,
            info.name,
            groups.len()
        );
        for (group, users) in groups {
            let number = u32::from_ne_bytes(group.octets());
            let _ = writeln!(text, "\t\t\t\t{number:08X} {users:5} 0:00000000\t\t0");
        }
    }
    text
}

fn igmp6(net: &Namespace) -> String {
    let mut text = String::new();
    for info in interfaces(net) {
        for (group, users) in groups(net, &info) {
            let IpAddr::V6(group) = group else { continue };
            let _ = writeln!(
                text,
                "{:<4} {:<15} {:032x} {users:5} 00000004 0",
                info.id.0,
                info.name,
                group.to_bits(),
            );
        }
    }
    text
}

/// The hardware groups that the IP groups map to (RFC 1112 section 6.4, RFC 2464 section 7).
fn dev_mcast(net: &Namespace) -> String {
    let mut text = String::new();
    for info in interfaces(net) {
        if !matches!(info.kind, IfaceKind::Ethernet { .. }) {
            continue;
        }
        for (group, _) in groups(net, &info) {
            let mac = match group {
                IpAddr::V4(group) => {
                    let [_, b, c, d] = group.octets();
                    format!("01005e{:02x}{c:02x}{d:02x}", b & 0x7f)
                }
                IpAddr::V6(group) if group.segments()[0] == 0xff01 => continue,
                IpAddr::V6(group) => format!("3333{:08x}", group.to_bits() as u32),
            };
            let _ = writeln!(text, "{:<4} {:<15} 1     0     {mac}", info.id.0, info.name);
        }
    }
    text
}
