//! The cards: frames between `drivers` and the engine.
//!
//! A card's interrupt handler masks the card and wakes the card's worker, once.
//! The worker takes frames in batches of [`BUDGET`], flushes the engine once per
//! batch (one acknowledgement, one wake-up per socket), and unmasks when the ring
//! is empty. Frames to send are handed over by `stack` under its lock.

use super::stack::{self, Namespace};
use crate::{
    drivers::{
        self,
        nic::{Nic, TxFrame},
    },
    sched::{self, Events, Interruptible, WaitQueue},
    sync::SpinLock,
};
use alloc::{boxed::Box, format, sync::Arc, vec::Vec};
use core::{
    cell::RefCell,
    sync::atomic::{AtomicBool, Ordering},
};
use inet::{IfaceId, IfaceKind, Quirks, Stack};

/// Frames per batch, as Linux's NAPI weight.
const BUDGET: usize = 64;

struct Card {
    nic: Arc<dyn Nic>,
    /// The namespace that it is in.
    net: Arc<Namespace>,
    iface: IfaceId,
    event: AtomicBool,
    queue: WaitQueue,
    /// The engine knows that the peer is slirp.
    slirp_known: AtomicBool,
}

static CARDS: SpinLock<Vec<Arc<Card>>> = SpinLock::new(Vec::new());

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
        net: net.clone(),
        iface,
        event: AtomicBool::new(true),
        queue: WaitQueue::new(),
        slirp_known: AtomicBool::new(false),
    });
    let waker = card.clone();
    card.nic.on_event(Box::new(move || {
        waker.event.store(true, Ordering::Relaxed);
        waker.queue.wake(Events::IN);
    }));
    CARDS.lock().push(card.clone());
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

/// Takes everything that the card has, then lets it interrupt again.
fn drain(card: &Card) {
    loop {
        let received = card.net.with(|stack, now| {
            let received = card
                .nic
                .receive(BUDGET, &mut |frame| stack.ingress(now, card.iface, frame));
            learn_quirks(card, stack);
            // The event may also mean room in the ring: frames may be waiting.
            if stack.frames_queued(card.iface) > 0 {
                transmit_card(card, stack);
            }
            received
        });
        if received < BUDGET && !card.nic.unmask_rx() {
            return;
        }
        sched::yield_if_needed();
    }
}

fn learn_quirks(card: &Card, stack: &mut Stack) {
    if card.slirp_known.load(Ordering::Relaxed) || !card.nic.quirks().slirp {
        return;
    }
    card.slirp_known.store(true, Ordering::Relaxed);
    let quirks = Quirks {
        tso_to_slirp: true,
        trusted: true,
        tx_checksum_offload: false,
    };
    if stack.set_quirks(card.iface, quirks).is_ok() {
        log::debug!("net: interface {} talks to slirp", card.iface.0);
    }
}

/// Gives frames to the cards whose bit is set. Called with the stack's lock held.
pub fn transmit(stack: &mut Stack, send: u64) {
    let cards = CARDS.lock();
    for card in cards.iter().filter(|card| send & 1 << card.iface.0 != 0) {
        transmit_card(card, stack);
    }
}

fn transmit_card(card: &Card, stack: &mut Stack) {
    let stack = RefCell::new(stack);
    card.nic.transmit(
        &mut || {
            let (bytes, range) = stack.borrow_mut().pop_frame(card.iface)?.into_parts();
            Some(TxFrame { bytes, range })
        },
        &mut |TxFrame { bytes, range }| {
            let frame = inet::Frame::from_parts(bytes, range);
            stack.borrow_mut().recycle_frame(frame);
        },
    );
}

/// The interface of the first card.
pub fn first() -> Option<IfaceId> {
    CARDS.lock().first().map(|card| card.iface)
}

/// Whether the carrier of an interface is there; `lo` always has one.
pub fn link_up(iface: IfaceId) -> bool {
    let cards = CARDS.lock();
    cards
        .iter()
        .find(|card| card.iface == iface)
        .is_none_or(|card| card.nic.link_up())
}
