//! Authenticated encryption with associated data, by Linux's names: `gcm(aes)`, `rfc4106(gcm(aes))`, `ccm(aes)`.

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
}

impl Aead {
    /// By its name.
    pub fn named(name: &str) -> Option<Aead> {
        Some(match name {
            "gcm(aes)" => Aead::Gcm,
            "rfc4106(gcm(aes))" => Aead::Rfc4106,
            "ccm(aes)" => Aead::Ccm,
            _ => return None,
        })
    }

    /// Bytes of the initialisation vector.
    pub fn iv_size(self) -> usize {
        match self {
            Aead::Gcm => 12,
            Aead::Rfc4106 => 8,
            Aead::Ccm => BLOCK,
        }
    }

    /// Bytes of the longest tag, which is the one used where the program asks for no other.
    pub fn most_tag(self) -> usize {
        BLOCK
    }

    /// Whether there are tags of so many bytes.
    pub fn has_tag(self, size: usize) -> bool {
        match self {
            Aead::Gcm => matches!(size, 4 | 8 | 12..=16),
            Aead::Rfc4106 => matches!(size, 8 | 12 | 16),
            Aead::Ccm => matches!(size, 4 | 6 | 8 | 10 | 12 | 14 | 16),
        }
    }

    /// `Length`: not one of AES's.
    pub fn with_key(self, key: &[u8]) -> Result<AeadKey, Error> {
        let (key, salt) = match self {
            Aead::Rfc4106 => key.split_last_chunk().ok_or(Error::Length)?,
            _ => (key, &[0; 4]),
        };
        Ok(AeadKey {
            kind: self,
            aes: Aes::new(key)?,
            salt: *salt,
        })
    }
}

/// An algorithm with its key.
#[derive(Clone)]
pub struct AeadKey {
    kind: Aead,
    aes: Aes,
    salt: [u8; 4],
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
    ) -> Result<Block, Error> {
        if !self.kind.has_tag(tag) {
            return Err(Error::Length);
        }
        match self.kind {
            Aead::Gcm => {
                let nonce = iv.first_chunk().ok_or(Error::Length)?;
                Ok(gcm(&self.aes, nonce, data, text, encrypt))
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
                Ok(gcm(
                    &self.aes,
                    &nonce,
                    &data[..data.len() - 8],
                    text,
                    encrypt,
                ))
            }
            Aead::Ccm => {
                let iv = iv.first_chunk().ok_or(Error::Length)?;
                ccm(&self.aes, iv, tag, data, text, encrypt)
            }
        }
    }
}
