//! What a socket, or one message, adds to the IP headers of its packets.
//!
//! Few sockets add anything: [`Additions`] is shared behind one pointer that is `None` otherwise.

use core::net::{IpAddr, Ipv4Addr};

use super::extension::ExtensionHeaders;
use super::header::{IPV4_HEADER, refresh_v4_checksum};
use super::options::{Hop, Ipv4Options};
use crate::iface::IfaceId;
use crate::stack::Stack;

/// IPv4 options and IPv6 extension headers. Change them through [`Stack::dgram_add`], or give them with one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Additions {
    /// IP_OPTIONS, IP_RETOPTS.
    pub v4: Ipv4Options,
    /// IPV6_HOPOPTS and its kin.
    pub v6: ExtensionHeaders,
    /// IPV6_PKTINFO of the socket: the interface to send by.
    pub iface: Option<IfaceId>,
    /// The flow label, 20 bits: of the connected peer, or of one message. 0 is none of the program's.
    pub label: u32,
    /// IPV6_DONTFRAG of one message: never fragment.
    pub dont_fragment: Option<bool>,
}

impl Additions {
    /// Whether there is nothing to add.
    pub fn is_empty(&self) -> bool {
        *self == Additions::default()
    }

    /// Bytes behind the fixed header.
    pub(crate) fn len(&self, v6: bool) -> usize {
        match v6 {
            true => self.v6.len(),
            false => self.v4.len(),
        }
    }

    /// Makes room for them known in a packet whose fixed header is written, and fills it. `to` is where the packet ends.
    pub(crate) fn write(&self, packet: &mut [u8], from: Hop, to: IpAddr) {
        match to {
            IpAddr::V4(to) if !self.v4.is_empty() => write_v4(&self.v4, packet, from, to),
            IpAddr::V4(_) => {}
            IpAddr::V6(_) => self.v6.write(packet),
        }
    }

    /// Where a packet with a source route or a routing header goes first.
    pub(crate) fn first_hop(&self, v6: bool) -> Option<IpAddr> {
        match v6 {
            true => self.v6.first_hop().map(IpAddr::V6),
            false => self.v4.first_hop().map(IpAddr::V4),
        }
    }
}

/// Puts options behind a fixed IPv4 header for which there is room already.
pub(crate) fn write_v4(options: &Ipv4Options, packet: &mut [u8], from: Hop, to: Ipv4Addr) {
    if let Some((header, room)) = packet.split_at_mut_checked(IPV4_HEADER) {
        header[0] = 0x40 | ((IPV4_HEADER + options.len()) / 4) as u8;
        options.write(room, from, to);
        refresh_v4_checksum(packet);
    }
}

impl Stack {
    /// Checks IPv4 options to send. `privileged` allows those that are not known here. `None`: malformed, too long, not allowed.
    pub fn ipv4_options(&self, given: &[u8], privileged: bool) -> Option<Ipv4Options> {
        Ipv4Options::parse(given, privileged, |addr| self.is_foreign(addr))
    }

    /// Options to answer with to a packet that came with `received`. `None` where nothing can be answered.
    pub(crate) fn ipv4_answer(&self, received: &[u8]) -> Option<Ipv4Options> {
        Ipv4Options::answer(received, |addr| self.is_foreign(addr))
    }

    /// What this host writes into IPv4 options.
    pub(crate) fn hop(&self, address: IpAddr) -> Hop {
        /// Of a day.
        const MILLIS: u64 = 86_400_000;
        let address = match address.to_canonical() {
            IpAddr::V4(address) => address,
            IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
        };
        let millis = (self.config.wall_clock)() / 1_000_000 % MILLIS;
        Hop {
            address,
            millis: millis as u32,
        }
    }

    /// Another host's address, not a group's or everybody's.
    pub(crate) fn is_foreign(&self, addr: Ipv4Addr) -> bool {
        !addr.is_multicast()
            && !addr.is_unspecified()
            && !self.is_local(IpAddr::V4(addr))
            && !self.ifaces.iter().any(|iface| iface.is_broadcast(addr))
    }
}
