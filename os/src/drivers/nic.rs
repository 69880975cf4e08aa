//! [`Nic`]: network cards, as `net` sees them.
//!
//! Work is done by `net`'s worker, not by the interrupt: the handler masks the
//! card and calls the function given to [`Nic::on_event`]. Typical sequence:
//!
//! ```text
//! nic.on_event(Box::new(|| worker.wake()));
//! loop {
//!     wait for the event;
//!     loop {
//!         let got = nic.receive(BUDGET, &mut |frame| stack.ingress(frame));
//!         stack.flush();
//!         nic.transmit(&mut || stack.pop_frame(), &mut |frame| stack.recycle_frame(frame));
//!         if got < BUDGET && !nic.unmask_rx() { break; }
//!     }
//! }
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

/// Bytes that a frame given to [`Nic::transmit`] starts with, for the device's own
/// header. They must be zero. The Ethernet header follows.
pub const TX_HEADROOM: usize = 12;

/// What a card or its peer allows beyond the standard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NicQuirks {
    /// The peer is libslirp (QEMU's user network): it takes IPv4 TCP frames of up
    /// to 64 KiB whatever the MTU, and nothing can damage a frame on the way.
    /// Recognised by its ARP answers, so not known before the first one.
    pub slirp: bool,
}

/// What the card counted since boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NicCounters {
    /// Frames handed to `net`.
    pub rx_frames: u64,
    /// Their bytes, Ethernet header included.
    pub rx_bytes: u64,
    /// Frames dropped because the device described them wrongly.
    pub rx_errors: u64,
    /// Frames given to the device.
    pub tx_frames: u64,
    /// Their bytes, Ethernet header included.
    pub tx_bytes: u64,
    /// Frames that were malformed for the device (too short or too long).
    pub tx_errors: u64,
    /// Notifications written to the device.
    pub kicks: u64,
    /// Interrupts taken.
    pub interrupts: u64,
}

/// What [`Nic::transmit`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmitted {
    /// Frames given to the device.
    pub frames: usize,
    /// The ring is full: the event comes once there is room again.
    pub full: bool,
}

/// A frame to send, in place: `bytes[range]`, of which the first [`TX_HEADROOM`]
/// bytes are zero and the Ethernet header follows.
pub struct TxFrame {
    /// The buffer; comes back as it was given.
    pub bytes: Vec<u8>,
    /// The headroom and the frame.
    pub range: Range<usize>,
}

/// An Ethernet card. Methods lock inside, never block, and may be called with the
/// stack lock held; the closures run with the card's receive or transmit lock held
/// and must not call back into the card.
pub trait Nic: Send + Sync {
    /// The station address.
    fn mac(&self) -> [u8; 6];

    /// Largest IP packet.
    fn mtu(&self) -> usize;

    /// Quirks known so far; may grow with the first received frames.
    fn quirks(&self) -> NicQuirks;

    /// Whether the carrier is there.
    fn link_up(&self) -> bool;

    /// Counters.
    fn counters(&self) -> NicCounters;

    /// Sends frames in place, one notification for all. `next` is asked for frames
    /// while there is room (each with [`TX_HEADROOM`] zero bytes first); `done`
    /// gets back the buffers of frames that the device has finished with.
    fn transmit(
        &self,
        next: &mut dyn FnMut() -> Option<TxFrame>,
        done: &mut dyn FnMut(TxFrame),
    ) -> Transmitted;

    /// Hands up to `budget` received frames to `frame` (Ethernet header, no FCS)
    /// and gives their buffers back to the device. Returns how many there were.
    fn receive(&self, budget: usize, frame: &mut dyn FnMut(&[u8])) -> usize;

    /// Asks for an interrupt at the next frame; the one before has masked the card.
    /// `true`: a frame came in between, poll again (the card is masked still).
    fn unmask_rx(&self) -> bool;

    /// Sets what runs when the card has work: frames received, room to transmit
    /// again, link state changed. It runs with interrupts off and must only wake
    /// somebody. Set once.
    fn on_event(&self, event: Box<dyn Fn() + Send + Sync>);
}

/// Whether `frame` is an ARP answer of libslirp: its virtual hosts have the
/// Ethernet address `52:55:` followed by their own IPv4 address.
pub fn is_slirp_arp(frame: &[u8]) -> bool {
    // RFC 826 over Ethernet: type at 12, operation at 20, sender at 22 and 28.
    let Some(arp) = frame.get(12..32) else {
        return false;
    };
    let reply = arp[0..2] == [0x08, 0x06] && arp[8..10] == [0, 2];
    reply && arp[10..12] == [0x52, 0x55] && arp[12..16] == arp[16..20]
}
