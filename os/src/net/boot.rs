//! What the kernel command line asks of the network, before the first program runs.
//!
//! - `ip=dhcp` (or `ip=on`, `ip=any`): no default address; the first card asks a
//!   DHCP server. `ip=off`: no address at all. `ip=ADDR::GATEWAY:NETMASK`: that one.
//!   The same words as Linux's nfsroot documentation; other fields are ignored.
//! - `netprobe`: asks for the gateway's hardware address and pings it, and logs
//!   both outcomes as a diagnostic.

use super::{
    device,
    errno::errno,
    proc,
    registry::Registration,
    stack::{self, Namespace},
};
use crate::{
    Result,
    sched::{self, Interruptible},
    time,
};
use abi::Errno;
use alloc::string::String;
use core::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr},
};
use inet::{Cidr, DgramKind, Endpoint, IfaceId, SendMeta};

const NANOS: u64 = 1_000_000_000;
/// How long the probe waits for each answer.
const PROBE_TIMEOUT: u64 = 3 * NANOS;
/// How often it looks at the neighbour table, which has no wait queue.
const PROBE_STEP: u64 = NANOS / 20;

/// How the first card gets its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// From a DHCP server.
    Dhcp,
    /// Programs do it.
    None,
    /// As said.
    Fixed {
        #[allow(missing_docs)]
        addr: Ipv4Addr,
        #[allow(missing_docs)]
        prefix: u8,
        #[allow(missing_docs)]
        gateway: Option<Ipv4Addr>,
    },
}

/// QEMU's user network: what its DHCP server gives to the first guest. The default.
const QEMU_USER: Address = Address::Fixed {
    addr: Ipv4Addr::new(10, 0, 2, 15),
    prefix: 24,
    gateway: Some(Ipv4Addr::new(10, 0, 2, 2)),
};

/// Reads `ip=`; a value that makes no sense is reported and the default used.
pub fn address(cmdline: &str) -> Address {
    let Some(value) = cmdline
        .split_whitespace()
        .find_map(|word| word.strip_prefix("ip="))
    else {
        return QEMU_USER;
    };
    parse(value).unwrap_or_else(|| {
        log::warn!("net: ip={value} is not understood, using the default address");
        QEMU_USER
    })
}

fn parse(value: &str) -> Option<Address> {
    match value {
        "dhcp" | "on" | "any" => return Some(Address::Dhcp),
        "off" | "none" => return Some(Address::None),
        _ => {}
    }
    let mut fields = value.split(':');
    let addr = fields.next()?.parse().ok()?;
    let _server = fields.next();
    let gateway = fields.next().filter(|field| !field.is_empty());
    let gateway = gateway.map(|field| field.parse().ok()).unwrap_or(None);
    let mask: Ipv4Addr = match fields.next() {
        Some(mask) => mask.parse().ok()?,
        None => Ipv4Addr::new(255, 255, 255, 0),
    };
    Some(Address::Fixed {
        addr,
        prefix: mask.to_bits().leading_ones() as u8,
        gateway,
    })
}

/// Gives the first card its address and runs the probe if it was asked for.
pub fn init(cmdline: &str) {
    proc::file("pnp", pnp);
    let Some(iface) = device::first() else { return };
    if let Err(errno) = configure(&stack::first(), iface, address(cmdline)) {
        log::error!("net: the first card gets no address: {errno}");
    }
    if cmdline.split_whitespace().any(|word| word == "netprobe") {
        sched::spawn("netprobe", move || probe(iface));
    }
}

fn configure(net: &Namespace, iface: IfaceId, address: Address) -> Result<()> {
    let done = net.with(|stack, now| {
        stack.set_up(now, iface, true)?;
        match address {
            Address::None => Ok(()),
            Address::Dhcp => stack.dhcp_start(now, iface),
            Address::Fixed {
                addr,
                prefix,
                gateway,
            } => {
                let cidr = Cidr::new(IpAddr::V4(addr), prefix).ok_or(inet::Error::Invalid)?;
                stack.add_address(now, iface, cidr)?;
                let Some(gateway) = gateway else {
                    return Ok(());
                };
                let everything = Cidr {
                    addr: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                    prefix: 0,
                };
                stack.add_route(inet::Route {
                    gateway: Some(IpAddr::V4(gateway)),
                    ..inet::Route::on_link(everything, iface)
                })
            }
        }
    });
    done.map_err(errno)
}

/// /proc/net/pnp: what DHCP said, in the form of resolv.conf, as on Linux.
fn pnp(net: &Namespace) -> String {
    let mut text = String::new();
    let Some(iface) = device::first() else {
        return text;
    };
    net.look(|stack| {
        let Some(lease) = stack.dhcp_lease(iface) else {
            text.push_str("#MANUAL\n");
            return;
        };
        text.push_str("#PROTO: DHCP\n");
        for server in &lease.dns {
            let _ = writeln!(text, "nameserver {server}");
        }
        let _ = writeln!(text, "bootserver {}", lease.server);
    });
    text
}

/// The diagnostic. Runs in its own kernel thread.
fn probe(iface: IfaceId) {
    let net = &*stack::first();
    let gateway = net.look(|stack| {
        let default = stack
            .routes()
            .iter()
            .find(|route| route.iface == iface && route.gateway.is_some());
        default.and_then(|route| route.gateway)
    });
    let Some(gateway) = gateway else {
        log::warn!("netprobe: no gateway to probe");
        return;
    };
    match arp(net, iface, gateway) {
        Ok((mac, micros)) => {
            let mac = mac.map(|byte| alloc::format!("{byte:02x}")).join(":");
            log::warn!("netprobe: {gateway} is at {mac}, after {micros} us");
        }
        Err(errno) => log::warn!("netprobe: {gateway} does not answer ARP: {errno}"),
    }
    match ping(net, gateway) {
        Ok(micros) => log::warn!("netprobe: {gateway} answers ping after {micros} us"),
        Err(errno) => log::warn!("netprobe: {gateway} does not answer ping: {errno}"),
    }
}

fn arp(net: &Namespace, iface: IfaceId, gateway: IpAddr) -> Result<([u8; 6], u64)> {
    let start = time::now().0;
    net.with(|stack, now| stack.probe_neighbour(now, iface, gateway))
        .map_err(errno)?;
    let sleep = sched::WaitQueue::new();
    while time::now().0 < start + PROBE_TIMEOUT {
        let found = net.look(|stack| {
            let mut known = stack
                .neighbours()
                .filter(|n| n.addr == gateway && n.mac != [0; 6]);
            known.next().map(|n| n.mac)
        });
        if let Some(mac) = found {
            return Ok((mac, (time::now().0 - start) / 1000));
        }
        let step = time::Instant(time::now().0 + PROBE_STEP);
        let _ = sched::wait_until::<()>(&[&sleep], Some(step), Interruptible::No, || None);
    }
    Err(Errno::ETIMEDOUT)
}

fn ping(net: &Namespace, gateway: IpAddr) -> Result<u64> {
    /// Type 8, code 0, checksum and identifier by the engine, sequence 1.
    const ECHO_REQUEST: [u8; 16] = *b"\x08\0\0\0\0\0\0\x01sockeye!";
    let start = time::now().0;
    let registration = Registration::new();
    let id = net.with(|stack, _| {
        stack.dgram_open(DgramKind::Ping, gateway.is_ipv6(), registration.token())
    });
    let to = Some(Endpoint::new(gateway, 0));
    let sent = net.with(|stack, now| {
        stack.dgram_send(
            now,
            id,
            &SendMeta {
                to,
                ..SendMeta::default()
            },
            &ECHO_REQUEST,
        )
    });
    let deadline = Some(time::Instant(start + PROBE_TIMEOUT));
    let answer = sent.map_err(errno).and_then(|()| {
        sched::wait_until(
            &[registration.queue()],
            deadline,
            Interruptible::No,
            || match net.with(|stack, _| stack.dgram_recv(id, false, |_| ())) {
                Err(inet::Error::WouldBlock) => None,
                done => Some(done.map_err(errno)),
            },
        )?
    });
    net.with(|stack, now| stack.dgram_close(now, id));
    answer.map(|()| (time::now().0 - start) / 1000)
}
