//! SOL_NETLINK. netlink(7), "Socket options".

use super::{Input, Row, Target, Value, read_only, row, write_only};
use crate::{
    Result,
    net::netlink::{Netlink, Wishes, group_bit},
};
use abi::Errno;

/// `linux/netlink.h`; bindgen has them as an enum of C's own type.
const ADD_MEMBERSHIP: u32 = 1;
const DROP_MEMBERSHIP: u32 = 2;
const PKTINFO: u32 = 3;
const BROADCAST_ERROR: u32 = 4;
const NO_ENOBUFS: u32 = 5;
const LISTEN_ALL_NSID: u32 = 8;
const LIST_MEMBERSHIPS: u32 = 9;
const CAP_ACK: u32 = 10;
const EXT_ACK: u32 = 11;
const GET_STRICT_CHK: u32 = 12;

/// Every option of the level.
pub const ROWS: &[Row] = &[
    // int: joins a multicast group by its number.
    write_only(ADD_MEMBERSHIP, |t, _, v| membership(t, v, true)),
    // int: leaves a group.
    write_only(DROP_MEMBERSHIP, |t, _, v| membership(t, v, false)),
    // flag: messages come with the group that they were sent to (struct nl_pktinfo).
    row(
        PKTINFO,
        |t| wish(t, |w| w.packet_info),
        |t, _, v| set_wish(t, v, |w, on| w.packet_info = on),
    ),
    // flag: a notification that could not be delivered is an error for its sender.
    row(
        BROADCAST_ERROR,
        |t| wish(t, |w| w.broadcast_error),
        |t, _, v| set_wish(t, v, |w, on| w.broadcast_error = on),
    ),
    // flag: notifications that were lost for lack of room are not told by ENOBUFS.
    row(
        NO_ENOBUFS,
        |t| wish(t, |w| w.no_enobufs),
        |t, _, v| set_wish(t, v, |w, on| w.no_enobufs = on),
    ),
    // flag: notifications of other network namespaces are heard too.
    row(
        LISTEN_ALL_NSID,
        |t| wish(t, |w| w.all_namespaces),
        |t, cx, v| {
            // CAP_NET_BROADCAST, capabilities(7).
            if !cx.capable(11) {
                return Err(Errno::EPERM);
            }
            set_wish(t, v, |w, on| w.all_namespaces = on)
        },
    ),
    // bit set: the groups that were joined.
    read_only(LIST_MEMBERSHIPS, |t| {
        let netlink = netlink(t)?;
        let groups = netlink.port().state.lock().groups;
        // Nothing is kept as long as nothing was joined.
        let bytes = match groups {
            0 => 0,
            _ => netlink.groups().div_ceil(32) as usize * 4,
        };
        Ok(Value::Bytes(groups.to_ne_bytes()[..bytes].to_vec()))
    }),
    // flag: an acknowledgement has the header of its request only.
    row(
        CAP_ACK,
        |t| wish(t, |w| w.capped_ack),
        |t, _, v| set_wish(t, v, |w, on| w.capped_ack = on),
    ),
    // flag: an acknowledgement may have attributes that explain an error.
    row(
        EXT_ACK,
        |t| wish(t, |w| w.extended_ack),
        |t, _, v| set_wish(t, v, |w, on| w.extended_ack = on),
    ),
    // flag: requests to dump are checked as strictly as others.
    row(
        GET_STRICT_CHK,
        |t| wish(t, |w| w.strict),
        |t, _, v| set_wish(t, v, |w, on| w.strict = on),
    ),
];

fn netlink<'a>(t: &Target<'a>) -> Result<&'a Netlink> {
    t.protocol.as_any().downcast_ref().ok_or(Errno::ENOPROTOOPT)
}

/// A value that is too short counts as 0, as on Linux.
fn value(v: &Input<'_>) -> u32 {
    v.u32_at(0).unwrap_or(0)
}

fn wish(t: &Target<'_>, read: fn(&Wishes) -> bool) -> Result<Value> {
    Ok(read(&netlink(t)?.port().state.lock().wishes).into())
}

fn set_wish(t: &Target<'_>, v: &Input<'_>, write: fn(&mut Wishes, bool)) -> Result<()> {
    let on = value(v) != 0;
    write(&mut netlink(t)?.port().state.lock().wishes, on);
    Ok(())
}

/// NETLINK_ADD_MEMBERSHIP, NETLINK_DROP_MEMBERSHIP: a group by its number. `EINVAL`.
fn membership(t: &Target<'_>, v: &Input<'_>, join: bool) -> Result<()> {
    let netlink = netlink(t)?;
    let group = value(v);
    if !(1..=netlink.groups()).contains(&group) {
        return Err(Errno::EINVAL);
    }
    let mut state = netlink.port().state.lock();
    match join {
        true => state.groups |= group_bit(group),
        false => state.groups &= !group_bit(group),
    }
    Ok(())
}
