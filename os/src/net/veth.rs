//! veth: two interfaces at the ends of a cable, mostly in two namespaces. veth(4).
//!
//! **What.** A [`Cable`] knows where its ends are. Frames that one end's engine sends are put into a [`Parcel`] under that
//! engine's lock and handed to the other end's engine by [`deliver`] when the lock is dropped, so that two engines' locks are
//! never held at once. **Who calls.** `device` fills parcels, `Namespace::with` delivers them. **Who owns and locks.** Both
//! devices own the cable; each end has a spin lock, never held while an engine is called.
//!
//! An engine that gets frames answers with frames, for which it is called in turn: not deeper and deeper, but by whoever
//! delivers already, and when that was a while by a thread of its own.

use super::stack::Namespace;
use crate::{
    sched::{self, Events, Interruptible, WaitQueue},
    sync::SpinLock,
};
use alloc::{
    collections::VecDeque,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use inet::{Frame, IfaceId};

/// See the module.
pub struct Cable {
    ends: [SpinLock<End>; 2],
}

/// One end: where it is, and whether it is up.
#[derive(Clone, Default)]
struct End {
    net: Weak<Namespace>,
    iface: Option<IfaceId>,
    up: bool,
}

/// Frames on their way to an end.
pub struct Parcel {
    cable: Arc<Cable>,
    to: usize,
    frames: Vec<Frame>,
}

impl Cable {
    /// Without ends yet.
    pub fn new() -> Arc<Cable> {
        Arc::new(Cable {
            ends: Default::default(),
        })
    }

    /// From now on the end is there, and down.
    pub fn plug(&self, side: usize, net: &Arc<Namespace>, iface: IfaceId) {
        *self.ends[side].lock() = End {
            net: Arc::downgrade(net),
            iface: Some(iface),
            up: false,
        };
    }

    /// The other end of `side`.
    pub fn peer(&self, side: usize) -> Option<(Arc<Namespace>, IfaceId)> {
        let end = self.ends[1 - side].lock().clone();
        Some((end.net.upgrade()?, end.iface?))
    }

    /// The number of the other end's interface, which is known even while its namespace goes.
    pub fn peer_index(&self, side: usize) -> u32 {
        self.ends[1 - side].lock().iface.map_or(0, |iface| iface.0)
    }

    /// An end went up or down. Whether that is news.
    pub fn turn(&self, side: usize, up: bool) -> bool {
        core::mem::replace(&mut self.ends[side].lock().up, up) != up
    }

    /// Whether both ends are up.
    pub fn carries(&self) -> bool {
        self.ends.iter().all(|end| end.lock().up)
    }

    /// Frames that `side` sends.
    pub fn parcel(self: &Arc<Cable>, side: usize, frames: Vec<Frame>) -> Parcel {
        Parcel {
            cable: self.clone(),
            to: 1 - side,
            frames,
        }
    }
}

/// Parcels that wait for who delivers.
static WAITING: SpinLock<VecDeque<Parcel>> = SpinLock::new(VecDeque::new());
/// Somebody delivers.
static BUSY: AtomicBool = AtomicBool::new(false);
/// The thread that goes on where others stopped.
static WORKER: SpinLock<Option<Arc<WaitQueue>>> = SpinLock::new(None);
/// Parcels that a caller delivers before the thread takes over.
const BUDGET: usize = 128;

/// Starts the thread.
pub fn init() {
    let queue = Arc::new(WaitQueue::new());
    *WORKER.lock() = Some(queue.clone());
    sched::spawn("net-veth", move || {
        loop {
            let waited = sched::wait_until(&[&queue], None, Interruptible::No, || {
                (!BUSY.load(Relaxed) && !WAITING.lock().is_empty()).then_some(())
            });
            if waited.is_ok() {
                deliver(Vec::new());
                sched::yield_if_needed();
            }
        }
    });
}

/// Hands frames over, and those that are sent because of them. Called without any engine's lock; never sleeps.
pub fn deliver(parcels: Vec<Parcel>) {
    WAITING.lock().extend(parcels);
    if BUSY.swap(true, Relaxed) {
        return;
    }
    let mut left = BUDGET;
    while left > 0 {
        let Some(parcel) = WAITING.lock().pop_front() else {
            break;
        };
        hand_over(parcel);
        left -= 1;
    }
    BUSY.store(false, Relaxed);
    if left == 0
        && let Some(worker) = &*WORKER.lock()
    {
        worker.wake(Events::IN);
    }
}

fn hand_over(parcel: Parcel) {
    let Some((net, iface)) = parcel.cable.peer(1 - parcel.to) else {
        return;
    };
    net.with(|stack, now| {
        for frame in parcel.frames {
            stack.ingress(now, iface, frame.without_headroom(stack));
            stack.recycle_frame(frame);
        }
    });
}
