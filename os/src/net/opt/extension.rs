//! What SOL_IPV6's options say about extension headers, and where packets with a header of the program's own come from.
//! RFC 3542, RFC 2292, ipv6(7).

use super::{Input, Row, Target, Value, arrival, row, write_only};
use crate::{
    Result,
    net::{
        CAP_NET_RAW, Caller, cmsg,
        inet::dgram::headers::{check_routing, take_header, whole},
        socket::generic::Ancillary,
    },
};
use abi::{
    Errno,
    net::{
        IPV6_2292DSTOPTS, IPV6_2292HOPOPTS, IPV6_2292PKTOPTIONS, IPV6_2292RTHDR,
        IPV6_ADDR_PREFERENCES, IPV6_DSTOPTS, IPV6_HDRINCL, IPV6_HOPOPTS, IPV6_PKTINFO,
        IPV6_RECVDSTOPTS, IPV6_RECVHOPOPTS, IPV6_RECVRTHDR, IPV6_ROUTER_ALERT, IPV6_RTHDR,
        IPV6_RTHDRDSTOPTS, SOL_IPV6,
    },
};
use alloc::vec::Vec;
use inet::{ExtensionHeaders, IfaceId};

/// IPV6_PREFER_SRC_*.
const TEMPORARY: u32 = 1;
const PUBLIC: u32 = 2;
const CARE_OF: u32 = 4;
const CGA: u32 = 8;
const EITHER: u32 = 0x100;
const HOME: u32 = 0x400;
const NOT_CGA: u32 = 0x800;
/// The longest extension header that an option takes.
const HEADER_MAX: usize = 8 * 255;

/// Extension headers and the sticky interface.
pub(super) const ROWS6: &[Row] = &[
    // flag: messages come with the hop-by-hop options of their packets.
    row(
        IPV6_RECVHOPOPTS,
        |t| t.asked(Ancillary::HOP_BY_HOP),
        |t, _, v| t.ask(Ancillary::HOP_BY_HOP, v.flag()?),
    ),
    // flag: messages come with the destination options of their packets.
    row(
        IPV6_RECVDSTOPTS,
        |t| t.asked(Ancillary::DESTINATION),
        |t, _, v| t.ask(Ancillary::DESTINATION, v.flag()?),
    ),
    // flag: messages come with the routing header of their packets.
    row(
        IPV6_RECVRTHDR,
        |t| t.asked(Ancillary::ROUTING),
        |t, _, v| t.ask(Ancillary::ROUTING, v.flag()?),
    ),
    // flag: IPV6_RECVHOPOPTS as it was in RFC 2292.
    row(
        IPV6_2292HOPOPTS,
        |t| t.asked(Ancillary::HOP_BY_HOP_2292),
        |t, _, v| t.ask(Ancillary::HOP_BY_HOP_2292, v.flag()?),
    ),
    // flag: IPV6_RECVDSTOPTS as it was in RFC 2292.
    row(
        IPV6_2292DSTOPTS,
        |t| t.asked(Ancillary::DESTINATION_2292),
        |t, _, v| t.ask(Ancillary::DESTINATION_2292, v.flag()?),
    ),
    // flag: IPV6_RECVRTHDR as it was in RFC 2292.
    row(
        IPV6_2292RTHDR,
        |t| t.asked(Ancillary::ROUTING_2292),
        |t, _, v| t.ask(Ancillary::ROUTING_2292, v.flag()?),
    ),
    // struct ip6_hbh with its options: every packet gets it; no bytes take it back.
    row(
        IPV6_HOPOPTS,
        |t| sticky(t, |headers| &headers.hop_by_hop),
        |t, cx, v| {
            let header = given(cx, v, true)?;
            stick(t, |headers| headers.hop_by_hop = header)
        },
    ),
    // struct ip6_dest with its options: every packet with a routing header gets it before that.
    row(
        IPV6_RTHDRDSTOPTS,
        |t| sticky(t, |headers| &headers.before_routing),
        |t, cx, v| {
            let header = given(cx, v, true)?;
            stick(t, |headers| headers.before_routing = header)
        },
    ),
    // struct ip6_rthdr with its addresses: every packet gets it. Type 2 only.
    row(
        IPV6_RTHDR,
        |t| sticky(t, |headers| &headers.routing),
        |t, cx, v| {
            let header = given(cx, v, false)?;
            if !header.is_empty() {
                check_routing(&header)?;
            }
            stick(t, |headers| headers.routing = header)
        },
    ),
    // struct ip6_dest with its options: every packet gets it.
    row(
        IPV6_DSTOPTS,
        |t| sticky(t, |headers| &headers.destination),
        |t, cx, v| {
            let header = given(cx, v, true)?;
            stick(t, |headers| headers.destination = header)
        },
    ),
    // control messages with extension headers: all of them in one, as in RFC 2292; none takes them back. Get: what a stream was
    // asked to tell of its packets.
    row(IPV6_2292PKTOPTIONS, arrival::of_v6, |t, cx, v| {
        if v.1 > 65_536 {
            return Err(Errno::EINVAL);
        }
        if v.1 > 0 && t.ask.at == 0 {
            return Err(Errno::EFAULT);
        }
        let bytes = v.0.get(..v.1).ok_or(Errno::EFAULT)?;
        let mut headers = ExtensionHeaders::default();
        for item in cmsg::items(bytes) {
            let item = item?;
            if item.level == SOL_IPV6 as i32
                && !take_header(&mut headers, item.kind as u32, item.data, || {
                    cx.capable(CAP_NET_RAW)
                })?
            {
                return Err(Errno::EINVAL);
            }
        }
        t.add(|additions| additions.v6 = headers)
    }),
    // int: raw sockets for any protocol could have what routers are to look into; this host hands over IPv4 only.
    row(
        IPV6_ROUTER_ALERT,
        |_| Ok(Value::Int(0)),
        |_, _, v| v.int().and(Err(Errno::ENOPROTOOPT)),
    ),
    // int: which addresses to send from. There are no temporary and no care-of ones to choose among. RFC 5014.
    row(
        IPV6_ADDR_PREFERENCES,
        |t| {
            let chosen = t.generic().preferences;
            let kind = match chosen & (TEMPORARY | PUBLIC) {
                0 => EITHER,
                kind => kind,
            };
            let place = if chosen & CARE_OF != 0 { CARE_OF } else { HOME };
            Ok(Value::Int((kind | place) as i32))
        },
        |t, _, v| {
            let asked = v.int()? as u32;
            for exclusive in [TEMPORARY | PUBLIC | EITHER, HOME | CARE_OF, CGA | NOT_CGA] {
                if (asked & exclusive).count_ones() > 1 {
                    return Err(Errno::EINVAL);
                }
            }
            // What is not said is as it was in the beginning.
            t.change(|g| g.preferences = asked & (TEMPORARY | PUBLIC | CARE_OF));
            Ok(())
        },
    ),
    // struct in6_pktinfo: the interface that packets leave by where nothing else says it.
    write_only(IPV6_PKTINFO, |t, _, v| {
        if v.1 == 0 {
            return Err(Errno::EINVAL);
        }
        let index = i32::from_ne_bytes(
            *v.bytes::<20>()
                .map_err(|error| no_pointer(v, error))?
                .last_chunk()
                .ok_or(Errno::EINVAL)?,
        ) as u32;
        let bound = t.generic().bound_iface;
        if index != 0 && bound != 0 && bound != index {
            return Err(Errno::EINVAL);
        }
        if t.stream().is_some() {
            // It only shows in IPV6_2292PKTOPTIONS.
            let info = *v.bytes()?;
            t.change(|g| g.packet_info = info);
            return Ok(());
        }
        t.add(|additions| additions.iface = (index != 0).then_some(IfaceId(index)))
    }),
];

/// flag: what is sent begins with an IPv6 header.
///
/// IPV6_HDRINCL of raw sockets, at both levels that have it. RFC 3542 does not know it; Linux 4.5 does.
pub(super) const HEADER_INCLUDED: Row = row(
    IPV6_HDRINCL,
    |t| Ok(t.datagram(|o| o.header_included)?.into()),
    |t, _, v| {
        let on = v.flag()?;
        t.set_datagram(|o| o.header_included = on)
    },
);

fn sticky(t: &Target<'_>, which: impl FnOnce(&ExtensionHeaders) -> &Vec<u8>) -> Result<Value> {
    Ok(Value::Bytes(
        t.additions()?
            .map_or(Vec::new(), |it| which(&it.v6).clone()),
    ))
}

fn stick(t: &Target<'_>, change: impl FnOnce(&mut ExtensionHeaders)) -> Result<()> {
    t.add(|additions| change(&mut additions.v6))
}

/// A header to keep; empty takes it back. `EPERM` (all but routing headers), `EINVAL`, `EFAULT`.
fn given(cx: &Caller<'_>, v: &Input<'_>, privileged: bool) -> Result<Vec<u8>> {
    if privileged && !cx.capable(CAP_NET_RAW) {
        return Err(Errno::EPERM);
    }
    if v.1 == 0 {
        return Ok(Vec::new());
    }
    if v.1 < 2 || !v.1.is_multiple_of(8) || v.1 > HEADER_MAX {
        return Err(Errno::EINVAL);
    }
    let bytes = v.0.get(..v.1).ok_or(no_pointer(v, Errno::EFAULT))?;
    Ok(whole(bytes)?.to_vec())
}

/// A structure that could not be read: `EINVAL` where the program gave no pointer at all, for which an `int` of 0 stands.
fn no_pointer(v: &Input<'_>, error: Errno) -> Errno {
    match v.0 {
        [0, 0, 0, 0] => Errno::EINVAL,
        _ => error,
    }
}
