//! Datagrams out: what sendmsg(2) says about one, UDP_CORK and UDP_SEGMENT.
//!
//! Called by the socket's `send` in [`super`], which owns the waiting; the cork is under the socket's own lock, taken
//! for the bytes and never over a call into the engine.

use super::{
    Dgram, MAX_PAYLOAD,
    headers::{Given, label_to},
    lift,
};
use crate::{
    Result,
    net::{
        CAP_NET_ADMIN, CAP_NET_RAW, Caller, SockAddr,
        cmsg::{self, Item},
        socket::{
            Common, Generic,
            message::{Flags, Outgoing},
        },
        stack,
    },
};
use abi::{
    Errno,
    net::{
        AF_INET, AF_INET6, AF_UNSPEC, IP_PKTINFO, IP_TOS, IP_TTL, IPPROTO_IP, IPPROTO_IPV6,
        IPV6_2292HOPLIMIT, IPV6_2292PKTINFO, IPV6_HOPLIMIT, IPV6_PKTINFO, IPV6_TCLASS,
        SCM_CREDENTIALS, SCM_RIGHTS, SO_MARK, SO_PRIORITY, SO_TIMESTAMPING_NEW,
        SO_TIMESTAMPING_OLD, SOL_SOCKET, SOL_UDP,
    },
};
use alloc::vec::Vec;
use core::{
    net::IpAddr,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};
use inet::{Endpoint, IfaceId, SendMeta, Tag};

/// UDP_CORK and MSG_MORE: a datagram that is put together from several sends. udp(7), send(2).
#[derive(Default)]
pub(super) struct Cork {
    /// UDP_CORK.
    pub(super) on: bool,
    /// What was given so far, and what the first send said about it.
    pub(super) held: Option<(SendMeta, Vec<u8>)>,
}

impl Dgram {
    /// UDP_CORK.
    pub fn corked(&self) -> bool {
        self.cork.lock().on
    }

    /// Sets UDP_CORK; unsetting sends what was held back, without waiting. The errors of a send.
    pub fn cork(&self, common: &Common, on: bool) -> Result<()> {
        let held = {
            let mut cork = self.cork.lock();
            cork.on = on;
            if on { None } else { cork.held.take() }
        };
        match held {
            Some((meta, data)) => self.send_whole(common, true, &meta, &data),
            None => Ok(()),
        }
    }

    /// Adds to the datagram that is held back; sends it unless there is `more` to come.
    pub(super) fn send_corked(
        &self,
        common: &Common,
        message: &mut Outgoing<'_, '_>,
        meta: SendMeta,
    ) -> Result<usize> {
        let mut more = alloc::vec![0; message.data.remaining()];
        let len = message.data.read(&mut more)?;
        if len < more.len() {
            return Err(Errno::EFAULT);
        }
        let whole = {
            let mut cork = self.cork.lock();
            let (meta, mut data) = cork.held.take().unwrap_or((meta, Vec::new()));
            if data.len() + len > MAX_PAYLOAD {
                cork.held = Some((meta, data));
                return Err(Errno::EMSGSIZE);
            }
            data.extend_from_slice(&more);
            if cork.on || message.flags.contains(Flags::MORE) {
                cork.held = Some((meta, data));
                return Ok(len);
            }
            (meta, data)
        };
        self.send_whole(common, message.flags.nonblock(), &whole.0, &whole.1)?;
        Ok(len)
    }

    /// One datagram out of kernel memory.
    pub(super) fn send_whole(
        &self,
        common: &Common,
        nonblock: bool,
        meta: &SendMeta,
        data: &[u8],
    ) -> Result<()> {
        let timeout = common.generic().send_timeout;
        common.wait(nonblock, timeout, || {
            lift(self.net.with(|stack, now| {
                stack.dgram_send_with(now, self.id, meta, data.len(), |payload| {
                    payload.copy_from_slice(data);
                    true
                })
            }))
        })?;
        stack::let_readers_run();
        Ok(())
    }

    /// UDP_SEGMENT: one send is many datagrams of `segment` bytes, the last perhaps shorter. `EINVAL` for more than 128.
    pub(super) fn send_segments(
        &self,
        common: &Common,
        message: &mut Outgoing<'_, '_>,
        meta: &SendMeta,
        segment: usize,
    ) -> Result<usize> {
        /// UDP_MAX_SEGMENTS.
        const SEGMENTS_MAX: usize = 128;
        let len = message.data.remaining();
        if len > segment * SEGMENTS_MAX {
            return Err(Errno::EINVAL);
        }
        let mut data = alloc::vec![0; len];
        if message.data.read(&mut data)? < len {
            return Err(Errno::EFAULT);
        }
        let mut meta = meta.clone();
        meta.tag.train = next_train();
        for (at, piece) in data.chunks(segment).enumerate() {
            match self.send_whole(common, message.flags.nonblock(), &meta, piece) {
                // What has left has left: the rest is lost, as on a full device queue.
                Err(Errno::EAGAIN) if at > 0 => break,
                done => done?,
            }
        }
        Ok(len)
    }

    /// What the program says about one datagram.
    pub(super) fn meta(
        &self,
        common: &Common,
        generic: &Generic,
        cx: Option<&Caller<'_>>,
        message: &Outgoing<'_, '_>,
    ) -> Result<SendMeta> {
        let mut meta = SendMeta {
            on_link: message.flags.contains(Flags::DONTROUTE),
            tag: Tag {
                mark: generic.mark,
                priority: generic.priority,
                ..Tag::default()
            },
            ..SendMeta::default()
        };
        if let Some(to) = message.to.as_ref().filter(|to| !to.bytes().is_empty()) {
            meta.to = Some(destination(to, common.domain())?);
        }
        if !meta.to.is_some_and(|to| to.addr.is_multicast()) {
            meta.iface = iface_of(generic.unicast_iface as i32);
        }
        let label = match &message.to {
            Some(to) if generic.flow_send => label_to(common, to)?,
            _ => 0,
        };
        if label == 0 && message.control.is_empty() {
            return Ok(meta);
        }
        let mut given = Given::default();
        given.label = label;
        for item in cmsg::items(message.control) {
            let item = item?;
            if !self.adds(&mut given, common.token(), &item, cx)? {
                apply_item(&mut meta, &item, cx)?;
            }
        }
        meta.additions = given.with(meta.to.is_some(), || {
            self.net.look(|stack| stack.dgram_additions(self.id))
        });
        Ok(meta)
    }
}

/// sendto(2)'s address. An IPv6 socket takes an AF_INET address as its mapped form; AF_UNSPEC stands for
/// AF_INET on an IPv4 socket (ip(7)).
pub(super) fn destination(to: &SockAddr, domain: u32) -> Result<Endpoint> {
    match to.family() {
        AF_INET if domain == AF_INET6 => to.endpoint(AF_INET),
        AF_UNSPEC if domain == AF_INET && to.bytes().len() >= 16 => {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(&to.bytes()[..16]);
            bytes[..2].copy_from_slice(&(AF_INET as u16).to_ne_bytes());
            SockAddr::new(&bytes).endpoint(AF_INET)
        }
        _ => to.endpoint(domain),
    }
}

/// Ancillary data of sendmsg(2): IP_PKTINFO, IP_TTL, IP_TOS and their IPv6 kin. `EINVAL`.
pub(super) fn apply_item(
    meta: &mut SendMeta,
    item: &Item<'_>,
    cx: Option<&Caller<'_>>,
) -> Result<()> {
    const SOCKET: i32 = SOL_SOCKET as i32;
    const IP: i32 = IPPROTO_IP as i32;
    const IPV6: i32 = IPPROTO_IPV6 as i32;
    let int = || match item.data {
        [value] => Ok(i32::from(*value)),
        data if data.len() >= 4 => Ok(i32::from_ne_bytes(core::array::from_fn(|i| data[i]))),
        _ => Err(Errno::EINVAL),
    };
    let byte = || u8::try_from(int()?).map_err(|_| Errno::EINVAL);
    match (item.level, item.kind as u32) {
        (IP, IP_TTL) => meta.ttl = Some(byte().and_then(above_zero)?),
        (IP, IP_TOS) => meta.tos = Some(byte()?),
        (IPV6, IPV6_HOPLIMIT | IPV6_2292HOPLIMIT) => meta.ttl = or_default(int()?)?,
        (IPV6, IPV6_TCLASS) => meta.tos = or_default(int()?)?,
        (IP, IP_PKTINFO) => {
            // struct in_pktinfo: index, address to send from, header destination.
            let data: &[u8; 12] = item.data.try_into().map_err(|_| Errno::EINVAL)?;
            meta.iface = iface_of(i32::from_ne_bytes(core::array::from_fn(|i| data[i])));
            let from: [u8; 4] = core::array::from_fn(|i| data[4 + i]);
            meta.from = Some(IpAddr::from(from)).filter(|from| !from.is_unspecified());
        }
        (IPV6, IPV6_PKTINFO | IPV6_2292PKTINFO) => {
            // struct in6_pktinfo: address, index.
            let data: &[u8; 20] = item.data.try_into().map_err(|_| Errno::EINVAL)?;
            let from: [u8; 16] = core::array::from_fn(|i| data[i]);
            meta.from = Some(IpAddr::from(from)).filter(|from| !from.is_unspecified());
            meta.iface = iface_of(i32::from_ne_bytes(core::array::from_fn(|i| data[16 + i])));
        }
        (IP | IPV6, _) => return Err(Errno::EINVAL),
        (SOCKET, SO_MARK) => {
            may_mark(cx)?;
            let mark: [u8; 4] = item.data.try_into().map_err(|_| Errno::EINVAL)?;
            meta.tag.mark = u32::from_ne_bytes(mark);
        }
        (SOCKET, SO_PRIORITY) => {
            let priority: [u8; 4] = item.data.try_into().map_err(|_| Errno::EINVAL)?;
            meta.tag.priority = u32::from_ne_bytes(priority);
            // 0 to 6 are free.
            if meta.tag.priority > 6 {
                may_mark(cx)?;
            }
        }
        // Taken by the notices, or by families that pass descriptors and credentials.
        (SOCKET, SO_TIMESTAMPING_OLD | SO_TIMESTAMPING_NEW | SCM_RIGHTS | SCM_CREDENTIALS) => {}
        (SOCKET, _) => return Err(Errno::EINVAL),
        // Other levels belong to others: ignored.
        _ => {}
    }
    Ok(())
}

/// The size to cut a send into: UDP_SEGMENT as ancillary data (a `u16`), else as set. 0 is not at all. `EINVAL`.
pub(super) fn segment_of(control: &[u8], generic: &Generic) -> Result<u16> {
    const UDP_SEGMENT: i32 = 103;
    for item in cmsg::items(control) {
        let item = item?;
        if item.level == SOL_UDP as i32 && item.kind == UDP_SEGMENT {
            let bytes: [u8; 2] = item.data.try_into().map_err(|_| Errno::EINVAL)?;
            return Ok(u16::from_ne_bytes(bytes));
        }
    }
    Ok(generic.udp_segment)
}

/// An IPv4 packet has hops to go: `EINVAL` for none.
fn above_zero(ttl: u8) -> Result<u8> {
    if ttl == 0 {
        Err(Errno::EINVAL)
    } else {
        Ok(ttl)
    }
}

/// A byte, or -1 for what is set otherwise; `EINVAL`. RFC 3542 sections 6.3 and 6.5.
fn or_default(value: i32) -> Result<Option<u8>> {
    match value {
        -1 => Ok(None),
        value => u8::try_from(value).map(Some).map_err(|_| Errno::EINVAL),
    }
}

pub(super) fn iface_of(index: i32) -> Option<IfaceId> {
    (index > 0).then_some(IfaceId(index as u32))
}

/// A mark, and a priority above 6, need CAP_NET_ADMIN or CAP_NET_RAW. `EPERM`.
fn may_mark(cx: Option<&Caller<'_>>) -> Result<()> {
    match cx.is_some_and(|cx| cx.capable(CAP_NET_ADMIN) || cx.capable(CAP_NET_RAW)) {
        true => Ok(()),
        false => Err(Errno::EPERM),
    }
}

/// A number for the datagrams of one send; never 0.
fn next_train() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Relaxed).max(1)
}
