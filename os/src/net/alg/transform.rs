//! What bound and working sockets share: the algorithm, its key, and who uses it.

use crate::{Result, sync::SpinLock};
use abi::Errno;
use alloc::boxed::Box;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use crypto::{Aead, AeadKey, Cipher, CipherKey, Hash, HashKey};

/// An algorithm by its type and name.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub enum Algorithm {
    Hash(Hash),
    Cipher(Cipher),
    Aead(Aead),
    Random,
}

impl Algorithm {
    /// `salg_type` and `salg_name`.
    pub fn named(kind: &str, name: &str) -> Option<Algorithm> {
        match kind {
            "hash" => Hash::named(name).map(Algorithm::Hash),
            "skcipher" => Cipher::named(name).map(Algorithm::Cipher),
            "aead" => Aead::named(name).map(Algorithm::Aead),
            "rng" if matches!(name, "stdrng" | "jitterentropy_rng") => Some(Algorithm::Random),
            _ => None,
        }
    }

    /// Bytes of the initialisation vector.
    pub fn iv_size(&self) -> usize {
        match self {
            Algorithm::Cipher(cipher) => cipher.iv_size(),
            Algorithm::Aead(aead) => aead.iv_size(),
            Algorithm::Hash(_) | Algorithm::Random => 0,
        }
    }
}

/// A key that is ready to be used.
#[derive(Clone)]
pub enum Key {
    /// Of a keyed hash.
    Hash(HashKey),
    /// Boxed, as key schedules are much larger than the other keys.
    Cipher(Box<CipherKey>),
    /// And the bytes of a tag.
    Aead(Box<AeadKey>, usize),
}

struct State {
    key: Option<Key>,
    tag: usize,
    /// Working sockets, and how many of them wait for a key.
    users: usize,
    keyless: usize,
}

/// See the module.
pub struct Transform {
    algorithm: Algorithm,
    state: SpinLock<State>,
}

impl Transform {
    /// Without a key; hashes that have none are ready.
    pub fn new(algorithm: Algorithm) -> Transform {
        let ready = |hash: &Hash| {
            let key = hash.without_key();
            (!key.needs_key()).then_some(Key::Hash(key))
        };
        let (key, tag) = match &algorithm {
            Algorithm::Hash(hash) => (ready(hash), 0),
            Algorithm::Aead(aead) => (None, aead.most_tag()),
            Algorithm::Cipher(_) | Algorithm::Random => (None, 0),
        };
        Transform {
            algorithm,
            state: SpinLock::new(State {
                key,
                tag,
                users: 0,
                keyless: 0,
            }),
        }
    }

    #[allow(missing_docs)]
    pub fn algorithm(&self) -> &Algorithm {
        &self.algorithm
    }

    /// Whether there are working sockets.
    pub fn in_use(&self) -> bool {
        self.state.lock().users > 0
    }

    /// See [`super::Alg::set_key`].
    pub fn set_key(&self, bytes: &[u8]) -> Result<()> {
        let mut state = self.state.lock();
        if state.users > state.keyless {
            return Err(Errno::EBUSY);
        }
        let tag = state.tag;
        let key = match &self.algorithm {
            Algorithm::Hash(hash) => {
                let mut key = hash.without_key();
                let set = key.set_key(bytes);
                // Linux's digests without a key have a setkey that fails.
                set.ok_or(Errno::ENOSYS)?.map_err(|_| Errno::EINVAL)?;
                Key::Hash(key)
            }
            Algorithm::Cipher(cipher) => {
                Key::Cipher(Box::new(cipher.with_key(bytes).map_err(|_| Errno::EINVAL)?))
            }
            Algorithm::Aead(aead) => Key::Aead(
                Box::new(aead.with_key(bytes).map_err(|_| Errno::EINVAL)?),
                tag,
            ),
            Algorithm::Random => {
                crate::fs::random::mix(bytes);
                return Ok(());
            }
        };
        state.key = Some(key);
        Ok(())
    }

    /// See [`super::Alg::set_tag_size`].
    pub fn set_tag_size(&self, size: usize) -> Result<()> {
        let mut state = self.state.lock();
        if state.users > state.keyless {
            return Err(Errno::EBUSY);
        }
        let Algorithm::Aead(aead) = &self.algorithm else {
            return Err(Errno::ENOPROTOOPT);
        };
        if !aead.has_tag(size) {
            return Err(Errno::EINVAL);
        }
        state.tag = size;
        if let Some(Key::Aead(_, tag)) = &mut state.key {
            *tag = size;
        }
        Ok(())
    }

    fn has_key(state: &State, algorithm: &Algorithm) -> bool {
        state.key.is_some() || matches!(algorithm, Algorithm::Random)
    }
}

/// A working socket's hold on its transform.
pub struct User {
    transform: alloc::sync::Arc<Transform>,
    /// It has not found a key so far, and does not keep anybody from setting one.
    keyless: AtomicBool,
}

impl User {
    /// One more.
    pub fn new(transform: alloc::sync::Arc<Transform>) -> User {
        let mut state = transform.state.lock();
        let keyless = !Transform::has_key(&state, &transform.algorithm);
        state.users += 1;
        state.keyless += usize::from(keyless);
        drop(state);
        User {
            transform,
            keyless: AtomicBool::new(keyless),
        }
    }

    #[allow(missing_docs)]
    pub fn transform(&self) -> &alloc::sync::Arc<Transform> {
        &self.transform
    }

    /// The key, which stays as it is from now on. `ENOKEY`.
    pub fn key(&self) -> Result<Key> {
        let mut state = self.transform.state.lock();
        let key = state.key.clone().ok_or(Errno::ENOKEY)?;
        if self.keyless.swap(false, Relaxed) {
            state.keyless -= 1;
        }
        Ok(key)
    }

    /// The socket is closed.
    pub fn leave(&self) {
        let mut state = self.transform.state.lock();
        state.users -= 1;
        state.keyless -= usize::from(self.keyless.swap(false, Relaxed));
    }
}
