//! Programs that choose among the sockets that share a port (SO_ATTACH_REUSEPORT_CBPF, socket(7)).
//!
//! **What.** A [`Choice`] is a program and the sockets among which it chooses, in the order in which they came; the last one moves
//! into the place of one that leaves, as on Linux. Sockets that share without a program are in no list and chosen by a hash.
//! **Who calls.** bind, listen and close of UDP and TCP sockets, and input once the hash has chosen. **Who owns and locks.** The
//! stack. A typical sequence:
//!
//! ```text
//! reuse_attach -> (bind or listen of others: reuse_join) -> input: reuse_choose -> (close: reuse_part)
//! ```

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::net::IpAddr;

use bpf::{Packet, Program};

use crate::dgram::{DgramId, DgramKind};
use crate::error::{Error, Result};
use crate::filter::HARDWARE;
use crate::iface::IfaceId;
use crate::ip::Rx;
use crate::ip::header::IpHeader;
use crate::link::ethertype;
use crate::options::SocketOptions;
use crate::slab::Key;
use crate::stack::Stack;
use crate::tcp::TcpId;

/// A socket that may share its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharer {
    /// UDP.
    Dgram(DgramId),
    /// TCP.
    Stream(TcpId),
}

/// What sockets must have in common to share.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Common {
    addr: IpAddr,
    port: u16,
    iface: Option<IfaceId>,
    owner: u32,
    v6: bool,
    v6_only: bool,
}

/// See the module.
pub(crate) struct Choice {
    stream: bool,
    /// `None` of a socket that is not bound yet.
    common: Option<Common>,
    members: Vec<Key>,
    program: Arc<Program>,
}

/// What is known of a socket that may share.
struct Standing {
    shares: bool,
    /// `None` before packets can reach it.
    common: Option<Common>,
}

impl Sharer {
    fn key(self) -> Key {
        match self {
            Sharer::Dgram(id) => id.0,
            Sharer::Stream(id) => id.0,
        }
    }

    fn is_stream(self) -> bool {
        matches!(self, Sharer::Stream(_))
    }
}

impl Stack {
    /// SO_ATTACH_REUSEPORT_CBPF: the program of the socket's group, or of the one that it will make. Errors: `Invalid` for a socket
    /// that does not share, `NoSocket`.
    pub fn reuse_attach(&mut self, sharer: Sharer, program: Arc<Program>) -> Result<()> {
        let standing = self.standing(sharer)?;
        if !standing.shares {
            return Err(Error::Invalid);
        }
        if let Some(choice) = self.choice_of(sharer) {
            choice.program = program;
            return Ok(());
        }
        let members = match standing.common {
            None => alloc::vec![sharer.key()],
            Some(common) => self.sharers(sharer.is_stream(), common),
        };
        if sharer.is_stream() {
            // It judges packets: there have to be some.
            self.local_convert_all();
        }
        self.choices.push(Choice {
            stream: sharer.is_stream(),
            common: standing.common,
            members,
            program,
        });
        Ok(())
    }

    /// SO_DETACH_REUSEPORT_BPF. Errors: `Invalid` for a socket that does not share, `NotFound` where there is no program,
    /// `NoSocket`.
    pub fn reuse_detach(&mut self, sharer: Sharer) -> Result<()> {
        let standing = self.standing(sharer)?;
        let (stream, key) = (sharer.is_stream(), sharer.key());
        let mut choices = self.choices.iter();
        let found = choices.position(|choice| choice.has(stream, key));
        match found {
            Some(at) => {
                self.choices.swap_remove(at);
                Ok(())
            }
            None if standing.shares => Err(Error::NotFound),
            None => Err(Error::Invalid),
        }
    }

    /// Packets can reach the socket from now on: it comes under the program of those with whom it shares, if there is one.
    pub(crate) fn reuse_join(&mut self, sharer: Sharer) {
        if self.choices.is_empty() {
            return;
        }
        let Ok(Standing {
            shares: true,
            common: Some(common),
        }) = self.standing(sharer)
        else {
            return;
        };
        let (stream, key) = (sharer.is_stream(), sharer.key());
        let others = self.sharers(stream, common);
        let alone = others.iter().all(|&other| other == key);
        if alone {
            if let Some(own) = self.choice_of(sharer) {
                own.common = Some(common);
            }
            return;
        }
        // What it brought along gives way to what the others have.
        self.reuse_part(stream, key);
        let mut choices = self.choices.iter_mut();
        let found = choices.find(|choice| choice.stream == stream && choice.common == Some(common));
        if let Some(choice) = found {
            choice.members.push(key);
        }
    }

    /// The socket is closed, or leaves its port.
    pub(crate) fn reuse_part(&mut self, stream: bool, key: Key) {
        let found = self
            .choices
            .iter()
            .position(|choice| choice.has(stream, key));
        let Some(at) = found else {
            return;
        };
        let members = &mut self.choices[at].members;
        if let Some(place) = members.iter().position(|&member| member == key) {
            members.swap_remove(place);
        }
        if members.is_empty() {
            self.choices.swap_remove(at);
        }
    }

    /// Whom the program chooses instead of `found`. Offset 0 of the program is `data`.
    pub(crate) fn reuse_choose(
        &mut self,
        stream: bool,
        found: Option<Key>,
        rx: Rx,
        header: &IpHeader,
        data: usize,
        packet: &[u8],
    ) -> Option<Key> {
        let key = found?;
        if self.choices.is_empty() {
            return found;
        }
        let seed = self.rng.u64();
        let choice = self.choices.iter().find(|choice| choice.has(stream, key));
        let Some(choice) = choice else {
            return found;
        };
        let at = choice.program.run(&Packet {
            bytes: packet.get(..header.end).unwrap_or(packet),
            data,
            network: Some(0),
            link: None,
            protocol: match header.is_v6() {
                true => ethertype::IPV6,
                false => ethertype::IPV4,
            },
            kind: rx.kind as u8,
            interface: rx.iface.0,
            hardware: HARDWARE[usize::from(rx.iface != IfaceId::LO)],
            mark: 0,
            seed,
        });
        choice.members.get(at as usize).copied().or(found)
    }

    fn choice_of(&mut self, sharer: Sharer) -> Option<&mut Choice> {
        let (stream, key) = (sharer.is_stream(), sharer.key());
        self.choices
            .iter_mut()
            .find(|choice| choice.has(stream, key))
    }

    /// Errors: `NoSocket`, `Invalid` for a socket that cannot share.
    fn standing(&self, sharer: Sharer) -> Result<Standing> {
        let (options, local, v6, reachable) = match sharer {
            Sharer::Dgram(id) => {
                let dgram = self.dgram.slab.get(id.0).ok_or(Error::NoSocket)?;
                if dgram.kind != DgramKind::Udp {
                    return Err(Error::Invalid);
                }
                (&dgram.options.common, dgram.local, dgram.v6, dgram.bound)
            }
            Sharer::Stream(id) => {
                let tcp = self.tcp.slab.get(id.0).ok_or(Error::NoSocket)?;
                let listens = tcp.listener().is_some();
                if tcp.connection().is_some() {
                    return Err(Error::Invalid);
                }
                (&tcp.options.common, tcp.local, tcp.v6, listens)
            }
        };
        Ok(Standing {
            shares: options.reuse_port,
            common: reachable.then(|| Common::of(options, local.addr, local.port, v6)),
        })
    }

    /// Who is there and shares, in the order in which they came.
    fn sharers(&self, stream: bool, common: Common) -> Vec<Key> {
        let is = |sharer| {
            let standing = self.standing(sharer);
            standing.is_ok_and(|it| it.shares && it.common == Some(common))
        };
        let bucket: &[Key] = match stream {
            true => self
                .tcp
                .ports
                .get(&common.port)
                .map_or(&[], |bucket| bucket),
            false => self.dgram.bucket(DgramKind::Udp, common.port),
        };
        let there = bucket.iter().copied().filter(|&key| match stream {
            true => is(Sharer::Stream(TcpId(key))),
            false => is(Sharer::Dgram(DgramId(key))),
        });
        there.collect()
    }
}

impl Choice {
    fn has(&self, stream: bool, key: Key) -> bool {
        self.stream == stream && self.members.contains(&key)
    }
}

impl Common {
    fn of(options: &SocketOptions, addr: IpAddr, port: u16, v6: bool) -> Common {
        Common {
            addr,
            port,
            iface: options.bound_iface,
            owner: options.owner,
            v6,
            v6_only: options.v6_only,
        }
    }
}
