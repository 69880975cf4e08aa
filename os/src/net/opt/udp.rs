//! IPPROTO_UDP. udp(7). UDP_ENCAP and UDP_GRO are not built in.

use super::{Row, Value, row};
use crate::Result;
use abi::Errno;

/// linux/udp.h.
const UDP_CORK: u32 = 1;
const UDP_SEGMENT: u32 = 103;
/// The most that UDP_SEGMENT may say (USHRT_MAX).
const SEGMENT_MAX: i32 = 65_535;

/// Every option of the level.
pub const ROWS: &[Row] = &[
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
