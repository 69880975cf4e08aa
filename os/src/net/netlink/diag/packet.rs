//! AF_PACKET. `linux/packet_diag.h`.

use super::{cookie, memory};
use crate::net::{
    netlink::answer::{Answer, Outcome, Request},
    packet::{self, Packet, Row},
};
use abi::{Errno, net::AF_PACKET};
use alloc::vec::Vec;
use netlink::{Builder, Header, diag};

/// `sizeof(struct packet_diag_req)`: family, protocol, inode, what to show, cookie.
const REQUEST: usize = 20;
/// PACKET_SHOW_*.
const SHOW_INFO: u32 = 1;
const SHOW_RINGS: u32 = 4;
const SHOW_FANOUT: u32 = 8;
const SHOW_MEMINFO: u32 = 16;
/// PACKET_DIAG_*; the ring to send from has the number behind the other's.
const INFO: u16 = 0;
const RX_RING: u16 = 2;
const FANOUT: u16 = 4;
const UID: u16 = 5;
const MEMINFO: u16 = 6;
/// PDI_*.
const RUNNING: u32 = 1;
const AUXDATA: u32 = 2;
const ORIGDEV: u32 = 4;
const VNETHDR: u32 = 8;
const LOSS: u32 = 16;

/// SOCK_DIAG_BY_FAMILY: all of them. `EINVAL` for a protocol, `EOPNOTSUPP` for one alone, as on Linux.
pub fn get(request: &Request<'_>) -> Outcome {
    let body: &[u8; REQUEST] = request.body.first_chunk().ok_or(Errno::EINVAL)?;
    if body[1] != 0 {
        return Err(Errno::EINVAL.into());
    }
    if !request.dumps() {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let show = u32::from_ne_bytes(core::array::from_fn(|i| body[8 + i]));
    let header = request.record(diag::BY_FAMILY);
    let rows = packet::rows(request.net);
    Ok(Answer::Dump(
        rows.iter()
            .filter_map(|row| record(header, row, show))
            .collect(),
    ))
}

fn record(header: Header, row: &Row, show: u32) -> Option<Vec<u8>> {
    let socket: &Packet = row.socket.protocol().as_any().downcast_ref()?;
    let (state, generic) = (socket.state(), row.socket.common().generic());
    let [low, high] = cookie(row.inode);
    let mut head = [0; 16];
    head[..2].copy_from_slice(&[AF_PACKET as u8, row.kind as u8]);
    head[2..4].copy_from_slice(&state.protocol.to_ne_bytes());
    for (n, word) in [row.inode as u32, low, high].iter().enumerate() {
        let at = 4 + 4 * n;
        head[at..at + 4].copy_from_slice(&word.to_ne_bytes());
    }
    let mut b = Builder::message(header, &head);
    if show & SHOW_INFO != 0 {
        let flags = [
            (state.protocol != 0, RUNNING),
            (state.auxdata, AUXDATA),
            (state.original_device, ORIGDEV),
            (state.vnet != 0, VNETHDR),
            (state.loss, LOSS),
        ];
        let flags = flags.iter().filter(|(on, _)| *on);
        b.words(
            INFO,
            &[
                state.iface,
                state.version.number() as u32,
                state.reserve,
                state.copies as u32,
                state.timestamp as u32,
                flags.fold(0, |all, (_, flag)| all | flag),
            ],
        );
        b.u32(UID, row.owner);
    }
    if show & SHOW_RINGS != 0 {
        for (kind, ring) in (RX_RING..).zip(&state.rings) {
            if let Some(ring) = ring {
                b.words(
                    kind,
                    &[
                        ring.block_size,
                        ring.blocks,
                        ring.frame_size,
                        ring.frames,
                        ring.retire_ms,
                        ring.private,
                        ring.features,
                    ],
                );
            }
        }
    }
    let fanout = socket.fanout() as u32;
    if show & SHOW_FANOUT != 0 && fanout != 0 {
        b.u32(FANOUT, fanout & 0xff_ffff);
    }
    if show & SHOW_MEMINFO != 0 {
        let (recv, send) = (generic.recv_buffer as usize, generic.send_buffer as usize);
        b.words(MEMINFO, &memory(row.held, recv, 0, send, 0));
    }
    Some(b.finish())
}
