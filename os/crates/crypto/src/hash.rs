//! Message digests, and keyed ones (RFC 2104). FIPS 180-4, FIPS 202, RFC 1321; CRC-32C as RFC 3720 section 12.1 has it.

use alloc::{boxed::Box, vec::Vec};

use digest::DynDigest;
use hmac::{Hmac, Mac};

/// The digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Digest {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha3x224,
    Sha3x256,
    Sha3x384,
    Sha3x512,
}

const DIGESTS: [(&str, Digest); 10] = [
    ("md5", Digest::Md5),
    ("sha1", Digest::Sha1),
    ("sha224", Digest::Sha224),
    ("sha256", Digest::Sha256),
    ("sha384", Digest::Sha384),
    ("sha512", Digest::Sha512),
    ("sha3-224", Digest::Sha3x224),
    ("sha3-256", Digest::Sha3x256),
    ("sha3-384", Digest::Sha3x384),
    ("sha3-512", Digest::Sha3x512),
];

/// An algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain(Digest),
    Keyed(Digest),
    Crc32c,
}

/// An algorithm and the key that it may want.
#[derive(Clone, Debug)]
pub struct HashKey {
    hash: Hash,
    key: Option<Vec<u8>>,
}

/// A message on its way through.
pub struct HashState(State);

enum State {
    Plain(Box<dyn CloneDigest>),
    Keyed(Box<dyn CloneMac>),
    Crc32c(u32),
}

impl Hash {
    /// By its name: `sha256`, `hmac(sha256)`, `crc32c`. A hash of a hash of a key is none.
    pub fn named(name: &str) -> Option<Hash> {
        let digest = |name: &str| {
            DIGESTS
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, digest)| *digest)
        };
        if name == "crc32c" {
            return Some(Hash(Kind::Crc32c));
        }
        match name
            .strip_prefix("hmac(")
            .and_then(|rest| rest.strip_suffix(')'))
        {
            Some(inner) => digest(inner).map(|digest| Hash(Kind::Keyed(digest))),
            None => digest(name).map(|digest| Hash(Kind::Plain(digest))),
        }
    }

    /// Without a key so far.
    pub fn without_key(self) -> HashKey {
        HashKey {
            hash: self,
            key: None,
        }
    }
}

impl HashKey {
    /// ALG_SET_KEY: `Length` where the algorithm wants another one, and `None` where it has no key.
    pub fn set_key(&mut self, key: &[u8]) -> Option<Result<(), crate::Error>> {
        match self.hash.0 {
            Kind::Plain(_) => None,
            Kind::Crc32c if key.len() != 4 => Some(Err(crate::Error::Length)),
            Kind::Crc32c | Kind::Keyed(_) => {
                self.key = Some(key.into());
                Some(Ok(()))
            }
        }
    }

    /// Whether a key is wanted and missing.
    pub fn needs_key(&self) -> bool {
        matches!(self.hash.0, Kind::Keyed(_)) && self.key.is_none()
    }

    /// Bytes of the result.
    pub fn size(&self) -> usize {
        match self.hash.0 {
            Kind::Crc32c => 4,
            Kind::Plain(digest) | Kind::Keyed(digest) => plain(digest).output_size(),
        }
    }

    /// The start of a message.
    pub fn start(&self) -> HashState {
        let key = self.key.as_deref().unwrap_or_default();
        HashState(match self.hash.0 {
            Kind::Plain(digest) => State::Plain(plain(digest)),
            Kind::Keyed(digest) => State::Keyed(keyed(digest, key)),
            Kind::Crc32c => State::Crc32c(match key.first_chunk() {
                Some(seed) => u32::from_le_bytes(*seed),
                None => u32::MAX,
            }),
        })
    }
}

impl HashState {
    /// More of the message.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Plain(digest) => digest.update(bytes),
            State::Keyed(mac) => mac.add(bytes),
            State::Crc32c(crc) => *crc = crc32c(*crc, bytes),
        }
    }

    /// The result.
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Plain(digest) => digest.into_dyn().finalize().into(),
            State::Keyed(mac) => mac.end(),
            State::Crc32c(crc) => (!crc).to_le_bytes().into(),
        }
    }
}

impl Clone for HashState {
    fn clone(&self) -> HashState {
        HashState(match &self.0 {
            State::Plain(digest) => State::Plain(digest.copy()),
            State::Keyed(mac) => State::Keyed(mac.copy()),
            State::Crc32c(crc) => State::Crc32c(*crc),
        })
    }
}

/// Bit by bit: a table would be quicker, and nobody waits for it.
fn crc32c(crc: u32, bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    bytes.iter().fold(crc, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 != 0 { POLYNOMIAL } else { 0 }
        })
    })
}

trait CloneDigest: DynDigest + Send {
    fn copy(&self) -> Box<dyn CloneDigest>;
    fn into_dyn(self: Box<Self>) -> Box<dyn DynDigest>;
}

impl<D: DynDigest + Clone + Send + 'static> CloneDigest for D {
    fn copy(&self) -> Box<dyn CloneDigest> {
        Box::new(self.clone())
    }

    fn into_dyn(self: Box<Self>) -> Box<dyn DynDigest> {
        self
    }
}

trait CloneMac: Send {
    fn add(&mut self, bytes: &[u8]);
    fn end(self: Box<Self>) -> Vec<u8>;
    fn copy(&self) -> Box<dyn CloneMac>;
}

impl<M: Mac + Clone + Send + 'static> CloneMac for M {
    fn add(&mut self, bytes: &[u8]) {
        self.update(bytes);
    }

    fn end(self: Box<Self>) -> Vec<u8> {
        self.finalize().into_bytes().to_vec()
    }

    fn copy(&self) -> Box<dyn CloneMac> {
        Box::new(self.clone())
    }
}

fn plain(digest: Digest) -> Box<dyn CloneDigest> {
    match digest {
        Digest::Md5 => Box::new(md5::Md5::default()),
        Digest::Sha1 => Box::new(sha1::Sha1::default()),
        Digest::Sha224 => Box::new(sha2::Sha224::default()),
        Digest::Sha256 => Box::new(sha2::Sha256::default()),
        Digest::Sha384 => Box::new(sha2::Sha384::default()),
        Digest::Sha512 => Box::new(sha2::Sha512::default()),
        Digest::Sha3x224 => Box::new(sha3::Sha3_224::default()),
        Digest::Sha3x256 => Box::new(sha3::Sha3_256::default()),
        Digest::Sha3x384 => Box::new(sha3::Sha3_384::default()),
        Digest::Sha3x512 => Box::new(sha3::Sha3_512::default()),
    }
}

fn keyed(digest: Digest, key: &[u8]) -> Box<dyn CloneMac> {
    macro_rules! mac {
        ($digest:ty) => {
            match <Hmac<$digest> as Mac>::new_from_slice(key) {
                Ok(mac) => Box::new(mac),
                // RFC 2104 takes keys of every length.
                Err(_) => Box::new(<Hmac<$digest> as hmac::digest::KeyInit>::new(
                    &Default::default(),
                )),
            }
        };
    }
    match digest {
        Digest::Md5 => mac!(md5::Md5),
        Digest::Sha1 => mac!(sha1::Sha1),
        Digest::Sha224 => mac!(sha2::Sha224),
        Digest::Sha256 => mac!(sha2::Sha256),
        Digest::Sha384 => mac!(sha2::Sha384),
        Digest::Sha512 => mac!(sha2::Sha512),
        Digest::Sha3x224 => mac!(sha3::Sha3_224),
        Digest::Sha3x256 => mac!(sha3::Sha3_256),
        Digest::Sha3x384 => mac!(sha3::Sha3_384),
        Digest::Sha3x512 => mac!(sha3::Sha3_512),
    }
}
