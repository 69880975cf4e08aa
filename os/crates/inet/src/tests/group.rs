//! Queries of routers: what is answered, when, and what is not.

use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;
use std::vec;
use std::vec::Vec;

use super::net::*;
use crate::checksum::Sum;
use crate::ip::header::protocol;
use crate::*;

const GROUP: [u8; 4] = [239, 1, 2, 3];

/// A host that joined GROUP and told so.
fn member() -> (Host, DgramId) {
    let mut host = Host::new(1);
    let id = host.udp(Endpoint::v4([0, 0, 0, 0], 6000));
    let nic = host.nic;
    host.stack
        .dgram_join(host.now, id, GROUP.into(), Some(nic))
        .unwrap();
    settle(&mut host);
    (host, id)
}

fn settle(host: &mut Host) {
    host.flush();
    host.wait(Duration::from_secs(5));
    host.frames();
}

/// An IGMP message from 10.0.0.2 on the wire.
fn igmp(body: &[u8]) -> Vec<u8> {
    let mut message = body.to_vec();
    let sum = Sum::default().bytes(&message).finish();
    message[2..4].copy_from_slice(&sum);
    let to = match message[4..8] {
        [0, 0, 0, 0] => [224, 0, 0, 1],
        _ => [message[4], message[5], message[6], message[7]],
    };
    let mut frame = vec![
        1,
        0,
        0x5e,
        to[1] & 0x7f,
        to[2],
        to[3],
        2,
        0,
        0,
        0,
        0,
        2,
        8,
        0,
    ];
    let mut header = vec![
        0x45,
        0xc0,
        0,
        20 + message.len() as u8,
        0,
        0,
        0,
        0,
        1,
        2,
        0,
        0,
    ];
    header.extend([10, 0, 0, 2]);
    header.extend(to);
    let sum = Sum::default().bytes(&header).finish();
    header[10..12].copy_from_slice(&sum);
    frame.extend(header);
    frame.extend(message);
    frame
}

fn hear(host: &mut Host, frame: &[u8]) {
    host.stack.ingress(host.now, host.nic, frame);
    host.flush();
}

/// The IGMP messages that were sent in this time.
fn told(host: &mut Host, millis: u64) -> Vec<Vec<u8>> {
    host.wait(Duration::from_millis(millis));
    let frames = host.frames().into_iter();
    let group = frames.filter(|frame| frame[12..14] == [8, 0] && frame[23] == 2);
    group.map(|frame| frame[38..].to_vec()).collect()
}

#[test]
fn a_change_is_told_twice() {
    let mut host = Host::new(1);
    let id = host.udp(Endpoint::v4([0, 0, 0, 0], 6000));
    let nic = host.nic;
    host.stack
        .dgram_join(host.now, id, GROUP.into(), Some(nic))
        .unwrap();
    host.flush();
    let first = told(&mut host, 10);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0][8..], [4, 0, 0, 0, 239, 1, 2, 3]);
    assert_eq!(told(&mut host, 1100), first);
    assert!(told(&mut host, 5000).is_empty());
}

#[test]
fn a_general_query_is_answered_in_its_time() {
    let (mut host, _) = member();
    for _ in 0..50 {
        hear(
            &mut host,
            &igmp(&[0x11, 10, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0]),
        );
    }
    let reports = told(&mut host, 1010);
    assert_eq!(reports.len(), 1, "one for all of them");
    assert_eq!(reports[0][0], 0x22);
    assert_eq!(reports[0][6..], [0, 1, 2, 0, 0, 0, 239, 1, 2, 3]);
}

#[test]
fn nothing_is_said_to_what_is_no_query() {
    let (mut host, _) = member();
    let fine = igmp(&[0x11, 1, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0]);
    let mut spoilt = fine.clone();
    spoilt[36] ^= 1;
    hear(&mut host, &spoilt);
    for len in [7, 9, 11] {
        let mut torn = [0x11, 1, 0, 0, 239, 1, 2, 3, 2, 125, 0, 0][..len].to_vec();
        torn.truncate(len);
        torn.resize(len.max(8), 0);
        if len == 7 {
            torn.truncate(7);
            let mut frame = igmp(&[0x11, 1, 0, 0, 239, 1, 2, 3]);
            frame.truncate(14 + 20 + 7);
            hear(&mut host, &frame);
            continue;
        }
        hear(&mut host, &igmp(&torn));
    }
    // Sources of no group; more sources than there are.
    hear(
        &mut host,
        &igmp(&[0x11, 1, 0, 0, 0, 0, 0, 0, 2, 125, 0, 1, 1, 2, 3, 4]),
    );
    hear(
        &mut host,
        &igmp(&[0x11, 1, 0, 0, 239, 1, 2, 3, 2, 125, 255, 255, 1, 2, 3, 4]),
    );
    assert!(told(&mut host, 2000).is_empty());
}

#[test]
fn an_older_router_is_answered_in_its_version_for_a_while() {
    let (mut host, id) = member();
    hear(&mut host, &igmp(&[0x11, 20, 0, 0, 0, 0, 0, 0]));
    let reports = told(&mut host, 2010);
    assert_eq!(reports.len(), 1);
    assert_eq!((reports[0][0], &reports[0][4..]), (0x16, &GROUP[..]));
    assert_eq!(host.stack.group_version(host.nic, false), 2);
    // The report of another host is enough.
    hear(&mut host, &igmp(&[0x11, 20, 0, 0, 239, 1, 2, 3]));
    hear(&mut host, &igmp(&[0x16, 0, 0, 0, 239, 1, 2, 3]));
    assert!(told(&mut host, 2010).is_empty());
    host.wait(Duration::from_secs(260));
    hear(
        &mut host,
        &igmp(&[0x11, 10, 0, 0, 239, 1, 2, 3, 2, 125, 0, 0]),
    );
    assert_eq!(host.stack.group_version(host.nic, false), 3);
    assert_eq!(told(&mut host, 1010)[0][0], 0x22);
    // Version 1 knows no leaving.
    hear(&mut host, &igmp(&[0x11, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(told(&mut host, 10_010)[0][0], 0x12);
    host.stack
        .dgram_leave(host.now, id, GROUP.into(), None)
        .unwrap();
    host.flush();
    assert!(told(&mut host, 20_000).is_empty());
}

/// An MLD message from fe80::9.
fn mld(body: &[u8], hops: u8) -> Vec<u8> {
    let src = IpAddr::V6("fe80::9".parse().unwrap());
    let dst: Ipv6Addr = "ff02::1".parse().unwrap();
    let mut message = body.to_vec();
    let sum = Sum::pseudo(src, IpAddr::V6(dst), protocol::ICMPV6, message.len());
    let sum = sum.bytes(&message).finish();
    message[2..4].copy_from_slice(&sum);
    let mut frame = vec![0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd];
    frame.extend([0x60, 0, 0, 0, 0, 8 + message.len() as u8, 0, hops]);
    let IpAddr::V6(src) = src else { unreachable!() };
    frame.extend(src.octets());
    frame.extend(dst.octets());
    frame.extend([58, 0, 5, 2, 0, 0, 1, 0]);
    frame.extend(message);
    frame
}

#[test]
fn mld_is_answered_to_neighbours_only() {
    let mut host = Host::new(1);
    settle(&mut host);
    let mut query = [0; 28];
    query[0] = 130;
    query[4..6].copy_from_slice(&1000u16.to_be_bytes());
    let told = |host: &mut Host| -> Vec<Vec<u8>> {
        host.wait(Duration::from_millis(1010));
        let frames = host.frames().into_iter();
        let frames = frames.filter(|frame| frame[12..14] == [0x86, 0xdd]);
        frames.map(|frame| frame[62..].to_vec()).collect()
    };
    hear(&mut host, &mld(&query, 64));
    assert!(told(&mut host).is_empty());
    hear(&mut host, &mld(&query, 1));
    let reports = told(&mut host);
    assert_eq!(reports.len(), 1);
    assert_eq!(
        (reports[0][0], &reports[0][6..10]),
        (143, &[0, 1, 2, 0][..])
    );
    // MLDv1: the group of the address of the card, by itself.
    hear(&mut host, &mld(&query[..24], 1));
    let reports = told(&mut host);
    assert_eq!(reports.len(), 1);
    assert_eq!((reports[0][0], reports[0].len()), (131, 24));
    assert_eq!(host.stack.group_version(host.nic, true), 1);
}
