//! The cards: frames between `drivers` and the engine of the namespace that a card is in.
//!
//! A card's interrupt handler masks the card and wakes the card's worker, once.
//! The worker takes frames in batches of [`BUDGET`], flushes the engine once per
//! batch (one acknowledgement, one wake-up per socket), and unmasks when the ring
//! is empty. Frames to send are handed over by `stack` under its lock.

use super::{
    device::{self, Device},
    stack::{self, Namespace},
};
use crate::{
    drivers::{
        self,
        nic::{Nic, TxFrame},
    },
    sched::{self, Events, Interruptible, WaitQueue},
    sync::SpinLock,
};
use alloc::{
    boxed::Box,
    format,
    sync::{Arc, Weak},
};
use core::{
    cell::RefCell,
    sync::atomic::{AtomicBool, Ordering},
};
use inet::{IfaceId, IfaceKind, Quirks, Stack};

/// Frames per batch, as Linux's NAPI weight.
const BUDGET: usize = 64;

/// A card and where it is.
pub struct Card {
    nic: Arc<dyn Nic>,
    /// The namespace that it is in, and its interface there.
    home: SpinLock<(Weak<Namespace>, IfaceId)>,
    event: AtomicBool,
    queue: WaitQueue,
    /// The engine knows that the peer is slirp.
    slirp_known: AtomicBool,
}

/// Adds every card as `eth0`, `eth1`, … and starts its worker.
pub fn init() {
    let net = stack::first();
    for (n, nic) in drivers::nics().into_iter().enumerate() {
        let name = format!("eth{n}");
        let kind = IfaceKind::Ethernet { mac: nic.mac() };
        let mtu = nic.mtu();
        let added = net.with(|stack, _| stack.add_interface(&name, kind, mtu, Quirks::default()));
        match added {
            Ok(iface) => start(&net, nic, iface),
            Err(error) => log::error!("net: {name} cannot be used: {error:?}"),
        }
    }
}

fn start(net: &Arc<Namespace>, nic: Arc<dyn Nic>, iface: IfaceId) {
    let card = Arc::new(Card {
        nic,
        home: SpinLock::new((Arc::downgrade(net), iface)),
        event: AtomicBool::new(true),
        queue: WaitQueue::new(),
        slirp_known: AtomicBool::new(false),
    });
    let waker = card.clone();
    card.nic.on_event(Box::new(move || {
        waker.event.store(true, Ordering::Relaxed);
        waker.queue.wake(Events::IN);
    }));
    device::put(net, iface, Device::Card(card.clone()));
    sched::spawn("net-rx", move || {
        loop {
            let waited = sched::wait_until(&[&card.queue], None, Interruptible::No, || {
                card.event.swap(false, Ordering::Relaxed).then_some(())
            });
            if waited.is_ok() {
                drain(&card);
            }
        }
    });
}

impl Card {
    /// From now on the card is there.
    pub fn move_to(&self, net: &Arc<Namespace>, iface: IfaceId) {
        *self.home.lock() = (Arc::downgrade(net), iface);
        // What is known of the peer is the interface's.
        self.slirp_known.store(false, Ordering::Relaxed);
        self.event.store(true, Ordering::Relaxed);
        self.queue.wake(Events::IN);
    }

    fn home(&self) -> Option<(Arc<Namespace>, IfaceId)> {
        let home = self.home.lock();
        Some((home.0.upgrade()?, home.1))
    }
}

/// Takes everything that the card has, then lets it interrupt again.
fn drain(card: &Card) {
    loop {
        // Between two namespaces it has no home for a moment; who takes it wakes us.
        let Some((net, iface)) = card.home() else {
            return;
        };
        let received = net.with(|stack, now| {
            let received = card
                .nic
                .receive(BUDGET, &mut |frame| stack.ingress(now, iface, frame));
            learn_quirks(card, iface, stack);
            stack.set_carrier(iface, card.nic.link_up());
            // The event may also mean room in the ring: frames may be waiting.
            if stack.frames_queued(iface) > 0 {
                transmit(card, iface, stack);
            }
            received
        });
        if received < BUDGET && !card.nic.unmask_rx() {
            return;
        }
        sched::yield_if_needed();
    }
}

fn learn_quirks(card: &Card, iface: IfaceId, stack: &mut Stack) {
    if card.slirp_known.load(Ordering::Relaxed) || !card.nic.quirks().slirp {
        return;
    }
    card.slirp_known.store(true, Ordering::Relaxed);
    let quirks = Quirks {
        tso_to_slirp: true,
        trusted: true,
        tx_checksum_offload: false,
    };
    if stack.set_quirks(iface, quirks).is_ok() {
        log::debug!("net: interface {} talks to slirp", iface.0);
    }
}

/// Gives an interface's frames to its card. Called with the engine's lock held.
pub fn transmit(card: &Card, iface: IfaceId, stack: &mut Stack) {
    let stack = RefCell::new(stack);
    card.nic.transmit(
        &mut || {
            let (bytes, range) = stack.borrow_mut().pop_frame(iface)?.into_parts();
            Some(TxFrame { bytes, range })
        },
        &mut |TxFrame { bytes, range }| {
            let frame = inet::Frame::from_parts(bytes, range);
            stack.borrow_mut().recycle_frame(frame);
        },
    );
}
