//! AF_INET and AF_INET6 over the engine. ip(7), ipv6(7).

pub(in crate::net) mod dgram;
mod stream;

use super::{
    Caller, SockAddr, Socket,
    errno::errno,
    socket::{Common, Generic, message::Shutdown},
    stack::Namespace,
    sysctl,
};
use crate::{Result, net::CAP_NET_RAW};
use abi::{
    Errno,
    net::{
        AF_INET, AF_INET6, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_IP, IPPROTO_MAX, IPPROTO_TCP,
        IPPROTO_UDP, SOCK_DGRAM, SOCK_RAW, SOCK_STREAM,
    },
};
use alloc::sync::Arc;
use inet::{DgramKind, Endpoint, IfaceId, SocketOptions};

pub use dgram::Dgram;
pub use stream::Stream;

/// socket(2) for the Internet families. `EPROTONOSUPPORT`, `ESOCKTNOSUPPORT`, `EPERM` (raw without CAP_NET_RAW).
pub fn open(cx: &Caller<'_>, domain: u32, kind: u32, protocol: u32) -> Result<Arc<Socket>> {
    let any = protocol == IPPROTO_IP as u32;
    let is = |wanted: u32| any || protocol == wanted;
    if protocol >= IPPROTO_MAX as u32 {
        return Err(Errno::EINVAL);
    }
    let ping = if domain == AF_INET {
        IPPROTO_ICMP as u32
    } else {
        IPPROTO_ICMPV6
    };
    match kind {
        SOCK_STREAM if is(IPPROTO_TCP as u32) => {
            let common = Common::new(domain, kind, IPPROTO_TCP as u32);
            let stream = Stream::open(&common, cx);
            Ok(Socket::new(common, stream))
        }
        SOCK_DGRAM if is(IPPROTO_UDP as u32) => Ok(dgram::socket(
            cx,
            domain,
            kind,
            IPPROTO_UDP as u32,
            DgramKind::Udp,
        )),
        SOCK_DGRAM if protocol == ping => {
            dgram::check_ping_group(cx)?;
            Ok(dgram::socket(cx, domain, kind, protocol, DgramKind::Ping))
        }
        SOCK_RAW if any => Err(Errno::EPROTONOSUPPORT),
        SOCK_RAW => {
            if !cx.capable(CAP_NET_RAW) {
                return Err(Errno::EPERM);
            }
            let raw = DgramKind::Raw {
                protocol: protocol as u8,
            };
            Ok(dgram::socket(cx, domain, kind, protocol, raw))
        }
        SOCK_STREAM | SOCK_DGRAM => Err(Errno::EPROTONOSUPPORT),
        _ => Err(Errno::ESOCKTNOSUPPORT),
    }
}

/// The engine's view of the SOL_SOCKET values.
fn apply_generic(options: &mut SocketOptions, generic: &Generic) {
    options.reuse_addr = generic.reuse_addr;
    options.reuse_port = generic.reuse_port;
    options.keepalive = generic.keepalive;
    options.oob_inline = generic.oob_inline;
    options.broadcast = generic.broadcast;
    options.recv_buffer = generic.recv_buffer as usize;
    options.send_buffer = generic.send_buffer as usize;
    options.recv_low_water = generic.recv_low_water.max(1) as usize;
    options.mark = generic.mark;
    options.bound_iface = (generic.bound_iface != 0).then_some(IfaceId(generic.bound_iface));
}

/// bind(2)'s checks that need the caller: privileged ports. `EACCES`.
fn check_port(net: &Namespace, cx: &Caller<'_>, port: u16) -> Result<()> {
    let unprivileged = net.values.get(sysctl::Value::UnprivilegedPortStart);
    if port != 0 && i64::from(port) < unprivileged && !cx.capable(super::CAP_NET_BIND_SERVICE) {
        return Err(Errno::EACCES);
    }
    Ok(())
}

/// The address of bind(2). Linux takes AF_UNSPEC for AF_INET when the address is
/// the wildcard (a compatibility note in ip(7)); other families `EAFNOSUPPORT`.
fn bind_address(addr: &SockAddr, domain: u32) -> Result<Endpoint> {
    match addr.endpoint(domain) {
        Err(Errno::EAFNOSUPPORT) if domain == AF_INET && addr.family() == 0 => {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&addr.bytes()[..16]);
            bytes[..2].copy_from_slice(&(AF_INET as u16).to_ne_bytes());
            let endpoint = SockAddr::new(&bytes).endpoint(domain)?;
            match endpoint.addr.is_unspecified() {
                true => Ok(endpoint),
                false => Err(Errno::EAFNOSUPPORT),
            }
        }
        done => done,
    }
}

/// Whether it is an IPv6 address, given, that is not IPv4's mapped.
fn only_v6(local: &Endpoint) -> bool {
    let addr = local.addr.to_canonical();
    addr.is_ipv6() && !addr.is_unspecified()
}

fn is_v6(domain: u32) -> bool {
    domain == AF_INET6
}

/// The engine's answer as the kernel's.
fn lift<T>(result: inet::Result<T>) -> Result<T> {
    result.map_err(errno)
}

/// shutdown(2)'s argument as the engine's.
fn direction(how: Shutdown) -> inet::Shutdown {
    match how {
        Shutdown::Read => inet::Shutdown::Read,
        Shutdown::Write => inet::Shutdown::Write,
        Shutdown::Both => inet::Shutdown::Both,
    }
}
