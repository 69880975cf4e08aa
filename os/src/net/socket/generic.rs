//! SOL_SOCKET values that mean the same in every family. socket(7).

use crate::net::sysctl;
use abi::net::{
    IP_PMTUDISC_WANT, IPV6_PMTUDISC_WANT, SO_TIMESTAMP_NEW, SO_TIMESTAMP_OLD, SO_TIMESTAMPNS_NEW,
    SO_TIMESTAMPNS_OLD,
};
use alloc::sync::Arc;

/// The values; a family that acts on one is told through `Protocol::generic_changed`.
#[derive(Clone, Debug)]
pub struct Generic {
    /// SO_RCVTIMEO in ns; 0 is none.
    pub recv_timeout: u64,
    /// SO_SNDTIMEO in ns; 0 is none.
    pub send_timeout: u64,
    /// SO_LINGER: `l_linger` in seconds when on.
    pub linger: Option<u32>,
    /// SO_RCVBUF, doubled, in bytes.
    pub recv_buffer: u32,
    /// SO_SNDBUF, doubled, in bytes.
    pub send_buffer: u32,
    /// SO_RCVLOWAT in bytes.
    pub recv_low_water: i32,
    /// SO_REUSEADDR.
    pub reuse_addr: bool,
    /// SO_REUSEPORT.
    pub reuse_port: bool,
    /// SO_KEEPALIVE.
    pub keepalive: bool,
    /// SO_BROADCAST.
    pub broadcast: bool,
    /// SO_DONTROUTE.
    pub dont_route: bool,
    /// SO_OOBINLINE.
    pub oob_inline: bool,
    /// SO_PASSCRED.
    pub pass_cred: bool,
    /// SO_PASSPIDFD.
    pub pass_pidfd: bool,
    /// SO_PASSRIGHTS, the other way round.
    pub refuse_rights: bool,
    /// SO_INQ: how much is left to read comes with the bytes.
    pub report_unread: bool,
    /// SO_TIMESTAMP and SO_TIMESTAMPNS.
    pub timestamp: Timestamp,
    /// SO_PRIORITY.
    pub priority: u32,
    /// SO_MARK.
    pub mark: u32,
    /// SO_BINDTODEVICE: interface index, 0 for none.
    pub bound_iface: u32,
    /// SO_NO_CHECK.
    pub no_checksum: bool,
    /// SO_DEBUG.
    pub debug: bool,
    /// SO_SELECT_ERR_QUEUE: a waiting error is also POLLPRI.
    pub error_queue_priority: bool,
    /// SO_RXQ_OVFL: how many were dropped comes with a message.
    pub drop_count: bool,
    /// SO_BUF_LOCK.
    pub buffer_lock: u32,
    /// IP_MULTICAST_LOOP and IPV6_MULTICAST_LOOP.
    pub multicast_loop: bool,
    /// IP_MULTICAST_ALL: of an IPv6 socket 0 as long as nobody sets it.
    pub multicast_all: bool,
    /// IPV6_MULTICAST_ALL.
    pub multicast_all6: bool,
    /// SO_TXREHASH.
    pub tx_rehash: bool,
    /// IPV6_ROUTER_ALERT_ISOLATE.
    pub alert_isolated: bool,
    /// UDP_SEGMENT in bytes; 0 for none.
    pub udp_segment: u16,
    /// IP_MTU_DISCOVER and
    pub mtu_discover: u8,
    /// IPV6_MTU_DISCOVER: IP_PMTUDISC_*.
    pub mtu_discover6: u8,
    /// IPV6_DONTFRAG.
    pub no_fragments: bool,
    /// IPV6_ADDR_PREFERENCES: IPV6_PREFER_SRC_*.
    pub preferences: u32,
    /// IPV6_FLOWINFO_SEND: `sin6_flowinfo` of a destination is sent.
    pub flow_send: bool,
    /// IPV6_PKTINFO of a stream: `struct in6_pktinfo`.
    pub packet_info: [u8; 20],
    /// IP_NODEFRAG.
    pub no_defrag: bool,
    /// IP_UNICAST_IF and IPV6_UNICAST_IF: interface index, 0 for none.
    pub unicast_iface: u32,
    /// IP_RECV* and IPV6_RECV*: what else comes with a message.
    pub ancillary: Ancillary,
    /// SO_RCVMARK: a message's mark comes with it.
    pub recv_mark: bool,
    /// SO_RCVPRIORITY: its priority does.
    pub recv_priority: bool,
    /// SO_ATTACH_FILTER.
    pub filter: Option<Arc<bpf::Program>>,
    /// SO_LOCK_FILTER: the filter stays as it is.
    pub filter_locked: bool,
}

bitflags::bitflags! {
    /// Ancillary data that an Internet socket was asked for. ip(7), ipv6(7).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct Ancillary: u32 {
        /// IP_PKTINFO.
        const PKTINFO = 1;
        /// IP_RECVTTL.
        const TTL = 1 << 1;
        /// IP_RECVTOS.
        const TOS = 1 << 2;
        /// IPV6_RECVPKTINFO.
        const PKTINFO6 = 1 << 3;
        /// IPV6_RECVHOPLIMIT.
        const HOPLIMIT = 1 << 4;
        /// IPV6_RECVTCLASS.
        const TCLASS = 1 << 5;
        /// IP_RECVERR.
        const ERRORS = 1 << 6;
        /// IPV6_RECVERR.
        const ERRORS6 = 1 << 7;
        /// IP_RECVORIGDSTADDR.
        const ORIGINAL = 1 << 8;
        /// IPV6_RECVORIGDSTADDR.
        const ORIGINAL6 = 1 << 9;
        /// IPV6_2292PKTINFO.
        const PKTINFO_2292 = 1 << 10;
        /// IPV6_2292HOPLIMIT.
        const HOPLIMIT_2292 = 1 << 11;
        /// TCP_INQ.
        const UNREAD = 1 << 12;
        /// IP_CHECKSUM.
        const CHECKSUM = 1 << 13;
        /// IP_RECVFRAGSIZE.
        const FRAGMENT = 1 << 14;
        /// IPV6_RECVFRAGSIZE.
        const FRAGMENT6 = 1 << 15;
        /// IPV6_RECVPATHMTU.
        const PATH_MTU = 1 << 16;
        /// UDP_GRO.
        const SEGMENT = 1 << 17;
        /// IP_RECVERR_RFC4884.
        const EXTENSIONS = 1 << 18;
        /// IPV6_RECVERR_RFC4884.
        const EXTENSIONS6 = 1 << 19;
        /// IP_RECVOPTS.
        const OPTIONS = 1 << 20;
        /// IP_RETOPTS.
        const OPTIONS_BACK = 1 << 21;
        /// IPV6_RECVHOPOPTS.
        const HOP_BY_HOP = 1 << 22;
        /// IPV6_RECVDSTOPTS.
        const DESTINATION = 1 << 23;
        /// IPV6_RECVRTHDR.
        const ROUTING = 1 << 24;
        /// IPV6_2292HOPOPTS.
        const HOP_BY_HOP_2292 = 1 << 25;
        /// IPV6_2292DSTOPTS.
        const DESTINATION_2292 = 1 << 26;
        /// IPV6_2292RTHDR.
        const ROUTING_2292 = 1 << 27;
        /// IPV6_FLOWINFO.
        const FLOW = 1 << 28;
        /// Those about IPv4 options, flow labels and IPv6 extension headers.
        const HEADERS = 0x1ff << 20;
        /// What an IPv4 socket is not asked for.
        const OF_IPV6 = Self::PKTINFO6.bits() | Self::HOPLIMIT.bits() | Self::TCLASS.bits()
            | Self::ERRORS6.bits() | Self::ORIGINAL6.bits() | Self::PKTINFO_2292.bits()
            | Self::HOPLIMIT_2292.bits() | Self::FRAGMENT6.bits() | Self::PATH_MTU.bits()
            | Self::EXTENSIONS6.bits() | 0x7f << 22;
    }
}

/// Which time stamp comes with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Timestamp {
    None,
    Micros,
    Nanos,
    /// SO_TIMESTAMP_NEW and
    MicrosNew,
    /// SO_TIMESTAMPNS_NEW: the same under other numbers.
    NanosNew,
}

impl Timestamp {
    /// The type of the ancillary item, and the part of a second in its unit; `None` when not asked for.
    pub fn item(self, nanos: u64) -> Option<(u32, u64)> {
        match self {
            Timestamp::None => None,
            Timestamp::Micros => Some((SO_TIMESTAMP_OLD, nanos / 1000)),
            Timestamp::Nanos => Some((SO_TIMESTAMPNS_OLD, nanos)),
            Timestamp::MicrosNew => Some((SO_TIMESTAMP_NEW, nanos / 1000)),
            Timestamp::NanosNew => Some((SO_TIMESTAMPNS_NEW, nanos)),
        }
    }
}

impl Default for Generic {
    fn default() -> Generic {
        Generic {
            recv_timeout: 0,
            send_timeout: 0,
            linger: None,
            recv_buffer: sysctl::value(sysctl::Value::RmemDefault) as u32,
            send_buffer: sysctl::value(sysctl::Value::WmemDefault) as u32,
            recv_low_water: 1,
            reuse_addr: false,
            reuse_port: false,
            keepalive: false,
            broadcast: false,
            dont_route: false,
            oob_inline: false,
            pass_cred: false,
            pass_pidfd: false,
            refuse_rights: false,
            report_unread: false,
            timestamp: Timestamp::None,
            priority: 0,
            mark: 0,
            bound_iface: 0,
            no_checksum: false,
            debug: false,
            error_queue_priority: false,
            drop_count: false,
            buffer_lock: 0,
            multicast_loop: true,
            multicast_all: true,
            multicast_all6: true,
            tx_rehash: true,
            alert_isolated: false,
            udp_segment: 0,
            mtu_discover: IP_PMTUDISC_WANT as u8,
            mtu_discover6: IPV6_PMTUDISC_WANT as u8,
            no_fragments: false,
            preferences: 0,
            flow_send: false,
            packet_info: [0; 20],
            no_defrag: false,
            unicast_iface: 0,
            ancillary: Ancillary::empty(),
            recv_mark: false,
            recv_priority: false,
            filter: None,
            filter_locked: false,
        }
    }
}
