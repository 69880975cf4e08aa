//! TCP options on the wire: found in a segment, changed in place, added to a packet (RFC 9293 section 3.1, RFC 7323, RFC 2018,
//! RFC 7413).
//!
//! The machines write the options that they know; [`super::egress`] adds what they do not, [`super::input`] hides what was not
//! agreed to. Nothing here trusts a length.

use super::segment::HEADER;
use crate::frame::{Frame, FramePool};
use crate::ip::header::header_len;

/// Kind numbers.
pub(crate) const END: u8 = 0;
pub(crate) const NOP: u8 = 1;
pub(crate) const MSS: u8 = 2;
pub(crate) const SCALE: u8 = 3;
pub(crate) const SACK_PERMITTED: u8 = 4;
pub(crate) const SACK: u8 = 5;
pub(crate) const STAMPS: u8 = 8;
pub(crate) const FAST_OPEN: u8 = 34;

/// All options together are no longer.
const MOST: usize = 40;

/// Where the option's bytes behind kind and length are in `segment`.
fn find(segment: &[u8], wanted: u8) -> Option<core::ops::Range<usize>> {
    let end = usize::from(segment.get(12)? >> 4) * 4;
    let options = segment.get(..end)?;
    let mut at = HEADER;
    loop {
        match *options.get(at..)? {
            [] | [END, ..] | [_] => return None,
            [NOP, ..] => at += 1,
            [kind, len, ..] => {
                let next = at + usize::from(len);
                if len < 2 || next > options.len() {
                    return None;
                }
                if kind == wanted {
                    return Some(at + 2..next);
                }
                at = next;
            }
        }
    }
}

/// The option's bytes behind kind and length.
pub(crate) fn option(segment: &[u8], wanted: u8) -> Option<&[u8]> {
    segment.get(find(segment, wanted)?)
}

/// The same, to be changed.
pub(crate) fn option_mut(segment: &mut [u8], wanted: u8) -> Option<&mut [u8]> {
    let range = find(segment, wanted)?;
    segment.get_mut(range)
}

/// Both words of a time stamp option: TSval and TSecr.
pub(crate) fn stamps(segment: &[u8]) -> Option<(u32, u32)> {
    let body: &[u8; 8] = option(segment, STAMPS)?.try_into().ok()?;
    let [a, b, c, d, e, f, g, h] = *body;
    Some((
        u32::from_be_bytes([a, b, c, d]),
        u32::from_be_bytes([e, f, g, h]),
    ))
}

/// The time stamp option, padded as Linux does.
pub(crate) fn stamp_option((value, echo): (u32, u32)) -> [u8; 12] {
    let mut bytes = [NOP, NOP, STAMPS, 10, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes[4..8].copy_from_slice(&value.to_be_bytes());
    bytes[8..].copy_from_slice(&echo.to_be_bytes());
    bytes
}

/// Puts padding in the option's place.
pub(crate) fn blank(segment: &mut [u8], wanted: u8) {
    if let Some(range) = find(segment, wanted) {
        segment[range.start - 2..range.end].fill(NOP);
    }
}

/// How long the TCP header is that begins at `front` of a packet, in bytes.
pub(crate) fn header_of(packet: &[u8], front: usize) -> usize {
    packet
        .get(front + 12)
        .map_or(HEADER, |byte| usize::from(byte >> 4) * 4)
}

/// How long the options of `segment` are up to their end or padding.
fn used(segment: &[u8]) -> usize {
    let end = (usize::from(segment[12] >> 4) * 4).min(segment.len());
    let mut at = HEADER;
    while let Some(&kind) = segment.get(at).filter(|_| at < end) {
        match kind {
            END => break,
            NOP => at += 1,
            _ => match segment.get(at + 1) {
                Some(&len) if len >= 2 && at + usize::from(len) <= end => at += usize::from(len),
                _ => break,
            },
        }
    }
    at - HEADER
}

/// The IP packet with `extra` options behind those that it has, and `payload` behind its own. `None` where the options do not fit,
/// or it is no TCP packet.
pub(crate) fn extended(
    pool: &mut FramePool,
    packet: &[u8],
    v6: bool,
    extra: &[u8],
    payload: &[u8],
) -> Option<Frame> {
    let front = header_len(v6);
    let segment = packet.get(front..)?;
    let old = usize::from(segment.get(12)? >> 4) * 4;
    if old < HEADER || segment.len() < old {
        return None;
    }
    let kept = used(segment);
    let len = (kept + extra.len()).next_multiple_of(4);
    if len > MOST {
        return None;
    }
    let own = &segment[old..];
    let mut frame = pool.get(front + HEADER + len + own.len() + payload.len());
    frame.tag = Default::default();
    let (headers, rest) = frame.split_at_mut(front + HEADER + kept);
    headers.copy_from_slice(&packet[..front + HEADER + kept]);
    let (options, data) = rest.split_at_mut(len - kept);
    options.fill(END);
    options[..extra.len()].copy_from_slice(extra);
    data[..own.len()].copy_from_slice(own);
    data[own.len()..].copy_from_slice(payload);
    frame[front + 12] = (((HEADER + len) / 4) << 4) as u8;
    let total = frame.len();
    let (at, value) = if v6 { (4, total - front) } else { (2, total) };
    frame[at..at + 2].copy_from_slice(&(value as u16).to_be_bytes());
    Some(frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use std::vec;
    use std::vec::Vec;

    fn segment(options: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        bytes[12] = (((HEADER + options.len()) / 4) << 4) as u8;
        bytes.extend(options);
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn finds_and_blanks() {
        let mut bytes = segment(
            &[
                2, 4, 5, 180, 4, 2, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0,
            ],
            b"x",
        );
        assert_eq!(option(&bytes, MSS), Some(&[5, 180][..]));
        assert_eq!(option(&bytes, SACK_PERMITTED), Some(&[][..]));
        assert_eq!(stamps(&bytes), Some((7, 9)));
        blank(&mut bytes, SACK_PERMITTED);
        assert_eq!(option(&bytes, SACK_PERMITTED), None);
        assert_eq!(stamps(&bytes), Some((7, 9)));
        assert_eq!(used(&bytes), 17);
    }

    #[test]
    fn extends() {
        let mut pool = FramePool::new(0);
        let mut packet = vec![0; 20];
        packet.extend(segment(&[8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0], b"own"));
        let frame = extended(&mut pool, &packet, false, &[34, 4, 8, 9], b"more").unwrap();
        assert_eq!(option(&frame[20..], FAST_OPEN), Some(&[8, 9][..]));
        assert_eq!(&frame[frame.len() - 7..], b"ownmore");
        assert_eq!(usize::from(frame[3]), frame.len());
        assert!(extended(&mut pool, &packet, false, &[1; 31], b"").is_none());
    }

    #[test]
    fn rubbish_is_survived() {
        let mut rng = Rng::new(5);
        let mut pool = FramePool::new(0);
        for _ in 0..20_000 {
            let len = rng.below(90) as usize;
            let mut bytes: Vec<u8> = (0..len).map(|_| rng.u32() as u8 & 0x2f).collect();
            if let Some(byte) = bytes.get_mut(12) {
                *byte = rng.u32() as u8;
            }
            for kind in [MSS, SCALE, SACK_PERMITTED, SACK, STAMPS, FAST_OPEN] {
                option(&bytes, kind);
                option_mut(&mut bytes, kind);
                blank(&mut bytes, kind);
            }
            stamps(&bytes);
            let mut packet = vec![0; 20];
            packet.extend(bytes);
            extended(&mut pool, &packet, false, &[34, 2], b"data");
        }
    }
}
