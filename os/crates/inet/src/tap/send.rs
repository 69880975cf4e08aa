//! What packet sockets send: whole frames, and large ones that are cut here ([`super::offload`]).

use super::{Offload, Origin, TapId, Unsummed, offload};
use crate::error::{Error, Result};
use crate::frame::{Frame, LINK_HEADER};
use crate::iface::IfaceId;
use crate::link::ip_ethertype;
use crate::stack::Stack;
use crate::time::Instant;
use alloc::vec::Vec;

/// A frame to be sent.
#[derive(Clone, Copy, Debug)]
pub struct TapSend<'a> {
    /// Where.
    pub iface: IfaceId,
    /// Ethertype in host byte order, for a cooked tap.
    pub protocol: u16,
    /// To whom, for a cooked tap.
    pub dst: [u8; 6],
    /// The bytes: of a raw tap, from the link header on.
    pub frame: &'a [u8],
    /// What is left to do.
    pub offload: Offload,
    /// PACKET_QDISC_BYPASS: other taps do not see it go.
    pub unseen: bool,
}

impl Stack {
    /// Sends a frame. Raw: it starts with the link header. Cooked: the header is made. The tap itself does not see it. Errors:
    /// `NoDevice`, `NetDown`, `MessageTooBig`, `Invalid` (shorter than a link header, or wrong hints), `NoBuffers`.
    pub fn tap_send(&mut self, now: Instant, id: TapId, send: &TapSend<'_>) -> Result<()> {
        self.now = now;
        let tap = self.taps.slab.get(id.0).ok_or(Error::NoSocket)?;
        let slot = self.iface(send.iface)?;
        if slot.is_tunnel() && !tap.filter.cooked {
            return self.tap_send_bare(now, id, send);
        }
        let cooked = tap.filter.cooked;
        if !slot.info.up {
            return Err(Error::NetDown);
        }
        let payload = match cooked {
            true => send.frame,
            false => send.frame.get(LINK_HEADER..).ok_or(Error::Invalid)?,
        };
        if payload.len() > slot.info.mtu && send.offload.cut.is_none() {
            return Err(Error::MessageTooBig);
        }
        let source = slot.mac().unwrap_or_default();
        if self.is_tx_full(send.iface) {
            return Err(Error::NoBuffers);
        }
        if send.offload == Offload::default() {
            let mut copy = self.frames.copy(payload);
            copy.widen(LINK_HEADER);
            match cooked {
                true => {
                    copy[..6].copy_from_slice(&send.dst);
                    copy[6..12].copy_from_slice(&source);
                    copy[12..LINK_HEADER].copy_from_slice(&send.protocol.to_be_bytes());
                }
                false => copy[..LINK_HEADER].copy_from_slice(&send.frame[..LINK_HEADER]),
            }
            self.tap_emit(now, id, send, copy, None);
            return Ok(());
        }
        send.offload.check(send.frame)?;
        match send.offload.cut {
            None => self.tap_emit_bytes(now, id, send, send.frame, send.offload.unsummed),
            Some((cut, size)) => {
                for piece in offload::pieces(send.frame, cut, size) {
                    let unsummed = offload::unsummed_piece(&piece, cut);
                    self.tap_emit_bytes(now, id, send, &piece, unsummed);
                }
            }
        }
        Ok(())
    }

    /// The same on a tunnel, where there is no link header: what the packet looks like says what it is.
    fn tap_send_bare(&mut self, now: Instant, id: TapId, send: &TapSend<'_>) -> Result<()> {
        let slot = self.iface(send.iface)?;
        if !slot.info.up {
            return Err(Error::NetDown);
        }
        if send.frame.len() > slot.info.mtu && send.offload.cut.is_none() {
            return Err(Error::MessageTooBig);
        }
        if self.is_tx_full(send.iface) {
            return Err(Error::NoBuffers);
        }
        let mut frame = alloc::vec![0; LINK_HEADER];
        frame[12..].copy_from_slice(&ip_ethertype(send.frame).to_be_bytes());
        frame.extend_from_slice(send.frame);
        let mut pieces = Vec::new();
        let offload = send.offload.behind_link_header()?;
        offload.finish(&frame, |piece| pieces.push(piece.to_vec()))?;
        for piece in pieces {
            self.tap_emit_bytes(now, id, send, &piece, None);
        }
        Ok(())
    }

    fn tap_emit_bytes(
        &mut self,
        now: Instant,
        id: TapId,
        send: &TapSend<'_>,
        bytes: &[u8],
        unsummed: Option<Unsummed>,
    ) {
        let mut copy = self.frames.copy(&bytes[LINK_HEADER..]);
        copy.widen(LINK_HEADER);
        copy[..LINK_HEADER].copy_from_slice(&bytes[..LINK_HEADER]);
        self.tap_emit(now, id, send, copy, unsummed);
    }

    /// A whole frame goes. lo does without checksums; elsewhere what is missing is written now.
    fn tap_emit(
        &mut self,
        now: Instant,
        id: TapId,
        send: &TapSend<'_>,
        mut frame: Frame,
        unsummed: Option<Unsummed>,
    ) {
        let origin = Some(Origin {
            tap: id,
            unseen: send.unseen,
        });
        if self.iface(send.iface).is_ok_and(|slot| slot.is_loopback()) {
            frame.tag.verify = unsummed.is_none();
            return self.loopback_frame(now, send.iface, frame, origin, unsummed);
        }
        if let Some(unsummed) = unsummed {
            offload::complete(&mut frame, unsummed);
        }
        self.device_send(send.iface, frame, origin);
    }
}
