//! SOL_SOCKET. socket(7).

mod buffers;
mod device;
mod times;
mod unix;

use super::{Row, Target, Value, filter, read_only, row, write_only};
use crate::{
    Result,
    net::{CAP_NET_ADMIN, CAP_NET_RAW, unix::Unix},
};
use abi::{
    Errno,
    net::{
        AF_INET, AF_INET6, AF_NETLINK, AF_UNIX, SO_ACCEPTCONN, SO_ATTACH_BPF, SO_ATTACH_FILTER,
        SO_ATTACH_REUSEPORT_CBPF, SO_ATTACH_REUSEPORT_EBPF, SO_BPF_EXTENSIONS, SO_BROADCAST,
        SO_BSDCOMPAT, SO_CNX_ADVICE, SO_COOKIE, SO_DEBUG, SO_DETACH_FILTER,
        SO_DETACH_REUSEPORT_BPF, SO_DOMAIN, SO_DONTROUTE, SO_ERROR, SO_INCOMING_CPU, SO_KEEPALIVE,
        SO_LINGER, SO_LOCK_FILTER, SO_MARK, SO_NETNS_COOKIE, SO_NO_CHECK, SO_OOBINLINE,
        SO_PASSCRED, SO_PASSSEC, SO_PEEK_OFF, SO_PEERCRED, SO_PEERNAME, SO_PRIORITY, SO_PROTOCOL,
        SO_RCVMARK, SO_RCVPRIORITY, SO_REUSEADDR, SO_REUSEPORT, SO_RXQ_OVFL, SO_SELECT_ERR_QUEUE,
        SO_TXREHASH, SO_TYPE,
    },
};
use alloc::vec::Vec;
use inet::DgramKind;

/// Every option of the level.
pub(super) const ROWS: &[&[Row]] = &[VALUES, buffers::ROWS, times::ROWS, device::ROWS, unix::ROWS];

/// Flags and single values, what the socket is, and filters.
const VALUES: &[Row] = &[
    // flag: kept, as on Linux; needs CAP_NET_ADMIN.
    row(
        SO_DEBUG,
        |t| Ok(t.generic().debug.into()),
        |t, cx, v| {
            let on = v.flag()?;
            if on && !cx.capable(CAP_NET_ADMIN) {
                return Err(Errno::EACCES);
            }
            t.change(|g| g.debug = on);
            Ok(())
        },
    ),
    // flag: bind(2) may share an address with others that have it too.
    row(
        SO_REUSEADDR,
        |t| Ok(t.generic().reuse_addr.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.reuse_addr = on);
            Ok(())
        },
    ),
    // flag: sockets of one user share a port, and packets are spread over them.
    row(
        SO_REUSEPORT,
        |t| Ok(t.generic().reuse_port.into()),
        |t, _, v| {
            let on = v.flag()?;
            if on && ![AF_INET, AF_INET6].contains(&t.common.domain()) {
                return Err(Errno::EOPNOTSUPP);
            }
            t.change(|g| g.reuse_port = on);
            Ok(())
        },
    ),
    // int: SOCK_STREAM, SOCK_DGRAM, ...
    read_only(SO_TYPE, |t| Ok(Value::Int(t.common.kind as i32))),
    // int: the family that socket(2) was given.
    read_only(SO_DOMAIN, |t| Ok(Value::Int(t.common.domain() as i32))),
    // int: the protocol.
    read_only(SO_PROTOCOL, |t| Ok(Value::Int(t.common.protocol as i32))),
    // int: whether listen(2) was called.
    read_only(SO_ACCEPTCONN, |t| Ok(t.protocol.listening().into())),
    // int: the pending error, which is taken with it.
    read_only(SO_ERROR, |t| {
        Ok(Value::Int(
            t.protocol.take_error(t.common).map_or(0, Errno::number),
        ))
    }),
    // flag: packets go to neighbours only.
    row(
        SO_DONTROUTE,
        |t| Ok(t.generic().dont_route.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.dont_route = on);
            Ok(())
        },
    ),
    // flag: datagrams may be sent to broadcast addresses.
    row(
        SO_BROADCAST,
        |t| Ok(t.generic().broadcast.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.broadcast = on);
            Ok(())
        },
    ),
    // flag: an idle connection is probed.
    row(
        SO_KEEPALIVE,
        |t| Ok(t.generic().keepalive.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.keepalive = on);
            Ok(())
        },
    ),
    // flag: urgent data is read in its place.
    row(
        SO_OOBINLINE,
        |t| Ok(t.generic().oob_inline.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.oob_inline = on);
            Ok(())
        },
    ),
    // flag: UDP over IPv4 is sent without a checksum.
    row(
        SO_NO_CHECK,
        |t| Ok(t.generic().no_checksum.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.no_checksum = on);
            Ok(())
        },
    ),
    // flag: messages come with their sender's credentials.
    row(
        SO_PASSCRED,
        |t| {
            has_credentials(t)?;
            Ok(t.generic().pass_cred.into())
        },
        |t, _, v| {
            has_credentials(t)?;
            let on = v.flag()?;
            t.change(|g| g.pass_cred = on);
            Ok(())
        },
    ),
    // ucred: who was at the other end when it connected.
    read_only(SO_PEERCRED, |t| {
        let unix = t.protocol.as_any().downcast_ref::<Unix>();
        let ucred = unix.map_or([0, u32::MAX, u32::MAX], Unix::peer_credentials);
        Ok(Value::Bytes(
            ucred.iter().flat_map(|word| word.to_ne_bytes()).collect(),
        ))
    }),
    // int: the priority of what is sent.
    row(
        SO_PRIORITY,
        |t| Ok(Value::Int(t.generic().priority as i32)),
        |t, cx, v| {
            let priority = v.int()?;
            // 0 to 6 are free; the rest needs CAP_NET_ADMIN or CAP_NET_RAW.
            if !(0..=6).contains(&priority)
                && !cx.capable(CAP_NET_ADMIN)
                && !cx.capable(CAP_NET_RAW)
            {
                return Err(Errno::EPERM);
            }
            t.change(|g| g.priority = priority as u32);
            Ok(())
        },
    ),
    // int: the mark that policy rules match.
    row(
        SO_MARK,
        |t| Ok(Value::Int(t.generic().mark as i32)),
        |t, cx, v| {
            let mark = v.int()?;
            if !cx.capable(CAP_NET_ADMIN) && !cx.capable(CAP_NET_RAW) {
                return Err(Errno::EPERM);
            }
            t.change(|g| g.mark = mark as u32);
            Ok(())
        },
    ),
    // linger: close(2) waits so many seconds for what is unsent; 0 resets the connection.
    row(
        SO_LINGER,
        |t| {
            let linger = t.generic().linger;
            let mut bytes = Vec::from(i32::from(linger.is_some()).to_ne_bytes());
            bytes.extend_from_slice(&linger.unwrap_or(0).to_ne_bytes());
            Ok(Value::Bytes(bytes))
        },
        |t, _, v| {
            let (on, seconds) = (v.u32_at(0)?, v.u32_at(4)?);
            t.change(|g| g.linger = (on != 0).then_some(seconds));
            Ok(())
        },
    ),
    // int: nothing.
    // Compatibility with BSD, of which nothing is left: as on Linux, it does nothing and reads 0.
    row(
        SO_BSDCOMPAT,
        |_| Ok(Value::Int(0)),
        |_, _, v| v.int().map(drop),
    ),
    // flag: an entry in the error queue is POLLPRI as well.
    row(
        SO_SELECT_ERR_QUEUE,
        |t| Ok(t.generic().error_queue_priority.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.error_queue_priority = on);
            Ok(())
        },
    ),
    // flag: messages come with the number of those dropped before them.
    row(
        SO_RXQ_OVFL,
        |t| Ok(t.generic().drop_count.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.change(|g| g.drop_count = on);
            Ok(())
        },
    ),
    // u64: a number that no other socket has.
    read_only(SO_COOKIE, |t| {
        Ok(Value::Whole(t.common.inode.to_ne_bytes().to_vec()))
    }),
    // sockaddr: as getpeername(2).
    read_only(SO_PEERNAME, |t| {
        let peer = t.protocol.peer(t.common).or(Err(Errno::ENOTCONN))?;
        Ok(Value::Name(peer.bytes().to_vec()))
    }),
    // int: where MSG_PEEK begins; -1 for the front, always.
    row(
        SO_PEEK_OFF,
        |t| {
            if let Ok(unix) = unix::unix(t, Errno::EOPNOTSUPP) {
                return Ok(Value::Int(unix.peek_offset()));
            }
            can_peek_on(t)?;
            Ok(Value::Int(t.common.raw_peek_offset()))
        },
        |t, _, v| {
            let offset = v.int()?;
            if let Ok(unix) = unix::unix(t, Errno::EOPNOTSUPP) {
                unix.set_peek_offset(offset);
                return Ok(());
            }
            can_peek_on(t)?;
            t.common.set_peek_offset(offset);
            Ok(())
        },
    ),
    // flag: messages come with a security label.
    // Labels of security modules, of which there are none.
    row(
        SO_PASSSEC,
        |_| Err(Errno::EOPNOTSUPP),
        |_, _, v| v.int().and(Err(Errno::EOPNOTSUPP)),
    ),
    // int: whether a retransmission chooses another path.
    // There is one path to a place, and so nothing to hash over again; -1 is net.core.txrehash.
    row(
        SO_TXREHASH,
        |t| {
            t.stream().ok_or(Errno::EOPNOTSUPP)?;
            Ok(t.generic().tx_rehash.into())
        },
        |t, _, v| {
            let value = v.int()?;
            t.stream().ok_or(Errno::EOPNOTSUPP)?;
            let on = match value {
                -1 => t.common.net.values.get(crate::net::sysctl::Value::TxRehash) != 0,
                0 | 1 => value != 0,
                _ => return Err(Errno::EINVAL),
            };
            t.change(|g| g.tx_rehash = on);
            Ok(())
        },
    ),
    // int: 1 asks for a new route.
    // A route is looked up for each packet: there is none to look up again.
    write_only(SO_CNX_ADVICE, |_, _, v| v.int().map(drop)),
    // u64: a number for the network namespace.
    read_only(SO_NETNS_COOKIE, |t| {
        Ok(Value::Exact(t.common.net.cookie.to_ne_bytes().to_vec()))
    }),
    // int: what filters may load beside the packet.
    // SKF_AD_MAX: what a filter may load beside the packet.
    read_only(SO_BPF_EXTENSIONS, |_| Ok(Value::Int(64))),
    // int: the processor that this listener prefers to be woken on.
    row(
        SO_INCOMING_CPU,
        |t| Ok(Value::Int(t.shared(|o| o.incoming_cpu).unwrap_or(-1))),
        |t, _, v| {
            let cpu = v.int()?;
            t.set_shared(|o| o.incoming_cpu = cpu).or(Ok(()))
        },
    ),
    // flag: messages come with their mark.
    row(
        SO_RCVMARK,
        |t| Ok(t.generic().recv_mark.into()),
        |t, cx, v| {
            let on = v.flag()?;
            if !cx.capable(CAP_NET_ADMIN) && !cx.capable(CAP_NET_RAW) {
                return Err(Errno::EPERM);
            }
            t.change(|g| g.recv_mark = on);
            Ok(())
        },
    ),
    // flag: messages come with their priority.
    row(
        SO_RCVPRIORITY,
        |t| Ok(t.generic().recv_priority.into()),
        |t, cx, v| {
            let on = v.flag()?;
            if !cx.capable(CAP_NET_ADMIN) && !cx.capable(CAP_NET_RAW) {
                return Err(Errno::EPERM);
            }
            t.change(|g| g.recv_priority = on);
            Ok(())
        },
    ),
    // sock_fprog: only packets that the filter takes are delivered.
    row(SO_ATTACH_FILTER, filter::get, filter::attach),
    // int, ignored: takes the filter away.
    write_only(SO_DETACH_FILTER, filter::detach),
    // flag: the filter stays, for good.
    row(
        SO_LOCK_FILTER,
        |t| Ok(t.generic().filter_locked.into()),
        filter::lock,
    ),
    // sock_fprog: among the sockets that share the port, a packet goes to the one that the program names.
    write_only(SO_ATTACH_REUSEPORT_CBPF, filter::attach_choice),
    // int, ignored: the hash chooses again.
    write_only(SO_DETACH_REUSEPORT_BPF, filter::detach_choice),
    // int: a filter by its descriptor.
    // No descriptor here is a program: EBADF and EINVAL are all that it answers.
    write_only(SO_ATTACH_BPF, filter::attach_extended),
    // int: the same for the choice among sockets that share the port.
    write_only(SO_ATTACH_REUSEPORT_EBPF, filter::attach_extended),
];

/// Credentials come with messages of AF_UNIX and AF_NETLINK only. `EOPNOTSUPP`.
fn has_credentials(t: &Target<'_>) -> Result<()> {
    match t.common.domain() {
        AF_UNIX | AF_NETLINK => Ok(()),
        _ => Err(Errno::EOPNOTSUPP),
    }
}

/// SO_PEEK_OFF is for UDP, TCP and AF_UNIX. `EOPNOTSUPP`.
fn can_peek_on(t: &Target<'_>) -> Result<()> {
    let udp = t.dgram().is_some_and(|d| d.kind() == DgramKind::Udp);
    match udp || t.stream().is_some() {
        true => Ok(()),
        false => Err(Errno::EOPNOTSUPP),
    }
}
