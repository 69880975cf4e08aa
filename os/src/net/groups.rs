//! /proc/net/{igmp,igmp6,dev_mcast}: which multicast groups this machine is in. proc_net(5).

use super::stack;
use crate::fs::pseudo;
use alloc::{format, string::String, vec::Vec};
use core::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr},
};
use inet::{IfaceInfo, IfaceKind};

/// Publishes the files.
pub fn init() {
    let proc = pseudo::proc();
    proc.file("net/igmp", igmp);
    proc.file("net/igmp6", igmp6);
    proc.file("net/dev_mcast", dev_mcast);
}

/// The groups of an interface with how many joined, standing ones last.
fn groups(info: &IfaceInfo) -> Vec<(IpAddr, u32)> {
    if !info.up {
        return Vec::new();
    }
    stack::look(|stack| stack.groups(info.id))
}

fn interfaces() -> Vec<IfaceInfo> {
    stack::look(|stack| stack.interfaces().cloned().collect())
}

fn igmp() -> String {
    let mut text = String::from("Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n");
    for info in interfaces() {
        let groups: Vec<(Ipv4Addr, u32)> = groups(&info)
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

fn igmp6() -> String {
    let mut text = String::new();
    for info in interfaces() {
        for (group, users) in groups(&info) {
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
fn dev_mcast() -> String {
    let mut text = String::new();
    for info in interfaces() {
        if info.kind == IfaceKind::Loopback {
            continue;
        }
        for (group, _) in groups(&info) {
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
