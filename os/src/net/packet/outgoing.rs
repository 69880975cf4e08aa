//! What a packet socket sends: the bytes of a call, or the slots of its ring. packet(7).

use super::{LINK, LONGEST, Packet, State, VLAN, address::LinkAddress, transmit::Rules, vnet};
use crate::{
    Result,
    net::{errno::errno, socket::message::Outgoing},
};
use abi::Errno;
use alloc::vec;
use inet::{IfaceId, Offload, TapSend};

impl Packet {
    /// sendmsg(2).
    pub(super) fn transmit(&self, message: &mut Outgoing<'_, '_>) -> Result<usize> {
        let mut to = self.destination(message)?;
        if self.sender.lock().is_some() {
            return self.send_slots(&to);
        }
        let len = message.data.remaining();
        let state = self.state();
        if state.vnet > 0 {
            let mut header = [0; vnet::LONG];
            let packet = len.checked_sub(state.vnet).ok_or(Errno::EINVAL)?;
            if message.data.read(&mut header[..state.vnet])? < state.vnet {
                return Err(Errno::EFAULT);
            }
            to.offload = vnet::parse(header.first_chunk().ok_or(Errno::EINVAL)?, packet)?;
        }
        if len > LONGEST + state.vnet {
            return Err(Errno::EMSGSIZE);
        }
        let mut frame = vec![0; len - state.vnet];
        if !frame.is_empty() && message.data.read(&mut frame)? < frame.len() {
            return Err(Errno::EFAULT);
        }
        self.send_frame(&to, &frame)?;
        Ok(len)
    }

    /// Where a message goes, without what is in it. `EINVAL`, `ENXIO`.
    fn destination(&self, message: &Outgoing<'_, '_>) -> Result<TapSend<'static>> {
        let state = self.state();
        let (iface, protocol, dst) = match &message.to {
            None => (state.iface, state.protocol, [0; 6]),
            Some(to) => {
                let to = LinkAddress::decode(to)?;
                if self.cooked && usize::from(to.len) < 6 {
                    return Err(Errno::EINVAL);
                }
                (to.iface, to.protocol, to.mac())
            }
        };
        let iface = IfaceId(iface);
        match self.net.look(|stack| stack.interface(iface).is_some()) {
            true => Ok(TapSend {
                iface,
                protocol,
                dst,
                frame: &[],
                offload: Offload::default(),
                unseen: state.unseen,
            }),
            false => Err(Errno::ENXIO),
        }
    }

    fn send_frame(&self, to: &TapSend<'_>, frame: &[u8]) -> Result<()> {
        let send = TapSend { frame, ..*to };
        self.net
            .with(|stack, now| stack.tap_send(now, self.tap, &send))
            .map_err(errno)
    }

    /// Sends what is ready in the ring, and answers with its bytes. `ENETDOWN`; the error of the first frame that cannot be sent,
    /// which PACKET_LOSS passes over.
    fn send_slots(&self, to: &TapSend<'_>) -> Result<usize> {
        let state = self.state();
        let info = self.net.look(|stack| stack.interface(to.iface).cloned());
        let info = info.filter(|info| info.up).ok_or(Errno::ENETDOWN)?;
        let link = if self.cooked { 0 } else { LINK };
        let rules = Rules {
            // With a header in front, a packet may be longer than the link takes.
            longest: if state.vnet > 0 {
                usize::MAX
            } else {
                info.mtu + link + VLAN
            },
            has_offset: state.has_offset,
            cooked: self.cooked,
        };
        let mut total = 0;
        loop {
            let next = match &*self.sender.lock() {
                Some(ring) => ring.next(&rules),
                None => return Err(Errno::EBUSY),
            };
            let Some(frame) = next else {
                return Ok(total);
            };
            let sent = frame.and_then(|frame| self.send_slot(to, &state, &frame));
            let mut sender = self.sender.lock();
            let Some(ring) = sender.as_mut() else {
                return Err(Errno::EBUSY);
            };
            match sent {
                Ok(len) => {
                    total += len;
                    ring.done();
                }
                // It stays ready.
                Err(Errno::ENOBUFS) if total > 0 => return Ok(total),
                Err(errno @ (Errno::ENOBUFS | Errno::ENETDOWN)) => return Err(errno),
                Err(_) if state.loss => ring.done(),
                Err(errno) => {
                    ring.refuse();
                    return Err(errno);
                }
            }
        }
    }

    /// One frame of the ring. Answers with its length without the header in front.
    fn send_slot(&self, to: &TapSend<'_>, state: &State, frame: &[u8]) -> Result<usize> {
        let (header, frame) = frame.split_at_checked(state.vnet).ok_or(Errno::EINVAL)?;
        let offload = match header.first_chunk() {
            Some(header) => vnet::parse(header, frame.len())?,
            None => Offload::default(),
        };
        self.send_frame(&TapSend { offload, ..*to }, frame)?;
        Ok(frame.len())
    }
}
