//! The numbers of `linux/netlink.h`, `linux/rtnetlink.h` and their neighbours.
#![allow(missing_docs, reason = "the names are those of the uapi headers")]

/// NLM_F_*.
pub mod flag {
    pub const REQUEST: u16 = 0x1;
    pub const MULTI: u16 = 0x2;
    pub const ACK: u16 = 0x4;
    pub const ECHO: u16 = 0x8;
    pub const DUMP_FILTERED: u16 = 0x20;
    pub const REPLACE: u16 = 0x100;
    pub const EXCL: u16 = 0x200;
    pub const CREATE: u16 = 0x400;
    pub const APPEND: u16 = 0x800;
    /// ROOT and MATCH.
    pub const DUMP: u16 = 0x300;
    /// On an NLMSG_ERROR: the question is quoted without its body.
    pub const CAPPED: u16 = 0x100;
    /// On an NLMSG_ERROR: attributes follow.
    pub const ACK_TLVS: u16 = 0x200;
}

/// The message types that every protocol has.
pub mod kind {
    pub const NOOP: u16 = 1;
    pub const ERROR: u16 = 2;
    pub const DONE: u16 = 3;
    /// The first type that belongs to a protocol.
    pub const MIN: u16 = 0x10;
    /// NLMSGERR_ATTR_MSG.
    pub const ERROR_MESSAGE: u16 = 1;
}

/// `linux/rtnetlink.h`, `if_link.h`, `if_addr.h`, `neighbour.h`, `fib_rules.h`.
pub mod route {
    pub const NEWLINK: u16 = 16;
    pub const DELLINK: u16 = 17;
    pub const GETLINK: u16 = 18;
    pub const SETLINK: u16 = 19;
    pub const NEWADDR: u16 = 20;
    pub const DELADDR: u16 = 21;
    pub const GETADDR: u16 = 22;
    pub const NEWROUTE: u16 = 24;
    pub const DELROUTE: u16 = 25;
    pub const GETROUTE: u16 = 26;
    pub const NEWNEIGH: u16 = 28;
    pub const DELNEIGH: u16 = 29;
    pub const GETNEIGH: u16 = 30;
    pub const NEWRULE: u16 = 32;
    pub const DELRULE: u16 = 33;
    pub const GETRULE: u16 = 34;
    pub const GETNETCONF: u16 = 82;
    pub const NEWNSID: u16 = 88;
    #[allow(missing_docs)]
    pub const NEWNETCONF: u16 = 80;

    /// NETCONFA_*, and the indices that mean no interface.
    #[allow(missing_docs)]
    pub mod netconf {
        pub const IFINDEX: u16 = 1;
        pub const FORWARDING: u16 = 2;
        pub const RP_FILTER: u16 = 3;
        pub const MC_FORWARDING: u16 = 4;
        pub const PROXY_NEIGH: u16 = 5;
        pub const IGNORE_ROUTES_WITH_LINKDOWN: u16 = 6;
        pub const BC_FORWARDING: u16 = 8;
        pub const ALL: u32 = u32::MAX;
        pub const DEFAULT: u32 = u32::MAX - 1;
    }
    pub const DELNSID: u16 = 89;
    pub const GETNSID: u16 = 90;
    /// Of RTM_*NSID.
    pub mod nsid {
        pub const NSID: u16 = 1;
        pub const PID: u16 = 2;
        pub const FD: u16 = 3;
        pub const TARGET_NSID: u16 = 4;
        pub const CURRENT_NSID: u16 = 5;
    }
    /// RTM_MAX: what lies beyond is no message of the protocol.
    pub const MAX: u16 = 123;

    /// RTNLGRP_*.
    pub mod group {
        pub const LINK: u32 = 1;
        pub const NEIGH: u32 = 3;
        pub const IPV4_IFADDR: u32 = 5;
        pub const IPV4_ROUTE: u32 = 7;
        pub const IPV4_RULE: u32 = 8;
        pub const IPV6_IFADDR: u32 = 9;
        pub const IPV6_ROUTE: u32 = 11;
        pub const IPV6_RULE: u32 = 19;
        pub const NSID: u32 = 28;
        /// RTNLGRP_MAX.
        pub const MAX: u32 = 39;
    }

    /// IFLA_*.
    pub mod link {
        pub const ADDRESS: u16 = 1;
        pub const BROADCAST: u16 = 2;
        pub const IFNAME: u16 = 3;
        pub const MTU: u16 = 4;
        pub const LINK: u16 = 5;
        pub const QDISC: u16 = 6;
        pub const STATS: u16 = 7;
        pub const MASTER: u16 = 10;
        pub const TXQLEN: u16 = 13;
        pub const OPERSTATE: u16 = 16;
        pub const LINKMODE: u16 = 17;
        pub const LINKINFO: u16 = 18;
        pub const NET_NS_PID: u16 = 19;
        pub const STATS64: u16 = 23;
        pub const AF_SPEC: u16 = 26;
        pub const GROUP: u16 = 27;
        pub const NET_NS_FD: u16 = 28;
        pub const EXT_MASK: u16 = 29;
        pub const PROMISCUITY: u16 = 30;
        pub const NUM_TX_QUEUES: u16 = 31;
        pub const NUM_RX_QUEUES: u16 = 32;
        pub const CARRIER: u16 = 33;
        pub const CARRIER_CHANGES: u16 = 35;
        pub const LINK_NETNSID: u16 = 37;
        pub const TARGET_NETNSID: u16 = 46;
        pub const CARRIER_UP_COUNT: u16 = 47;
        pub const CARRIER_DOWN_COUNT: u16 = 48;
        pub const MIN_MTU: u16 = 50;
        pub const MAX_MTU: u16 = 51;
        pub const ALT_IFNAME: u16 = 53;
        pub const PERM_ADDRESS: u16 = 54;
        pub const ALLMULTI: u16 = 61;
        pub const NETNS_IMMUTABLE: u16 = 67;
        pub const NEW_INDEX: u16 = 49;
        /// In LINKINFO.
        pub const INFO_KIND: u16 = 1;
        pub const INFO_DATA: u16 = 2;
        /// In the data of a veth: the other end, a message of its own.
        pub const VETH_PEER: u16 = 1;
        /// In the data of a tun, `<linux/if_link.h>`.
        pub const TUN_OWNER: u16 = 1;
        pub const TUN_GROUP: u16 = 2;
        pub const TUN_TYPE: u16 = 3;
        pub const TUN_PI: u16 = 4;
        pub const TUN_VNET_HDR: u16 = 5;
        pub const TUN_PERSIST: u16 = 6;
        pub const TUN_MULTI_QUEUE: u16 = 7;
        pub const TUN_NUM_QUEUES: u16 = 8;
        pub const TUN_NUM_DISABLED_QUEUES: u16 = 9;
        /// In AF_SPEC, under AF_INET6.
        pub const INET6_FLAGS: u16 = 1;
        pub const INET6_ADDR_GEN_MODE: u16 = 8;
    }

    /// IFA_*.
    pub mod addr {
        pub const ADDRESS: u16 = 1;
        pub const LOCAL: u16 = 2;
        pub const LABEL: u16 = 3;
        pub const BROADCAST: u16 = 4;
        pub const CACHEINFO: u16 = 6;
        pub const FLAGS: u16 = 8;
        pub const PROTO: u16 = 11;
    }

    /// RTA_*.
    pub mod rta {
        pub const DST: u16 = 1;
        pub const SRC: u16 = 2;
        pub const IIF: u16 = 3;
        pub const OIF: u16 = 4;
        pub const GATEWAY: u16 = 5;
        pub const PRIORITY: u16 = 6;
        pub const PREFSRC: u16 = 7;
        pub const METRICS: u16 = 8;
        /// In METRICS.
        pub const AX_MTU: u16 = 2;
        pub const MULTIPATH: u16 = 9;
        pub const CACHEINFO: u16 = 12;
        pub const TABLE: u16 = 15;
        pub const MARK: u16 = 16;
        pub const VIA: u16 = 18;
        pub const PREF: u16 = 20;
        pub const UID: u16 = 25;
    }

    /// `rtm_table`.
    pub mod table {
        pub const UNSPEC: u8 = 0;
        pub const DEFAULT: u8 = 253;
        pub const MAIN: u8 = 254;
        pub const LOCAL: u8 = 255;
    }

    /// `rtm_type`.
    pub mod rtn {
        pub const UNSPEC: u8 = 0;
        pub const UNICAST: u8 = 1;
        pub const LOCAL: u8 = 2;
        pub const BROADCAST: u8 = 3;
        pub const ANYCAST: u8 = 4;
        pub const MULTICAST: u8 = 5;
        pub const BLACKHOLE: u8 = 6;
        pub const UNREACHABLE: u8 = 7;
        pub const PROHIBIT: u8 = 8;
        pub const THROW: u8 = 9;
    }

    /// `rtm_scope`, `ifa_scope`.
    pub mod scope {
        pub const UNIVERSE: u8 = 0;
        pub const SITE: u8 = 200;
        pub const LINK: u8 = 253;
        pub const HOST: u8 = 254;
        pub const NOWHERE: u8 = 255;
    }

    /// NDA_*.
    pub mod neigh {
        pub const DST: u16 = 1;
        pub const LLADDR: u16 = 2;
        pub const CACHEINFO: u16 = 3;
        pub const PROBES: u16 = 4;
        pub const IFINDEX: u16 = 8;
        pub const MASTER: u16 = 9;
    }

    /// FRA_*.
    pub mod fra {
        pub const DST: u16 = 1;
        pub const SRC: u16 = 2;
        pub const IIFNAME: u16 = 3;
        pub const PRIORITY: u16 = 6;
        pub const FWMARK: u16 = 10;
        pub const SUPPRESS_PREFIXLEN: u16 = 14;
        pub const TABLE: u16 = 15;
        pub const FWMASK: u16 = 16;
        pub const OIFNAME: u16 = 17;
        pub const PROTOCOL: u16 = 21;
    }
}

/// `linux/sock_diag.h`, `inet_diag.h`, `unix_diag.h`.
pub mod diag {
    /// TCPDIAG_GETSOCK: the old request, for TCP alone.
    pub const TCP_GETSOCK: u16 = 18;
    /// SOCK_DIAG_BY_FAMILY.
    pub const BY_FAMILY: u16 = 20;
    /// SOCK_DESTROY.
    pub const DESTROY: u16 = 21;

    /// INET_DIAG_*; the first eight double as bit numbers of `idiag_ext`.
    pub mod inet {
        pub const REQ_BYTECODE: u16 = 1;
        pub const MEMINFO: u16 = 1;
        pub const INFO: u16 = 2;
        pub const CONG: u16 = 4;
        pub const TOS: u16 = 5;
        pub const TCLASS: u16 = 6;
        pub const SKMEMINFO: u16 = 7;
        pub const SHUTDOWN: u16 = 8;
        pub const SKV6ONLY: u16 = 11;
        pub const CLASS_ID: u16 = 17;
        pub const CGROUP_ID: u16 = 21;
        pub const SOCKOPT: u16 = 22;
        /// INET_DIAG_REQ_PROTOCOL.
        pub const REQ_PROTOCOL: u16 = 3;
    }

    /// INET_DIAG_BC_*: the operations of a filter.
    pub mod op {
        pub const NOP: u8 = 0;
        pub const JMP: u8 = 1;
        pub const S_GE: u8 = 2;
        pub const S_LE: u8 = 3;
        pub const D_GE: u8 = 4;
        pub const D_LE: u8 = 5;
        pub const AUTO: u8 = 6;
        pub const S_COND: u8 = 7;
        pub const D_COND: u8 = 8;
        pub const DEV_COND: u8 = 9;
        pub const MARK_COND: u8 = 10;
        pub const S_EQ: u8 = 11;
        pub const D_EQ: u8 = 12;
        pub const CGROUP_COND: u8 = 13;
    }

    /// UNIX_DIAG_* and UDIAG_SHOW_*.
    pub mod unix {
        pub const NAME: u16 = 0;
        pub const VFS: u16 = 1;
        pub const PEER: u16 = 2;
        pub const ICONS: u16 = 3;
        pub const RQLEN: u16 = 4;
        pub const MEMINFO: u16 = 5;
        pub const SHUTDOWN: u16 = 6;
        pub const UID: u16 = 7;
        pub const SHOW_NAME: u32 = 0x01;
        pub const SHOW_PEER: u32 = 0x04;
        pub const SHOW_ICONS: u32 = 0x08;
        pub const SHOW_RQLEN: u32 = 0x10;
        pub const SHOW_MEMINFO: u32 = 0x20;
        pub const SHOW_UID: u32 = 0x40;
    }
}

/// `linux/genetlink.h`.
pub mod generic {
    /// GENL_ID_CTRL: the family that knows the others.
    pub const CTRL: u16 = 16;
    pub const NEWFAMILY: u8 = 1;
    pub const GETFAMILY: u8 = 3;
    pub const GETPOLICY: u8 = 10;
    pub const ATTR_FAMILY_ID: u16 = 1;
    pub const ATTR_FAMILY_NAME: u16 = 2;
    pub const ATTR_VERSION: u16 = 3;
    pub const ATTR_HDRSIZE: u16 = 4;
    pub const ATTR_MAXATTR: u16 = 5;
    pub const ATTR_OPS: u16 = 6;
    pub const ATTR_MCAST_GROUPS: u16 = 7;
    pub const ATTR_OP_ID: u16 = 1;
    pub const ATTR_OP_FLAGS: u16 = 2;
    pub const ATTR_GRP_NAME: u16 = 1;
    pub const ATTR_GRP_ID: u16 = 2;
}
