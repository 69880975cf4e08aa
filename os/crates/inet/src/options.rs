//! Options that every kind of Internet socket has (socket(7), ip(7), ipv6(7)).

use crate::iface::IfaceId;

/// SOL_SOCKET and SOL_IP level options common to all kinds. Change them through `tcp_configure` or `dgram_configure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    /// SO_REUSEADDR.
    pub reuse_addr: bool,
    /// SO_REUSEPORT.
    pub reuse_port: bool,
    /// IPV6_V6ONLY. Only settable before bind (the shell checks that).
    pub v6_only: bool,
    /// SO_MARK: policy rules look at it.
    pub mark: u32,
    /// SO_BINDTODEVICE.
    pub bound_iface: Option<IfaceId>,
    /// The effective user who owns the socket: SO_REUSEPORT is shared among the same owner only; shown in /proc/net.
    pub owner: u32,
    /// SO_RCVBUF in bytes as getsockopt reports it (already doubled).
    pub recv_buffer: usize,
    /// SO_SNDBUF in bytes as getsockopt reports it (already doubled).
    pub send_buffer: usize,
    /// SO_RCVLOWAT in bytes, at least 1.
    pub recv_low_water: usize,
    /// SO_KEEPALIVE.
    pub keepalive: bool,
    /// SO_OOBINLINE: urgent data is read like other data.
    pub oob_inline: bool,
    /// SO_BROADCAST.
    pub broadcast: bool,
    /// IP_TTL or IPV6_UNICAST_HOPS; `None` is the default (64).
    pub ttl: Option<u8>,
    /// IP_TOS or IPV6_TCLASS.
    pub tos: u8,
    /// IP_MINTTL or IPV6_MINHOPCOUNT: packets that came with less are dropped (RFC 5082).
    pub min_ttl: u8,
    /// IPV6_MTU in bytes: no longer packets, whatever the route takes. `None` is by the route.
    pub mtu: Option<u32>,
    /// IP_FREEBIND or IP_TRANSPARENT: bind to an address that is not local.
    pub freebind: bool,
    /// IP_BIND_ADDRESS_NO_PORT: bind with port 0 leaves the port to connect.
    pub no_port: bool,
    /// IP_LOCAL_PORT_RANGE: the lowest and the highest port to choose from, 0 for the machine's.
    pub port_range: (u16, u16),
    /// SO_INCOMING_CPU: the one that the last packet came by, or that is asked for; -1 for none.
    pub incoming_cpu: i32,
}

impl SocketOptions {
    pub(crate) const fn new(recv_buffer: usize, send_buffer: usize) -> Self {
        SocketOptions {
            reuse_addr: false,
            reuse_port: false,
            v6_only: false,
            mark: 0,
            bound_iface: None,
            owner: 0,
            recv_buffer,
            send_buffer,
            recv_low_water: 1,
            keepalive: false,
            oob_inline: false,
            broadcast: false,
            ttl: None,
            tos: 0,
            min_ttl: 0,
            mtu: None,
            freebind: false,
            no_port: false,
            port_range: (0, 0),
            incoming_cpu: -1,
        }
    }

    /// The ports to choose from: what the machine has (`machine`) and the socket wants; of two ranges that do not meet, the
    /// machine's.
    pub(crate) fn ports(&self, machine: (u16, u16)) -> (u16, u16) {
        let (low, high) = self.port_range;
        let high = if high == 0 { u16::MAX } else { high };
        match low <= machine.1 && high >= machine.0 {
            true => (low.max(machine.0), high.min(machine.1)),
            false => machine,
        }
    }
}
