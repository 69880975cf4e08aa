//! A DHCP client per interface (RFC 2131), run on request.
//!
//! DISCOVER, OFFER, REQUEST, ACK; then REQUEST again at half the lease's time (unicast is not worth its own path: renewals are
//! broadcast, as rebinding is). Retransmission doubles from 1 s to 64 s.

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;

use crate::addr::Cidr;
use crate::checksum::Sum;
use crate::error::{Error, Result};
use crate::iface::{IfaceId, IfaceKind};
use crate::ip::Rx;
use crate::ip::header::{HeaderFields, IPV4_HEADER, IpHeader, protocol};
use crate::link::{BROADCAST, ethertype};
use crate::route::Route;
use crate::stack::Stack;
use crate::time::Instant;

/// What a server leased to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DhcpLease {
    /// Our address.
    pub address: Cidr,
    /// Default gateway.
    pub router: Option<Ipv4Addr>,
    /// Name servers.
    pub dns: Vec<Ipv4Addr>,
    /// Who leased it.
    pub server: Ipv4Addr,
    /// Until when.
    pub expires: Instant,
}

const CLIENT_PORT: u16 = 68;
const SERVER_PORT: u16 = 67;
const UDP_HEADER: usize = 8;
/// op to file, and the magic cookie (RFC 2131 section 2).
const FIXED: usize = 240;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const NAK: u8 = 6;
/// Option codes (RFC 2132).
const OPTION_MASK: u8 = 1;
const OPTION_ROUTER: u8 = 3;
const OPTION_DNS: u8 = 6;
const OPTION_ADDRESS: u8 = 50;
const OPTION_LEASE: u8 = 51;
const OPTION_TYPE: u8 = 53;
const OPTION_SERVER: u8 = 54;
const OPTION_WANTED: u8 = 55;
const OPTION_END: u8 = 255;
/// The longest wait between two tries, and the longest lease believed.
const SLOWEST: u32 = 6;
const LONGEST: u32 = 30 * 24 * 3600;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Selecting,
    /// Asked for this address of this server.
    Requesting(Ipv4Addr, Ipv4Addr),
    Bound,
}

pub(crate) struct DhcpClient {
    phase: Phase,
    transaction: u32,
    tries: u32,
    /// When to send next.
    due: Instant,
    lease: Option<DhcpLease>,
}

/// What a message of a server says.
struct Message {
    kind: u8,
    yours: Ipv4Addr,
    server: Ipv4Addr,
    prefix: u8,
    router: Option<Ipv4Addr>,
    dns: Vec<Ipv4Addr>,
    seconds: u32,
}

fn addr(bytes: &[u8]) -> Option<Ipv4Addr> {
    bytes
        .first_chunk::<4>()
        .map(|&octets| Ipv4Addr::from(octets))
}

impl Message {
    fn parse(bytes: &[u8], transaction: u32, mac: [u8; 6]) -> Option<Message> {
        let fixed: &[u8; FIXED] = bytes.first_chunk()?;
        let ours =
            fixed[0] == 2 && fixed[4..8] == transaction.to_be_bytes() && fixed[28..34] == mac;
        if !ours || fixed[236..] != COOKIE {
            return None;
        }
        let mut message = Message {
            kind: 0,
            yours: addr(&fixed[16..])?,
            server: Ipv4Addr::UNSPECIFIED,
            prefix: 24,
            router: None,
            dns: Vec::new(),
            seconds: 3600,
        };
        let mut rest = &bytes[FIXED..];
        loop {
            match *rest {
                [] | [OPTION_END, ..] => return Some(message),
                [0, ..] => rest = &rest[1..],
                [code, len, ..] => {
                    let body = rest.get(2..2 + usize::from(len))?;
                    message.option(code, body);
                    rest = &rest[2 + usize::from(len)..];
                }
                [_] => return Some(message),
            }
        }
    }

    fn option(&mut self, code: u8, body: &[u8]) {
        match code {
            OPTION_TYPE => self.kind = body.first().copied().unwrap_or(0),
            OPTION_MASK => {
                if let Some(mask) = addr(body) {
                    self.prefix = mask.to_bits().leading_ones() as u8;
                }
            }
            OPTION_ROUTER => self.router = addr(body),
            OPTION_DNS => self.dns = body.chunks_exact(4).filter_map(addr).collect(),
            OPTION_SERVER => self.server = addr(body).unwrap_or(self.server),
            OPTION_LEASE => {
                if let Some(&seconds) = body.first_chunk::<4>() {
                    self.seconds = u32::from_be_bytes(seconds).clamp(60, LONGEST);
                }
            }
            _ => {}
        }
    }
}

impl Stack {
    /// Starts discovery. The lease is applied to the interface (address, default route) when it comes and renewed at half its
    /// time. Ask [`Stack::dhcp_lease`] for progress. Errors: `NoDevice`, `NotSupported` (not Ethernet), `NetDown`.
    pub fn dhcp_start(&mut self, now: Instant, iface: IfaceId) -> Result<()> {
        self.now = now;
        let transaction = self.rng.u32();
        let slot = self.iface_mut(iface)?;
        if slot.is_loopback() {
            return Err(Error::NotSupported);
        }
        if !slot.info.up {
            return Err(Error::NetDown);
        }
        slot.dhcp = Some(DhcpClient {
            phase: Phase::Selecting,
            transaction,
            tries: 0,
            due: now,
            lease: None,
        });
        if let Some(at) = self.dhcp_expire(now) {
            self.arm_housekeeping(at);
        }
        Ok(())
    }

    /// Stops and forgets the lease; the address stays.
    pub fn dhcp_stop(&mut self, iface: IfaceId) {
        if let Ok(slot) = self.iface_mut(iface) {
            slot.dhcp = None;
        }
    }

    /// The lease in force, `None` while there is none.
    pub fn dhcp_lease(&self, iface: IfaceId) -> Option<&DhcpLease> {
        self.iface(iface).ok()?.dhcp.as_ref()?.lease.as_ref()
    }

    /// Sends what is due on every interface. Returns when the next message is.
    pub(crate) fn dhcp_expire(&mut self, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        for slot in 0..self.ifaces.len() {
            let iface = self.ifaces[slot].info.id;
            let Some(client) = &mut self.ifaces[slot].dhcp else {
                continue;
            };
            if client.due <= now {
                // A server that does not answer requests is forgotten.
                if matches!(client.phase, Phase::Requesting(..)) && client.tries >= 4 {
                    client.phase = Phase::Selecting;
                    client.tries = 0;
                }
                if client.phase == Phase::Bound
                    && let Some(lease) = &client.lease
                    && let IpAddr::V4(own) = lease.address.addr
                {
                    client.phase = Phase::Requesting(own, lease.server);
                    client.tries = 0;
                }
                client.due = now + Duration::from_secs(1 << client.tries.min(SLOWEST));
                client.tries += 1;
                let (phase, transaction) = (client.phase, client.transaction);
                self.dhcp_send(iface, phase, transaction);
            }
            let due = self.ifaces[slot].dhcp.as_ref().map(|client| client.due);
            next = [next, due].into_iter().flatten().min();
        }
        next
    }

    fn dhcp_send(&mut self, iface: IfaceId, phase: Phase, transaction: u32) {
        let Some(mac) = self.iface(iface).ok().and_then(|slot| slot.mac()) else {
            return;
        };
        let mut message = Vec::with_capacity(300);
        message.resize(FIXED, 0);
        message[..3].copy_from_slice(&[1, 1, 6]);
        message[4..8].copy_from_slice(&transaction.to_be_bytes());
        // The broadcast flag: we cannot receive unicast before we have an address.
        message[10] = 0x80;
        message[28..34].copy_from_slice(&mac);
        message[236..].copy_from_slice(&COOKIE);
        let kind = if phase == Phase::Selecting {
            DISCOVER
        } else {
            REQUEST
        };
        message.extend([OPTION_TYPE, 1, kind]);
        if let Phase::Requesting(wanted, server) = phase {
            message.extend([OPTION_ADDRESS, 4]);
            message.extend(wanted.octets());
            message.extend([OPTION_SERVER, 4]);
            message.extend(server.octets());
        }
        message.extend([
            OPTION_WANTED,
            3,
            OPTION_MASK,
            OPTION_ROUTER,
            OPTION_DNS,
            OPTION_END,
        ]);
        // RFC 1542 section 2.1: at least 300 bytes.
        message.resize(message.len().max(300), 0);
        let total = IPV4_HEADER + UDP_HEADER + message.len();
        let mut frame = self.frames.get(total);
        let (src, dst) = (
            IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V4(Ipv4Addr::BROADCAST),
        );
        let fields = HeaderFields {
            src,
            dst,
            protocol: protocol::UDP,
            ttl: 64,
            tos: 0,
            id: 0,
            dont_fragment: false,
        };
        fields.write(&mut frame);
        let udp = &mut frame[IPV4_HEADER..];
        let len = udp.len();
        udp[..2].copy_from_slice(&CLIENT_PORT.to_be_bytes());
        udp[2..4].copy_from_slice(&SERVER_PORT.to_be_bytes());
        udp[4..6].copy_from_slice(&(len as u16).to_be_bytes());
        udp[6..8].fill(0);
        udp[UDP_HEADER..].copy_from_slice(&message);
        let sum = Sum::pseudo(src, dst, protocol::UDP, len)
            .bytes(udp)
            .finish();
        udp[6..8].copy_from_slice(&sum);
        self.ethernet_emit(iface, BROADCAST, ethertype::IPV4, frame);
    }

    /// Whether a datagram was for the client of this interface.
    pub(crate) fn dhcp_takes(
        &mut self,
        rx: Rx,
        header: &IpHeader,
        port: u16,
        payload: &[u8],
    ) -> bool {
        if port != CLIENT_PORT || header.is_v6() {
            return false;
        }
        let Ok(slot) = self.iface_mut(rx.iface) else {
            return false;
        };
        let IfaceKind::Ethernet { mac } = slot.info.kind else {
            return false;
        };
        let Some(client) = &mut slot.dhcp else {
            return false;
        };
        let Some(message) = Message::parse(payload, client.transaction, mac) else {
            return false;
        };
        match (client.phase, message.kind) {
            (Phase::Selecting, OFFER) => {
                client.phase = Phase::Requesting(message.yours, message.server);
                client.tries = 0;
                client.due = rx.now;
            }
            (Phase::Requesting(..), NAK) => {
                client.phase = Phase::Selecting;
                client.tries = 0;
                client.due = rx.now;
            }
            (Phase::Requesting(..), ACK) => {
                let lease = Duration::from_secs(u64::from(message.seconds));
                client.phase = Phase::Bound;
                client.due = rx.now + lease / 2;
                let Some(address) = Cidr::new(IpAddr::V4(message.yours), message.prefix) else {
                    return true;
                };
                let before = client.lease.replace(DhcpLease {
                    address,
                    router: message.router,
                    dns: message.dns,
                    server: message.server,
                    expires: rx.now + lease,
                });
                self.dhcp_apply(rx, address, message.router, before);
            }
            _ => {}
        }
        if let Some(at) = self.dhcp_expire(rx.now) {
            self.arm_housekeeping(at);
        }
        true
    }

    fn dhcp_apply(
        &mut self,
        rx: Rx,
        address: Cidr,
        router: Option<Ipv4Addr>,
        before: Option<DhcpLease>,
    ) {
        if let Some(before) = before
            && before.address != address
        {
            // It may have been removed by hand meanwhile.
            let _ = self.remove_address(rx.iface, before.address.addr);
        }
        match self.add_address(rx.now, rx.iface, address) {
            Ok(()) | Err(Error::Exists) => {}
            Err(_) => return,
        }
        if let Some(router) = router {
            let everything = Cidr {
                addr: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                prefix: 0,
            };
            let route = Route {
                gateway: Some(IpAddr::V4(router)),
                protocol: Route::DHCP,
                ..Route::on_link(everything, rx.iface)
            };
            // A renewal finds it there; a router off the link is the server's mistake and leaves us without.
            let _ = self.add_route(route);
        }
    }
}
