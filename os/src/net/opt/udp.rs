//! IPPROTO_UDP. udp(7). UDP_CORK, UDP_SEGMENT and UDP_GRO are not built in.

use super::Row;

/// Every option of the level.
pub const ROWS: &[Row] = &[];
