//! What is written reads back, and nothing that is read panics.

use crate::{Attributes, Builder, Header, messages};
use std::net::IpAddr;
use std::vec::Vec;

const HEADER: Header = Header {
    kind: 20,
    flags: 0x301,
    sequence: 7,
    port: 42,
};

fn sample() -> Vec<u8> {
    let mut builder = Builder::message(HEADER, &[1, 2, 3, 4, 5, 6, 7, 8]);
    builder.str(3, "eth0").u8(9, 1).u32(4, 1500);
    let nest = builder.nest(18);
    builder.str(1, "veth");
    builder.end(nest);
    builder.addr(1, IpAddr::from([10, 0, 2, 15]));
    builder.finish()
}

#[test]
fn what_is_written_reads_back() {
    let bytes = sample();
    let all: Vec<_> = messages(&bytes).collect();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].header, HEADER);
    assert_eq!(all[0].bytes.len(), bytes.len());
    let attributes = Attributes::after(all[0].body, 8);
    assert_eq!(attributes.get(3).and_then(|a| a.str()), Some("eth0"));
    assert_eq!(attributes.get(9).and_then(|a| a.u8()), Some(1));
    assert_eq!(attributes.get(4).and_then(|a| a.u32()), Some(1500));
    let nested = attributes.get(18).unwrap().nested();
    assert_eq!(nested.get(1).and_then(|a| a.str()), Some("veth"));
    assert_eq!(
        attributes.get(1).and_then(|a| a.addr()),
        Some(IpAddr::from([10, 0, 2, 15]))
    );
    assert_eq!(attributes.get(2), None);
}

#[test]
fn everything_is_aligned() {
    let bytes = sample();
    assert_eq!(bytes.len() % 4, 0);
    let two: Vec<u8> = bytes.iter().chain(&bytes).copied().collect();
    assert_eq!(messages(&two).count(), 2);
}

#[test]
fn the_last_attribute_of_a_type_counts() {
    let mut builder = Builder::message(HEADER, &[]);
    builder.u32(4, 1).u32(4, 2);
    let bytes = builder.finish();
    let body = messages(&bytes).next().unwrap().body;
    assert_eq!(Attributes::of(body).get(4).and_then(|a| a.u32()), Some(2));
}

#[test]
fn a_length_that_lies_ends_the_walk() {
    for len in [0, 1, 15, u32::MAX] {
        let mut bytes = sample();
        bytes[..4].copy_from_slice(&len.to_ne_bytes());
        assert_eq!(messages(&bytes).count(), 0, "length {len}");
    }
    let short = &sample()[..20];
    assert_eq!(messages(short).count(), 0);
    assert_eq!(Attributes::of(&[3, 0, 1, 0, 9, 9, 9, 9]).count(), 0);
    assert_eq!(Attributes::of(&[9, 0, 1, 0, 9, 9, 9, 9]).count(), 0);
    assert_eq!(Attributes::after(&[1, 2], 8).count(), 0);
}

/// xorshift: the same bytes at every run.
fn noise(seed: &mut u64) -> u8 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed as u8
}

#[test]
fn damaged_messages_are_survived() {
    let mut seed = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..20_000 {
        let mut bytes = sample();
        for _ in 0..4 {
            let at = usize::from(noise(&mut seed)) % bytes.len();
            bytes[at] = noise(&mut seed);
        }
        bytes.truncate(usize::from(noise(&mut seed)) % (bytes.len() + 1));
        for message in messages(&bytes) {
            assert!(message.bytes.len() <= bytes.len());
            for attribute in Attributes::after(message.body, 8) {
                let _ = (attribute.str(), attribute.addr(), attribute.u32());
                let _ = (attribute.u16(), attribute.mac(), attribute.u8());
                assert!(attribute.nested().count() <= bytes.len());
            }
        }
    }
}

#[test]
fn a_value_too_long_for_its_length_is_cut() {
    let mut builder = Builder::message(HEADER, &[]);
    builder.attr(1, &[7; 70_000]).u8(2, 3);
    let bytes = builder.finish();
    let attributes = Attributes::of(messages(&bytes).next().unwrap().body);
    assert_eq!(attributes.get(1).unwrap().value.len(), 65_531);
    assert_eq!(attributes.get(2).and_then(|a| a.u8()), Some(3));
}

/// `sport = :80` and `dst 10.0.0.0/8`, each as ss compiles it.
fn subject() -> crate::filter::Subject {
    crate::filter::Subject {
        source: IpAddr::from([10, 0, 2, 15]),
        source_port: 80,
        destination: IpAddr::from([10, 9, 9, 9]),
        destination_port: 999,
        port_chosen: true,
        device: 0,
        mark: 0,
    }
}

fn host_condition(code: u8, family: u8, prefix: u8, port: i32, addr: &[u8]) -> Vec<u8> {
    let yes = 12 + addr.len() as u8;
    let mut bytes = std::vec![code, yes, yes + 4, 0, family, prefix, 0, 0];
    bytes.extend_from_slice(&port.to_ne_bytes());
    bytes.extend_from_slice(addr);
    bytes
}

#[test]
fn filters_compare_ports_and_addresses() {
    let accepts = |code: &[u8]| crate::Filter::new(code).unwrap().accepts(&subject());
    assert!(accepts(&[]));
    assert!(accepts(&host_condition(7, 0, 0, 80, &[])));
    assert!(!accepts(&host_condition(7, 0, 0, 81, &[])));
    assert!(accepts(&host_condition(8, 2, 8, -1, &[10, 0, 0, 0])));
    assert!(!accepts(&host_condition(8, 2, 16, -1, &[10, 8, 0, 0])));
    assert!(!accepts(&host_condition(8, 10, 0, -1, &[0; 16])));
    // S_GE 80 and D_LE 1000.
    assert!(accepts(&[2, 8, 12, 0, 0, 0, 80, 0]));
    assert!(!accepts(&[2, 8, 12, 0, 0, 0, 81, 0]));
    assert!(accepts(&[5, 8, 12, 0, 0, 0, 0xe8, 3]));
}

#[test]
fn filters_that_are_no_programs_are_refused() {
    let bad = |code: &[u8]| crate::Filter::new(code).is_none();
    assert!(bad(&[7, 4]));
    assert!(bad(&[99, 4, 4, 0]));
    assert!(bad(&[0, 0, 0, 0]));
    assert!(bad(&[7, 12, 16, 0, 2, 33, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]));
    assert!(bad(&[2, 8, 13, 0, 0, 0, 80, 0]));
    assert!(bad(&[7, 200, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
}

#[test]
fn no_filter_runs_for_ever() {
    let mut seed = 0x1234_5678_9abc_def1;
    for _ in 0..50_000 {
        let len = usize::from(noise(&mut seed)) % 64;
        let code: Vec<u8> = (0..len)
            .map(|at| match at % 4 {
                0 => noise(&mut seed) % 15,
                1 | 2 => noise(&mut seed) & 0x3c,
                _ => 0,
            })
            .collect();
        if let Some(filter) = crate::Filter::new(&code) {
            let _ = filter.accepts(&subject());
        }
    }
}
