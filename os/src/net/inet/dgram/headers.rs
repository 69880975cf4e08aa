//! What a program says about the IP headers of one datagram, and is told about those of a received one.
//! ip(7), RFC 3542 sections 6 to 9, RFC 2292.

use super::Dgram;
use crate::{
    Result,
    net::{
        CAP_NET_RAW, Caller, Control, SockAddr,
        cmsg::Item,
        errno::errno,
        socket::{Common, Generic, generic::Ancillary},
        stack::Namespace,
    },
};
use abi::{
    Errno,
    net::{
        AF_INET6, IP_RECVOPTS, IP_RETOPTS, IPPROTO_IP, IPPROTO_IPV6, IPV6_2292DSTOPTS,
        IPV6_2292HOPOPTS, IPV6_2292RTHDR, IPV6_DONTFRAG, IPV6_DSTOPTS, IPV6_FLOWINFO, IPV6_HOPOPTS,
        IPV6_RTHDR, IPV6_RTHDRDSTOPTS,
    },
};
use alloc::sync::Arc;
use core::mem;
use inet::{Additions, Arrival, ExtensionHeaders, Ipv4Options};

/// The longest options of an IPv4 header.
const OPTIONS_MAX: usize = 40;
/// The bits of a flow label in `sin6_flowinfo`.
const LABEL: u32 = 0x000f_ffff;
/// Extension headers by the number that names them in the header before.
const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const DESTINATION: u8 = 60;

/// What the items of one message say about its headers.
#[derive(Default)]
pub(super) struct Given {
    v4: Option<Ipv4Options>,
    v6: Option<ExtensionHeaders>,
    dont_fragment: Option<bool>,
    /// The flow label; 0 for none of the program's.
    pub(super) label: u32,
}

impl Given {
    /// With what the socket adds to every packet, where the message says nothing else; of a message `to_another` than the
    /// connected peer without the peer's label.
    pub(super) fn with(
        self,
        to_another: bool,
        socket: impl FnOnce() -> Option<Arc<Additions>>,
    ) -> Option<Arc<Additions>> {
        let silent = self.v4.is_none() && self.v6.is_none() && self.label == 0;
        if silent && self.dont_fragment.is_none() {
            return None;
        }
        let mut additions = socket().map_or(Additions::default(), |it| Additions::clone(&it));
        additions.v4 = self.v4.unwrap_or(additions.v4);
        additions.v6 = self.v6.unwrap_or(additions.v6);
        additions.dont_fragment = self.dont_fragment;
        if self.label != 0 || to_another {
            additions.label = self.label;
        }
        Some(Arc::new(additions))
    }
}

impl Dgram {
    /// Takes an item of sendmsg(2) that says what the headers get; `false` when it is about something else. `EINVAL`, `EPERM`.
    pub(super) fn adds(
        &self,
        given: &mut Given,
        token: u64,
        item: &Item<'_>,
        cx: Option<&Caller<'_>>,
    ) -> Result<bool> {
        const IP: i32 = IPPROTO_IP as i32;
        const IPV6: i32 = IPPROTO_IPV6 as i32;
        let privileged = || cx.is_some_and(|cx| cx.capable(CAP_NET_RAW));
        match (item.level, item.kind as u32) {
            (IP, IP_RETOPTS) => {
                let bytes = &item.data[..item.data.len().min(OPTIONS_MAX)];
                let options = self
                    .net
                    .look(|stack| stack.ipv4_options(bytes, privileged()));
                given.v4 = Some(options.ok_or(Errno::EINVAL)?);
            }
            (IPV6, IPV6_DONTFRAG) => {
                let data: [u8; 4] = item.data.try_into().map_err(|_| Errno::EINVAL)?;
                given.dont_fragment = match i32::from_ne_bytes(data) {
                    on @ (0 | 1) => Some(on != 0),
                    _ => return Err(Errno::EINVAL),
                };
            }
            (IPV6, IPV6_FLOWINFO) => {
                let info = item.data.first_chunk().ok_or(Errno::EINVAL)?;
                given.label = may_send(&self.net, token, u32::from_be_bytes(*info) & LABEL)?;
            }
            (IPV6, kind) => {
                let mut headers = given.v6.take();
                let taken =
                    take_header(headers.get_or_insert_default(), kind, item.data, privileged)?;
                given.v6 = headers.filter(|headers| taken || !headers.is_empty());
                return Ok(taken);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The flow label in a destination, where IPV6_FLOWINFO_SEND lets it be sent; 0 for none. `EINVAL` for one that was not leased.
pub(in crate::net) fn label_to(common: &Common, to: &SockAddr) -> Result<u32> {
    /// sin6_flowinfo in struct sockaddr_in6.
    const FLOWINFO: core::ops::Range<usize> = 4..8;
    if !common.generic().flow_send || to.family() != AF_INET6 {
        return Ok(0);
    }
    let info = to
        .bytes()
        .get(FLOWINFO)
        .and_then(|bytes| bytes.first_chunk());
    let label = info.map_or(0, |&info| u32::from_be_bytes(info) & LABEL);
    may_send(&common.net, common.token(), label)
}

fn may_send(net: &Namespace, token: u64, label: u32) -> Result<u32> {
    net.with(|stack, now| stack.label_check(now, token, label))
        .map_err(errno)?;
    Ok(label)
}

/// Takes an extension header of one message; `false` when the item is something else. `EINVAL`, `EPERM`.
pub(in crate::net) fn take_header(
    headers: &mut ExtensionHeaders,
    kind: u32,
    data: &[u8],
    privileged: impl FnOnce() -> bool,
) -> Result<bool> {
    let (header, once) = match kind {
        IPV6_HOPOPTS | IPV6_2292HOPOPTS => (&mut headers.hop_by_hop, true),
        IPV6_2292DSTOPTS => (&mut headers.destination, true),
        IPV6_DSTOPTS => (&mut headers.destination, false),
        IPV6_RTHDRDSTOPTS => (&mut headers.before_routing, false),
        IPV6_RTHDR | IPV6_2292RTHDR => {
            headers.routing = whole(data)?.to_vec();
            check_routing(&headers.routing)?;
            // The older interface has one kind of destination options: they go before the routing header.
            if kind == IPV6_2292RTHDR && !headers.destination.is_empty() {
                headers.before_routing = mem::take(&mut headers.destination);
            }
            return Ok(true);
        }
        _ => return Ok(false),
    };
    if once && !header.is_empty() {
        return Err(Errno::EINVAL);
    }
    let data = whole(data)?;
    if !privileged() {
        return Err(Errno::EPERM);
    }
    *header = data.to_vec();
    Ok(true)
}

/// As much of it as the header says that it is long. `EINVAL` for less.
pub(in crate::net) fn whole(data: &[u8]) -> Result<&[u8]> {
    let len = data.get(1).map(|&len| (usize::from(len) + 1) * 8);
    len.and_then(|len| data.get(..len)).ok_or(Errno::EINVAL)
}

/// Only routing headers of mobile hosts are sent (RFC 6275): one address, one stop left. `EINVAL`.
pub(in crate::net) fn check_routing(header: &[u8]) -> Result<()> {
    match header {
        [_, 2, 2, 1, ..] => Ok(()),
        _ => Err(Errno::EINVAL),
    }
}

/// IP_RECVOPTS: the options as they came. IP_RETOPTS: those of an answer. IPV6_RECVHOPOPTS and its kin: extension headers.
pub(super) fn push_options(control: &mut Control, arrival: &Arrival<'_>, generic: &Generic) {
    let asked = |what| generic.ancillary.contains(what);
    let received = arrival.ipv4_options();
    if asked(Ancillary::OPTIONS) && !received.is_empty() {
        control.push(IPPROTO_IP as i32, IP_RECVOPTS as i32, received);
    }
    if asked(Ancillary::OPTIONS_BACK)
        && !received.is_empty()
        && let Some(answer) = arrival.ipv4_answer()
    {
        let (bytes, len) = answer.given();
        control.push(IPPROTO_IP as i32, IP_RETOPTS as i32, &bytes[..len]);
    }
    if asked(Ancillary::FLOW) && arrival.flow_info() != 0 {
        let info = arrival.flow_info().to_be_bytes();
        control.push(IPPROTO_IPV6 as i32, IPV6_FLOWINFO as i32, &info);
    }
    for names in [NAMES, NAMES_2292] {
        push_extensions(control, arrival.extension_headers(), &names, generic);
    }
}

/// IPV6_RECVHOPOPTS and its kin (`NAMES`), or the same of RFC 2292.
pub(in crate::net) fn push_extensions<'a>(
    control: &mut Control,
    headers: impl Iterator<Item = (u8, &'a [u8])>,
    names: &Names,
    generic: &Generic,
) {
    for (kind, header) in headers {
        let asked = |what| generic.ancillary.contains(what);
        let mut names = names.iter();
        if let Some(&(.., name)) = names.find(|&&(of, what, _)| of == kind && asked(what)) {
            control.push(IPPROTO_IPV6 as i32, name as i32, header);
        }
    }
}

/// What extension headers are called, and whether they were asked for.
pub(in crate::net) type Names = [(u8, Ancillary, u32); 3];
pub(in crate::net) const NAMES: Names = [
    (HOP_BY_HOP, Ancillary::HOP_BY_HOP, IPV6_HOPOPTS),
    (DESTINATION, Ancillary::DESTINATION, IPV6_DSTOPTS),
    (ROUTING, Ancillary::ROUTING, IPV6_RTHDR),
];
pub(in crate::net) const NAMES_2292: Names = [
    (HOP_BY_HOP, Ancillary::HOP_BY_HOP_2292, IPV6_2292HOPOPTS),
    (DESTINATION, Ancillary::DESTINATION_2292, IPV6_2292DSTOPTS),
    (ROUTING, Ancillary::ROUTING_2292, IPV6_2292RTHDR),
];
