//! Algorithms by the names that Linux's crypto API gives them: what AF_ALG sockets offer.
//!
//! **What.** [`Hash`], [`Cipher`] and [`Aead`], each found by name. The primitives are RustCrypto's; the modes of
//! operation are here, over its block ciphers, because a socket may stop and go on within one message, and because Linux lets the
//! program choose the length of a tag. **Who calls.** `os/src/net/alg`. **Who owns and locks.** Values; the socket owns them.
//!
//! A typical sequence:
//! ```text
//! let key = Cipher::named("cbc(aes)")?.with_key(key)?;    // ENOENT, EINVAL
//! key.encrypt(&mut iv, &mut bytes)?;                      // EINVAL: not whole blocks
//! ```
//! No argument makes anything here panic.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod aead;
mod block;
mod cipher;
mod gcm;
mod hash;

pub use aead::{Aead, AeadKey};
pub use cipher::{Cipher, CipherKey};
pub use hash::{Hash, HashKey, HashState};

/// Why an operation cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A length that the algorithm does not have: EINVAL.
    Length,
    /// The tag is wrong: EBADMSG.
    Tag,
}

#[cfg(test)]
mod tests;
