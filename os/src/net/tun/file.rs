//! /dev/net/tun: read(2), write(2) and poll(2) of packets with their headers.

use super::{
    Settings, Tun, control, flag,
    queue::{self, LINK_HEADER, Queue},
};
use crate::{
    Result,
    file::{Events, File, Io, anon_stat},
    fs::dev,
    mm::{UserIn, UserOut},
    net::{
        packet::vnet,
        stack::{self, Namespace},
    },
    sched::{self, Interruptible, WaitQueue},
    sync::SpinLock,
};
use abi::Errno;
use alloc::{boxed::Box, string::String, sync::Arc, vec};
use core::any::Any;
use inet::{Frame, Offload};

/// Of the devices without a major of their own (misc), and their number there.
const MAJOR: u32 = 10;
const MINOR: u32 = 200;

/// `struct tun_pi`: flags in this machine's byte order, the ethertype in the network's.
const INFORMATION: usize = 4;
/// TUN_PKT_STRIP: the packet was cut.
const STRIPPED: u16 = 1;
/// The longest packet that is taken, headers included.
const LONGEST: usize = 65_536 + 256;

/// An open device file.
pub struct TunFile {
    /// Where it was opened: TUNSETIFF makes and looks for interfaces there.
    pub net: Arc<Namespace>,
    /// What is read.
    pub queue: Arc<Queue>,
    /// TUNSETQUEUE took it out of this device.
    pub resting: SpinLock<Option<Arc<Tun>>>,
    /// TUNSETIFINDEX.
    pub index: SpinLock<u32>,
}

/// Makes the node.
pub(super) fn register() {
    let open = |_| {
        Ok(Arc::new(TunFile {
            net: stack::current(),
            queue: Queue::new(),
            resting: SpinLock::new(None),
            index: SpinLock::new(0),
        }) as Arc<dyn File>)
    };
    dev::register("net/tun", MAJOR, MINOR, 0o666, Box::new(open));
}

impl TunFile {
    /// Waits for a frame. `EAGAIN`; `EFAULT` when the interface goes meanwhile.
    fn next(&self, io: Io) -> Result<Frame> {
        let attempt = || match self.queue.next() {
            Some(frame) => Some(Ok(frame)),
            None if self.queue.device().is_none() => Some(Err(Errno::EFAULT)),
            None => None,
        };
        if io.nonblock {
            return attempt().unwrap_or(Err(Errno::EAGAIN));
        }
        sched::wait_until(&[&self.queue.waiters], None, Interruptible::Yes, attempt)?
    }
}

impl File for TunFile {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        let tun = self.queue.device().ok_or(Errno::EBADFD)?;
        if out.remaining() == 0 {
            return Ok(0);
        }
        let frame = self.next(io)?;
        let done = show(&tun, queue::content(&frame), out);
        if let Some((net, _)) = tun.home() {
            net.take(|stack| stack.recycle_frame(frame));
        }
        done
    }

    fn write(&self, _: Io, data: &mut UserIn<'_>) -> Result<usize> {
        let tun = self.queue.device().ok_or(Errno::EBADFD)?;
        let length = data.remaining();
        let settings = tun.settings();
        let mut protocol = None;
        if settings.flags & flag::NO_PI == 0 {
            let [_, _, high, low] = take::<INFORMATION>(data)?;
            protocol = Some([high, low]);
        }
        let offload = take_hints(&settings, data)?;
        let left = data.remaining();
        if tun.tap && left < LINK_HEADER {
            return Err(Errno::EINVAL);
        }
        if left > LONGEST {
            return Err(Errno::EMSGSIZE);
        }
        let front = if tun.tap { 0 } else { LINK_HEADER };
        let mut frame = vec![0; front + left];
        if left > 0 && data.read(&mut frame[front..])? < left {
            return Err(Errno::EFAULT);
        }
        if !tun.tap {
            let protocol = match (protocol, frame.get(front).map(|byte| byte >> 4)) {
                (Some(protocol), _) => protocol,
                (None, Some(4)) => [0x08, 0x00],
                (None, Some(6)) => [0x86, 0xdd],
                (None, _) => return Err(Errno::EINVAL),
            };
            frame[12..LINK_HEADER].copy_from_slice(&protocol);
        }
        let (net, iface) = tun.home().ok_or(Errno::EBADFD)?;
        net.with(|stack, now| {
            if !stack.interface(iface).is_some_and(|info| info.up) {
                return Err(Errno::EIO);
            }
            if offload == Offload::default() {
                stack.ingress(now, iface, &frame);
                return Ok(length);
            }
            let done = stack.ingress_unfinished(now, iface, &frame, offload);
            done.map(|()| length).map_err(|_| Errno::EINVAL)
        })
    }

    fn poll(&self) -> Events {
        let Some(tun) = self.queue.device() else {
            return Events::ERR;
        };
        let mut events = Events::empty();
        if !self.queue.is_empty() {
            events |= Events::IN | Events::RDNORM;
        }
        let up = tun.home().is_some_and(|(net, iface)| {
            net.look(|stack| stack.interface(iface).is_some_and(|info| info.up))
        });
        if up {
            events |= Events::OUT | Events::WRNORM;
        }
        events
    }

    fn queue(&self) -> Option<&WaitQueue> {
        Some(&self.queue.waiters)
    }

    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        control::ioctl(self, request, arg)
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(anon_stat(0o020666, 0))
    }

    fn info(&self) -> String {
        let name = control::name_of(self);
        alloc::format!("iff:\t{}\n", name.unwrap_or_default())
    }

    fn link_name(&self) -> String {
        "/dev/net/tun".into()
    }

    fn release(&self) {
        let tun = self.queue.device();
        if let Some(tun) = tun {
            tun.detach(&self.queue);
        }
        *self.resting.lock() = None;
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The next `N` bytes. `EINVAL` where there are fewer, `EFAULT`.
fn take<const N: usize>(data: &mut UserIn<'_>) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    if data.remaining() < N {
        return Err(Errno::EINVAL);
    }
    match data.read(&mut bytes)? == N {
        true => Ok(bytes),
        false => Err(Errno::EFAULT),
    }
}

/// The virtio header, if there is one. `EINVAL`, `EFAULT`.
fn take_hints(settings: &Settings, data: &mut UserIn<'_>) -> Result<Offload> {
    if settings.flags & flag::VNET_HDR == 0 {
        return Ok(Offload::default());
    }
    if data.remaining() < settings.header {
        return Err(Errno::EINVAL);
    }
    let header = take::<{ vnet::HEADER }>(data)?;
    data.skip(settings.header - vnet::HEADER);
    vnet::parse(&header, data.remaining())
}

/// Copies a frame out behind its headers. The bytes that were there, as far as there was room. `EINVAL` where not even
/// the headers fit, `EFAULT`.
fn show(tun: &Tun, frame: &[u8], out: &mut UserOut<'_>) -> Result<usize> {
    let settings = tun.settings();
    let room = out.remaining();
    let packet = match tun.tap {
        true => frame,
        false => frame.get(LINK_HEADER..).unwrap_or_default(),
    };
    let hints = match settings.flags & flag::VNET_HDR {
        0 => 0,
        _ => settings.header,
    };
    let informed = settings.flags & flag::NO_PI == 0;
    let total = packet.len() + hints + if informed { INFORMATION } else { 0 };
    if informed {
        let stripped = if room < total { STRIPPED } else { 0 };
        let mut information = [0; INFORMATION];
        information[..2].copy_from_slice(&stripped.to_ne_bytes());
        if let Some(protocol) = frame.get(12..LINK_HEADER) {
            information[2..].copy_from_slice(protocol);
        }
        put(&information, true, out)?;
    }
    if hints > 0 {
        // Nothing is left to the program: packets are whole, and summed.
        if out.remaining() < hints {
            return Err(Errno::EINVAL);
        }
        if out.zero(hints)? < hints {
            return Err(Errno::EFAULT);
        }
    }
    put(packet, false, out)?;
    Ok(total.min(room))
}

/// Copies bytes: all of them, or as far as there is room.
fn put(bytes: &[u8], all: bool, out: &mut UserOut<'_>) -> Result<()> {
    let fitting = bytes.len().min(out.remaining());
    if all && fitting < bytes.len() {
        return Err(Errno::EINVAL);
    }
    match fitting == 0 || out.write(&bytes[..fitting])? == fitting {
        true => Ok(()),
        false => Err(Errno::EFAULT),
    }
}
