//! What SOL_IP's options say about the headers of packets: IPv4 options, sent and received. ip(7), RFC 791.

use super::{Row, Value, arrival, read_only, row};
use crate::net::{CAP_NET_RAW, socket::generic::Ancillary};
use abi::{
    Errno,
    net::{IP_OPTIONS, IP_PKTOPTIONS, IP_RECVOPTS, IP_RETOPTS},
};

/// The longest options of a header.
const OPTIONS_MAX: usize = 40;

/// IPv4 options.
pub(super) const ROWS4: &[Row] = &[
    // bytes, 40 at most: options that every packet's header gets; none takes them back.
    row(
        IP_OPTIONS,
        |t| {
            let (bytes, len) = t
                .additions()?
                .map_or(([0; OPTIONS_MAX], 0), |it| it.v4.given());
            Ok(Value::Bytes(bytes[..len].to_vec()))
        },
        |t, cx, v| {
            if v.1 > OPTIONS_MAX {
                return Err(Errno::EINVAL);
            }
            let given = v.0.get(..v.1).ok_or(Errno::EFAULT)?;
            let privileged = cx.capable(CAP_NET_RAW);
            let net = &t.common.net;
            let options = net.look(|stack| stack.ipv4_options(given, privileged));
            let options = options.ok_or(Errno::EINVAL)?;
            t.add(|additions| additions.v4 = options)
        },
    ),
    // control messages: what a stream was asked to tell of its packets (IP_PKTINFO, IP_RECVTTL, IP_RECVTOS).
    read_only(IP_PKTOPTIONS, arrival::of_v4),
    // flag: messages come with the options of their packets.
    row(
        IP_RECVOPTS,
        |t| t.asked(Ancillary::OPTIONS),
        |t, _, v| t.ask(Ancillary::OPTIONS, v.int_or_byte()? != 0),
    ),
    // flag: messages come with the options of an answer.
    row(
        IP_RETOPTS,
        |t| t.asked(Ancillary::OPTIONS_BACK),
        |t, _, v| t.ask(Ancillary::OPTIONS_BACK, v.int_or_byte()? != 0),
    ),
];
