//! What was sent to a cipher and waits to be received: bytes, and how to treat them.

use crate::{Result, net::cmsg};
use abi::{Errno, net::SOL_ALG};
use alloc::vec::Vec;

/// ALG_SET_* of linux/if_alg.h.
const SET_IV: i32 = 2;
const SET_OP: i32 = 3;
const SET_ASSOCLEN: i32 = 4;
/// Bytes of the longest initialisation vector.
pub const IV: usize = 16;

/// See the module.
#[derive(Default)]
pub struct Queue {
    /// Sent and not yet received.
    pub bytes: Vec<u8>,
    /// More of the message is to come (MSG_MORE).
    pub more: bool,
    /// A message has begun.
    pub begun: bool,
    pub encrypt: bool,
    pub iv: [u8; IV],
    /// ALG_SET_AEAD_ASSOCLEN.
    pub associated: usize,
}

/// The control part of one sendmsg(2).
#[derive(Default)]
pub struct Orders {
    encrypt: bool,
    iv: Option<[u8; IV]>,
    associated: usize,
}

impl Orders {
    /// `None` without any. `EINVAL`: lengths, unknown items or operations, an IV that is not the cipher's.
    pub fn parse(control: &[u8], iv_size: usize) -> Result<Option<Orders>> {
        if control.is_empty() {
            return Ok(None);
        }
        let mut orders = Orders::default();
        for item in cmsg::items(control) {
            let item = item?;
            if item.level as u32 != SOL_ALG {
                continue;
            }
            let word = item.data.first_chunk().ok_or(Errno::EINVAL)?;
            let word = u32::from_ne_bytes(*word);
            match item.kind {
                SET_OP => {
                    // ALG_OP_DECRYPT and ALG_OP_ENCRYPT.
                    orders.encrypt = match word {
                        0 => false,
                        1 => true,
                        _ => return Err(Errno::EINVAL),
                    }
                }
                SET_IV => {
                    let len = word as usize;
                    let bytes = item.data.get(4..).and_then(|rest| rest.get(..len));
                    let bytes = bytes.ok_or(Errno::EINVAL)?;
                    if len != iv_size {
                        return Err(Errno::EINVAL);
                    }
                    let mut iv = [0; IV];
                    iv[..len].copy_from_slice(bytes);
                    orders.iv = Some(iv);
                }
                SET_ASSOCLEN => orders.associated = word as usize,
                _ => return Err(Errno::EINVAL),
            }
        }
        Ok(Some(orders))
    }
}

impl Queue {
    /// The start of a sendmsg(2). `EINVAL` while a complete message waits.
    pub fn begin(&mut self, orders: Option<Orders>) -> Result<()> {
        if self.begun && !self.more && !self.bytes.is_empty() {
            return Err(Errno::EINVAL);
        }
        self.begun = true;
        if let Some(orders) = orders {
            self.encrypt = orders.encrypt;
            if let Some(iv) = orders.iv {
                self.iv = iv;
            }
            self.associated = orders.associated;
        }
        Ok(())
    }

    /// The first `count` bytes. With the last of them a message ends that has no more to come.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.bytes.split_off(count);
        if rest.is_empty() {
            self.begun = self.more;
        }
        core::mem::replace(&mut self.bytes, rest)
    }
}
