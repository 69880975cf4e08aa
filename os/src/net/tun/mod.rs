//! TUN and TAP: interfaces whose other side is a program that reads and writes /dev/net/tun. Linux's networking/tuntap
//! document, `<linux/if_tun.h>`.
//!
//! **What.** A [`Tun`] is the device behind an interface; a [`Queue`] is what a descriptor reads from, and belongs to one
//! device after TUNSETIFF. **Who calls.** Programs through the device file ([`file`], [`control`]); `device` hands over what
//! the engine sends and tells what becomes of the interface. **Who owns and locks.** The interface's namespace and the queues
//! own the device; a queue is its descriptor's and the device's. Each has a spin lock, the device's first; both are
//! taken inside an engine's, and never held when one is called.
//!
//! A packet to the program: engine -> [`Tun::take`] under the engine's lock -> queue -> `wake` when it is dropped -> read(2).
//! One from the program: write(2) -> its headers are checked -> the engine's ingress, as a card's.

mod control;
mod file;
mod queue;

use super::{
    device::{self, Device, Wish},
    stack::Namespace,
};
use crate::{Result, sched::Events, sync::SpinLock};
use abi::Errno;
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};
use bpf::Program;
use inet::{IfaceId, Stack};
use queue::Queue;

/// Makes /dev/net/tun.
pub fn init() {
    file::register();
}

/// IFF_* of TUNSETIFF, `<linux/if_tun.h>`.
pub mod flag {
    pub const TUN: u32 = 0x1;
    pub const TAP: u32 = 0x2;
    pub const NO_CARRIER: u32 = 0x40;
    pub const MULTI_QUEUE: u32 = 0x100;
    pub const ATTACH_QUEUE: u32 = 0x200;
    pub const DETACH_QUEUE: u32 = 0x400;
    pub const PERSIST: u32 = 0x800;
    pub const NO_PI: u32 = 0x1000;
    pub const ONE_QUEUE: u32 = 0x2000;
    pub const VNET_HDR: u32 = 0x4000;
    pub const EXCL: u32 = 0x8000;
    /// What may be asked for of a device and changes with the first descriptor that attaches.
    pub const FEATURES: u32 = NO_PI | ONE_QUEUE | VNET_HDR | MULTI_QUEUE;
}

/// Descriptors of one device, as on Linux.
const MAX_QUEUES: usize = 256;

/// See the module.
pub struct Tun {
    /// TAP: frames and not packets.
    pub tap: bool,
    state: SpinLock<State>,
}

struct State {
    /// Where it is.
    home: Weak<Namespace>,
    iface: IfaceId,
    settings: Settings,
    queues: Vec<Arc<Queue>>,
    /// Those that TUNSETQUEUE took out.
    resting: Vec<Arc<Queue>>,
    /// TUNATTACHFILTER.
    filter: Option<Arc<Program>>,
}

/// What ioctls say of a device.
#[derive(Clone, Copy)]
pub struct Settings {
    /// `flag::FEATURES` and PERSIST.
    pub flags: u32,
    /// Who may attach; `None`: anybody.
    pub owner: Option<u32>,
    #[allow(missing_docs)]
    pub group: Option<u32>,
    /// Bytes of the virtio header.
    pub header: usize,
    /// TUNSETSNDBUF.
    pub send_buffer: i32,
    /// ARPHRD_*.
    pub hardware: u16,
    /// TUNSETVNETLE.
    pub little_endian: bool,
    /// Somebody said that there is no carrier (IFF_NO_CARRIER, TUNSETCARRIER).
    pub unplugged: bool,
}

impl Tun {
    /// A device with an interface, down. As `device::make_dummy`.
    fn make(wish: &Wish, tap: bool, flags: u32) -> Result<Arc<Tun>> {
        let tun = Arc::new(Tun {
            tap,
            state: SpinLock::new(State {
                home: Weak::new(),
                iface: IfaceId(0),
                settings: Settings {
                    flags: flags & flag::FEATURES,
                    owner: None,
                    group: None,
                    header: super::packet::vnet::HEADER,
                    send_buffer: i32::MAX,
                    hardware: match tap {
                        true => abi::if_arp::ARPHRD_ETHER as u16,
                        false => abi::if_arp::ARPHRD_NONE as u16,
                    },
                    little_endian: false,
                    unplugged: flags & flag::NO_CARRIER != 0,
                },
                queues: Vec::new(),
                resting: Vec::new(),
                filter: None,
            }),
        });
        device::make_tun(wish, &tun)?;
        Ok(tun)
    }

    /// From now on the interface is there.
    pub fn move_to(&self, net: &Arc<Namespace>, iface: IfaceId) {
        let mut state = self.state.lock();
        state.home = Arc::downgrade(net);
        state.iface = iface;
    }

    /// Where it is.
    fn home(&self) -> Option<(Arc<Namespace>, IfaceId)> {
        let state = self.state.lock();
        Some((state.home.upgrade()?, state.iface))
    }

    /// What ioctls said.
    pub fn settings(&self) -> Settings {
        self.state.lock().settings
    }

    /// What it was made as, and is: IFF_TUN or IFF_TAP, [`flag::FEATURES`], IFF_PERSIST.
    pub fn flags(&self) -> u32 {
        self.settings().flags | if self.tap { flag::TAP } else { flag::TUN }
    }

    fn change(&self, call: impl FnOnce(&mut Settings)) {
        call(&mut self.state.lock().settings);
    }

    /// Descriptors that read, and those that rest.
    pub fn counts(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.queues.len(), state.resting.len())
    }

    /// Whether the other side is there.
    pub fn carries(&self) -> bool {
        let state = self.state.lock();
        !state.settings.unplugged && state.queues.len() + state.resting.len() > 0
    }

    /// IFLA_TXQLEN, and how many packets wait for the program.
    pub fn queue_length(&self) -> usize {
        if self.tap { 1000 } else { 500 }
    }

    /// Takes what the engine sends. Called with the engine's lock held; [`Tun::wake`] when it is dropped.
    pub fn take(&self, stack: &mut Stack, iface: IfaceId) {
        let state = self.state.lock();
        let room = self.queue_length();
        while let Some(frame) = stack.pop_frame(iface) {
            let refused = match state.queues.as_slice() {
                [] => Some(frame),
                [only] => only.put(frame, room, state.filter.as_deref()),
                many => {
                    let hash = queue::flow(&frame) as usize;
                    many[hash % many.len()].put(frame, room, state.filter.as_deref())
                }
            };
            if let Some(frame) = refused {
                stack.drop_frame(iface, frame);
            }
        }
    }

    /// Tells the programs that there is something to read.
    pub fn wake(&self) {
        self.tell(Events::IN | Events::RDNORM);
    }

    /// Tells them that the interface came up, and may be written to.
    pub fn came_up(&self) {
        self.tell(Events::OUT | Events::WRNORM);
    }

    fn tell(&self, events: Events) {
        let queues = self.state.lock().queues.clone();
        for queue in queues {
            queue.waiters.wake(events);
        }
    }

    /// Adds a descriptor. `EBUSY` where one is all, `E2BIG`.
    fn attach(self: &Arc<Tun>, queue: &Arc<Queue>) -> Result<()> {
        let mut state = self.state.lock();
        if state.settings.flags & flag::MULTI_QUEUE == 0 && !state.queues.is_empty() {
            return Err(Errno::EBUSY);
        }
        let returns = state
            .resting
            .iter()
            .position(|other| Arc::ptr_eq(other, queue));
        if returns.is_none() && state.queues.len() + state.resting.len() >= MAX_QUEUES {
            return Err(Errno::E2BIG);
        }
        if let Some(at) = returns {
            state.resting.swap_remove(at);
        }
        state.queues.push(queue.clone());
        queue.join(self);
        Ok(())
    }

    /// TUNSETQUEUE: a descriptor that reads no more for a while. Whether it did.
    fn rest(&self, queue: &Arc<Queue>) -> bool {
        let mut state = self.state.lock();
        let at = state
            .queues
            .iter()
            .position(|other| Arc::ptr_eq(other, queue));
        let Some(at) = at else { return false };
        let queue = state.queues.remove(at);
        queue.purge();
        state.resting.push(queue);
        true
    }

    /// Whether a descriptor rests here.
    fn lets_rest(&self, queue: &Arc<Queue>) -> bool {
        let state = self.state.lock();
        state.resting.iter().any(|other| Arc::ptr_eq(other, queue))
    }

    /// The descriptor is closed; with the last one the interface goes, or loses its carrier.
    fn detach(&self, queue: &Arc<Queue>) {
        let mut state = self.state.lock();
        let stays = |other: &Arc<Queue>| !Arc::ptr_eq(other, queue);
        state.queues.retain(stays);
        state.resting.retain(stays);
        let others = state.queues.len() + state.resting.len() > 0;
        let persists = state.settings.flags & flag::PERSIST != 0;
        drop(state);
        queue.leave();
        if others {
            return;
        }
        let Some((net, iface)) = self.home() else {
            return;
        };
        net.with(|stack, _| stack.set_carrier(iface, false));
        if !persists && let Err(errno) = device::remove(&net, iface) {
            log::error!("net: a tunnel stays without its program: {errno}");
        }
    }

    /// TUNATTACHFILTER, TUNDETACHFILTER.
    fn filter(&self, program: Option<Arc<Program>>) {
        let old = core::mem::replace(&mut self.state.lock().filter, program);
        drop(old);
    }

    fn is_filtered(&self) -> bool {
        self.state.lock().filter.is_some()
    }

    /// Tells the engine whether there is a carrier.
    fn tell_carrier(&self) {
        let carries = self.carries();
        if let Some((net, iface)) = self.home() {
            net.with(|stack, _| stack.set_carrier(iface, carries));
        }
    }

    /// The interface is gone: so are the descriptors' ties to it.
    pub fn cut(&self) {
        let mut state = self.state.lock();
        state.home = Weak::new();
        let mut queues = core::mem::take(&mut state.queues);
        queues.append(&mut state.resting);
        drop(state);
        for queue in queues {
            queue.leave();
            queue.waiters.wake_all();
        }
    }
}

/// The device behind an interface, if it is one.
fn behind(net: &Namespace, iface: IfaceId) -> Option<Arc<Tun>> {
    match device::behind(net, iface) {
        Some(Device::Tun(tun)) => Some(tun),
        _ => None,
    }
}
