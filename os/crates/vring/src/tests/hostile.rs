//! A device that lies: typed errors, a broken queue, no panic, no buffer lost to
//! the driver while the device may still write it.

extern crate std;

use std::collections::BTreeSet;
use std::vec::Vec;

use super::device::{Device, kinds, pair};
use crate::*;

/// A queue with `n` single writable buffers of 64 bytes in flight, and their heads.
fn in_flight(config: Config, n: usize) -> (Queue<usize, 1>, Device, Vec<u16>) {
    let (mut queue, mut device, buffers) = pair::<usize, 1>(config, n, 64);
    for (i, buffer) in buffers.into_iter().enumerate() {
        assert!(queue.add(Chain::from_device(buffer, i)).is_ok());
    }
    let _ = queue.publish();
    let heads = core::iter::from_fn(|| device.take().map(|r| r.head)).collect();
    (queue, device, heads)
}

fn assert_broken(queue: &mut Queue<usize, 1>) {
    assert!(queue.is_broken());
    assert_eq!(queue.pop().err(), Some(RingError::AlreadyBroken));
    assert_eq!(queue.publish(), Kick::NotNeeded);
}

#[test]
fn id_out_of_range() {
    for config in kinds(8) {
        for id in [8, 65_536, u32::MAX] {
            let (mut queue, mut device, _) = in_flight(config, 3);
            device.complete(id, 0);
            assert_eq!(queue.pop().err(), Some(RingError::UsedId(id)));
            assert_broken(&mut queue);
        }
    }
}

#[test]
fn the_same_chain_twice() {
    for config in kinds(8) {
        let (mut queue, mut device, heads) = in_flight(config, 3);
        device.complete(heads[1] as u32, 10);
        device.complete(heads[1] as u32, 10);
        assert_eq!(queue.pop().unwrap().unwrap().chain.cookie, 1);
        let id = heads[1] as u32;
        assert_eq!(queue.pop().err(), Some(RingError::UsedId(id)));
        assert_broken(&mut queue);
    }
}

#[test]
fn a_descriptor_inside_a_chain() {
    let (mut queue, mut device, mut buffers) = pair::<(), 2>(kinds(8)[0], 2, 64);
    let chain = Chain {
        segments: [
            Segment::to_device(buffers.remove(0), 64),
            Segment::from_device(buffers.remove(0), 64),
        ],
        cookie: (),
    };
    assert!(queue.add(chain).is_ok());
    let _ = queue.publish();
    let head = device.take().unwrap().head as u32;
    let inner = if head == 0 { 1 } else { 0 };
    device.complete(inner, 0);
    assert_eq!(queue.pop().err(), Some(RingError::UsedId(inner)));
}

#[test]
fn a_length_beyond_the_buffers() {
    for config in kinds(8) {
        let (mut queue, mut device, heads) = in_flight(config, 1);
        device.complete(heads[0] as u32, 65);
        let error = RingError::UsedLength {
            reported: 65,
            offered: 64,
        };
        assert_eq!(queue.pop().err(), Some(error));
        assert_eq!(queue.in_flight(), 1, "the buffer stays with the queue");
        assert_broken(&mut queue);
    }
}

#[test]
fn a_length_for_a_sent_buffer_is_ignored_on_legacy_devices_only() {
    for config in kinds(8) {
        let (mut queue, mut device, mut buffers) = pair::<(), 1>(config, 1, 64);
        assert!(
            queue
                .add(Chain::to_device(buffers.remove(0), 64, ()))
                .is_ok()
        );
        let _ = queue.publish();
        let head = device.take().unwrap().head;
        device.complete(head as u32, 64);
        match config.layout {
            Layout::Legacy => assert_eq!(queue.pop().unwrap().unwrap().written, 0),
            Layout::Modern => assert!(queue.pop().is_err()),
        }
    }
}

#[test]
fn an_index_that_runs_ahead_or_backwards() {
    for config in kinds(8) {
        for index in [4u16, 8, 0x8000, 65_535] {
            let (mut queue, device, _) = in_flight(config, 3);
            device.arena.set_u16(device.at.device_area + 2, index);
            let error = RingError::UsedIndex { index, taken: 0 };
            assert_eq!(queue.pop().err(), Some(error));
            assert_broken(&mut queue);
        }
    }
}

#[test]
fn scribbled_descriptors_do_not_matter() {
    let (mut queue, mut device, heads) = in_flight(kinds(8)[0], 3);
    for at in 0..8 * 16 / 4 {
        device
            .arena
            .set_u32(device.at.descriptors + 4 * at, u32::MAX);
    }
    for head in heads {
        device.complete(head as u32, 1);
    }
    let cookies: Vec<_> = core::iter::from_fn(|| queue.pop().unwrap())
        .map(|done| done.chain.cookie)
        .collect();
    assert_eq!(cookies, [0, 1, 2]);
}

/// xorshift64: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// A device which mostly works, in any order, and sometimes lies. What the driver
/// gets must always be something it had given away, once, and not longer.
fn fuzz(seed: u64, lies: bool) {
    let random = &mut Random(seed * 2 + 1);
    let config = kinds(1 << random.below(6))[random.below(4) as usize];
    let (mut queue, mut device, mut buffers) = pair::<usize, 1>(config, 20, 64);
    let mut held: Vec<u16> = Vec::new();
    let mut given: BTreeSet<usize> = BTreeSet::new();
    let mut next = 0;
    for _ in 0..2_000 {
        match random.below(10) {
            0..=3 => {
                let Some(buffer) = buffers.pop() else {
                    continue;
                };
                match queue.add(Chain::from_device(buffer, next)) {
                    Ok(()) => {
                        given.insert(next);
                        next += 1;
                    }
                    Err((error, chain)) => {
                        assert_eq!(error == AddError::Full, !queue.is_broken());
                        buffers.push(chain.into_inner());
                    }
                }
            }
            4..=5 => {
                let _ = queue.publish();
                held.extend(core::iter::from_fn(|| device.take().map(|r| r.head)));
            }
            6..=7 if !held.is_empty() => {
                let head = held.swap_remove(random.below(held.len() as u64) as usize);
                device.complete(head as u32, random.below(65) as u32);
            }
            8 if lies && random.below(20) == 0 => match random.below(4) {
                0 => device.complete(random.next() as u32, random.below(100) as u32),
                1 => device.complete(random.below(64) as u32, random.next() as u32),
                2 => {
                    let index = random.next() as u16;
                    device.arena.set_u16(device.at.device_area + 2, index);
                }
                _ => {
                    let at = random.below(16 * config.size as u64 / 4) * 4;
                    let word = random.next() as u32;
                    // Only the device's own area: it reads descriptors itself.
                    if device.at.device_area + at + 4
                        <= device.at.device_area + 4 + 8 * config.size as u64
                    {
                        device.arena.set_u32(device.at.device_area + at, word);
                    }
                }
            },
            8 if random.below(2) == 0 => queue.mask_interrupts(),
            8 => {
                let _ = queue.unmask_interrupts();
            }
            _ => match queue.pop() {
                Ok(Some(done)) => {
                    assert!(given.remove(&done.chain.cookie), "seed {seed}");
                    assert!(done.written <= 64);
                    buffers.push(done.chain.into_inner());
                }
                Ok(None) => {}
                Err(_) => assert!(lies && queue.is_broken(), "seed {seed}"),
            },
        }
        assert_eq!(given.len() + buffers.len(), 20, "seed {seed}");
        assert_eq!(queue.in_flight(), given.len(), "seed {seed}");
    }
}

#[test]
fn an_honest_device_in_any_order() {
    (0..300).for_each(|seed| fuzz(seed, false));
}

#[test]
fn a_lying_device_never_panics_the_driver() {
    (0..1_000).for_each(|seed| fuzz(seed, true));
}
