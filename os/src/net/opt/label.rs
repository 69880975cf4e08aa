//! SOL_IPV6's flow labels: leased, sent, shown. RFC 6437, Linux's ipv6-flowlabel and struct in6_flowlabel_req.

use super::{Input, Row, Target, Value, row};
use crate::{
    Result,
    mm::{UserIn, UserOut},
    net::{CAP_NET_ADMIN, Caller, errno::errno, socket::generic::Ancillary},
};
use abi::{
    Errno,
    net::{IPV6_AUTOFLOWLABEL, IPV6_FLOWINFO, IPV6_FLOWINFO_SEND, IPV6_FLOWLABEL_MGR},
};
use alloc::vec;
use core::net::Ipv6Addr;
use inet::{LabelRequest, LabelShare, Stack};

/// struct in6_flowlabel_req: address, label, action, share, flags, expires, linger, padding.
const REQUEST: usize = 32;
const LABEL_AT: usize = 16;
/// A control message's header: what follows the structure are extension headers to go with the label.
const ITEM: usize = 16;
/// The bits of a label.
const LABEL: u32 = 0x000f_ffff;
const GET: u8 = 0;
const PUT: u8 = 1;
const RENEW: u8 = 2;
const CREATE: u16 = 1;
const EXCLUSIVE: u16 = 2;
const REFLECT: u16 = 4;
const REMOTE: u16 = 8;
const SHARE_NONE: u8 = 0;
const SHARE_EXCLUSIVE: u8 = 1;
const SHARE_PROCESS: u8 = 2;
const SHARE_USER: u8 = 3;
const SHARE_ANY: u8 = 255;

/// Flow labels.
pub(super) const ROWS6: &[Row] = &[
    // flag: messages come with the class and the label of their packets, where there are any.
    row(
        IPV6_FLOWINFO,
        |t| t.asked(Ancillary::FLOW),
        |t, _, v| t.ask(Ancillary::FLOW, v.flag()?),
    ),
    // flag: the label in a destination address is sent.
    row(
        IPV6_FLOWINFO_SEND,
        |t| Ok(t.generic().flow_send.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.flow_send = on);
            Ok(())
        },
    ),
    // flag: packets without a label of the program's get one of the kernel's.
    row(
        IPV6_AUTOFLOWLABEL,
        |t| match t.stream() {
            Some(_) => Ok(t.tcp(|o| o.auto_label)?.into()),
            None => Ok(t.datagram(|o| o.auto_label)?.into()),
        },
        |t, _, v| {
            // Too short is off.
            let on = v.1 >= 4 && v.flag()?;
            match t.stream() {
                Some(_) => t.set_tcp(|o| o.auto_label = on),
                None => t.set_datagram(|o| o.auto_label = on),
            }
        },
    ),
    // struct in6_flowlabel_req: leases a label, gives it back, lengthens the lease; get shows that of the peer.
    row(IPV6_FLOWLABEL_MGR, of_peer, manage),
];

/// The request, taken apart.
struct Request {
    to: Ipv6Addr,
    label: u32,
    action: u8,
    share: u8,
    flags: u16,
    expires: u16,
    linger: u16,
}

impl Request {
    fn of(bytes: &[u8; REQUEST]) -> Request {
        let half = |at: usize| u16::from_ne_bytes([bytes[at], bytes[at + 1]]);
        let address: [u8; 16] = core::array::from_fn(|i| bytes[i]);
        Request {
            to: address.into(),
            label: u32::from_be_bytes(core::array::from_fn(|i| bytes[LABEL_AT + i])),
            action: bytes[20],
            share: bytes[21],
            flags: half(22),
            expires: half(24),
            linger: half(26),
        }
    }

    /// As the engine takes it. `EINVAL`.
    fn lease(&self, cx: &Caller<'_>) -> Result<LabelRequest> {
        Ok(LabelRequest {
            label: self.label,
            to: self.to,
            share: match self.share {
                SHARE_EXCLUSIVE => LabelShare::Exclusive,
                SHARE_PROCESS => LabelShare::Process(cx.pid),
                SHARE_USER => LabelShare::User(cx.euid),
                SHARE_ANY => LabelShare::Any,
                _ => return Err(Errno::EINVAL),
            },
            create: self.flags & CREATE != 0,
            exclusive: self.flags & EXCLUSIVE != 0,
            linger: self.linger,
            expires: self.expires,
            privileged: cx.capable(CAP_NET_ADMIN),
        })
    }
}

fn manage(t: &Target<'_>, cx: &Caller<'_>, v: &Input<'_>) -> Result<()> {
    let request = Request::of(v.bytes()?);
    let net = &t.common.net;
    let token = t.common.token();
    match request.action {
        // Nobody was let to ask for it.
        PUT if request.flags & REFLECT != 0 && t.stream().is_some() => Err(Errno::ESRCH),
        PUT if request.flags & REFLECT != 0 => Err(Errno::ENOPROTOOPT),
        PUT => net
            .with(|stack, now| stack.label_return(now, token, request.label))
            .map_err(errno),
        RENEW => {
            let anybody = request.share == SHARE_NONE && cx.capable(CAP_NET_ADMIN);
            let ask = LabelRequest {
                share: LabelShare::Any,
                ..Request {
                    share: SHARE_ANY,
                    ..request
                }
                .lease(cx)?
            };
            net.with(|stack, now| stack.label_renew(now, token, &ask, anybody))
                .map_err(errno)
        }
        // net.ipv6.flowlabel_consistency.
        GET if request.flags & REFLECT != 0 => Err(Errno::EPERM),
        GET => {
            if request.label & !LABEL != 0 {
                return Err(Errno::EINVAL);
            }
            // Labels that bring extension headers of their own are not kept.
            if v.1 >= REQUEST + ITEM {
                return Err(Errno::EINVAL);
            }
            let ask = request.lease(cx)?;
            let lease = net.with(|stack, now| stack.label_lease(now, token, &ask));
            let label = lease.map_err(|error| match error {
                inet::Error::NotFound => Errno::ENOENT,
                error => errno(error),
            })?;
            if request.label == 0 {
                // A fault is the program's own loss.
                let _ = UserOut::new(t.ask.at + LABEL_AT, 4)
                    .and_then(|mut to| to.write(&label.to_be_bytes()));
            }
            Ok(())
        }
        _ => Err(Errno::EINVAL),
    }
}

/// What is leased of the label that the connected peer is sent. `EINVAL`, `EFAULT`, `ENOENT`.
fn of_peer(t: &Target<'_>) -> Result<Value> {
    if t.ask.room < REQUEST {
        return Err(Errno::EINVAL);
    }
    let mut bytes = [0; REQUEST];
    if UserIn::new(t.ask.at, REQUEST)?.read(&mut bytes)? < REQUEST {
        return Err(Errno::EFAULT);
    }
    let request = Request::of(&bytes);
    if request.action != GET {
        return Err(Errno::EINVAL);
    }
    let mut answer = vec![0; REQUEST];
    if request.flags & REMOTE != 0 {
        // Kept by streams only.
        if let Some(stream) = t.stream() {
            let heard = |stack: &Stack| Some(stack.tcp_heard(stream.id())?.0.flow & LABEL);
            let label = t.common.net.look(|stack| heard(stack)).unwrap_or(0);
            answer[LABEL_AT..20].copy_from_slice(&label.to_be_bytes());
        }
        return Ok(Value::Bytes(answer));
    }
    let token = t.common.token();
    let number = t.additions()?.ok_or(Errno::ENOENT)?.label;
    let found = t.common.net.with(|stack, now| {
        let label = stack.label_of(token, number)?;
        Some((*label, label.expires.since(now)))
    });
    let (label, left) = found.ok_or(Errno::ENOENT)?;
    let share = match label.share {
        LabelShare::Exclusive => SHARE_EXCLUSIVE,
        LabelShare::Process(_) => SHARE_PROCESS,
        LabelShare::User(_) => SHARE_USER,
        LabelShare::Any => SHARE_ANY,
    };
    answer[..16].copy_from_slice(&label.to.octets());
    answer[LABEL_AT..20].copy_from_slice(&label.label.to_be_bytes());
    answer[21] = share;
    answer[24..26].copy_from_slice(&(left.as_secs() as u16).to_ne_bytes());
    answer[26..28].copy_from_slice(&(label.linger.as_secs() as u16).to_ne_bytes());
    Ok(Value::Bytes(answer))
}
