//! What SOL_IP and SOL_IPV6 have in common: one value behind two numbers.

use super::{Input, Target};
use crate::Result;
use abi::{
    Errno,
    net::{AF_INET6, IP_PMTUDISC_DO, IP_PMTUDISC_OMIT, IP_PMTUDISC_PROBE},
};
use inet::IfaceId;

/// IP_MULTICAST_LOOP and IPV6_MULTICAST_LOOP; a stream only keeps the value.
pub(super) fn set_multicast_loop(t: &Target<'_>, on: bool) -> Result<()> {
    t.change(|g| g.multicast_loop = on);
    t.set_datagram(|o| o.multicast_loop = on).or(Ok(()))
}

/// IP_MTU_DISCOVER and IPV6_MTU_DISCOVER: DO and PROBE never fragment. `EINVAL`.
pub(super) fn set_mtu_discover(t: &Target<'_>, mode: i32, v6: bool) -> Result<()> {
    match u8::try_from(mode) {
        Ok(mode) if u32::from(mode) <= IP_PMTUDISC_OMIT => {
            t.change(|g| match v6 {
                true => g.mtu_discover6 = mode,
                false => g.mtu_discover = mode,
            });
            apply_fragmentation(t)
        }
        _ => Err(Errno::EINVAL),
    }
}

/// Tells the engine whether datagrams may be fragmented. TCP never fragments whatever it is told.
pub(super) fn apply_fragmentation(t: &Target<'_>) -> Result<()> {
    let generic = t.generic();
    let v6 = t.common.domain() == AF_INET6;
    let mode = match v6 {
        true => generic.mtu_discover6,
        false => generic.mtu_discover,
    };
    let never = [IP_PMTUDISC_DO, IP_PMTUDISC_PROBE].contains(&u32::from(mode))
        || v6 && generic.no_fragments;
    match t.dgram() {
        Some(_) => t.set_datagram(|o| o.dont_fragment = never),
        None => Ok(()),
    }
}

/// IP_UNICAST_IF and IPV6_UNICAST_IF: an interface's index in network byte order, exactly an `int`. `EINVAL`,
/// `EADDRNOTAVAIL`.
pub(super) fn set_unicast_iface(t: &Target<'_>, v: &Input<'_>) -> Result<()> {
    if v.1 != size_of::<i32>() {
        return Err(Errno::EINVAL);
    }
    let index = u32::from_be_bytes(*v.bytes()?);
    if index != 0
        && t.common
            .net
            .look(|stack| stack.interface(IfaceId(index)).is_none())
    {
        return Err(Errno::EADDRNOTAVAIL);
    }
    t.change(|g| g.unicast_iface = index);
    Ok(())
}
