//! /proc/net/{igmp,igmp6,mcfilter,mcfilter6,dev_mcast}: which multicast groups this machine is in. proc_net(5).

use super::{proc, stack::Namespace};
use alloc::{format, string::String, vec::Vec};
use core::{fmt::Write, net::IpAddr};
use inet::{GroupRow, IfaceInfo, IfaceKind};

/// Publishes the files.
pub fn init() {
    proc::file("igmp", igmp);
    proc::file("igmp6", igmp6);
    proc::file("dev_mcast", dev_mcast);
    proc::file("mcfilter", |net| mcfilter(net, false));
    proc::file("mcfilter6", |net| mcfilter(net, true));
}

/// What stands in `mca_flags` of a group: Linux's include/net/if_inet6.h.
mod mca {
    pub const TIMER: u32 = 1;
    pub const REPORTER: u32 = 2;
    pub const LOADED: u32 = 4;
    pub const SILENT: u32 = 8;
    pub const PARTLY: u32 = 16;
}

/// The groups of an interface that is up.
fn groups(net: &Namespace, info: &IfaceInfo) -> Vec<GroupRow> {
    match info.up {
        true => net.look(|stack| stack.group_rows(info.id)),
        false => Vec::new(),
    }
}

fn interfaces(net: &Namespace) -> Vec<IfaceInfo> {
    net.look(|stack| stack.interfaces().cloned().collect())
}

/// Time until a report, in the 1/100 s that programs count in (`USER_HZ`).
fn ticks(row: &GroupRow) -> u128 {
    row.timer.map_or(0, |left| left.as_millis() / 10)
}

fn igmp(net: &Namespace) -> String {
    let mut text = String::from("Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n");
    for info in interfaces(net) {
        let mut groups = groups(net, &info);
        groups.retain(|row| row.group.is_ipv4());
        if groups.is_empty() {
            continue;
        }
        let version = net.look(|stack| stack.group_version(info.id, false));
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{}\t{:<10}: {:5}      V{version}",
            info.id.0,
            info.name,
            groups.len()
        );
        for row in groups {
            let IpAddr::V4(group) = row.group else {
                continue;
            };
            let number = u32::from_ne_bytes(group.octets());
            let running = u8::from(row.timer.is_some());
            let reporter = u8::from(row.reporter);
            let _ = writeln!(
                text,
                "\t\t\t\t{number:08X} {:5} {running}:{:08X}\t\t{reporter}",
                row.users,
                ticks(&row),
            );
        }
    }
    text
}

fn igmp6(net: &Namespace) -> String {
    let mut text = String::new();
    for info in interfaces(net) {
        for row in groups(net, &info) {
            let IpAddr::V6(group) = row.group else {
                continue;
            };
            let flags = [
                (row.timer.is_some(), mca::TIMER),
                (row.reporter, mca::REPORTER),
                (row.silent, mca::SILENT),
                (row.on_link, mca::LOADED),
                (row.partly, mca::PARTLY),
            ];
            let flags = flags
                .iter()
                .filter(|(is, _)| *is)
                .fold(0, |sum, (_, flag)| sum | flag);
            let _ = writeln!(
                text,
                "{:<4} {:<15} {:032x} {:5} {flags:08X} {}",
                info.id.0,
                info.name,
                group.to_bits(),
                row.users,
                ticks(&row),
            );
        }
    }
    text
}

/// Sources that sockets named, of groups of one family.
fn mcfilter(net: &Namespace, v6: bool) -> String {
    let mut text = String::from(match v6 {
        false => "Idx Device        MCA        SRC    INC    EXC\n",
        true => {
            "Idx Device                Multicast Address                   Source Address    INC    EXC\n"
        }
    });
    // Linux begins with the first interface whose latest group has sources.
    let mut begun = false;
    for info in interfaces(net) {
        let mut groups = groups(net, &info);
        groups.retain(|row| row.group.is_ipv6() == v6);
        let place = |group| groups.iter().position(|row| row.group == group);
        let mut rows = net.look(|stack| stack.source_rows(info.id));
        rows.retain(|row| place(row.group).is_some());
        rows.sort_by_key(|row| place(row.group));
        begun |= rows.first().is_some_and(|row| place(row.group) == Some(0));
        if !begun {
            continue;
        }
        for row in rows {
            // Of the name six characters.
            let name: String = info.name.chars().take(6).collect();
            let _ = write!(text, "{:3} {name:>6}", info.id.0);
            for addr in [row.group, row.source] {
                let _ = match addr {
                    IpAddr::V4(addr) => write!(text, " 0x{:08x}", addr.to_bits()),
                    IpAddr::V6(addr) => write!(text, " {:032x}", addr.to_bits()),
                };
            }
            let _ = writeln!(text, " {:6} {:6}", row.include, row.exclude);
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
        for row in groups(net, &info) {
            let mac = match row.group {
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
