//! An IPv6 socket that is connected to an IPv4 address becomes an IPv4 socket: IPV6_ADDRFORM.

use alloc::vec::Vec;

use crate::dgram::DgramId;
use crate::stack::Stack;
use crate::tcp::TcpId;
use crate::time::Instant;

impl Stack {
    /// Nothing changes on the wire: a connection with an IPv4 address has always been one over IPv4.
    pub fn tcp_becomes_v4(&mut self, id: TcpId) {
        if let Some(tcp) = self.tcp.slab.get_mut(id.0) {
            tcp.v6 = false;
        }
    }

    /// The same for a datagram socket, which leaves the IPv6 groups that it is in.
    pub fn dgram_becomes_v4(&mut self, now: Instant, id: DgramId) {
        let Some(dgram) = self.dgram.slab.get_mut(id.0) else {
            return;
        };
        dgram.v6 = false;
        let (left, kept): (Vec<_>, Vec<_>) = core::mem::take(&mut dgram.groups)
            .into_iter()
            .partition(|joined| joined.group.is_ipv6());
        dgram.groups = kept;
        self.leave_all(now, left);
    }
}
