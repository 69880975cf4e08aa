//! SOL_ALG: keys and tags of AF_ALG sockets. linux/if_alg.h. Nothing here can be read.

use super::{Row, Target, write_only};
use crate::{Result, net::alg::Alg};
use abi::Errno;

/// linux/if_alg.h.
const SET_KEY: u32 = 1;
const SET_AUTHSIZE: u32 = 5;

/// Every option of the level.
pub const ROWS: &[Row] = &[
    // bytes: the key, in the form that the transformation asks for.
    Row {
        text: true,
        ..write_only(SET_KEY, |t, _, v| match v.0.len() == v.1 {
            true => alg(t)?.set_key(v.0),
            false => Err(Errno::EFAULT),
        })
    },
    // no value: its length is the number of bytes of an AEAD's tag.
    Row {
        // The length is the value; there need be nothing to read.
        text: true,
        ..write_only(SET_AUTHSIZE, |t, _, v| alg(t)?.set_tag_size(v.1))
    },
];

fn alg<'a>(t: &Target<'a>) -> Result<&'a Alg> {
    t.protocol.as_any().downcast_ref().ok_or(Errno::EOPNOTSUPP)
}
