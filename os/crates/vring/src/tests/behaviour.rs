//! What an honest device and the driver can rely on.

extern crate std;

use std::vec::Vec;

use super::device::{Buffer, kinds, pair};
use crate::queue::event_passed;
use crate::*;

#[test]
fn legacy_layout_is_the_one_of_the_specification() {
    // 256 entries: 4096 bytes of descriptors, 518 of available ring, used ring on
    // the next page.
    let (queue, _, _) = pair::<(), 1>(kinds(256)[2], 0, 1);
    let at = queue.addresses();
    assert_eq!(at.driver_area - at.descriptors, 4096);
    assert_eq!(at.device_area - at.descriptors, 8192);
    assert_eq!(Layout::Legacy.bytes(256), 8192 + 6 + 8 * 256);
}

#[test]
fn modern_parts_are_aligned() {
    for size in [1u16, 2, 8, 64, 1024] {
        let (queue, _, _) = pair::<(), 1>(kinds(size)[0], 0, 1);
        let at = queue.addresses();
        assert!(at.descriptors.is_multiple_of(16));
        assert!(at.driver_area.is_multiple_of(2));
        assert!(at.device_area.is_multiple_of(4));
    }
}

#[test]
fn bad_set_up_is_refused() {
    let config = |size| Config {
        size,
        layout: Layout::Modern,
        event_idx: true,
    };
    let memory = || super::device::Arena::new(64 * 1024).1;
    assert!(matches!(
        Queue::<(), 1>::new(memory(), config(0)),
        Err(SetupError::Size)
    ));
    assert!(matches!(
        Queue::<(), 1>::new(memory(), config(3)),
        Err(SetupError::Size)
    ));
    assert!(matches!(
        Queue::<(), 1>::new(memory(), config(2048)),
        Err(SetupError::Size)
    ));
    let (_, unaligned) = memory().split_at(16).unwrap();
    assert!(matches!(
        Queue::<(), 1>::new(unaligned, config(8)),
        Err(SetupError::Memory)
    ));
    let (short, _) = memory().split_at(100).unwrap();
    assert!(matches!(
        Queue::<(), 1>::new(short, config(8)),
        Err(SetupError::Memory)
    ));
}

#[test]
fn a_chain_arrives_as_it_was_built_and_comes_back() {
    for config in kinds(8) {
        let (mut queue, mut device, mut buffers) = pair::<u32, 3>(config, 3, 512);
        let mut header = buffers.remove(0);
        header.as_mut_slice()[..4].copy_from_slice(b"read");
        let chain = Chain {
            segments: [
                Segment::to_device(header, 16),
                Segment::from_device(buffers.remove(0), 512),
                Segment::from_device(buffers.remove(0), 1),
            ],
            cookie: 77,
        };
        assert!(queue.add(chain).is_ok());
        assert!(device.take().is_none(), "nothing is shown before publish");
        let _ = queue.publish();
        let request = device.take().unwrap();
        let shape: Vec<_> = request
            .buffers
            .iter()
            .map(|b| (b.len, b.writable))
            .collect();
        assert_eq!(shape, [(16, false), (512, true), (1, true)]);
        assert_eq!(device.arena.read(request.buffers[0].bus, 4), b"read");
        device.arena.write(request.buffers[1].bus, b"sector data");
        device.arena.write(request.buffers[2].bus, &[7]);
        assert!(queue.pop().unwrap().is_none());
        device.complete(request.head as u32, 513);

        let done = queue.pop().unwrap().unwrap();
        assert_eq!((done.chain.cookie, done.written), (77, 513));
        let [_, data, status] = done.chain.segments;
        assert_eq!(&data.dma().as_slice()[..11], b"sector data");
        assert_eq!(status.dma().as_slice()[0], 7);
        assert_eq!(queue.in_flight(), 0);
    }
}

#[test]
fn a_full_queue_gives_the_chain_back() {
    for config in kinds(4) {
        let (mut queue, mut device, mut buffers) = pair::<usize, 1>(config, 5, 64);
        for (i, buffer) in buffers.drain(..4).enumerate() {
            assert!(queue.add(Chain::from_device(buffer, i)).is_ok());
        }
        assert_eq!(queue.room(), 0);
        let fifth = Chain::from_device(buffers.remove(0), 4);
        let Err((AddError::Full, fifth)) = queue.add(fifth) else {
            panic!("a full queue took a fifth chain");
        };
        let _ = queue.publish();
        let head = device.take().unwrap().head;
        device.complete(head as u32, 64);
        assert_eq!(queue.pop().unwrap().unwrap().chain.cookie, 0);
        assert!(queue.add(fifth).is_ok());
    }
}

#[test]
fn bad_chains_are_refused() {
    let (mut queue, _, mut buffers) = pair::<(), 2>(kinds(4)[0], 4, 64);
    let mut next = || buffers.pop().unwrap();
    let backwards = Chain {
        segments: [
            Segment::from_device(next(), 64),
            Segment::to_device(next(), 64),
        ],
        cookie: (),
    };
    assert!(matches!(queue.add(backwards), Err((AddError::BadChain, _))));
    let empty = Chain {
        segments: [Segment::to_device(next(), 0), Segment::to_device(next(), 0)],
        cookie: (),
    };
    assert!(matches!(queue.add(empty), Err((AddError::BadChain, _))));
    assert_eq!(queue.room(), 2);
}

#[test]
fn a_segment_never_exceeds_its_memory() {
    let (mut queue, mut device, mut buffers) = pair::<(), 1>(kinds(4)[0], 1, 64);
    let chain = Chain::to_device(buffers.remove(0), 1 << 40, ());
    assert!(queue.add(chain).is_ok());
    let _ = queue.publish();
    assert_eq!(device.take().unwrap().buffers[0].len, 64);
}

#[test]
fn one_kick_for_a_batch_and_none_until_the_device_asks_again() {
    // 2.7.10: the device asked at index 0; the first batch passes it, later ones do not.
    for config in [kinds(16)[0], kinds(16)[2]] {
        let (mut queue, mut device, mut buffers) = pair::<(), 1>(config, 12, 64);
        let mut add = |queue: &mut Queue<(), 1>, n: usize| {
            for buffer in buffers.drain(..n) {
                assert!(queue.add(Chain::to_device(buffer, 10, ())).is_ok());
            }
        };
        add(&mut queue, 5);
        assert_eq!(queue.publish(), Kick::Needed);
        add(&mut queue, 3);
        assert_eq!(queue.publish(), Kick::NotNeeded);
        assert_eq!(queue.publish(), Kick::NotNeeded, "nothing new");
        while device.take().is_some() {}
        device.arm_kick();
        add(&mut queue, 4);
        assert_eq!(queue.publish(), Kick::Needed);
    }
}

#[test]
fn without_event_idx_the_used_flag_decides() {
    let (mut queue, device, mut buffers) = pair::<(), 1>(kinds(8)[1], 2, 64);
    device.arena.set_u16(device.at.device_area, 1);
    assert!(
        queue
            .add(Chain::to_device(buffers.remove(0), 1, ()))
            .is_ok()
    );
    assert_eq!(queue.publish(), Kick::NotNeeded);
    device.arena.set_u16(device.at.device_area, 0);
    assert!(
        queue
            .add(Chain::to_device(buffers.remove(0), 1, ()))
            .is_ok()
    );
    assert_eq!(queue.publish(), Kick::Needed);
}

#[test]
fn event_comparison_over_the_wrap() {
    assert!(event_passed(0, 1, 0));
    assert!(!event_passed(1, 1, 0));
    assert!(!event_passed(5, 4, 2));
    assert!(event_passed(5, 6, 2));
    // A batch that wraps: the case a plain `>=` misses.
    assert!(event_passed(65534, 0, 65533));
    assert!(event_passed(65535, 3, 65530));
    assert!(!event_passed(65529, 3, 65530), "asked and answered before");
    // Every pair of positions with a brute-force model.
    for old in [0u16, 1, 65500, 65535] {
        for batch in 0..40u16 {
            let new = old.wrapping_add(batch);
            for offset in -50..50i32 {
                let event = old.wrapping_add_signed(offset as i16);
                let passed = (0..batch).any(|i| old.wrapping_add(i) == event);
                assert_eq!(event_passed(event, new, old), passed);
            }
        }
    }
}

#[test]
fn the_indices_run_through_the_wrap_many_times() {
    for config in kinds(8) {
        let (mut queue, mut device, mut buffers) = pair::<u32, 1>(config, 8, 32);
        let mut kicks = 0;
        for round in 0..60_000u32 {
            let batch = 1 + (round % 7) as usize;
            for _ in 0..batch.min(buffers.len()) {
                let buffer = buffers.pop().unwrap();
                assert!(queue.add(Chain::from_device(buffer, round)).is_ok());
            }
            if queue.publish() == Kick::Needed {
                kicks += 1;
                while let Some(request) = device.take() {
                    device.complete(request.head as u32, 3);
                }
                device.arm_kick();
                device.signal();
            }
            while let Some(done) = queue.pop().unwrap() {
                assert_eq!((done.chain.cookie, done.written), (round, 3));
                buffers.push(done.chain.into_inner());
            }
            let _ = queue.unmask_interrupts();
            assert_eq!(buffers.len(), 8, "a kick was missed in round {round}");
        }
        assert_eq!(kicks, 60_000);
        assert_eq!(device.interrupts, 60_000, "an interrupt was missed");
    }
}

#[test]
fn masked_means_no_interrupt_for_more_than_a_lap() {
    for config in kinds(8) {
        let (mut queue, mut device, mut buffers) = pair::<(), 1>(config, 8, 32);
        queue.mask_interrupts();
        for _ in 0..200_000 {
            assert!(
                queue
                    .add(Chain::from_device(buffers.pop().unwrap(), ()))
                    .is_ok()
            );
            let _ = queue.publish();
            let head = device.take().unwrap().head;
            device.arm_kick();
            device.complete(head as u32, 0);
            device.signal();
            buffers.push(queue.pop().unwrap().unwrap().chain.into_inner());
        }
        assert_eq!(device.interrupts, 0);
        assert_eq!(queue.unmask_interrupts(), Pending::No);
        assert!(
            queue
                .add(Chain::from_device(buffers.pop().unwrap(), ()))
                .is_ok()
        );
        let _ = queue.publish();
        let head = device.take().unwrap().head;
        device.complete(head as u32, 0);
        device.signal();
        assert_eq!(device.interrupts, 1);
    }
}

#[test]
fn unmasking_tells_what_came_meanwhile() {
    for config in kinds(8) {
        let (mut queue, mut device, mut buffers) = pair::<(), 1>(config, 1, 32);
        queue.mask_interrupts();
        assert!(queue.add(Chain::from_device(buffers.remove(0), ())).is_ok());
        let _ = queue.publish();
        let head = device.take().unwrap().head;
        device.complete(head as u32, 1);
        device.signal();
        assert_eq!(device.interrupts, 0);
        assert_eq!(queue.unmask_interrupts(), Pending::Yes);
        assert!(queue.pop().unwrap().is_some());
        assert_eq!(queue.unmask_interrupts(), Pending::No);
    }
}

#[test]
fn the_hottest_descriptor_is_used_again() {
    let (mut queue, mut device, mut buffers) = pair::<(), 1>(kinds(64)[0], 1, 32);
    let mut heads = Vec::new();
    for _ in 0..10 {
        assert!(
            queue
                .add(Chain::to_device(buffers.remove(0), 8, ()))
                .is_ok()
        );
        let _ = queue.publish();
        let request = device.take().unwrap();
        heads.push((request.head, request.buffers));
        device.complete(heads.last().unwrap().0 as u32, 0);
        buffers.push(queue.pop().unwrap().unwrap().chain.into_inner());
    }
    heads.dedup();
    assert_eq!(heads.len(), 1);
    let expected = Buffer {
        bus: buffers[0].bus_addr(),
        len: 8,
        writable: false,
    };
    assert_eq!(heads[0].1, [expected]);
}

#[test]
fn an_empty_segment_is_left_out() {
    let (mut queue, mut device, mut buffers) = pair::<(), 3>(kinds(4)[0], 3, 64);
    let mut next = || buffers.pop().unwrap();
    let flush = Chain {
        segments: [
            Segment::to_device(next(), 16),
            Segment::to_device(next(), 0),
            Segment::from_device(next(), 1),
        ],
        cookie: (),
    };
    assert!(queue.add(flush).is_ok());
    let _ = queue.publish();
    let request = device.take().unwrap();
    assert_eq!(request.buffers.len(), 2);
    device.complete(request.head as u32, 1);
    let done = queue.pop().unwrap().unwrap();
    assert_eq!(done.chain.segments[1].dma().len(), 64);
    assert_eq!((queue.room(), queue.in_flight()), (1, 0));
}

#[test]
fn a_lent_buffer_comes_back_whole() {
    let config = kinds(4)[0];
    let (arena, dma) = super::device::Arena::new(8192);
    let (ring, rest) = dma.split_at(4096).unwrap();
    let mut queue = Queue::<(), 1, Lent>::new(ring, config).unwrap();
    let mut device = super::device::Device::new(arena, queue.addresses(), config);
    let frame = std::vec![7u8; 100];
    let lent = Lent::new(frame, 10..95, rest.bus_addr() + 10);
    assert!(queue.add(Chain::to_device(lent, 1000, ())).is_ok());
    let _ = queue.publish();
    let request = device.take().unwrap();
    assert_eq!(request.buffers[0].len, 85);
    assert_eq!(request.buffers[0].bus, rest.bus_addr() + 10);
    device.complete(request.head as u32, 0);
    let (back, range) = queue
        .pop()
        .unwrap()
        .unwrap()
        .chain
        .into_inner()
        .into_parts();
    assert_eq!((back.as_slice(), range), ([7u8; 100].as_slice(), 10..95));
}

#[test]
fn an_interrupt_can_wait_for_several_completions() {
    for config in kinds(8) {
        let (mut queue, mut device, buffers) = pair::<(), 1>(config, 8, 32);
        for buffer in buffers {
            assert!(queue.add(Chain::to_device(buffer, 8, ())).is_ok());
        }
        let _ = queue.publish();
        assert_eq!(queue.unmask_after(6), Pending::No);
        let mut interrupts = std::vec![];
        while let Some(request) = device.take() {
            device.complete(request.head as u32, 0);
            device.signal();
            interrupts.push(device.interrupts);
        }
        if config.event_idx {
            assert_eq!(interrupts, [0, 0, 0, 0, 0, 1, 1, 1]);
        } else {
            assert_eq!(interrupts[0], 1, "nothing better than the flag");
        }
        assert_eq!(queue.unmask_after(6), Pending::Yes);
        assert_eq!(queue.unmask_after(usize::MAX), Pending::Yes);
        while queue.pop().unwrap().is_some() {}
        assert_eq!(queue.unmask_after(6), Pending::No, "nothing is in flight");
    }
}
