//! Authenticated encryption with associated data, by Linux's names: `gcm(aes)`, `rfc4106(gcm(aes))`, `ccm(aes)`,
//! `authenc(hmac(sha256),cbc(aes))` and its form with extended sequence numbers (RFC 4303), `authencesn`.

use alloc::vec::Vec;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::Error;
use crate::block::{Aes, BLOCK, Block};
use crate::gcm::{ccm, gcm};

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aead {
    #[allow(missing_docs)]
    Gcm,
    /// GCM for ESP: the key ends in four bytes of nonce, and the associated data in the other eight.
    Rfc4106,
    #[allow(missing_docs)]
    Ccm,
    /// CBC, then HMAC-SHA-256 over the associated data and the result.
    Authenc,
    /// The same for ESP: the upper half of the sequence number, at the fifth byte of the associated data, is
    /// authenticated last.
    AuthencEsn,
}

/// CRYPTO_AUTHENC_KEYA_PARAM: the type of the attribute that a key of [`Aead::Authenc`] begins with.
const KEY_PARAMETER: u16 = 1;

/// The longest tag, in bytes.
const TAG: usize = 32;

impl Aead {
    /// By its name.
    pub fn named(name: &str) -> Option<Aead> {
        Some(match name {
            "gcm(aes)" => Aead::Gcm,
            "rfc4106(gcm(aes))" => Aead::Rfc4106,
            "ccm(aes)" => Aead::Ccm,
            "authenc(hmac(sha256),cbc(aes))" => Aead::Authenc,
            "authencesn(hmac(sha256),cbc(aes))" => Aead::AuthencEsn,
            _ => return None,
        })
    }

    /// Bytes of the initialisation vector.
    pub fn iv_size(self) -> usize {
        match self {
            Aead::Gcm => 12,
            Aead::Rfc4106 => 8,
            Aead::Ccm | Aead::Authenc | Aead::AuthencEsn => BLOCK,
        }
    }

    /// Bytes of the longest tag, which is the one used where the program asks for no other.
    pub fn most_tag(self) -> usize {
        match self {
            Aead::Authenc | Aead::AuthencEsn => TAG,
            _ => BLOCK,
        }
    }

    /// Whether there are tags of so many bytes.
    pub fn has_tag(self, size: usize) -> bool {
        match self {
            Aead::Gcm => matches!(size, 4 | 8 | 12..=16),
            Aead::Rfc4106 => matches!(size, 8 | 12 | 16),
            Aead::Ccm => matches!(size, 4 | 6 | 8 | 10 | 12 | 14 | 16),
            Aead::Authenc | Aead::AuthencEsn => (1..=TAG).contains(&size),
        }
    }

    /// `Length`: not one of AES's, or not two keys as [`Aead::Authenc`] wants them.
    pub fn with_key(self, key: &[u8]) -> Result<AeadKey, Error> {
        if matches!(self, Aead::Authenc | Aead::AuthencEsn) {
            let (mac, cipher) = two_keys(key).ok_or(Error::Length)?;
            return Ok(AeadKey {
                kind: self,
                aes: Aes::new(cipher)?,
                salt: [0; 4],
                mac: mac.into(),
            });
        }
        let (key, salt) = match self {
            Aead::Rfc4106 => key.split_last_chunk().ok_or(Error::Length)?,
            _ => (key, &[0; 4]),
        };
        Ok(AeadKey {
            kind: self,
            aes: Aes::new(key)?,
            salt: *salt,
            mac: Vec::new(),
        })
    }
}

/// The two keys behind an attribute (length, type) with the length of the second, which counts from the most significant
/// byte.
fn two_keys(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, _) = key.split_first_chunk::<4>()?;
    let length = usize::from(u16::from_ne_bytes([head[0], head[1]]));
    let kind = u16::from_ne_bytes([head[2], head[3]]);
    // A parameter of exactly four bytes.
    if kind != KEY_PARAMETER || length != 8 {
        return None;
    }
    let (parameter, keys) = key.get(4..)?.split_first_chunk::<4>()?;
    let second = u32::from_be_bytes(*parameter) as usize;
    let first = keys.len().checked_sub(second)?;
    Some(keys.split_at(first))
}

/// An algorithm with its key.
#[derive(Clone)]
pub struct AeadKey {
    kind: Aead,
    aes: Aes,
    salt: [u8; 4],
    /// The key of the authentication, where there is one of its own.
    mac: Vec<u8>,
}

impl AeadKey {
    /// Encrypts `text` in place and fills `tag`. `iv` has at least [`Aead::iv_size`] bytes. `Length`.
    pub fn encrypt(
        &self,
        iv: &[u8],
        data: &[u8],
        text: &mut [u8],
        tag: &mut [u8],
    ) -> Result<(), Error> {
        let whole = self.run(iv, data, text, tag.len(), true)?;
        tag.copy_from_slice(whole.get(..tag.len()).ok_or(Error::Length)?);
        Ok(())
    }

    /// Decrypts `text` in place. `Length`; `Tag`, with the text wiped.
    pub fn decrypt(
        &self,
        iv: &[u8],
        data: &[u8],
        text: &mut [u8],
        tag: &[u8],
    ) -> Result<(), Error> {
        let whole = self.run(iv, data, text, tag.len(), false)?;
        let same = whole.get(..tag.len()).ok_or(Error::Length)?.ct_eq(tag);
        if bool::from(same) {
            return Ok(());
        }
        text.fill(0);
        Err(Error::Tag)
    }

    fn run(
        &self,
        iv: &[u8],
        data: &[u8],
        text: &mut [u8],
        tag: usize,
        encrypt: bool,
    ) -> Result<[u8; TAG], Error> {
        if !self.kind.has_tag(tag) {
            return Err(Error::Length);
        }
        match self.kind {
            Aead::Gcm => {
                let nonce = iv.first_chunk().ok_or(Error::Length)?;
                Ok(wide(gcm(&self.aes, nonce, data, text, encrypt)))
            }
            Aead::Rfc4106 => {
                // RFC 4106 section 8: the explicit part of the nonce travels behind the associated data proper, which
                // has 8 or 12 bytes.
                if !matches!(data.len(), 16 | 20) {
                    return Err(Error::Length);
                }
                let mut nonce = [0; 12];
                nonce[..4].copy_from_slice(&self.salt);
                nonce[4..].copy_from_slice(iv.get(..8).ok_or(Error::Length)?);
                let data = &data[..data.len() - 8];
                Ok(wide(gcm(&self.aes, &nonce, data, text, encrypt)))
            }
            Aead::Ccm => {
                let iv = iv.first_chunk().ok_or(Error::Length)?;
                ccm(&self.aes, iv, tag, data, text, encrypt).map(wide)
            }
            Aead::Authenc | Aead::AuthencEsn => {
                let iv = iv.first_chunk().ok_or(Error::Length)?;
                if !encrypt {
                    let tag = self.authenticate(data, text)?;
                    self.chain(iv, text, false)?;
                    return Ok(tag);
                }
                self.chain(iv, text, true)?;
                self.authenticate(data, text)
            }
        }
    }

    /// CBC in place. NIST SP 800-38A section 6.2.
    fn chain(&self, iv: &Block, text: &mut [u8], encrypt: bool) -> Result<(), Error> {
        let (blocks, rest) = text.as_chunks_mut::<BLOCK>();
        if !rest.is_empty() {
            return Err(Error::Length);
        }
        let mut before = *iv;
        for block in blocks {
            let mix = |block: &mut Block, with: &Block| {
                block.iter_mut().zip(with).for_each(|(a, b)| *a ^= b);
            };
            if encrypt {
                mix(block, &before);
                self.aes.encrypt(block);
                before = *block;
            } else {
                let now = *block;
                self.aes.decrypt(block);
                mix(block, &before);
                before = now;
            }
        }
        Ok(())
    }

    /// HMAC-SHA-256 over the associated data and the encrypted text.
    fn authenticate(&self, data: &[u8], text: &[u8]) -> Result<[u8; TAG], Error> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.mac).map_err(|_| Error::Length)?;
        if self.kind == Aead::AuthencEsn {
            // RFC 4303 section 2.2.1: the upper half goes last.
            let (first, rest) = data.split_first_chunk::<4>().ok_or(Error::Length)?;
            let (upper, rest) = rest.split_first_chunk::<4>().ok_or(Error::Length)?;
            mac.update(first);
            mac.update(rest);
            mac.update(text);
            mac.update(upper);
        } else {
            mac.update(data);
            mac.update(text);
        }
        Ok(mac.finalize().into_bytes().into())
    }
}

/// A tag of one block, where the longest has room.
fn wide(tag: Block) -> [u8; TAG] {
    let mut wide = [0; TAG];
    wide[..BLOCK].copy_from_slice(&tag);
    wide
}
