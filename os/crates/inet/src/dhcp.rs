//! A DHCP client per interface (RFC 2131), run on request.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use crate::addr::Cidr;
use crate::error::Result;
use crate::iface::IfaceId;
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

impl Stack {
    /// Starts discovery. The lease is applied to the interface (address, default route) when it comes and renewed at half its
    /// time. Ask [`Stack::dhcp_lease`] for progress. Errors: `NoDevice`, `NotSupported` (not Ethernet), `NetDown`.
    pub fn dhcp_start(&mut self, now: Instant, iface: IfaceId) -> Result<()> {
        todo!()
    }

    /// Stops and forgets the lease; the address stays.
    pub fn dhcp_stop(&mut self, iface: IfaceId) {
        todo!()
    }

    /// The lease in force, `None` while there is none.
    pub fn dhcp_lease(&self, iface: IfaceId) -> Option<&DhcpLease> {
        todo!()
    }
}
