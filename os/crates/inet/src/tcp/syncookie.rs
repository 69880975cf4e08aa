//! SYN cookies (RFC 4987 section 3.6): while too many handshakes are open, a SYN is answered without remembering it. What has to be
//! known later is in the sequence number of the SYN-ACK, which the last segment of the handshake brings back, and in its time stamp.
//!
//! A cookie is a hash with a secret of the addresses, the peer's sequence number and the time; beside it, the time and the largest
//! segment. The low bits of the stamp say what else was agreed to. When the cookie is right, the SYN is made up again and the
//! listener's child comes to be as usual.

use core::hash::Hasher;
use core::time::Duration;

use super::connection::Wire;
use super::machine::Outbox;
use super::options::{self, MSS, NOP, SACK_PERMITTED, SCALE, option};
use super::segment::{ACK, Bare, HEADER, SYN, Segment, Tuple};
use super::socket::Role;
use crate::ip::Rx;
use crate::ip::header::header_len;
use crate::slab::Key;
use crate::stack::Stack;
use crate::time::Instant;
use alloc::vec::Vec;

/// How long a tick of the cookies' clock is, and for how many of them a cookie is good.
const TICK: u64 = 64;
const TICKS: u32 = 2;
/// Segment sizes that a cookie can tell.
const SIZES: [u16; 8] = [536, 1220, 1300, 1440, 1460, 8960, 32_768, 65_495];
/// In the low bits of a stamp: the peer's shift count, or that it has none; SACK.
const NO_SCALE: u32 = 15;
const SACK: u32 = 16;
const BITS: u32 = 6;

/// Of a stack.
pub(crate) struct CookieJar {
    secret: (u64, u64),
    /// When one was given last. Without a recent one, none is looked for.
    given: Option<Instant>,
    /// The initial sequence number of the next machine.
    pub seed: Option<u64>,
}

impl CookieJar {
    pub fn new(secret: u64) -> CookieJar {
        CookieJar {
            secret: (secret, secret.rotate_left(29) ^ 0x5ca1_ab1e),
            given: None,
            seed: None,
        }
    }

    fn hash(&self, tuple: &Tuple, start: u32, tick: u32, size: u32) -> u32 {
        #[allow(deprecated, reason = "SipHash-2-4 with a key is what is wanted")]
        let mut hash = core::hash::SipHasher::new_with_keys(self.secret.0, self.secret.1);
        core::hash::Hash::hash(tuple, &mut hash);
        hash.write_u32(start);
        hash.write_u32(tick);
        hash.write_u32(size);
        hash.finish() as u32 & 0xff_ffff
    }

    fn make(&self, now: Instant, tuple: &Tuple, start: u32, mss: u16) -> u32 {
        let tick = tick(now);
        let size = SIZES.iter().rposition(|&size| size <= mss).unwrap_or(0) as u32;
        let hash = self.hash(tuple, start, tick, size);
        (tick & 31) << 27 | size << 24 | hash
    }

    /// The segment size, if the cookie is ours.
    fn check(&self, now: Instant, tuple: &Tuple, start: u32, cookie: u32) -> Option<u16> {
        let size = cookie >> 24 & 7;
        let now = tick(now);
        let tick = (0..TICKS)
            .map(|ago| now.wrapping_sub(ago))
            .find(|tick| tick & 31 == cookie >> 27)?;
        (self.hash(tuple, start, tick, size) == cookie & 0xff_ffff).then(|| SIZES[size as usize])
    }

    /// One was given so recently that its answer may come.
    pub fn is_open(&self, now: Instant) -> bool {
        let good = Duration::from_secs(TICK * u64::from(TICKS));
        self.given.is_some_and(|given| now.since(given) <= good)
    }
}

fn tick(now: Instant) -> u32 {
    (now.nanos() / 1_000_000_000 / TICK) as u32
}

/// The seed with which a machine's first sequence number becomes `number`: the other way round through smoltcp's generator
/// (a multiplication, an addition, and a shift that the upper bits choose). The number is the second one that is drawn; the first
/// is drawn again when its lower half, folded, is 0.
fn seed_for(number: u32) -> u64 {
    const FACTOR: u64 = 0xbb2e_fcec_3c39_611d;
    const ADDEND: u64 = 0x7590_ef39;
    // The inverse of an odd number modulo 2^64, by Newton's iteration.
    let mut inverse = FACTOR;
    for _ in 0..6 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(FACTOR.wrapping_mul(inverse)));
    }
    let before = |state: u64| state.wrapping_sub(ADDEND).wrapping_mul(inverse);
    let mut state = u64::from(number) << 29;
    loop {
        let first = before(state);
        let drawn = (first >> (29 - (first >> 61))) as u32;
        if (drawn ^ drawn >> 16) as u16 != 0 {
            return before(first);
        }
        // The lowest bits do not show.
        state += 1;
    }
}

impl Stack {
    /// Answers a SYN and forgets it.
    pub(crate) fn cookie_give(
        &mut self,
        rx: Rx,
        listener: Key,
        tuple: &Tuple,
        segment: &Segment,
        bytes: &[u8],
    ) {
        let Some(tcp) = self.tcp.slab.get(listener) else {
            return;
        };
        let (local, peer) = (tuple.local(), tuple.peer());
        let v6 = peer.addr.is_ipv6();
        let asked = match option(bytes, MSS) {
            Some(&[high, low]) => u16::from_be_bytes([high, low]),
            _ => SIZES[0],
        };
        let Ok(route) = self.select_route(peer.addr, None) else {
            return;
        };
        let mss = route
            .mtu
            .saturating_sub(header_len(v6) + HEADER)
            .min(65_535) as u16;
        let [high, low] = mss.to_be_bytes();
        let mut reply = Vec::from([MSS, 4, high, low]);
        let stamps = options::stamps(bytes).filter(|_| self.config.timestamps != 0);
        if let Some((value, _)) = stamps {
            let scale = option(bytes, SCALE).and_then(|body| body.first()).copied();
            let sack = self.config.sack && option(bytes, SACK_PERMITTED).is_some();
            let agreed = scale.map_or(NO_SCALE, |scale| u32::from(scale.min(14)))
                | if sack { SACK } else { 0 };
            // No later than now, so that what follows is not older.
            let millis = (rx.now.nanos() / 1_000_000) as u32;
            let stamp = (millis >> BITS).wrapping_sub(1) << BITS | agreed;
            reply.extend_from_slice(&options::stamp_option((stamp, value)));
            if scale.is_some() {
                let buffer = tcp.options.recv_buffer();
                let shift = (usize::BITS - buffer.leading_zeros()).saturating_sub(16) as u8;
                reply.extend_from_slice(&[NOP, SCALE, 3, shift]);
            }
            if sack {
                reply.extend_from_slice(&[NOP, NOP, SACK_PERMITTED, 2]);
            }
        }
        let bare = Bare {
            local,
            peer,
            seq: self
                .tcp
                .cookies
                .make(rx.now, tuple, segment.seq, asked.min(mss)),
            ack: segment.seq.wrapping_add(1),
            flags: SYN | ACK,
            window: tcp.options.recv_buffer().min(0xffff) as u16,
            tos: tcp.options.common.tos,
            ttl: 64,
        };
        self.tcp.cookies.given = Some(rx.now);
        self.counters.tcp.cookies_sent += 1;
        self.tcp_send_bare_with(rx.now, &bare, Some(rx.iface), &reply);
    }

    /// An acknowledgement that belongs to no connection may bring a cookie back. `true`: it did, and the connection is made.
    pub(crate) fn cookie_take(
        &mut self,
        rx: Rx,
        listener: Key,
        tuple: Tuple,
        segment: &Segment,
        bytes: &[u8],
        packet: &[u8],
    ) -> bool {
        let cookie = segment.ack.wrapping_sub(1);
        let start = segment.seq.wrapping_sub(1);
        let Some(mss) = self.tcp.cookies.check(rx.now, &tuple, start, cookie) else {
            self.counters.tcp.cookies_failed += 1;
            return false;
        };
        self.counters.tcp.cookies_taken += 1;
        let queue = self
            .tcp
            .slab
            .get(listener)
            .and_then(|parent| parent.listener());
        if queue.is_none_or(|queue| queue.ready.len() > queue.backlog) {
            self.counters.tcp.listen_drops += 1;
            self.counters.tcp.listen_overflows += 1;
            return true;
        }
        let [high, low] = mss.to_be_bytes();
        let mut offered = Vec::from([MSS, 4, high, low]);
        if let Some((value, echo)) = options::stamps(bytes) {
            offered.extend_from_slice(&options::stamp_option((value, 0)));
            let agreed = echo & ((1 << BITS) - 1);
            if agreed & 15 != NO_SCALE {
                offered.extend_from_slice(&[NOP, SCALE, 3, (agreed & 15) as u8]);
            }
            if agreed & SACK != 0 {
                offered.extend_from_slice(&[NOP, NOP, SACK_PERMITTED, 2]);
            }
        }
        let syn = Bare {
            local: tuple.peer(),
            peer: tuple.local(),
            seq: start,
            ack: 0,
            flags: SYN,
            window: segment.window,
            tos: 0,
            ttl: 64,
        };
        let syn = syn.packet(&mut self.frames, &offered);
        let front = header_len(tuple.peer().addr.is_ipv6());
        if let Some(parsed) = syn.get(front..).and_then(Segment::parse) {
            self.tcp.cookies.seed = Some(seed_for(cookie));
            self.listener_child(rx, listener, tuple, &parsed, &syn[front..], &syn);
            self.tcp.cookies.seed = None;
        }
        self.frames.put(syn);
        if let Some(&child) = self.tcp.demux.get(&tuple) {
            self.cookie_answered(rx.now, child);
            self.connection_input(rx, child, segment, bytes, packet);
        }
        true
    }

    /// The child's SYN-ACK is out already.
    fn cookie_answered(&mut self, now: Instant, child: Key) {
        let Some(Role::Connection(connection)) =
            self.tcp.slab.get_mut(child).map(|tcp| &mut tcp.role)
        else {
            return;
        };
        connection.record.stamp_offset = 0;
        let mut frames = Vec::new();
        let mut out = Outbox {
            pool: &mut self.frames,
            frames: &mut frames,
            room: 1,
        };
        if let Wire::Packets(machine) = &mut connection.wire {
            machine.output(now, &mut out);
        }
        for frame in frames {
            connection.observe_output(now, &frame);
            self.frames.put(frame);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::Endpoint;
    use crate::tcp::machine::{Machine, Shape};

    #[test]
    fn a_machine_begins_where_it_is_told() {
        let shape = Shape {
            whole: 1500,
            mtu: 1500,
            extra: 0,
            unsegmented: false,
            recv_buffer: 8192,
            send_buffer: 8192,
        };
        let mut pool = crate::frame::FramePool::new(0);
        for number in (0..100_000_u32).step_by(97).chain([0x1234_5678, u32::MAX]) {
            let now = Instant::from_millis(1);
            let mut machine = Machine::new(now, seed_for(number), shape);
            let (from, to) = (
                Endpoint::v4([10, 0, 0, 1], 1),
                Endpoint::v4([10, 0, 0, 2], 2),
            );
            assert!(machine.connect(from, to));
            let mut frames = Vec::new();
            let mut out = Outbox {
                pool: &mut pool,
                frames: &mut frames,
                room: 1,
            };
            machine.output(now, &mut out);
            assert_eq!(Segment::parse(&frames[0][20..]).unwrap().seq, number);
        }
    }

    #[test]
    fn only_its_own_cookies_are_good() {
        let jar = CookieJar::new(77);
        let tuple = Tuple::new([1, 2, 3, 4].into(), 80, [5, 6, 7, 8].into(), 9);
        let now = Instant::from_millis(1_000_000);
        let cookie = jar.make(now, &tuple, 42, 1460);
        assert_eq!(jar.check(now, &tuple, 42, cookie), Some(1460));
        assert_eq!(jar.check(now, &tuple, 43, cookie), None);
        assert_eq!(jar.check(now, &tuple, 42, cookie ^ 1), None);
        assert_eq!(CookieJar::new(78).check(now, &tuple, 42, cookie), None);
        let late = now + Duration::from_secs(60);
        assert_eq!(jar.check(late, &tuple, 42, cookie), Some(1460));
        let late = now + Duration::from_secs(200);
        assert_eq!(jar.check(late, &tuple, 42, cookie), None);
    }
}
