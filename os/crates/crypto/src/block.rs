//! AES (FIPS 197) with a key of any of its lengths.

use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit, generic_array::GenericArray};
use aes::{Aes128, Aes192, Aes256};

use crate::Error;

/// Bytes of a block.
pub(crate) const BLOCK: usize = 16;
pub(crate) type Block = [u8; BLOCK];

#[derive(Clone)]
pub(crate) enum Aes {
    K128(Aes128),
    K192(Aes192),
    K256(Aes256),
}

impl Aes {
    /// 16, 24 or 32 bytes.
    pub fn new(key: &[u8]) -> Result<Aes, Error> {
        let wrong = |_| Error::Length;
        match key.len() {
            16 => Aes128::new_from_slice(key).map(Aes::K128).map_err(wrong),
            24 => Aes192::new_from_slice(key).map(Aes::K192).map_err(wrong),
            32 => Aes256::new_from_slice(key).map(Aes::K256).map_err(wrong),
            _ => Err(Error::Length),
        }
    }

    pub fn encrypt(&self, block: &mut Block) {
        let block = GenericArray::from_mut_slice(block);
        match self {
            Aes::K128(aes) => aes.encrypt_block(block),
            Aes::K192(aes) => aes.encrypt_block(block),
            Aes::K256(aes) => aes.encrypt_block(block),
        }
    }

    pub fn decrypt(&self, block: &mut Block) {
        let block = GenericArray::from_mut_slice(block);
        match self {
            Aes::K128(aes) => aes.decrypt_block(block),
            Aes::K192(aes) => aes.decrypt_block(block),
            Aes::K256(aes) => aes.decrypt_block(block),
        }
    }
}

pub(crate) fn xor(block: &mut Block, with: &Block) {
    block
        .iter_mut()
        .zip(with)
        .for_each(|(byte, with)| *byte ^= with);
}

/// Encrypts `bytes` with a key stream from `counter`, of which the last `width` bytes count; leaves the next one there.
pub(crate) fn count(aes: &Aes, counter: &mut Block, width: usize, bytes: &mut [u8]) {
    for chunk in bytes.chunks_mut(BLOCK) {
        let mut stream = *counter;
        aes.encrypt(&mut stream);
        chunk
            .iter_mut()
            .zip(stream)
            .for_each(|(byte, with)| *byte ^= with);
        for byte in counter[BLOCK - width..].iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
    }
}
