//! /proc/sys/net/{ipv4,ipv6}/{conf,neigh}/<interface>: what every interface has for itself, with `all` and `default`
//! beside them. Linux's Documentation/networking/ip-sysctl, arp(7).
//!
//! **What.** One table, [`FIELDS`], of the engine's [`inet::Conf`]; the directories are made when somebody looks, for
//! interfaces come, go and change their names.
//! **Who calls.** `fs::pseudo`. **Who owns and locks.** The engine's lock, in the namespace of who reads or writes.

use super::super::{errno::errno, stack};
use crate::{
    Result,
    fs::{
        Kind,
        pseudo::{self, Directory, Node},
    },
};
use abi::Errno;
use alloc::{
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::{ops::RangeInclusive, time::Duration};
use inet::{Conf, ConfOf, Stack};

/// The directories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Branch {
    Conf4,
    Conf6,
    Neigh4,
    Neigh6,
}

impl Branch {
    const ALL: [(Branch, &'static str); 4] = [
        (Branch::Conf4, "sys/net/ipv4/conf"),
        (Branch::Conf6, "sys/net/ipv6/conf"),
        (Branch::Neigh4, "sys/net/ipv4/neigh"),
        (Branch::Neigh6, "sys/net/ipv6/neigh"),
    ];

    /// The values of neighbours have nothing that joins in everywhere.
    fn has_all(self) -> bool {
        matches!(self, Branch::Conf4 | Branch::Conf6)
    }

    /// Values of neighbours to come are the first namespace's alone.
    fn has_default(self) -> bool {
        self.has_all() || Arc::ptr_eq(&stack::current(), &stack::first())
    }

    /// Whose neighbours.
    fn version(self) -> usize {
        usize::from(matches!(self, Branch::Conf6 | Branch::Neigh6))
    }
}

/// A file: where it is, its name, its range, its value.
struct Field {
    branches: &'static [Branch],
    name: &'static str,
    range: RangeInclusive<i64>,
    get: fn(&Conf, usize) -> i64,
    set: fn(&mut Conf, usize, i64),
}

const SWITCH: RangeInclusive<i64> = i32::MIN as i64..=i32::MAX as i64;
const BYTE: RangeInclusive<i64> = 0..=255;
const MILLISECONDS: RangeInclusive<i64> = 1..=i32::MAX as i64;
const INTERVAL: RangeInclusive<i64> = 0..=i32::MAX as i64;
const NEIGH: &[Branch] = &[Branch::Neigh4, Branch::Neigh6];

const fn field(
    branches: &'static [Branch],
    name: &'static str,
    range: RangeInclusive<i64>,
    get: fn(&Conf, usize) -> i64,
    set: fn(&mut Conf, usize, i64),
) -> Field {
    Field {
        branches,
        name,
        range,
        get,
        set,
    }
}

const FIELDS: &[Field] = &[
    field(
        &[Branch::Conf4],
        "arp_ignore",
        BYTE,
        |conf, _| conf.v4.arp_ignore.into(),
        |conf, _, n| conf.v4.arp_ignore = n as u8,
    ),
    field(
        &[Branch::Conf4],
        "force_igmp_version",
        SWITCH,
        |conf, _| conf.v4.force_igmp_version.into(),
        |conf, _, n| conf.v4.force_igmp_version = n as u8,
    ),
    field(
        &[Branch::Conf4],
        "forwarding",
        SWITCH,
        |conf, _| conf.v4.forwarding.into(),
        |conf, _, n| conf.v4.forwarding = n != 0,
    ),
    field(
        &[Branch::Conf4],
        "igmpv2_unsolicited_report_interval",
        INTERVAL,
        |conf, _| conf.v4.igmp_unsolicited.0.as_millis() as i64,
        |conf, _, n| conf.v4.igmp_unsolicited.0 = Duration::from_millis(n as u64),
    ),
    field(
        &[Branch::Conf4],
        "igmpv3_unsolicited_report_interval",
        INTERVAL,
        |conf, _| conf.v4.igmp_unsolicited.1.as_millis() as i64,
        |conf, _, n| conf.v4.igmp_unsolicited.1 = Duration::from_millis(n as u64),
    ),
    field(
        &[Branch::Conf4],
        "proxy_arp",
        SWITCH,
        |conf, _| conf.v4.proxy_arp.into(),
        |conf, _, n| conf.v4.proxy_arp = n != 0,
    ),
    field(
        &[Branch::Conf4],
        "route_localnet",
        SWITCH,
        |conf, _| conf.v4.route_localnet.into(),
        |conf, _, n| conf.v4.route_localnet = n != 0,
    ),
    field(
        &[Branch::Conf4],
        "rp_filter",
        BYTE,
        |conf, _| conf.v4.rp_filter.into(),
        |conf, _, n| conf.v4.rp_filter = n as u8,
    ),
    field(
        &[Branch::Conf6],
        "accept_ra",
        BYTE,
        |conf, _| conf.v6.accept_ra.into(),
        |conf, _, n| conf.v6.accept_ra = n as u8,
    ),
    field(
        &[Branch::Conf6],
        "autoconf",
        SWITCH,
        |conf, _| conf.v6.autoconf.into(),
        |conf, _, n| conf.v6.autoconf = n != 0,
    ),
    field(
        &[Branch::Conf6],
        "disable_ipv6",
        SWITCH,
        |conf, _| conf.v6.disable.into(),
        |conf, _, n| conf.v6.disable = n != 0,
    ),
    field(
        &[Branch::Conf6],
        "force_mld_version",
        SWITCH,
        |conf, _| conf.v6.force_mld_version.into(),
        |conf, _, n| conf.v6.force_mld_version = n as u8,
    ),
    field(
        &[Branch::Conf6],
        "forwarding",
        SWITCH,
        |conf, _| conf.v6.forwarding.into(),
        |conf, _, n| conf.v6.forwarding = n != 0,
    ),
    field(
        &[Branch::Conf6],
        "mldv1_unsolicited_report_interval",
        INTERVAL,
        |conf, _| conf.v6.mld_unsolicited.0.as_millis() as i64,
        |conf, _, n| conf.v6.mld_unsolicited.0 = Duration::from_millis(n as u64),
    ),
    field(
        &[Branch::Conf6],
        "mldv2_unsolicited_report_interval",
        INTERVAL,
        |conf, _| conf.v6.mld_unsolicited.1.as_millis() as i64,
        |conf, _, n| conf.v6.mld_unsolicited.1 = Duration::from_millis(n as u64),
    ),
    field(
        &[Branch::Conf6],
        "mtu",
        // The engine knows what the link can carry.
        SWITCH,
        |conf, _| conf.v6.mtu as i64,
        |conf, _, n| conf.v6.mtu = n.max(0) as usize,
    ),
    field(
        NEIGH,
        "base_reachable_time",
        1..=i32::MAX as i64 / 1000,
        |conf, v| conf.neigh[v].base_reachable_time.as_secs() as i64,
        |conf, v, n| conf.neigh[v].base_reachable_time = Duration::from_secs(n as u64),
    ),
    field(
        NEIGH,
        "base_reachable_time_ms",
        MILLISECONDS,
        |conf, v| conf.neigh[v].base_reachable_time.as_millis() as i64,
        |conf, v, n| conf.neigh[v].base_reachable_time = Duration::from_millis(n as u64),
    ),
    field(
        NEIGH,
        "mcast_solicit",
        BYTE,
        |conf, v| conf.neigh[v].mcast_solicit.into(),
        |conf, v, n| conf.neigh[v].mcast_solicit = n as u8,
    ),
    field(
        NEIGH,
        "retrans_time_ms",
        MILLISECONDS,
        |conf, v| conf.neigh[v].retrans_time.as_millis() as i64,
        |conf, v, n| conf.neigh[v].retrans_time = Duration::from_millis(n as u64),
    ),
    field(
        NEIGH,
        "ucast_solicit",
        BYTE,
        |conf, v| conf.neigh[v].ucast_solicit.into(),
        |conf, v, n| conf.neigh[v].ucast_solicit = n as u8,
    ),
];

/// Publishes the directories.
pub(super) fn init() {
    for (branch, path) in Branch::ALL {
        pseudo::proc().dynamic(path, Arc::new(Owners(branch)));
    }
}

/// Whose values a name means now.
fn owner(stack: &Stack, branch: Branch, name: &str) -> Option<ConfOf> {
    match name {
        "all" => branch.has_all().then_some(ConfOf::All),
        "default" => branch.has_default().then_some(ConfOf::Default),
        name => Some(ConfOf::Iface(stack.interface_named(name)?.id)),
    }
}

/// A branch: `all`, `default`, and every interface.
struct Owners(Branch);

impl Directory for Owners {
    fn get(&self, name: &str) -> Option<Node> {
        stack::current().look(|stack| owner(stack, self.0, name))?;
        Some(Node::directory(Arc::new(Values {
            branch: self.0,
            owner: name.to_string(),
        })))
    }

    fn names(&self) -> Vec<(String, Kind)> {
        let all = self.0.has_all().then_some("all");
        let default = self.0.has_default().then_some("default");
        let fixed = all.into_iter().chain(default).map(String::from);
        let names: Vec<String> =
            stack::current().look(|stack| stack.interfaces().map(|i| i.name.clone()).collect());
        let names = fixed.chain(names);
        names.map(|name| (name, Kind::Directory)).collect()
    }
}

/// The files of one of them. It is looked up by name at each access: it may go.
struct Values {
    branch: Branch,
    owner: String,
}

impl Values {
    fn fields(&self) -> impl Iterator<Item = &'static Field> {
        let branch = self.branch;
        FIELDS
            .iter()
            .filter(move |field| field.branches.contains(&branch))
    }
}

impl Directory for Values {
    fn get(&self, name: &str) -> Option<Node> {
        let field = self.fields().find(|field| field.name == name)?;
        let branch = self.branch;
        let (of, also) = (self.owner.clone(), self.owner.clone());
        let node = Node::text(move || Ok(read(field, branch, &of)?.into_bytes()));
        Some(node.writable(move |bytes| write(field, branch, &also, bytes)))
    }

    fn names(&self) -> Vec<(String, Kind)> {
        let names = self.fields().map(|field| field.name.to_string());
        names.map(|name| (name, Kind::Regular)).collect()
    }
}

fn read(field: &Field, branch: Branch, name: &str) -> Result<String> {
    let conf = stack::current().look(|stack| {
        let of = owner(stack, branch, name)?;
        stack.conf(of).ok()
    });
    let conf = conf.ok_or(Errno::ENOENT)?;
    Ok(format!("{}\n", (field.get)(&conf, branch.version())))
}

/// One number. `EINVAL` for what is none, or out of range.
fn write(field: &Field, branch: Branch, name: &str, bytes: &[u8]) -> Result<()> {
    let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
    let number: i64 = text.trim().parse().map_err(|_| Errno::EINVAL)?;
    if !field.range.contains(&number) {
        return Err(Errno::EINVAL);
    }
    stack::current().with(|stack, now| {
        let of = owner(stack, branch, name).ok_or(Errno::ENOENT)?;
        let mut conf = stack.conf(of).map_err(errno)?;
        (field.set)(&mut conf, branch.version(), number);
        stack.set_conf(now, of, conf).map_err(errno)
    })
}
