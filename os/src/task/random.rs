//! Random numbers: ChaCha20 with fast key erasure. getrandom(2), random(4).
//!
//! Seeded at boot from the FDT's `rng-seed` and the counter; every request runs
//! the cipher once for a new key and then for its output, so that yesterday's
//! output cannot be computed from today's state. Timer values are mixed in as the
//! machine runs.

use crate::{arch::counter_ns, sync::SpinLock};

struct State {
    key: [u32; 8],
    /// Requests so far; part of the nonce.
    requests: u64,
}

static STATE: SpinLock<State> = SpinLock::new(State {
    key: [0; 8],
    requests: 0,
});

/// Mixes `seed` into the key. Called at boot, and by writes to /dev/random.
pub fn seed(seed: &[u8]) {
    let mut state = STATE.lock();
    for chunk in seed.chunks(32) {
        for (n, byte) in chunk.iter().enumerate() {
            state.key[n / 4] ^= u32::from(*byte) << (n % 4 * 8);
        }
        let block = block(&state.key, 0, [counter_ns(), !0]);
        state.key.copy_from_slice(&block[..8]);
    }
}

/// Fills `out`.
pub fn fill(out: &mut [u8]) {
    let (key, nonce) = {
        let mut state = STATE.lock();
        state.requests += 1;
        let first = block(&state.key, 0, [state.requests, counter_ns()]);
        // The first half becomes the next key, the second half ours.
        state.key.copy_from_slice(&first[..8]);
        let mut key = [0; 8];
        key.copy_from_slice(&first[8..]);
        (key, state.requests)
    };
    for (n, chunk) in out.chunks_mut(64).enumerate() {
        let words = block(&key, n as u64 + 1, [nonce, 0]);
        for (bytes, word) in chunk.chunks_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes()[..bytes.len()]);
        }
    }
}

/// `N` random bytes.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// One block of ChaCha20 (RFC 8439 section 2.3, with a 64-bit counter as in the
/// original). The second nonce word is folded into the counter's upper key words.
fn block(key: &[u32; 8], counter: u64, nonce: [u64; 2]) -> [u32; 16] {
    let counter = counter ^ nonce[1].rotate_left(32);
    let mut start = [0; 16];
    start[..4].copy_from_slice(&[0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574]);
    start[4..12].copy_from_slice(key);
    start[12..].copy_from_slice(&[
        counter as u32,
        (counter >> 32) as u32,
        nonce[0] as u32,
        (nonce[0] >> 32) as u32,
    ]);
    let mut s = start;
    for _ in 0..10 {
        for column in 0..4 {
            quarter(&mut s, column, column + 4, column + 8, column + 12);
        }
        for diagonal in 0..4 {
            let next = |row: usize| row * 4 + (diagonal + row) % 4;
            quarter(&mut s, next(0), next(1), next(2), next(3));
        }
    }
    for (word, start) in s.iter_mut().zip(start) {
        *word = word.wrapping_add(start);
    }
    s
}

/// RFC 8439 section 2.1.
fn quarter(s: &mut [u32; 16], a: usize, b: usize, c: usize, d: usize) {
    for (rotate_d, rotate_b) in [(16, 12), (8, 7)] {
        s[a] = s[a].wrapping_add(s[b]);
        s[d] = (s[d] ^ s[a]).rotate_left(rotate_d);
        s[c] = s[c].wrapping_add(s[d]);
        s[b] = (s[b] ^ s[c]).rotate_left(rotate_b);
    }
}
