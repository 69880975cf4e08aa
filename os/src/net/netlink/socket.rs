//! The socket calls of the family. netlink(7).

use super::{
    Protocol, answer,
    port::{self, Datagram, Port},
};
use crate::{
    Result,
    file::{Events, hooks},
    net::{
        CAP_NET_ADMIN, Caller, SockAddr,
        socket::{
            self, Common, Generic,
            message::{Flags, Incoming, Outgoing, Received},
        },
    },
};
use abi::{
    Errno,
    net::{AF_NETLINK, AF_UNSPEC, SCM_CREDENTIALS, SOL_NETLINK, SOL_SOCKET},
};
use alloc::{sync::Arc, vec};
use core::any::Any;

/// `sizeof(struct sockaddr_nl)`.
const SOCKADDR_NL: usize = 12;
/// NETLINK_PKTINFO.
const PACKET_INFO: i32 = 3;

/// One socket of the family.
pub struct Netlink {
    pub(super) port: Arc<Port>,
}

/// `struct sockaddr_nl`.
fn address(id: u32, groups: u32) -> SockAddr {
    let mut bytes = [0; SOCKADDR_NL];
    bytes[..2].copy_from_slice(&(AF_NETLINK as u16).to_ne_bytes());
    bytes[4..8].copy_from_slice(&id.to_ne_bytes());
    bytes[8..].copy_from_slice(&groups.to_ne_bytes());
    SockAddr::new(&bytes)
}

/// Port and groups of an address. `EINVAL`.
fn parse(addr: &SockAddr) -> Result<(u32, u32)> {
    if addr.bytes().len() < SOCKADDR_NL || addr.family() != AF_NETLINK {
        return Err(Errno::EINVAL);
    }
    let word = |at: usize| u32::from_ne_bytes(core::array::from_fn(|i| addr.bytes()[at + i]));
    Ok((word(4), word(8)))
}

/// The first group of a set, as an address names one.
fn first(groups: u32) -> u32 {
    match groups {
        0 => 0,
        groups => groups.trailing_zeros() + 1,
    }
}

impl Netlink {
    /// The family's half of a new socket.
    pub fn new(common: &Common, protocol: Protocol) -> Netlink {
        let limit = common.generic().recv_buffer as usize;
        let port = Port::new(
            &common.net,
            protocol,
            common.inode,
            common.queue_handle(),
            limit,
        );
        Netlink { port }
    }

    /// The mailbox, for `opt`.
    pub fn port(&self) -> &Arc<Port> {
        &self.port
    }

    /// How many groups there are, for `opt`.
    pub fn groups(&self) -> u32 {
        self.port.protocol.groups()
    }

    /// Speaking to others than the kernel. `EPERM`.
    fn check_send(&self, admin: bool, (id, group): (u32, u32)) -> Result<()> {
        match (id, group) {
            (0, 0) => Ok(()),
            _ if admin || self.port.protocol.users_send() => Ok(()),
            _ => Err(Errno::EPERM),
        }
    }
}

impl socket::Protocol for Netlink {
    fn bind(&self, _common: &Common, cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
        let (id, groups) = parse(addr)?;
        // One word of an address names 32 groups at most.
        let known = match self.groups() {
            32.. => u32::MAX,
            count => (1 << count) - 1,
        };
        let own = self.port.state.lock().id;
        match (own, id) {
            (Some(own), id) if own != id => return Err(Errno::EINVAL),
            (Some(_), _) => {}
            (None, 0) => self.port.autobind(cx.pid as u32),
            (None, id) => self.port.take_id(id)?,
        }
        let mut state = self.port.state.lock();
        state.groups = state.groups & !u64::from(u32::MAX) | u64::from(groups & known);
        Ok(())
    }

    fn connect(
        &self,
        _common: &Common,
        cx: &Caller<'_>,
        addr: &SockAddr,
        _nonblock: bool,
    ) -> Result<()> {
        if addr.bytes().len() < 2 {
            return Err(Errno::EINVAL);
        }
        if addr.family() == AF_UNSPEC {
            self.port.state.lock().peer = (0, 0);
            return Ok(());
        }
        let (id, groups) = parse(addr)?;
        let peer = (id, first(groups));
        self.check_send(cx.capable(CAP_NET_ADMIN), peer)?;
        self.port.autobind(cx.pid as u32);
        self.port.state.lock().peer = peer;
        Ok(())
    }

    fn local(&self, _common: &Common) -> Result<SockAddr> {
        let state = self.port.state.lock();
        Ok(address(state.id.unwrap_or(0), state.groups as u32))
    }

    fn peer(&self, _common: &Common) -> Result<SockAddr> {
        let (id, group) = self.port.state.lock().peer;
        Ok(address(id, port::group_bit(group) as u32))
    }

    fn send(
        &self,
        common: &Common,
        cx: Option<&Caller<'_>>,
        message: &mut Outgoing<'_, '_>,
    ) -> Result<usize> {
        if message.flags.contains(Flags::OOB) {
            return Err(Errno::EOPNOTSUPP);
        }
        let len = message.data.remaining();
        if len == 0 {
            return Err(Errno::ENODATA);
        }
        let (admin, creds) = match cx {
            Some(cx) => (cx.capable(CAP_NET_ADMIN), [cx.pid as u32, cx.uid, cx.gid]),
            None => {
                let pid = hooks::tasks().job().map_or(0, |job| job.pid);
                (hooks::tasks().capable(CAP_NET_ADMIN), [pid as u32, 0, 0])
            }
        };
        let to = match &message.to {
            Some(addr) => {
                let (id, groups) = parse(addr)?;
                (id, first(groups))
            }
            None => self.port.state.lock().peer,
        };
        self.check_send(admin, to)?;
        self.port.autobind(creds[0]);
        if len > (common.generic().send_buffer as usize).saturating_sub(32) {
            return Err(Errno::EMSGSIZE);
        }
        let mut bytes = vec![0; len];
        if message.data.read(&mut bytes)? < len {
            return Err(Errno::EFAULT);
        }
        let own = self.port.id();
        let (id, group) = to;
        if (id, group) == (0, 0) {
            return match self.port.protocol {
                // Nobody in the kernel listens there.
                Protocol::User => Err(Errno::ECONNREFUSED),
                _ => {
                    answer::handle(&common.net, &self.port, &bytes, admin);
                    Ok(len)
                }
            };
        }
        let datagram = Datagram {
            bytes: bytes.into(),
            from: own,
            group,
            creds,
        };
        if group != 0 {
            port::multicast(&self.port.net, self.port.protocol, group, &datagram, own);
        }
        if id == 0 {
            return Ok(len);
        }
        let target =
            port::find(&self.port.net, self.port.protocol, id).ok_or(Errno::ECONNREFUSED)?;
        target
            .deliver(Datagram {
                group: 0,
                ..datagram
            })
            .or(Err(Errno::EAGAIN))
    }

    fn recv(&self, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
        if message.flags.contains(Flags::OOB) {
            return Err(Errno::EOPNOTSUPP);
        }
        let generic = common.generic();
        let room = message.out.remaining();
        let peek = message.flags.contains(Flags::PEEK);
        let datagram = common.wait(message.flags.nonblock(), generic.recv_timeout, || {
            self.port.take(room, peek)
        })?;
        let full = datagram.bytes.len();
        let fits = full.min(room);
        if fits > 0 && message.out.write(&datagram.bytes[..fits])? < fits {
            return Err(Errno::EFAULT);
        }
        if let Some(control) = message.control.as_deref_mut() {
            if self.port.state.lock().wishes.packet_info {
                let info = datagram.group.to_ne_bytes();
                control.push(SOL_NETLINK as i32, PACKET_INFO, &info);
            }
            if generic.pass_cred {
                let creds: [u8; 12] =
                    core::array::from_fn(|i| datagram.creds[i / 4].to_ne_bytes()[i % 4]);
                control.push(SOL_SOCKET as i32, SCM_CREDENTIALS as i32, &creds);
            }
        }
        let mut flags = Flags::empty();
        flags.set(Flags::TRUNC, fits < full);
        Ok(Received {
            len: match message.flags.contains(Flags::TRUNC) {
                true => full,
                false => fits,
            },
            flags,
            from: Some(address(
                datagram.from,
                port::group_bit(datagram.group) as u32,
            )),
        })
    }

    fn ready(&self, _common: &Common) -> Events {
        self.port.ready()
    }

    fn take_error(&self, _common: &Common) -> Option<Errno> {
        self.port.take_error()
    }

    fn wants_caller(&self) -> bool {
        true
    }

    fn generic_changed(&self, _common: &Common, generic: &Generic) {
        let mut state = self.port.state.lock();
        state.limit = generic.recv_buffer as usize;
        state.filter = generic.filter.clone();
    }

    fn close(&self, _common: &Common) {
        let mut state = self.port.state.lock();
        state.id = None;
        state.groups = 0;
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
