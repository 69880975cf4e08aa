//! IPPROTO_UDP. udp(7).

use super::{Row, Value, row};
use crate::{Result, net::socket::generic::Ancillary};
use abi::Errno;

/// linux/udp.h.
const UDP_CORK: u32 = 1;
const UDP_ENCAP: u32 = 100;
const UDP_NO_CHECK6_TX: u32 = 101;
const UDP_NO_CHECK6_RX: u32 = 102;
const UDP_SEGMENT: u32 = 103;
const UDP_GRO: u32 = 104;
/// The most that UDP_SEGMENT may say (USHRT_MAX).
const SEGMENT_MAX: i32 = 65_535;

/// Every option of the level.
pub const ROWS: &[Row] = &[
    // flag: sends are gathered into one datagram until it is taken off.
    row(
        UDP_CORK,
        |t| {
            let dgram = t.dgram().ok_or(Errno::ENOPROTOOPT)?;
            Ok(dgram.corked().into())
        },
        |t, _, v| {
            let on = v.flag()?;
            let dgram = t.dgram().ok_or(Errno::ENOPROTOOPT)?;
            // Taking the cork out sends what was held back.
            dgram.cork(t.common, on)
        },
    ),
    // int: the tunnel protocol that ends here.
    // No tunnel ends in this kernel: a socket can only be told to be none.
    row(
        UDP_ENCAP,
        |_| Ok(Value::Int(0)),
        |_, _, v| match v.int()? {
            0 => Ok(()),
            _ => Err(Errno::ENOPROTOOPT),
        },
    ),
    // flag: datagrams over IPv6 are sent without a checksum.
    row(
        UDP_NO_CHECK6_TX,
        |t| Ok(t.datagram(|o| o.no_check6_tx)?.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.set_datagram(|o| o.no_check6_tx = on)
        },
    ),
    // flag: datagrams over IPv6 without a checksum are taken.
    row(
        UDP_NO_CHECK6_RX,
        |t| Ok(t.datagram(|o| o.no_check6_rx)?.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.set_datagram(|o| o.no_check6_rx = on)
        },
    ),
    // flag: datagrams that came in a row are read as one, with their length.
    row(
        UDP_GRO,
        |t| t.asked(Ancillary::SEGMENT),
        |t, _, v| t.ask(Ancillary::SEGMENT, v.flag()?),
    ),
    // int: each send is cut into datagrams of so many bytes.
    row(
        UDP_SEGMENT,
        |t| Ok(Value::Int(t.generic().udp_segment.into())),
        |t, _, v| -> Result<()> {
            let bytes = v.int()?;
            if !(0..=SEGMENT_MAX).contains(&bytes) {
                return Err(Errno::EINVAL);
            }
            t.change(|g| g.udp_segment = bytes as u16);
            Ok(())
        },
    ),
];
