//! Counters as /proc/net/{snmp,snmp6,netstat,dev} show them (RFC 1213, RFC 4293 names in comments there).

/// All protocol counters of a stack.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counters {
    /// `Ip:` and, for IPv6, `Ip6*`.
    pub ip: [IpCounters; 2],
    /// `Icmp:` and `Icmp6*`.
    pub icmp: [IcmpCounters; 2],
    /// `Tcp:` and some of `TcpExt:`.
    pub tcp: TcpCounters,
    /// `Udp:` and `Udp6*`.
    pub udp: [UdpCounters; 2],
}

/// Per IP version.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the names are RFC 4293's")]
pub struct IpCounters {
    pub in_receives: u64,
    pub in_header_errors: u64,
    pub in_addr_errors: u64,
    pub in_unknown_protocols: u64,
    pub in_discards: u64,
    pub forwarded: u64,
    pub in_delivers: u64,
    pub out_requests: u64,
    pub out_discards: u64,
    pub out_no_routes: u64,
    pub reassembly_timeouts: u64,
    pub reassembly_requests: u64,
    pub reassembly_oks: u64,
    pub reassembly_fails: u64,
    pub fragment_oks: u64,
    pub fragment_fails: u64,
    pub fragment_creates: u64,
    pub in_octets: u64,
    pub out_octets: u64,
}

/// Per ICMP version; types are counted by their number.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the names are RFC 1213's")]
pub struct IcmpCounters {
    pub in_messages: u64,
    pub in_errors: u64,
    pub in_checksum_errors: u64,
    pub in_dest_unreachable: u64,
    pub in_time_exceeded: u64,
    pub in_echos: u64,
    pub in_echo_replies: u64,
    pub out_messages: u64,
    pub out_errors: u64,
    pub out_limited_global: u64,
    pub out_limited_host: u64,
    pub out_dest_unreachable: u64,
    pub out_time_exceeded: u64,
    pub out_parameter_problems: u64,
    pub out_echos: u64,
    pub out_echo_replies: u64,
}

/// TCP over both IP versions.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the names are RFC 1213's and Linux's")]
pub struct TcpCounters {
    pub active_opens: u64,
    pub passive_opens: u64,
    pub attempt_fails: u64,
    pub established_resets: u64,
    pub current_established: u64,
    pub in_segments: u64,
    pub out_segments: u64,
    pub retransmitted_segments: u64,
    pub in_errors: u64,
    pub in_checksum_errors: u64,
    pub out_resets: u64,
    pub listen_overflows: u64,
    pub listen_drops: u64,
    pub time_waits: u64,
    pub abort_on_data: u64,
    pub abort_on_close: u64,
    pub abort_on_timeout: u64,
    pub abort_on_linger: u64,
    pub timeouts: u64,
    pub cookies_sent: u64,
    pub cookies_taken: u64,
    pub cookies_failed: u64,
    pub paws_refused: u64,
    pub dsack_received: u64,
    pub dsack_sent: u64,
    pub fast_open_active: u64,
    pub fast_open_active_fails: u64,
    pub fast_open_passive: u64,
    pub fast_open_passive_fails: u64,
    pub fast_open_overflows: u64,
    pub fast_open_asked: u64,
}

/// Per IP version.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the names are RFC 1213's")]
pub struct UdpCounters {
    pub in_datagrams: u64,
    pub no_ports: u64,
    pub in_errors: u64,
    pub out_datagrams: u64,
    pub recv_buffer_errors: u64,
    pub send_buffer_errors: u64,
    pub in_checksum_errors: u64,
    pub ignored_multi: u64,
}

/// Per interface, as /proc/net/dev.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "the names are those of /proc/net/dev")]
pub struct IfaceCounters {
    pub rx_bytes: u64,
    pub rx_packets: u64,
    pub rx_errors: u64,
    pub rx_dropped: u64,
    pub rx_multicast: u64,
    pub tx_bytes: u64,
    pub tx_packets: u64,
    pub tx_errors: u64,
    pub tx_dropped: u64,
}
