//! /proc/sys/net: what programs read and what an administrator may change. tcp(7), ip(7),
//! socket(7), Linux's Documentation/networking/ip-sysctl.
//!
//! **What.** One table, [`KNOBS`]: a path, how many numbers it holds, their range, and where the numbers
//! live: in the engine's `Config`, or here; what every interface has for itself is in [`interface`]. A value that nothing
//! here acts on has no file.
//! **Who calls.** `fs::pseudo` at reads and writes; sockets ask [`value`] for what they act on.
//! **Who owns and locks.** The engine's lock, or one atomic word each.

mod group;
mod icmp;
mod interface;
mod tcp;

use super::stack;
use crate::{Result, fs::pseudo};
use abi::Errno;
use alloc::{string::String, vec::Vec};
use core::{
    ops::RangeInclusive,
    sync::atomic::{AtomicI64, Ordering::Relaxed},
    time::Duration,
};
use inet::{Config, Congestion};

/// A number that the socket layer acts on.
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the names are those of the files")]
pub enum Value {
    RmemMax,
    WmemMax,
    RmemDefault,
    WmemDefault,
    UnprivilegedPortStart,
    PingGroupFirst,
    PingGroupLast,
    MaxDgramQlen,
    TxRehash,
}

/// The numbers of a namespace by [`Value`].
pub struct Values([AtomicI64; 9]);

impl Values {
    /// As they are in a new namespace. The empty group range lets nobody ping without CAP_NET_RAW.
    pub const fn new() -> Values {
        Values([
            AtomicI64::new(4 << 20),
            AtomicI64::new(4 << 20),
            AtomicI64::new(212_992),
            AtomicI64::new(212_992),
            AtomicI64::new(1024),
            AtomicI64::new(1),
            AtomicI64::new(0),
            AtomicI64::new(10),
            AtomicI64::new(1),
        ])
    }

    fn cell(&self, which: Value) -> &AtomicI64 {
        match which.is_global() {
            true => &GLOBAL.0[which as usize],
            false => &self.0[which as usize],
        }
    }

    /// What the file says now.
    pub fn get(&self, which: Value) -> i64 {
        self.cell(which).load(Relaxed)
    }
}

/// The numbers that are the same in all namespaces.
static GLOBAL: Values = Values::new();

/// What the file of a number that is the same in all namespaces says now.
pub fn value(which: Value) -> i64 {
    debug_assert!(which.is_global());
    GLOBAL.0[which as usize].load(Relaxed)
}

impl Value {
    /// Linux lets the first namespace alone set these.
    fn is_global(self) -> bool {
        matches!(
            self,
            Value::RmemMax | Value::WmemMax | Value::RmemDefault | Value::WmemDefault
        )
    }
}

/// Where the numbers of a file live.
enum Home {
    /// Here, one or two of them.
    Shell(&'static [Value]),
    /// One, in the engine.
    Number(fn(&Config) -> i64, fn(&mut Config, i64)),
    /// Several, in the engine.
    Engine(fn(&Config) -> Vec<i64>, fn(&mut Config, &[i64])),
    /// Words in the engine.
    Word(fn(&Config) -> String, fn(&mut Config, &str) -> Result<()>),
    /// Nobody changes it.
    Fixed(&'static str),
}

struct Knob {
    path: &'static str,
    range: RangeInclusive<i64>,
    home: Home,
}

const fn knob(path: &'static str, range: RangeInclusive<i64>, home: Home) -> Knob {
    Knob { path, range, home }
}

const INT: RangeInclusive<i64> = 0..=i32::MAX as i64;
/// Linux refuses buffers smaller than a packet's bookkeeping.
const BUFFER: RangeInclusive<i64> = 2304..=i32::MAX as i64;
const SECONDS: RangeInclusive<i64> = 1..=32_767;
const COUNT: RangeInclusive<i64> = 1..=127;
const BYTE: RangeInclusive<i64> = 0..=255;

/// Whether packets for others are passed on. ip(7), ip_forward.
const FORWARD_V4: Home = Home::Number(|c| c.forward[0].into(), |c, n| c.forward[0] = n != 0);
const KNOBS: &[Knob] = &[
    knob("core/rmem_max", BUFFER, Home::Shell(&[Value::RmemMax])),
    knob("core/wmem_max", BUFFER, Home::Shell(&[Value::WmemMax])),
    knob(
        "core/rmem_default",
        BUFFER,
        Home::Shell(&[Value::RmemDefault]),
    ),
    knob(
        "core/wmem_default",
        BUFFER,
        Home::Shell(&[Value::WmemDefault]),
    ),
    knob(
        "core/somaxconn",
        INT,
        Home::Number(|c| c.max_backlog as i64, |c, n| c.max_backlog = n as usize),
    ),
    knob(
        "ipv4/ip_local_port_range",
        1..=65_535,
        Home::Engine(
            |c| Vec::from([c.ephemeral_ports.0.into(), c.ephemeral_ports.1.into()]),
            |c, n| {
                // An empty range would leave no port at all.
                if n[0] <= n[1] {
                    c.ephemeral_ports = (n[0] as u16, n[1] as u16);
                }
            },
        ),
    ),
    knob(
        "ipv4/ip_unprivileged_port_start",
        0..=65_535,
        Home::Shell(&[Value::UnprivilegedPortStart]),
    ),
    knob(
        "ipv4/ping_group_range",
        0..=4_294_967_294,
        Home::Shell(&[Value::PingGroupFirst, Value::PingGroupLast]),
    ),
    knob(
        "ipv4/tcp_rmem",
        1..=i32::MAX as i64,
        Home::Engine(
            |c| Vec::from([4096, c.tcp_recv_buffer as i64, 6_291_456]),
            |c, n| c.tcp_recv_buffer = n[1] as usize,
        ),
    ),
    knob(
        "ipv4/tcp_wmem",
        1..=i32::MAX as i64,
        Home::Engine(
            |c| Vec::from([4096, c.tcp_send_buffer as i64, 4_194_304]),
            |c, n| c.tcp_send_buffer = n[1] as usize,
        ),
    ),
    knob(
        "ipv4/tcp_keepalive_time",
        SECONDS,
        Home::Number(
            |c| c.keep_idle.as_secs() as i64,
            |c, n| c.keep_idle = Duration::from_secs(n as u64),
        ),
    ),
    knob(
        "ipv4/tcp_keepalive_intvl",
        SECONDS,
        Home::Number(
            |c| c.keep_interval.as_secs() as i64,
            |c, n| c.keep_interval = Duration::from_secs(n as u64),
        ),
    ),
    knob(
        "ipv4/tcp_keepalive_probes",
        COUNT,
        Home::Number(|c| c.keep_count.into(), |c, n| c.keep_count = n as u32),
    ),
    knob(
        "ipv4/tcp_syn_retries",
        COUNT,
        Home::Number(|c| c.syn_retries.into(), |c, n| c.syn_retries = n as u8),
    ),
    knob(
        "ipv4/tcp_fin_timeout",
        INT,
        Home::Number(
            |c| c.fin_wait2.as_secs() as i64,
            |c, n| c.fin_wait2 = Duration::from_secs(n as u64),
        ),
    ),
    knob(
        "ipv4/tcp_syn_linear_timeouts",
        0..=127,
        Home::Number(
            |c| c.syn_linear_timeouts.into(),
            |c, n| c.syn_linear_timeouts = n as u8,
        ),
    ),
    knob(
        "ipv4/tcp_synack_retries",
        BYTE,
        Home::Number(
            |c| c.synack_retries.into(),
            |c, n| c.synack_retries = n as u8,
        ),
    ),
    knob(
        "ipv4/tcp_retries2",
        BYTE,
        Home::Number(|c| c.retries.into(), |c, n| c.retries = n as u8),
    ),
    knob(
        "ipv4/tcp_orphan_retries",
        BYTE,
        Home::Number(
            |c| c.orphan_retries.into(),
            |c, n| c.orphan_retries = n as u8,
        ),
    ),
    knob(
        "ipv4/tcp_max_orphans",
        INT,
        Home::Number(|c| c.max_orphans as i64, |c, n| c.max_orphans = n as usize),
    ),
    knob(
        "ipv4/tcp_max_syn_backlog",
        INT,
        Home::Number(
            |c| c.max_half_open as i64,
            |c, n| c.max_half_open = n as usize,
        ),
    ),
    knob(
        "ipv4/tcp_abort_on_overflow",
        BYTE,
        Home::Number(
            |c| c.abort_on_overflow.into(),
            |c, n| c.abort_on_overflow = n != 0,
        ),
    ),
    knob(
        "ipv4/tcp_congestion_control",
        INT,
        Home::Word(
            |c| c.congestion.name().into(),
            |c, word| {
                c.congestion = Congestion::named(word.as_bytes()).ok_or(Errno::ENOENT)?;
                Ok(())
            },
        ),
    ),
    knob(
        "ipv4/tcp_available_congestion_control",
        INT,
        Home::Fixed(Congestion::NAMES),
    ),
    knob(
        "ipv4/tcp_allowed_congestion_control",
        INT,
        Home::Fixed(Congestion::NAMES),
    ),
    knob("core/txrehash", 0..=1, Home::Shell(&[Value::TxRehash])),
    knob("ipv4/ip_forward", INT, FORWARD_V4),
    knob("ipv4/ip_default_ttl", INT, Home::Fixed("64")),
    knob(
        "unix/max_dgram_qlen",
        INT,
        Home::Shell(&[Value::MaxDgramQlen]),
    ),
];

/// Publishes the files.
pub fn init() {
    interface::init();
    tcp::init();
    for knob in KNOBS
        .iter()
        .chain(group::KNOBS)
        .chain(icmp::KNOBS)
        .chain(tcp::KNOBS)
    {
        let path = alloc::format!("sys/net/{}", knob.path);
        match knob.home {
            Home::Fixed(text) => pseudo::proc().file(&path, move || alloc::format!("{text}\n")),
            _ => pseudo::proc().writable(&path, || read(knob), |bytes| write(knob, bytes)),
        }
    }
}

fn numbers(knob: &Knob) -> Vec<i64> {
    match knob.home {
        Home::Shell(values) => {
            let net = stack::current();
            values.iter().map(|which| net.values.get(*which)).collect()
        }
        Home::Number(get, _) => Vec::from([stack::current().look(|stack| get(stack.config()))]),
        Home::Engine(get, _) => stack::current().look(|stack| get(stack.config())),
        Home::Word(..) | Home::Fixed(_) => Vec::new(),
    }
}

fn read(knob: &Knob) -> String {
    if let Home::Word(get, _) = knob.home {
        let word = stack::current().look(|stack| get(stack.config()));
        return alloc::format!("{word}\n");
    }
    let numbers: Vec<String> = numbers(knob)
        .iter()
        .map(|number| alloc::format!("{number}"))
        .collect();
    numbers.join("\t") + "\n"
}

/// As many numbers as there are; those that are not given stay. `EINVAL` for what is no number or out of range.
fn write(knob: &Knob, bytes: &[u8]) -> Result<()> {
    let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
    if let Home::Word(_, set) = knob.home {
        let mut done = Ok(());
        stack::current().with(|stack, _| {
            stack.configure(|config| done = set(config, text.trim()));
        });
        return done;
    }
    let mut new = numbers(knob);
    let mut room = new.iter_mut();
    for word in text.split_whitespace() {
        let number: i64 = word.parse().map_err(|_| Errno::EINVAL)?;
        if !knob.range.contains(&number) {
            return Err(Errno::EINVAL);
        }
        *room.next().ok_or(Errno::EINVAL)? = number;
    }
    match knob.home {
        Home::Shell(values) => {
            for (which, number) in values.iter().zip(new) {
                stack::current().values.cell(*which).store(number, Relaxed);
            }
        }
        Home::Number(_, set) => {
            stack::current().with(|stack, _| stack.configure(|config| set(config, new[0])))
        }
        Home::Engine(_, set) => {
            stack::current().with(|stack, _| stack.configure(|config| set(config, &new)))
        }
        Home::Word(..) | Home::Fixed(_) => return Err(Errno::EPERM),
    }
    Ok(())
}
