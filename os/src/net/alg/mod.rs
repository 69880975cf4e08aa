//! AF_ALG: the kernel's algorithms for programs. Linux's Documentation/crypto/userspace-if.rst.
//!
//! What it is: [`Alg`], the socket that is bound to an algorithm and has its key; accept(2) makes sockets that
//! do the work: [`hash`], [`cipher`] (ciphers with and without authentication share the queue of what was sent) and
//! [`random`]. The algorithms are the crate `crypto`. Who calls: [`crate::net::open`], then the socket layer; `opt::alg`
//! for the keys. Who owns and locks: working sockets share the bound one's [`Transform`], which has a spin lock; each
//! has a sleeping lock for its message, held over user copies. Typical sequence:
//!
//! ```text
//! bind("skcipher", "cbc(aes)") -> setsockopt(ALG_SET_KEY) -> accept -> sendmsg(ALG_SET_OP, ALG_SET_IV, data) -> recv
//! ```

mod cipher;
mod hash;
mod queue;
mod random;
mod transform;

use super::{
    Caller, SockAddr, Socket,
    socket::{
        Common, Protocol,
        message::{Incoming, Outgoing, Received},
    },
};
use crate::{Result, file::Events, sync::SpinLock};
use abi::{
    Errno,
    net::{AF_ALG, SOCK_SEQPACKET},
};
use alloc::sync::Arc;
use core::any::Any;
use transform::{Algorithm, Transform};

/// The socket that is bound.
#[derive(Default)]
pub struct Alg {
    transform: SpinLock<Option<Arc<Transform>>>,
}

/// socket(2). `ESOCKTNOSUPPORT`, `EPROTONOSUPPORT`.
pub fn open(kind: u32, protocol: u32) -> Result<Arc<Socket>> {
    check(kind, protocol)?;
    let common = Common::new(AF_ALG, kind, 0);
    Ok(Socket::new(common, Alg::default()))
}

/// socketpair(2): there are none, and socket(2)'s errors come first. `EOPNOTSUPP`.
pub fn pair<T>(kind: u32, protocol: u32) -> Result<T> {
    check(kind, protocol)?;
    Err(Errno::EOPNOTSUPP)
}

fn check(kind: u32, protocol: u32) -> Result<()> {
    match (kind, protocol) {
        (SOCK_SEQPACKET, 0) => Ok(()),
        (SOCK_SEQPACKET, _) => Err(Errno::EPROTONOSUPPORT),
        _ => Err(Errno::ESOCKTNOSUPPORT),
    }
}

impl Alg {
    /// The algorithm, for `opt`. `ENOPROTOOPT` before bind(2).
    fn bound(&self) -> Result<Arc<Transform>> {
        self.transform.lock().clone().ok_or(Errno::ENOPROTOOPT)
    }

    /// ALG_SET_KEY. `EBUSY` once a socket with a key is in use, `EINVAL` for a length that the algorithm does not have,
    /// `ENOPROTOOPT` where it has no key.
    pub fn set_key(&self, key: &[u8]) -> Result<()> {
        self.bound()?.set_key(key)
    }

    /// ALG_SET_AEAD_AUTHSIZE, in bytes. `EBUSY`, `EINVAL`, `ENOPROTOOPT`.
    pub fn set_tag_size(&self, size: usize) -> Result<()> {
        self.bound()?.set_tag_size(size)
    }
}

impl Protocol for Alg {
    fn bind(&self, _common: &Common, _cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
        let algorithm = decode(addr.bytes())?;
        let mut transform = self.transform.lock();
        if transform.as_ref().is_some_and(|old| old.in_use()) {
            return Err(Errno::EBUSY);
        }
        *transform = Some(Arc::new(Transform::new(algorithm)));
        Ok(())
    }

    fn accept(&self, _common: &Common, _nonblock: bool) -> Result<Arc<Socket>> {
        let transform = self.transform.lock().clone().ok_or(Errno::EINVAL)?;
        Ok(match transform.algorithm() {
            Algorithm::Hash(_) => hash::socket(transform, None),
            Algorithm::Cipher(_) | Algorithm::Aead(_) => cipher::socket(transform),
            Algorithm::Random => random::socket(transform),
        })
    }

    fn send(&self, _: &Common, _: Option<&Caller<'_>>, _: &mut Outgoing<'_, '_>) -> Result<usize> {
        Err(Errno::EOPNOTSUPP)
    }

    fn recv(&self, _: &Common, _: &mut Incoming<'_, '_>) -> Result<Received> {
        Err(Errno::EOPNOTSUPP)
    }

    fn ready(&self, _: &Common) -> Events {
        Events::empty()
    }

    fn close(&self, _: &Common) {}

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `struct sockaddr_alg`: family, type, two words of flags, name. `EINVAL`, `ENOENT` for what is not there.
fn decode(bytes: &[u8]) -> Result<Algorithm> {
    const KIND: usize = 2;
    const FEATURES: usize = 16;
    const NAME: usize = 24;
    /// CRYPTO_ALG_KERN_DRIVER_ONLY.
    const ALLOWED: u32 = 0x1000;
    if bytes.len() <= NAME {
        return Err(Errno::EINVAL);
    }
    let word = |at: usize| u32::from_ne_bytes(core::array::from_fn(|i| bytes[at + i]));
    if (word(FEATURES) | word(FEATURES + 4)) & !ALLOWED != 0 {
        return Err(Errno::EINVAL);
    }
    // The last byte of each string counts as its end.
    let text = |bytes: &[u8]| {
        let end = bytes.iter().position(|&byte| byte == 0);
        let end = end.unwrap_or(bytes.len()).min(bytes.len() - 1);
        core::str::from_utf8(&bytes[..end]).map(alloc::string::String::from)
    };
    let kind = text(&bytes[KIND..FEATURES]).map_err(|_| Errno::ENOENT)?;
    let name = text(&bytes[NAME..]).map_err(|_| Errno::ENOENT)?;
    Algorithm::named(&kind, &name).ok_or_else(|| {
        // A hash that takes a key, or has no blocks, can be keyed no further.
        let inner = name
            .strip_prefix("hmac(")
            .and_then(|rest| rest.strip_suffix(')'));
        let keyed = inner.is_some_and(|inner| Algorithm::named(&kind, inner).is_some());
        if keyed { Errno::EINVAL } else { Errno::ENOENT }
    })
}
