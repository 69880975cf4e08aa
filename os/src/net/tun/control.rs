//! ioctl(2) on /dev/net/tun, in the order in which Linux checks things. `<linux/if_tun.h>`.

use super::{Tun, behind, file::TunFile, flag};
use crate::{
    Result,
    file::hooks,
    mm::UserPtr,
    net::{CAP_NET_ADMIN, device::Wish, errno::errno, opt::read_program, stack},
};
use abi::Errno;
use alloc::{string::String, sync::Arc};

const SIOCGIFHWADDR: u32 = 0x8927;
const SIOCSIFHWADDR: u32 = 0x8924;
/// The type of the requests that concern sockets and interfaces (`SOCK_IOC_TYPE`).
const OF_SOCKETS: u32 = 0x89;

const TUNSETNOCSUM: u32 = 0x4004_54c8;
const TUNSETIFF: u32 = 0x4004_54ca;
const TUNSETPERSIST: u32 = 0x4004_54cb;
const TUNSETOWNER: u32 = 0x4004_54cc;
const TUNSETLINK: u32 = 0x4004_54cd;
const TUNSETGROUP: u32 = 0x4004_54ce;
const TUNGETFEATURES: u32 = 0x8004_54cf;
const TUNSETOFFLOAD: u32 = 0x4004_54d0;
const TUNGETIFF: u32 = 0x8004_54d2;
const TUNGETSNDBUF: u32 = 0x8004_54d3;
const TUNSETSNDBUF: u32 = 0x4004_54d4;
const TUNATTACHFILTER: u32 = 0x4010_54d5;
const TUNDETACHFILTER: u32 = 0x4010_54d6;
const TUNGETVNETHDRSZ: u32 = 0x8004_54d7;
const TUNSETVNETHDRSZ: u32 = 0x4004_54d8;
const TUNSETQUEUE: u32 = 0x4004_54d9;
const TUNSETIFINDEX: u32 = 0x4004_54da;
const TUNSETVNETLE: u32 = 0x4004_54dc;
const TUNGETVNETLE: u32 = 0x8004_54dd;
const TUNSETCARRIER: u32 = 0x4004_54e2;

/// TUN_F_*: what a program says that it takes of packets. It gets whole ones all the same.
mod takes {
    pub const CSUM: usize = 0x01;
    pub const TSO: usize = 0x02 | 0x04;
    pub const ECN: usize = 0x08;
    pub const UFO: usize = 0x10;
    pub const USO: usize = 0x20 | 0x40;
}

/// `struct ifreq`: a name, and what depends on the request.
type IfReq = [u8; 40];

/// ioctl(2). `EBADFD` before TUNSETIFF, `EINVAL` for requests that are none.
pub fn ioctl(file: &TunFile, request: u32, arg: usize) -> Result<usize> {
    let of_sockets = request >> 8 & 0xff == OF_SOCKETS;
    let mut ifreq: IfReq = match of_sockets || matches!(request, TUNSETIFF | TUNSETQUEUE) {
        true => UserPtr::new(arg).read()?,
        false => [0; 40],
    };
    let int = UserPtr::<i32>::new(arg);
    let device = file.queue.device();
    match request {
        TUNGETFEATURES => {
            let all = flag::TUN | flag::TAP | flag::NO_CARRIER | flag::FEATURES;
            int.write(&(all as i32))?;
            return Ok(0);
        }
        TUNSETQUEUE => return set_queue(file, flags_of(&ifreq)),
        TUNSETIFF => {
            if device.is_some() {
                return Err(Errno::EEXIST);
            }
            attach(file, &mut ifreq)?;
            UserPtr::new(arg).write(&ifreq)?;
            return Ok(0);
        }
        TUNSETIFINDEX => {
            if device.is_some() {
                return Err(Errno::EPERM);
            }
            *file.index.lock() = u32::try_from(int.read()?)
                .ok()
                .filter(|index| *index <= i32::MAX as u32)
                .ok_or(Errno::EINVAL)?;
            return Ok(0);
        }
        _ => {}
    }
    let tun = device.ok_or(Errno::EBADFD)?;
    match request {
        TUNGETIFF => {
            ifreq = describe(file, &tun);
            UserPtr::new(arg).write(&ifreq)?;
        }
        SIOCGIFHWADDR => {
            hardware(&tun, &mut ifreq)?;
            UserPtr::new(arg).write(&ifreq)?;
        }
        SIOCSIFHWADDR => set_hardware(&tun, &ifreq)?,
        // Checksums are always there.
        TUNSETNOCSUM => {}
        TUNSETPERSIST => tun.change(|settings| match arg {
            0 => settings.flags &= !flag::PERSIST,
            _ => settings.flags |= flag::PERSIST,
        }),
        TUNSETOWNER => tun.change(|settings| settings.owner = id(arg)),
        TUNSETGROUP => tun.change(|settings| settings.group = id(arg)),
        TUNSETLINK => {
            let (net, iface) = tun.home().ok_or(Errno::EBADFD)?;
            if net.look(|stack| stack.interface(iface).is_some_and(|info| info.up)) {
                return Err(Errno::EBUSY);
            }
            tun.change(|settings| settings.hardware = arg as u16);
        }
        TUNSETOFFLOAD => offload(arg)?,
        TUNGETSNDBUF => int.write(&tun.settings().send_buffer)?,
        TUNSETSNDBUF => {
            let size = int.read()?;
            if size <= 0 {
                return Err(Errno::EINVAL);
            }
            tun.change(|settings| settings.send_buffer = size);
        }
        TUNGETVNETHDRSZ => int.write(&(tun.settings().header as i32))?,
        TUNSETVNETHDRSZ => {
            let size = int.read()?;
            let least = crate::net::packet::vnet::HEADER;
            let size = usize::try_from(size).ok().filter(|size| *size >= least);
            let size = size.ok_or(Errno::EINVAL)?;
            tun.change(|settings| settings.header = size);
        }
        // This machine's byte order is the little-endian one, whatever was said.
        TUNGETVNETLE => int.write(&i32::from(tun.settings().little_endian))?,
        TUNSETVNETLE => {
            let on = int.read()? != 0;
            tun.change(|settings| settings.little_endian = on);
        }
        TUNATTACHFILTER if tun.tap => {
            let head: [u8; 16] = UserPtr::new(arg).read()?;
            let count = usize::from(u16::from_ne_bytes([head[0], head[1]]));
            let at = usize::from_ne_bytes(core::array::from_fn(|i| head[8 + i]));
            tun.filter(Some(Arc::new(read_program(at, count)?)));
        }
        TUNDETACHFILTER if tun.tap => tun.filter(None),
        TUNSETCARRIER => {
            let on = int.read()? != 0;
            tun.change(|settings| settings.unplugged = !on);
            tun.tell_carrier();
        }
        _ => return Err(Errno::EINVAL),
    }
    Ok(0)
}

/// `struct ifreq`'s flags.
fn flags_of(ifreq: &IfReq) -> u32 {
    u16::from_ne_bytes([ifreq[16], ifreq[17]]).into()
}

/// An owner; -1 is nobody.
fn id(arg: usize) -> Option<u32> {
    Some(arg as u32).filter(|id| *id != u32::MAX)
}

/// The interface that a description serves.
pub fn name_of(file: &TunFile) -> Option<String> {
    let (net, iface) = file.queue.device()?.home()?;
    net.look(|stack| stack.interface(iface).map(|info| info.name.clone()))
}

/// TUNSETIFF: makes an interface or takes one that is there.
fn attach(file: &TunFile, ifreq: &mut IfReq) -> Result<()> {
    let flags = flags_of(ifreq);
    let length = ifreq[..15].iter().position(|byte| *byte == 0).unwrap_or(15);
    let name = core::str::from_utf8(&ifreq[..length]).map_err(|_| Errno::EINVAL)?;
    let there = file
        .net
        .look(|stack| stack.interface_named(name).map(|info| info.id));
    let tun = match there {
        Some(iface) => {
            if flags & flag::EXCL != 0 {
                return Err(Errno::EBUSY);
            }
            let kind = |tun: &Arc<Tun>| flags & if tun.tap { flag::TAP } else { flag::TUN } != 0;
            let tun = behind(&file.net, iface).filter(kind).ok_or(Errno::EINVAL)?;
            let settings = tun.settings();
            if (flags ^ settings.flags) & flag::MULTI_QUEUE != 0 {
                return Err(Errno::EINVAL);
            }
            may_attach(&tun)?;
            tun.attach(&file.queue)?;
            if tun.counts() == (1, 0) {
                tun.change(|settings| {
                    settings.flags &= flag::PERSIST;
                    settings.flags |= flags & flag::FEATURES;
                });
            }
            tun
        }
        None => {
            if !hooks::tasks().capable(CAP_NET_ADMIN) {
                return Err(Errno::EPERM);
            }
            let tap = match flags {
                flags if flags & flag::TUN != 0 => false,
                flags if flags & flag::TAP != 0 => true,
                _ => return Err(Errno::EINVAL),
            };
            let wish = Wish {
                net: file.net.clone(),
                name: (!name.is_empty()).then(|| name.into()),
                index: *file.index.lock(),
                mac: None,
                mtu: None,
            };
            let tun = Tun::make(&wish, tap, flags)?;
            tun.attach(&file.queue)?;
            tun
        }
    };
    // A further descriptor changes nothing of what others said.
    if tun.counts() == (1, 0) {
        tun.change(|settings| settings.unplugged = flags & flag::NO_CARRIER != 0);
        tun.tell_carrier();
    }
    let name = name_of(file).unwrap_or_default();
    ifreq[..16].fill(0);
    ifreq[..name.len()].copy_from_slice(name.as_bytes());
    Ok(())
}

/// Whether the caller is whom TUNSETOWNER and TUNSETGROUP let. `EPERM`.
fn may_attach(tun: &Tun) -> Result<()> {
    let settings = tun.settings();
    let who = stack::tasks().and_then(|tasks| tasks.credentials());
    let stranger = who.is_none_or(|who| {
        settings.owner.is_some_and(|owner| owner != who.uid)
            || settings.group.is_some_and(|group| !who.in_group(group))
    });
    match stranger && !hooks::tasks().capable(CAP_NET_ADMIN) {
        true => Err(Errno::EPERM),
        false => Ok(()),
    }
}

/// TUNSETQUEUE: a descriptor of several stops reading, or goes on.
fn set_queue(file: &TunFile, flags: u32) -> Result<usize> {
    let mut resting = file.resting.lock();
    if flags & flag::ATTACH_QUEUE != 0 {
        let tun = resting.clone().ok_or(Errno::EINVAL)?;
        // The interface may have gone meanwhile.
        if !tun.lets_rest(&file.queue) {
            return Err(Errno::EINVAL);
        }
        may_attach(&tun)?;
        tun.attach(&file.queue)?;
        *resting = None;
    } else if flags & flag::DETACH_QUEUE != 0 {
        let tun = file.queue.device().ok_or(Errno::EINVAL)?;
        let many = tun.settings().flags & flag::MULTI_QUEUE != 0;
        if !many || resting.is_some() || !tun.rest(&file.queue) {
            return Err(Errno::EINVAL);
        }
        *resting = Some(tun);
    } else {
        return Err(Errno::EINVAL);
    }
    Ok(0)
}

/// TUNGETIFF.
fn describe(file: &TunFile, tun: &Tun) -> IfReq {
    /// IFF_NOFILTER has IFF_NO_PI's number: no filter is attached.
    const NOFILTER: u32 = 0x1000;
    let mut ifreq = [0; 40];
    let name = name_of(file).unwrap_or_default();
    ifreq[..name.len()].copy_from_slice(name.as_bytes());
    let mut flags = tun.flags();
    if file.resting.lock().is_some() {
        flags |= flag::DETACH_QUEUE;
    }
    if !tun.is_filtered() {
        flags |= NOFILTER;
    }
    ifreq[16..18].copy_from_slice(&(flags as u16).to_ne_bytes());
    ifreq
}

/// SIOCGIFHWADDR.
fn hardware(tun: &Tun, ifreq: &mut IfReq) -> Result<()> {
    let (net, iface) = tun.home().ok_or(Errno::EBADFD)?;
    let kind = net.look(|stack| stack.interface(iface).map(|info| info.kind));
    let mac = match kind {
        Some(inet::IfaceKind::Ethernet { mac }) => mac,
        _ => [0; 6],
    };
    ifreq[16..].fill(0);
    ifreq[16..18].copy_from_slice(&tun.settings().hardware.to_ne_bytes());
    ifreq[18..24].copy_from_slice(&mac);
    Ok(())
}

/// SIOCSIFHWADDR. `EINVAL` for another type, `EADDRNOTAVAIL`, `EOPNOTSUPP`.
fn set_hardware(tun: &Tun, ifreq: &IfReq) -> Result<()> {
    let (net, iface) = tun.home().ok_or(Errno::EBADFD)?;
    if !tun.tap {
        return Err(Errno::EOPNOTSUPP);
    }
    if u16::from_ne_bytes([ifreq[16], ifreq[17]]) != tun.settings().hardware {
        return Err(Errno::EINVAL);
    }
    let mac = core::array::from_fn(|i| ifreq[18 + i]);
    net.with(|stack, _| stack.set_mac(iface, mac))
        .map_err(|error| match error {
            inet::Error::Invalid => Errno::EADDRNOTAVAIL,
            error => errno(error),
        })
}

/// TUNSETOFFLOAD. `EINVAL` for what is unknown, or goes together.
fn offload(mut arg: usize) -> Result<()> {
    if arg & takes::CSUM != 0 {
        arg &= !takes::CSUM;
        if arg & takes::TSO != 0 {
            arg &= !(takes::TSO | takes::ECN);
        }
        arg &= !takes::UFO;
        if arg & takes::USO == takes::USO {
            arg &= !takes::USO;
        }
    }
    if arg == 0 { Ok(()) } else { Err(Errno::EINVAL) }
}
