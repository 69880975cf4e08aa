//! The kernel's random numbers: ChaCha20 (RFC 8439) keyed with what `drivers`
//! gathered at boot, rekeyed after every request so that a later leak of the state
//! tells nothing about earlier output.
//!
//! Who calls: /dev/random and /dev/urandom, getrandom(2), AT_RANDOM, `net`.

use crate::{drivers, sync::SpinLock, time};

struct Generator {
    key: [u32; 8],
    counter: u64,
    seeded: bool,
}

static GENERATOR: SpinLock<Generator> = SpinLock::new(Generator {
    key: [0; 8],
    counter: 0,
    seeded: false,
});

/// Fills `out` with random bytes. Never blocks.
pub fn fill(out: &mut [u8]) {
    let mut generator = GENERATOR.lock();
    if !generator.seeded {
        generator.seeded = true;
        generator.mix(&drivers::seed());
    }
    // Time of use is one more thing that an outsider does not know exactly.
    generator.key[7] ^= time::now().0 as u32;
    for chunk in out.chunks_mut(64) {
        let block = generator.next();
        chunk.copy_from_slice(&block[..chunk.len()]);
    }
    let fresh = generator.next();
    for (word, bytes) in generator.key.iter_mut().zip(fresh.chunks_exact(4)) {
        *word = le32(bytes);
    }
}

/// Adds bytes that a program wrote to /dev/random; they can only help.
pub fn mix(bytes: &[u8]) {
    GENERATOR.lock().mix(bytes);
}

/// A random number.
pub fn u64() -> u64 {
    let mut bytes = [0; 8];
    fill(&mut bytes);
    u64::from_ne_bytes(bytes)
}

impl Generator {
    fn mix(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(32) {
            for (i, &byte) in chunk.iter().enumerate() {
                self.key[i / 4] ^= u32::from(byte) << (8 * (i % 4));
            }
            let block = self.next();
            for (word, bytes) in self.key.iter_mut().zip(block.chunks_exact(4)) {
                *word = le32(bytes);
            }
        }
    }

    fn next(&mut self) -> [u8; 64] {
        self.counter += 1;
        chacha20(&self.key, self.counter)
    }
}

fn le32(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The block function, RFC 8439 section 2.3, with a 64-bit counter and a zero nonce.
fn chacha20(key: &[u32; 8], counter: u64) -> [u8; 64] {
    let mut start = [0; 16];
    start[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
    start[4..12].copy_from_slice(key);
    start[12] = counter as u32;
    start[13] = (counter >> 32) as u32;
    let mut state = start;
    for _ in 0..10 {
        for i in 0..4 {
            quarter(&mut state, i, 4 + i, 8 + i, 12 + i);
        }
        for i in 0..4 {
            quarter(
                &mut state,
                i,
                4 + (i + 1) % 4,
                8 + (i + 2) % 4,
                12 + (i + 3) % 4,
            );
        }
    }
    let mut out = [0; 64];
    for (i, bytes) in out.chunks_exact_mut(4).enumerate() {
        bytes.copy_from_slice(&state[i].wrapping_add(start[i]).to_le_bytes());
    }
    out
}

fn quarter(s: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    for (x, y, z, turn) in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)] {
        s[x] = s[x].wrapping_add(s[y]);
        s[z] = (s[z] ^ s[x]).rotate_left(turn);
    }
}
