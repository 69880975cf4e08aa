//! Galois/counter mode (NIST SP 800-38D) and counter with CBC-MAC (SP 800-38C, RFC 3610): the whole 16-byte tag.

use ghash::{
    GHash,
    universal_hash::{KeyInit, UniversalHash},
};

use crate::Error;
use crate::block::{Aes, BLOCK, Block, count, xor};

/// GCM with a nonce of 96 bits: encrypts or decrypts in place and gives the tag of the ciphertext.
pub(crate) fn gcm(
    aes: &Aes,
    nonce: &[u8; 12],
    data: &[u8],
    text: &mut [u8],
    encrypt: bool,
) -> Block {
    let mut key = [0; BLOCK];
    aes.encrypt(&mut key);
    let mut hash = GHash::new(&key.into());
    let mut counter = [0; BLOCK];
    counter[..12].copy_from_slice(nonce);
    counter[15] = 1;
    let mut mask = counter;
    aes.encrypt(&mut mask);
    counter[15] = 2;
    hash.update_padded(data);
    if encrypt {
        count(aes, &mut counter, 4, text);
        hash.update_padded(text);
    } else {
        hash.update_padded(text);
        count(aes, &mut counter, 4, text);
    }
    let mut lengths = [0; BLOCK];
    lengths[..8].copy_from_slice(&(data.len() as u64 * 8).to_be_bytes());
    lengths[8..].copy_from_slice(&(text.len() as u64 * 8).to_be_bytes());
    hash.update(&[lengths.into()]);
    let mut tag: Block = hash.finalize().into();
    xor(&mut tag, &mask);
    tag
}

/// CCM. `iv` is Linux's: the first byte says how many bytes the length field has, less one; the nonce follows.
/// `Length`: the first byte or the text's length is out of range.
pub(crate) fn ccm(
    aes: &Aes,
    iv: &Block,
    tag_size: usize,
    data: &[u8],
    text: &mut [u8],
    encrypt: bool,
) -> Result<Block, Error> {
    let width = usize::from(iv[0]) + 1;
    if !(2..=8).contains(&width) || width < 8 && (text.len() as u64) >> (8 * width) != 0 {
        return Err(Error::Length);
    }
    let mut counter = *iv;
    counter[BLOCK - width..].fill(0);
    let mut mask = counter;
    aes.encrypt(&mut mask);
    counter[15] = 1;
    if !encrypt {
        count(aes, &mut counter, width, text);
    }
    let mut first = *iv;
    first[0] |= (((tag_size - 2) / 2) << 3) as u8 | (u8::from(!data.is_empty()) << 6);
    let len = (text.len() as u64).to_be_bytes();
    first[BLOCK - width..].copy_from_slice(&len[8 - width..]);
    let mut mac = Mac {
        aes,
        state: first,
        filled: 0,
    };
    aes.encrypt(&mut mac.state);
    if !data.is_empty() {
        match u16::try_from(data.len()) {
            Ok(len) if len < 0xff00 => mac.add(&len.to_be_bytes()),
            _ => {
                mac.add(&[0xff, 0xfe]);
                mac.add(&(data.len() as u32).to_be_bytes());
            }
        }
        mac.add(data);
        mac.pad();
    }
    mac.add(text);
    mac.pad();
    let mut tag = mac.state;
    if encrypt {
        count(aes, &mut counter, width, text);
    }
    xor(&mut tag, &mask);
    Ok(tag)
}

/// CBC-MAC, any number of bytes at a time.
struct Mac<'a> {
    aes: &'a Aes,
    state: Block,
    filled: usize,
}

impl Mac<'_> {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.state[self.filled] ^= byte;
            self.filled += 1;
            if self.filled == BLOCK {
                self.pad();
            }
        }
    }

    /// Ends a block that has begun.
    fn pad(&mut self) {
        if self.filled > 0 {
            self.aes.encrypt(&mut self.state);
            self.filled = 0;
        }
    }
}
