//! Socket filters (SO_ATTACH_FILTER, socket(7)): what a program is shown, and how much of a packet it leaves.
//!
//! Where offset 0 is follows Linux: the transport header for TCP, UDP, ping and raw IPv6 sockets, the IP header for raw IPv4
//! ones, the link header for packet taps (the network header for cooked ones). A packet may be cut, never below its transport
//! header.

use alloc::sync::Arc;

use bpf::{Packet, Program};

use crate::dgram::DgramId;
use crate::error::{Error, Result};
use crate::iface::IfaceId;
use crate::ip::Rx;
use crate::ip::header::IpHeader;
use crate::link::ethertype;
use crate::slab::Key;
use crate::stack::Stack;
use crate::tcp::TcpId;

/// ARPHRD_LOOPBACK and ARPHRD_ETHER.
pub(crate) const HARDWARE: [u16; 2] = [772, 1];

/// A program's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Nothing,
    All,
    /// Bytes from offset 0 of the program on; fewer than there are.
    Start(usize),
}

/// A received IP packet as a program sees it.
pub(crate) struct Seen<'a> {
    pub rx: Rx,
    pub header: &'a IpHeader,
    /// Offset 0 of the program, and where the packet ends.
    pub data: usize,
    pub end: usize,
    pub loopback: bool,
    pub seed: u64,
}

impl Seen<'_> {
    /// Asks `program` about the packet in `bytes`; `least` bytes are kept at least, if any are.
    pub fn judge(&self, program: &Program, bytes: &[u8], least: usize) -> Keep {
        let packet = Packet {
            bytes: bytes.get(..self.end).unwrap_or(bytes),
            data: self.data,
            network: Some(0),
            link: None,
            protocol: match self.header.is_v6() {
                true => ethertype::IPV6,
                false => ethertype::IPV4,
            },
            kind: self.rx.kind as u8,
            interface: self.rx.iface.0,
            hardware: HARDWARE[usize::from(!self.loopback)],
            mark: 0,
            seed: self.seed,
        };
        verdict(program.run(&packet), self.end - self.data, least)
    }
}

/// What `answer` means for a packet of `len` bytes.
pub(crate) fn verdict(answer: u32, len: usize, least: usize) -> Keep {
    match (answer as usize).max(least) {
        _ if answer == 0 => Keep::Nothing,
        keep if keep >= len => Keep::All,
        keep => Keep::Start(keep),
    }
}

impl Stack {
    /// SO_ATTACH_FILTER and SO_DETACH_FILTER of a UDP, ping or raw socket. Errors: `NoSocket`.
    pub fn dgram_set_filter(&mut self, id: DgramId, filter: Option<Arc<Program>>) -> Result<()> {
        let dgram = self.dgram.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        dgram.filter = filter;
        Ok(())
    }

    /// The same of a TCP socket. Connections that a listener accepts inherit its filter. Errors: `NoSocket`.
    pub fn tcp_set_filter(&mut self, id: TcpId, filter: Option<Arc<Program>>) -> Result<()> {
        let tcp = self.tcp.slab.get_mut(id.0).ok_or(Error::NoSocket)?;
        self.tcp.filtered += usize::from(filter.is_some());
        let old = core::mem::replace(&mut tcp.filter, filter);
        self.tcp.filtered -= usize::from(old.is_some());
        if self.tcp.filtered > 0 {
            // It judges packets: there have to be some.
            self.local_convert(id.0);
        }
        Ok(())
    }

    /// What the filter of a TCP socket says about a segment for it.
    pub(crate) fn tcp_filter(
        &mut self,
        rx: Rx,
        key: Key,
        header: &IpHeader,
        packet: &[u8],
    ) -> Keep {
        if self.tcp.filtered == 0 {
            return Keep::All;
        }
        let Some(filter) = self.tcp.slab.get(key).and_then(|tcp| tcp.filter.clone()) else {
            return Keep::All;
        };
        let seen = Seen {
            rx,
            header,
            data: header.payload,
            end: header.end,
            loopback: rx.iface == IfaceId::LO,
            seed: self.rng.u64(),
        };
        let header_len = packet
            .get(header.payload + 12)
            .map_or(0, |byte| usize::from(byte >> 4) * 4);
        seen.judge(&filter, packet, header_len)
    }
}
