//! SOL_PACKET. packet(7), Linux's Documentation/networking/packet_mmap.rst.

use super::{Input, Row, Target, Value, filter, read_only, row, write_only};
use crate::{
    Result,
    mm::UserPtr,
    net::packet::{Membership, Packet, Shape, State, Version, vnet_size},
};
use abi::{
    Errno,
    if_packet::{
        PACKET_ADD_MEMBERSHIP, PACKET_AUXDATA, PACKET_COPY_THRESH, PACKET_DROP_MEMBERSHIP,
        PACKET_FANOUT, PACKET_FANOUT_CBPF, PACKET_FANOUT_DATA, PACKET_HDRLEN,
        PACKET_IGNORE_OUTGOING, PACKET_LOSS, PACKET_ORIGDEV, PACKET_QDISC_BYPASS, PACKET_RESERVE,
        PACKET_ROLLOVER_STATS, PACKET_RX_RING, PACKET_STATISTICS, PACKET_TIMESTAMP,
        PACKET_TX_HAS_OFF, PACKET_TX_RING, PACKET_VERSION, PACKET_VNET_HDR, PACKET_VNET_HDR_SZ,
    },
    net::SOCK_RAW,
};
use alloc::vec::Vec;

/// `sizeof` of `struct tpacket_req` and `struct tpacket_req3`.
const REQ: usize = 16;
const REQ3: usize = 28;

/// Every option of the level.
pub const ROWS: &[Row] = &[
    // packet_mreq: promiscuous, all groups, or one link address more.
    write_only(PACKET_ADD_MEMBERSHIP, |t, _, v| {
        packet(t)?.membership(&Membership::decode(v.0)?, true)
    })
    .text(),
    // packet_mreq: undoes it.
    write_only(PACKET_DROP_MEMBERSHIP, |t, _, v| {
        packet(t)?.membership(&Membership::decode(v.0)?, false)
    })
    .text(),
    // tpacket_req or tpacket_req3: packets are written to a ring that the program maps; no blocks take it away.
    write_only(PACKET_RX_RING, |t, _, v| set_ring(t, v, false)).text(),
    // tpacket_req or tpacket_req3: send(2) takes frames from a ring that the program maps.
    write_only(PACKET_TX_RING, |t, _, v| set_ring(t, v, true)).text(),
    // tpacket_stats or tpacket_stats_v3: packets since the last call, and those lost.
    read_only(PACKET_STATISTICS, |t| {
        let packet = packet(t)?;
        let counts = packet.statistics();
        let words = match packet.state().version {
            Version::V3 => &counts[..],
            _ => &counts[..2],
        };
        Ok(Value::Bytes(
            words
                .iter()
                .flat_map(|word| word.to_ne_bytes())
                .collect::<Vec<u8>>(),
        ))
    }),
    // flag: packets come with a struct tpacket_auxdata.
    row(
        PACKET_AUXDATA,
        |t| Ok(state(t)?.auxdata.into()),
        |t, _, v| {
            let on = v.flag()?;
            change(t, |state| state.auxdata = on)
        },
    ),
    // flag: packets name the interface that they came by first.
    row(
        PACKET_ORIGDEV,
        |t| Ok(state(t)?.original_device.into()),
        |t, _, v| {
            let on = v.flag()?;
            change(t, |state| state.original_device = on)
        },
    ),
    // int: the layout of ring slots (TPACKET_V1 to V3).
    row(
        PACKET_VERSION,
        |t| Ok(Value::Int(state(t)?.version.number())),
        |t, _, v| {
            let version = Version::from_number(exact(v)?)?;
            change_before_ring(t, |state| state.version = version)
        },
    ),
    // int: the length of a slot's header in the version that the buffer names.
    read_only(PACKET_HDRLEN, |t| {
        // The answer depends on the version that stands in the program's buffer.
        if t.ask.room < size_of::<i32>() {
            return Err(Errno::EINVAL);
        }
        let version = Version::from_number(UserPtr::<i32>::new(t.ask.at).read()?)?;
        Ok(Value::Int(version.header() as i32))
    }),
    // int: bytes left free before the packet in each slot.
    row(
        PACKET_RESERVE,
        |t| Ok(Value::Int(state(t)?.reserve as i32)),
        |t, _, v| {
            let reserve = u32::try_from(exact(v)?).map_err(|_| Errno::EINVAL)?;
            change_before_ring(t, |state| state.reserve = reserve)
        },
    ),
    // flag: a bad packet in the ring to send from is skipped.
    row(
        PACKET_LOSS,
        |t| Ok(state(t)?.loss.into()),
        |t, _, v| {
            let on = exact(v)? != 0;
            change_before_ring(t, |state| state.loss = on)
        },
    ),
    // flag: a slot to send from says where in it the frame begins; kept as it is while there is a ring.
    row(
        PACKET_TX_HAS_OFF,
        |t| Ok(state(t)?.has_offset.into()),
        |t, _, v| {
            let on = exact(v)? != 0;
            match change_before_ring(t, |state| state.has_offset = on) {
                Err(Errno::EBUSY) => Ok(()),
                done => done,
            }
        },
    ),
    // int: not 0: what a slot cuts is queued whole as well.
    row(
        PACKET_COPY_THRESH,
        |t| Ok(Value::Int(state(t)?.copies)),
        |t, _, v| {
            let copies = exact(v)?;
            change(t, |state| state.copies = copies)?;
            packet(t)?.set_limits(&t.generic());
            Ok(())
        },
    ),
    // flag: what is sent goes to the device at once, and other packet sockets do not see it go.
    row(
        PACKET_QDISC_BYPASS,
        |t| Ok(state(t)?.unseen.into()),
        |t, _, v| {
            let on = exact(v)? != 0;
            change(t, |state| state.unseen = on)
        },
    ),
    // flag: a struct virtio_net_hdr stands before each packet, both ways.
    row(
        PACKET_VNET_HDR,
        |t| Ok((state(t)?.vnet > 0).into()),
        |t, _, v| set_vnet(t, v, |value| vnet_size(if value == 0 { 0 } else { 10 })),
    ),
    // int: the same by its length: 10, or 12 with a number of buffers; 0 for none.
    row(
        PACKET_VNET_HDR_SZ,
        |t| Ok(Value::Int(state(t)?.vnet as i32)),
        |t, _, v| set_vnet(t, v, vnet_size),
    ),
    // fanout_args or its first word: the group of sockets among which each packet goes to one.
    row(
        PACKET_FANOUT,
        |t| Ok(Value::Int(packet(t)?.fanout())),
        |t, _, v| match v.1 {
            len @ (4 | 8) => {
                let most = if len == 8 { v.u32_at(4)? } else { 0 };
                packet(t)?.join(v.u32_at(0)?, most)
            }
            _ => Err(Errno::EINVAL),
        },
    )
    .text(),
    // sock_fprog: who of a group of PACKET_FANOUT_CBPF gets a packet.
    write_only(PACKET_FANOUT_DATA, |t, caller, v| {
        packet(t)?.set_fanout_program(|number| match u32::from(number) {
            PACKET_FANOUT_CBPF => filter::decode(t, v),
            // Nobody can load a program of the other kind.
            _ => {
                filter::attach_extended(t, caller, v)?;
                Err(Errno::EINVAL)
            }
        })
    })
    .text(),
    // tpacket_rollover_stats: packets that went to another socket of the group.
    read_only(PACKET_ROLLOVER_STATS, |t| {
        let counts = packet(t)?.rollover()?;
        let words = [counts.all, counts.huge, counts.failed];
        Ok(Value::Bytes(
            words.iter().flat_map(|word| word.to_ne_bytes()).collect(),
        ))
    }),
    // int: where the stamps in slots come from (SOF_TIMESTAMPING_*).
    row(
        PACKET_TIMESTAMP,
        |t| Ok(Value::Int(state(t)?.timestamp)),
        |t, _, v| {
            let flags = exact(v)?;
            change(t, |state| state.timestamp = flags)
        },
    ),
    // flag: what this host sends is not shown.
    row(
        PACKET_IGNORE_OUTGOING,
        |t| Ok(state(t)?.ignore_outgoing.into()),
        |t, _, v| {
            let on = match exact(v)? {
                0 => false,
                1 => true,
                _ => return Err(Errno::EINVAL),
            };
            change(t, |state| state.ignore_outgoing = on)
        },
    ),
];

/// `EINVAL` (a cooked socket, a length that is none), `EBUSY` while there is a ring.
fn set_vnet(t: &Target<'_>, v: &Input<'_>, size: impl FnOnce(i32) -> Result<usize>) -> Result<()> {
    if t.common.kind != SOCK_RAW {
        return Err(Errno::EINVAL);
    }
    let size = size(v.int()?)?;
    change_before_ring(t, |state| state.vnet = size)
}

fn packet<'a>(t: &Target<'a>) -> Result<&'a Packet> {
    t.protocol.as_any().downcast_ref().ok_or(Errno::ENOPROTOOPT)
}

fn state(t: &Target<'_>) -> Result<State> {
    Ok(packet(t)?.state())
}

fn change(t: &Target<'_>, change: impl FnOnce(&mut State)) -> Result<()> {
    packet(t)?.change(change);
    Ok(())
}

/// What shapes a ring stays as it is while there is one. `EBUSY`.
fn change_before_ring(t: &Target<'_>, change: impl FnOnce(&mut State)) -> Result<()> {
    let packet = packet(t)?;
    if packet.has_ring() {
        return Err(Errno::EBUSY);
    }
    packet.change(change);
    Ok(())
}

/// An `int` that must have its own length. `EINVAL`.
fn exact(v: &Input<'_>) -> Result<i32> {
    match v.0.len() {
        len if len == size_of::<i32>() => v.int(),
        _ => Err(Errno::EINVAL),
    }
}

/// `struct tpacket_req`, or `tpacket_req3`; no blocks take the ring away.
fn set_ring(t: &Target<'_>, v: &Input<'_>, sends: bool) -> Result<()> {
    let packet = packet(t)?;
    let v3 = packet.state().version == Version::V3;
    if v.0.len() < if v3 { REQ3 } else { REQ } {
        return Err(Errno::EINVAL);
    }
    let third = |at| if v3 { v.u32_at(at) } else { Ok(0) };
    let shape = Shape {
        block_size: v.u32_at(0)?,
        blocks: v.u32_at(4)?,
        frame_size: v.u32_at(8)?,
        frames: v.u32_at(12)?,
        retire_ms: third(16)?,
        private: third(20)?,
        features: third(24)?,
    };
    match (shape.blocks, shape.frames) {
        (0, 0) => packet.set_ring(t.common, None, sends),
        (0, _) => Err(Errno::EINVAL),
        _ => packet.set_ring(t.common, Some(&shape), sends),
    }
}
