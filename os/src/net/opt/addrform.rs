//! IPV6_ADDRFORM: a connected IPv6 socket whose peer is an IPv4 address becomes an IPv4 socket (RFC 2553 had it, Linux has).

use super::{Input, Target, Value, shared};
use crate::{
    Result,
    net::{Caller, socket::generic::Ancillary},
};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6},
};
use inet::{DgramKind, Endpoint, TcpState};

/// The family that it has, which is asked of an IPv6 socket.
pub(super) fn get(t: &Target<'_>) -> Result<Value> {
    peer(t).and(Ok(Value::Int(AF_INET6 as i32)))
}

/// Makes it one of AF_INET. `EINVAL` for another family, `EADDRNOTAVAIL` for a peer that has no IPv4 address.
pub(super) fn set(t: &Target<'_>, _cx: &Caller<'_>, v: &Input<'_>) -> Result<()> {
    if v.int()? != AF_INET as i32 {
        return Err(Errno::EINVAL);
    }
    let peer = peer(t)?;
    if peer.addr.to_canonical().is_ipv6() || t.shared(|o| o.v6_only)? {
        return Err(Errno::EADDRNOTAVAIL);
    }
    t.common.net.with(|stack, now| {
        if let Some(stream) = t.stream() {
            stack.tcp_becomes_v4(stream.id());
        } else if let Some(dgram) = t.dgram() {
            stack.dgram_becomes_v4(now, dgram.id());
        }
    });
    t.common.becomes_v4();
    // What was asked for on the IPv6 side is gone with it.
    t.change(|generic| generic.ancillary.remove(Ancillary::OF_IPV6));
    shared::apply_fragmentation(t)
}

/// The peer, where the option applies: UDP and established TCP. `ENOPROTOOPT`, `ENOTCONN`.
fn peer(t: &Target<'_>) -> Result<Endpoint> {
    let open = match (t.stream(), t.dgram().map(|dgram| dgram.kind())) {
        (Some(stream), _) => {
            t.common.net.look(|stack| stack.tcp_state(stream.id())) == TcpState::Established
        }
        (_, Some(DgramKind::Udp)) => true,
        _ => return Err(Errno::ENOPROTOOPT),
    };
    t.peer().filter(|_| open).ok_or(Errno::ENOTCONN)
}
