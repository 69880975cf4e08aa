//! What waits for one descriptor to be read.

use super::Tun;
use crate::{drivers::nic::TX_HEADROOM, sched::WaitQueue, sync::SpinLock};
use alloc::{collections::VecDeque, sync::Arc};
use bpf::{Packet, Program};
use inet::Frame;

/// Bytes of a link header.
pub const LINK_HEADER: usize = 14;

/// See the module.
pub struct Queue {
    state: SpinLock<State>,
    /// Who reads and who polls.
    pub waiters: WaitQueue,
}

#[derive(Default)]
struct State {
    frames: VecDeque<Frame>,
    device: Option<Arc<Tun>>,
}

impl Queue {
    /// Of no device yet.
    pub fn new() -> Arc<Queue> {
        Arc::new(Queue {
            state: SpinLock::default(),
            waiters: WaitQueue::new(),
        })
    }

    /// The device, after TUNSETIFF.
    pub fn device(&self) -> Option<Arc<Tun>> {
        self.state.lock().device.clone()
    }

    /// It belongs to `tun` from now on.
    pub fn join(&self, tun: &Arc<Tun>) {
        self.state.lock().device = Some(tun.clone());
    }

    /// It belongs to nobody, and nothing waits.
    pub fn leave(&self) {
        let old = core::mem::take(&mut *self.state.lock());
        // The device may go with it: without the lock.
        drop(old);
    }

    /// Forgets what waits.
    pub fn purge(&self) {
        let old = core::mem::take(&mut self.state.lock().frames);
        drop(old);
    }

    /// Takes a frame; gives it back when `room` frames wait, or when the filter does not want it.
    pub fn put(&self, frame: Frame, room: usize, filter: Option<&Program>) -> Option<Frame> {
        let mut state = self.state.lock();
        if state.frames.len() >= room {
            return Some(frame);
        }
        let mut frame = frame;
        if let Some(filter) = filter {
            let bytes = content(&frame);
            let kept = filter.run(&packet(bytes)) as usize;
            if kept == 0 {
                return Some(frame);
            }
            if kept < bytes.len() {
                let (buffer, mut range) = frame.into_parts();
                range.end = range.start + TX_HEADROOM + kept;
                frame = Frame::from_parts(buffer, range);
            }
        }
        state.frames.push_back(frame);
        None
    }

    /// The oldest frame.
    pub fn next(&self) -> Option<Frame> {
        self.state.lock().frames.pop_front()
    }

    /// Whether there is one.
    pub fn is_empty(&self) -> bool {
        self.state.lock().frames.is_empty()
    }
}

/// The frame behind the room for a card's header, link header first.
pub fn content(frame: &Frame) -> &[u8] {
    frame.get(TX_HEADROOM..).unwrap_or_default()
}

/// As a filter sees it.
fn packet(bytes: &[u8]) -> Packet<'_> {
    let protocol = bytes.get(12..14).map_or([0; 2], |kind| [kind[0], kind[1]]);
    Packet {
        bytes,
        data: 0,
        network: Some(LINK_HEADER),
        link: Some(0),
        protocol: u16::from_be_bytes(protocol),
        kind: 0,
        interface: 0,
        hardware: abi::if_arp::ARPHRD_ETHER as u16,
        mark: 0,
        seed: 0,
    }
}

/// A number of the flow that a frame belongs to: its addresses, and its ports where they are in the usual place.
pub fn flow(frame: &Frame) -> u32 {
    let packet = content(frame).get(LINK_HEADER..).unwrap_or_default();
    let part = match packet.first().map(|byte| byte >> 4) {
        Some(4) => packet.get(12..24),
        Some(6) => packet.get(8..44),
        _ => None,
    };
    // FNV-1a.
    part.unwrap_or_default()
        .iter()
        .fold(0x811c_9dc5, |hash, byte| {
            (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        })
}
