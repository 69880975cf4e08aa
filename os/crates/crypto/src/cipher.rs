//! AES in the modes of NIST SP 800-38A and 800-38E: ECB, CBC, CTR, XTS.

use crate::Error;
use crate::block::{Aes, BLOCK, Block, count, xor};

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    #[allow(missing_docs)]
    Ecb,
    #[allow(missing_docs)]
    Cbc,
    #[allow(missing_docs)]
    Ctr,
    #[allow(missing_docs)]
    Xts,
}

impl Cipher {
    /// By its name: `cbc(aes)` and its kin.
    pub fn named(name: &str) -> Option<Cipher> {
        Some(match name {
            "ecb(aes)" => Cipher::Ecb,
            "cbc(aes)" => Cipher::Cbc,
            "ctr(aes)" => Cipher::Ctr,
            "xts(aes)" => Cipher::Xts,
            _ => return None,
        })
    }

    /// Bytes of the initialisation vector.
    pub fn iv_size(self) -> usize {
        if self == Cipher::Ecb { 0 } else { BLOCK }
    }

    /// Pieces of a message that goes on later are multiples of this.
    pub fn chunk(self) -> usize {
        BLOCK
    }

    /// `Length`: not one of AES's, or for XTS not two of them.
    pub fn with_key(self, key: &[u8]) -> Result<CipherKey, Error> {
        let (first, tweak) = match self {
            Cipher::Xts if !key.len().is_multiple_of(2) => return Err(Error::Length),
            Cipher::Xts => {
                let (first, second) = key.split_at(key.len() / 2);
                (first, Some(Aes::new(second)?))
            }
            _ => (key, None),
        };
        Ok(CipherKey {
            mode: self,
            aes: Aes::new(first)?,
            tweak,
        })
    }
}

/// An algorithm with its key.
#[derive(Clone)]
pub struct CipherKey {
    mode: Cipher,
    aes: Aes,
    tweak: Option<Aes>,
}

impl CipherKey {
    /// In place. `iv` becomes what the rest of the message goes on with. `Length`: not whole blocks where the mode wants them.
    pub fn encrypt(&self, iv: &mut [u8; BLOCK], bytes: &mut [u8]) -> Result<(), Error> {
        match self.mode {
            Cipher::Ecb => whole(bytes)?
                .iter_mut()
                .for_each(|block| self.aes.encrypt(block)),
            Cipher::Cbc => {
                for block in whole(bytes)? {
                    xor(block, iv);
                    self.aes.encrypt(block);
                    *iv = *block;
                }
            }
            Cipher::Ctr => count(&self.aes, iv, BLOCK, bytes),
            Cipher::Xts => self.xts(iv, bytes, true)?,
        }
        Ok(())
    }

    /// The other way round.
    pub fn decrypt(&self, iv: &mut [u8; BLOCK], bytes: &mut [u8]) -> Result<(), Error> {
        match self.mode {
            Cipher::Ecb => whole(bytes)?
                .iter_mut()
                .for_each(|block| self.aes.decrypt(block)),
            Cipher::Cbc => {
                for block in whole(bytes)? {
                    let next = *block;
                    self.aes.decrypt(block);
                    xor(block, iv);
                    *iv = next;
                }
            }
            Cipher::Ctr => count(&self.aes, iv, BLOCK, bytes),
            Cipher::Xts => self.xts(iv, bytes, false)?,
        }
        Ok(())
    }

    /// IEEE 1619: a tweak per block, the last two blocks stealing where the length is odd.
    fn xts(&self, iv: &Block, bytes: &mut [u8], encrypt: bool) -> Result<(), Error> {
        let Some(tweak_key) = &self.tweak else {
            return Err(Error::Length);
        };
        if bytes.len() < BLOCK {
            return Err(Error::Length);
        }
        let mut tweak = *iv;
        tweak_key.encrypt(&mut tweak);
        let odd = bytes.len() % BLOCK;
        let body = bytes.len() - odd;
        // The last whole block is one of the two that steal.
        let plain = if odd == 0 { body } else { body - BLOCK };
        let (front, back) = bytes.split_at_mut(plain);
        for block in whole(front)? {
            self.xts_block(&tweak, block, encrypt);
            double(&mut tweak);
        }
        if odd != 0 {
            let mut next = tweak;
            double(&mut next);
            let (first, second) = if encrypt {
                (tweak, next)
            } else {
                (next, tweak)
            };
            let (last, rest) = back.split_at_mut(BLOCK);
            let mut block = [0; BLOCK];
            block.copy_from_slice(last);
            self.xts_block(&first, &mut block, encrypt);
            let mut stolen = block;
            stolen[..odd].copy_from_slice(rest);
            rest.copy_from_slice(&block[..odd]);
            self.xts_block(&second, &mut stolen, encrypt);
            last.copy_from_slice(&stolen);
        }
        Ok(())
    }

    fn xts_block(&self, tweak: &Block, block: &mut Block, encrypt: bool) {
        xor(block, tweak);
        match encrypt {
            true => self.aes.encrypt(block),
            false => self.aes.decrypt(block),
        }
        xor(block, tweak);
    }
}

/// Multiplies by x in GF(2^128), little end first.
fn double(tweak: &mut Block) {
    let value = u128::from_le_bytes(*tweak);
    let carry = if value >> 127 != 0 { 0x87 } else { 0 };
    *tweak = (value << 1 ^ carry).to_le_bytes();
}

fn whole(bytes: &mut [u8]) -> Result<&mut [Block], Error> {
    match bytes.as_chunks_mut() {
        (blocks, []) => Ok(blocks),
        _ => Err(Error::Length),
    }
}
