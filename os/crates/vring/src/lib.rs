//! The split virtqueue (virtio 1.2, section 2.7), for legacy and modern devices.
//!
//! * **What it is.** One [`Queue`] is the driver's end of one virtqueue. It knows
//!   nothing of transports: the caller tells the device the three
//!   [`Addresses`] and rings the doorbell when [`Queue::publish`] says so.
//! * **Who calls it.** The virtio drivers of the kernel, one queue per virtqueue.
//! * **Who owns and locks.** A queue is `&mut`; its owner brings the lock. A
//!   [`Dma`] buffer has exactly one owner: the driver, or (between
//!   [`Queue::add`] and [`Queue::pop`]) the queue on behalf of the device. So no
//!   reference into memory which the device may write can exist.
//! * **Typical sequence.**
//!
//! ```text
//! let mut rx = Queue::new(memory, Config { size: 256, layout: Layout::Modern, event_idx: true })?;
//! transport.queue_set(0, 256, rx.addresses());
//! for buffer in buffers { rx.add(Chain::from_device(buffer, ()))?; }
//! if rx.publish() == Kick::Needed { transport.notify(0); }
//! ...
//! rx.mask_interrupts();                        // in the interrupt handler
//! while let Some(done) = rx.pop()? { ... }     // in the worker, later
//! if rx.unmask_interrupts() == Pending::Yes { /* poll once more */ }
//! ```
//!
//! The device is hostile: everything it could damage is shadowed in ordinary
//! memory, and what it reports is checked against the shadow. A lie yields a
//! [`RingError`] and marks the queue broken for good; nothing panics, and no
//! buffer that the device may still write is handed out.
#![no_std]

extern crate alloc;

mod buffer;
mod chain;
mod dma;
mod layout;
mod queue;
mod ring;

#[cfg(test)]
mod tests;

pub use buffer::{Buffer, Lent};
pub use chain::{Chain, Segment};
pub use dma::{Dma, DmaError};
pub use layout::{Addresses, Layout, MAX_QUEUE_SIZE};
pub use queue::{AddError, Config, Kick, Pending, Queue, RingError, SetupError, Used};
