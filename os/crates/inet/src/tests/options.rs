//! IPv4 options on their way: written by the sender, by hops, turned round; and nonsense in their place.

use core::net::Ipv4Addr;

use crate::Ipv4Options;
use crate::ip::options::{self, Hop};
use crate::rng::Rng;

const HERE: Hop = Hop {
    address: Ipv4Addr::new(10, 0, 0, 2),
    millis: 0x0102_0304,
};

fn here(addr: Ipv4Addr) -> bool {
    addr != HERE.address
}

#[test]
fn a_route_is_recorded_there_and_back() {
    let given = [7, 15, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let sent = Ipv4Options::parse(&given, false, here).unwrap();
    assert_eq!(sent.len(), 16);
    let (shown, len) = sent.given();
    assert_eq!(&shown[..15], &given);
    assert_eq!(len, 16);
    let mut header = [0; 16];
    let first = Hop {
        address: Ipv4Addr::new(10, 0, 0, 1),
        millis: 0,
    };
    sent.write(&mut header, first, HERE.address);
    assert_eq!(&header[..8], &[7, 15, 8, 10, 0, 0, 1, 0]);
    options::receive(&mut header, HERE, here).unwrap();
    assert_eq!(&header[..12], &[7, 15, 12, 10, 0, 0, 1, 10, 0, 0, 2, 0]);
    let answer = Ipv4Options::answer(&header, here).unwrap();
    answer.write(&mut header, HERE, first.address);
    assert_eq!(&header[11..16], &[10, 0, 0, 2, 0]);
    // Full: nothing is written beyond it.
    options::receive(&mut header, first, here).unwrap();
    assert_eq!(header[2], 16);
}

#[test]
fn times_are_stamped_and_misses_are_counted() {
    let mut header = [68, 8, 5, 0, 0, 0, 0, 0];
    options::receive(&mut header, HERE, here).unwrap();
    assert_eq!(header, [68, 8, 9, 0, 1, 2, 3, 4]);
    options::receive(&mut header, HERE, here).unwrap();
    assert_eq!(header[3], 0x10);
    header[3] = 0xf0;
    assert_eq!(options::receive(&mut header, HERE, here), Err(3));
    let mut given = [68, 12, 5, 3, 10, 0, 0, 2, 0, 0, 0, 0];
    options::receive(&mut given, HERE, here).unwrap();
    assert_eq!(given, [68, 12, 13, 3, 10, 0, 0, 2, 1, 2, 3, 4]);
}

#[test]
fn a_source_route_goes_by_its_first_hop() {
    let given = [131, 11, 4, 10, 0, 0, 9, 10, 0, 0, 8, 0];
    let sent = Ipv4Options::parse(&given, false, here).unwrap();
    assert_eq!(sent.first_hop(), Some(Ipv4Addr::new(10, 0, 0, 9)));
    assert_eq!(&sent.given().0[..12], &given);
    let mut header = [0; 12];
    sent.write(&mut header, HERE, Ipv4Addr::new(10, 0, 0, 7));
    assert_eq!(header, [131, 11, 4, 10, 0, 0, 8, 10, 0, 0, 7, 0]);
}

#[test]
fn later_fragments_have_what_is_copied() {
    let mut header = [148, 4, 0, 0, 7, 7, 4, 1, 2, 3, 4, 0];
    options::keep_copied(&mut header);
    assert_eq!(header, [148, 4, 0, 0, 1, 1, 1, 1, 1, 1, 1, 0]);
}

#[test]
fn what_is_malformed_is_refused() {
    for bad in [
        &[7, 2, 4, 0][..],
        &[7, 7, 3, 0, 0, 0, 0, 0],
        &[7],
        &[148, 3, 0],
        &[131, 7, 5, 1, 2, 3, 4],
        &[68, 3, 5, 0],
        &[200, 4, 0, 0],
        &[0; 41],
    ] {
        assert!(Ipv4Options::parse(bad, false, here).is_none(), "{bad:?}");
    }
}

#[test]
fn nonsense_panics_nobody() {
    let mut rng = Rng::new(7);
    let kinds = [0, 1, 7, 68, 130, 131, 134, 137, 148, 200];
    for _ in 0..200_000 {
        let mut bytes = [0; 40];
        bytes.iter_mut().for_each(|byte| *byte = rng.u32() as u8);
        // Mostly lengths and pointers that could be meant.
        let mut at = 0;
        while at + 4 <= bytes.len() {
            bytes[at] = kinds[rng.u32() as usize % kinds.len()];
            let len = 2 + rng.u32() as usize % 16;
            bytes[at + 1] = len as u8;
            bytes[at + 2] = (rng.u32() % 44) as u8;
            bytes[at + 3] = [0, 1, 3, 0x10, 0xf3][rng.u32() as usize % 5];
            at += len;
        }
        let len = rng.u32() as usize % 41;
        let given = &mut bytes[..len];
        if let Some(options) = Ipv4Options::parse(given, true, here) {
            let _ = options.given();
            options.write(&mut [0; 40], HERE, HERE.address);
        }
        options::keep_copied(&mut given.to_vec());
        let _ = options::receive(given, HERE, here);
        if let Some(answer) = Ipv4Options::answer(given, here) {
            answer.write(&mut [0; 40], HERE, HERE.address);
        }
    }
}
