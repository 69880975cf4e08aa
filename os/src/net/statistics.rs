//! /proc/net/{snmp,snmp6,netstat,sockstat,sockstat6,protocols}: counters. proc_net(5);
//! the names are those of RFC 1213, RFC 4293 and Linux.
//!
//! Readers look a column up by its name, so what the engine does not count is left out
//! of the extensions (`netstat`) and zero where a MIB has the column (`snmp`, `snmp6`).

use super::{proc, registry};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Write;
use inet::{DgramKind, IcmpCounters, IpCounters, Stack, TcpState, UdpCounters};

/// A column: its name and its number.
type Column = (&'static str, u64);

/// Publishes the files.
pub fn init() {
    proc::file("snmp", |net| net.look(snmp));
    proc::file("snmp6", |net| net.look(snmp6));
    proc::file("netstat", |net| net.look(netstat));
    proc::file("sockstat", |net| net.look(sockstat));
    proc::file("sockstat6", |net| net.look(sockstat6));
    proc::file("protocols", |net| net.look(protocols));
}

/// A line of names and a line of numbers.
fn table(text: &mut String, title: &str, columns: &[Column]) {
    let (names, numbers) = lines(columns);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{title}: {names}\n{title}: {numbers}");
}

/// The names and the numbers, each with spaces between them.
fn lines(columns: &[Column]) -> (String, String) {
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let numbers: Vec<String> = columns.iter().map(|(_, n)| n.to_string()).collect();
    (names.join(" "), numbers.join(" "))
}

fn snmp(stack: &Stack) -> String {
    let counters = stack.counters();
    let mut text = String::new();
    let mut columns = Vec::from([
        ("Forwarding", if stack.config().forward[0] { 1 } else { 2 }),
        ("DefaultTTL", 64),
    ]);
    columns.extend(ip(&counters.ip[0]));
    table(&mut text, "Ip", &columns);
    let i = &counters.icmp[0];
    let received = [
        ("InMsgs", i.in_messages),
        ("InErrors", i.in_errors),
        ("InCsumErrors", i.in_checksum_errors),
        ("InDestUnreachs", i.in_dest_unreachable),
        ("InTimeExcds", i.in_time_exceeded),
        ("InParmProbs", 0),
        ("InSrcQuenchs", 0),
        ("InRedirects", 0),
        ("InEchos", i.in_echos),
        ("InEchoReps", i.in_echo_replies),
        ("InTimestamps", 0),
        ("InTimestampReps", 0),
        ("InAddrMasks", 0),
        ("InAddrMaskReps", 0),
    ];
    let sent = [
        ("OutMsgs", i.out_messages),
        ("OutErrors", i.out_errors),
        ("OutRateLimitGlobal", i.out_limited_global),
        ("OutRateLimitHost", i.out_limited_host),
        ("OutDestUnreachs", i.out_dest_unreachable),
        ("OutTimeExcds", i.out_time_exceeded),
        ("OutParmProbs", i.out_parameter_problems),
        ("OutSrcQuenchs", 0),
        ("OutRedirects", 0),
        ("OutEchos", i.out_echos),
        ("OutEchoReps", i.out_echo_replies),
        ("OutTimestamps", 0),
        ("OutTimestampReps", 0),
        ("OutAddrMasks", 0),
        ("OutAddrMaskReps", 0),
    ];
    table(&mut text, "Icmp", &[&received[..], &sent[..]].concat());
    tcp(&mut text, stack);
    table(&mut text, "Udp", &udp(&counters.udp[0]));
    text
}

fn ip(c: &IpCounters) -> [Column; 18] {
    [
        ("InReceives", c.in_receives),
        ("InHdrErrors", c.in_header_errors),
        ("InAddrErrors", c.in_addr_errors),
        ("ForwDatagrams", c.forwarded),
        ("InUnknownProtos", c.in_unknown_protocols),
        ("InDiscards", c.in_discards),
        ("InDelivers", c.in_delivers),
        ("OutRequests", c.out_requests),
        ("OutDiscards", c.out_discards),
        ("OutNoRoutes", c.out_no_routes),
        ("ReasmTimeout", c.reassembly_timeouts),
        ("ReasmReqds", c.reassembly_requests),
        ("ReasmOKs", c.reassembly_oks),
        ("ReasmFails", c.reassembly_fails),
        ("FragOKs", c.fragment_oks),
        ("FragFails", c.fragment_fails),
        ("FragCreates", c.fragment_creates),
        ("OutTransmits", c.out_requests),
    ]
}

fn tcp(text: &mut String, stack: &Stack) {
    let c = &stack.counters().tcp;
    // MaxConn is -1, the one number that is not unsigned: dynamic.
    let columns = [
        ("ActiveOpens", c.active_opens),
        ("PassiveOpens", c.passive_opens),
        ("AttemptFails", c.attempt_fails),
        ("EstabResets", c.established_resets),
        ("CurrEstab", established(stack)),
        ("InSegs", c.in_segments),
        ("OutSegs", c.out_segments),
        ("RetransSegs", c.retransmitted_segments),
        ("InErrs", c.in_errors),
        ("OutRsts", c.out_resets),
        ("InCsumErrors", c.in_checksum_errors),
    ];
    let (names, numbers) = lines(&columns);
    let _ = writeln!(
        text,
        "Tcp: RtoAlgorithm RtoMin RtoMax MaxConn {names}\nTcp: 1 200 120000 -1 {numbers}"
    );
}

/// RFC 1213 tcpCurrEstab: ESTABLISHED and CLOSE-WAIT.
fn established(stack: &Stack) -> u64 {
    let mut count = 0;
    stack.tcp_rows(|row| {
        count += u64::from(matches!(
            row.state,
            TcpState::Established | TcpState::CloseWait
        ));
    });
    count
}

fn udp(c: &UdpCounters) -> [Column; 9] {
    [
        ("InDatagrams", c.in_datagrams),
        ("NoPorts", c.no_ports),
        ("InErrors", c.in_errors),
        ("OutDatagrams", c.out_datagrams),
        ("RcvbufErrors", c.recv_buffer_errors),
        ("SndbufErrors", c.send_buffer_errors),
        ("InCsumErrors", c.in_checksum_errors),
        ("IgnoredMulti", c.ignored_multi),
        ("MemErrors", 0),
    ]
}

fn snmp6(stack: &Stack) -> String {
    let counters = stack.counters();
    let mut text = String::new();
    let mut line = |name: &str, number: u64| {
        let _ = writeln!(text, "{name:<32}\t{number}");
    };
    let c = &counters.ip[1];
    for (name, number) in [
        ("InReceives", c.in_receives),
        ("InHdrErrors", c.in_header_errors),
        ("InTooBigErrors", 0),
        ("InNoRoutes", 0),
        ("InAddrErrors", c.in_addr_errors),
        ("InUnknownProtos", c.in_unknown_protocols),
        ("InTruncatedPkts", 0),
        ("InDiscards", c.in_discards),
        ("InDelivers", c.in_delivers),
        ("OutForwDatagrams", 0),
        ("OutRequests", c.out_requests),
        ("OutDiscards", c.out_discards),
        ("OutNoRoutes", c.out_no_routes),
        ("ReasmTimeout", c.reassembly_timeouts),
        ("ReasmReqds", c.reassembly_requests),
        ("ReasmOKs", c.reassembly_oks),
        ("ReasmFails", c.reassembly_fails),
        ("FragOKs", c.fragment_oks),
        ("FragFails", c.fragment_fails),
        ("FragCreates", c.fragment_creates),
        ("InOctets", c.in_octets),
        ("OutOctets", c.out_octets),
        ("OutTransmits", c.out_requests),
    ] {
        line(&format!("Ip6{name}"), number);
    }
    let IcmpCounters {
        in_messages,
        in_errors,
        in_checksum_errors,
        in_dest_unreachable,
        in_time_exceeded,
        in_echos,
        in_echo_replies,
        out_messages,
        out_errors,
        out_limited_global: _,
        out_limited_host,
        out_dest_unreachable,
        out_time_exceeded,
        out_parameter_problems,
        out_echos,
        out_echo_replies,
    } = counters.icmp[1];
    for (name, number) in [
        ("InMsgs", in_messages),
        ("InErrors", in_errors),
        ("OutMsgs", out_messages),
        ("OutErrors", out_errors),
        ("InCsumErrors", in_checksum_errors),
        ("OutRateLimitHost", out_limited_host),
        ("InDestUnreachs", in_dest_unreachable),
        ("InTimeExcds", in_time_exceeded),
        ("InEchos", in_echos),
        ("InEchoReplies", in_echo_replies),
        ("OutDestUnreachs", out_dest_unreachable),
        ("OutTimeExcds", out_time_exceeded),
        ("OutParmProblems", out_parameter_problems),
        ("OutEchos", out_echos),
        ("OutEchoReplies", out_echo_replies),
    ] {
        line(&format!("Icmp6{name}"), number);
    }
    for (name, number) in udp(&counters.udp[1]) {
        line(&format!("Udp6{name}"), number);
    }
    text
}

fn netstat(stack: &Stack) -> String {
    let c = &stack.counters().tcp;
    let octets = &stack.counters().ip[0];
    let mut text = String::new();
    table(
        &mut text,
        "TcpExt",
        &[
            ("SyncookiesSent", c.cookies_sent),
            ("SyncookiesRecv", c.cookies_taken),
            ("SyncookiesFailed", c.cookies_failed),
            ("TW", c.time_waits),
            ("ListenOverflows", c.listen_overflows),
            ("ListenDrops", c.listen_drops),
            ("TCPAbortOnData", c.abort_on_data),
            ("TCPAbortOnClose", c.abort_on_close),
            ("TCPAbortOnTimeout", c.abort_on_timeout),
            ("TCPAbortOnLinger", c.abort_on_linger),
            ("TCPTimeouts", c.timeouts),
            ("PAWSEstab", c.paws_refused),
            ("TCPDSACKOldSent", c.dsack_sent),
            ("TCPDSACKRecv", c.dsack_received),
            ("TCPFastOpenActive", c.fast_open_active),
            ("TCPFastOpenActiveFail", c.fast_open_active_fails),
            ("TCPFastOpenPassive", c.fast_open_passive),
            ("TCPFastOpenPassiveFail", c.fast_open_passive_fails),
            ("TCPFastOpenListenOverflow", c.fast_open_overflows),
            ("TCPFastOpenCookieReqd", c.fast_open_asked),
        ],
    );
    table(
        &mut text,
        "IpExt",
        &[
            ("InOctets", octets.in_octets),
            ("OutOctets", octets.out_octets),
        ],
    );
    text
}

/// How many sockets of each kind there are.
#[derive(Default)]
struct Census {
    /// TCP sockets that have a descriptor or a peer, by version.
    tcp: [usize; 2],
    time_wait: usize,
    orphans: usize,
    udp: [usize; 2],
    raw: [usize; 2],
    ping: [usize; 2],
}

impl Census {
    fn take(stack: &Stack) -> Census {
        let mut census = Census::default();
        stack.tcp_rows(|row| match row.state {
            TcpState::TimeWait => census.time_wait += 1,
            state => {
                census.tcp[usize::from(row.v6)] += 1;
                let ours = row.token != 0;
                // Connections that wait for accept(2) are nobody's yet, but no orphans.
                let waits = matches!(state, TcpState::Established | TcpState::SynReceived);
                census.orphans += usize::from(!ours && !waits);
            }
        });
        stack.dgram_rows(|row| {
            let kind = match row.kind {
                DgramKind::Udp => &mut census.udp,
                DgramKind::Ping => &mut census.ping,
                DgramKind::Raw { .. } => &mut census.raw,
            };
            kind[usize::from(row.v6)] += 1;
        });
        census
    }
}

fn sockstat(stack: &Stack) -> String {
    let Census {
        tcp,
        time_wait,
        orphans,
        udp,
        raw,
        ping: _,
    } = Census::take(stack);
    format!(
        "sockets: used {}\nTCP: inuse {} orphan {orphans} tw {time_wait} alloc {} mem 0\n\
         UDP: inuse {} mem 0\nRAW: inuse {}\nFRAG: inuse 0 memory 0\n",
        registry::count(),
        tcp[0],
        tcp[0] + tcp[1],
        udp[0],
        raw[0],
    )
}

fn sockstat6(stack: &Stack) -> String {
    let Census { tcp, udp, raw, .. } = Census::take(stack);
    format!(
        "TCP6: inuse {}\nUDP6: inuse {}\nRAW6: inuse {}\nFRAG6: inuse 0 memory 0\n",
        tcp[1], udp[1], raw[1]
    )
}

/// What there is, and which calls each has: Linux's letters are close, connect,
/// disconnect, accept, ioctl, init, destroy, shutdown, setsockopt, getsockopt, sendpage,
/// recvmsg, bind, backlog_rcv, hash, unhash, get_port, enter_memory_pressure.
fn protocols(stack: &Stack) -> String {
    let census = Census::take(stack);
    const STREAM: &str = "y  y  y  y  y  y  y  y  y  y  y  y  n  y  y  y  y  y";
    const UDP: &str = "y  y  y  n  y  y  y  n  y  y  y  y  n  n  y  y  y  n";
    const PING: &str = "y  y  y  n  n  y  n  n  y  y  y  y  y  y  n  y  y  n";
    const RAW: &str = "y  y  y  n  y  y  y  n  y  y  y  y  y  y  y  y  n  n";
    let mut text = String::from(
        "protocol  size sockets  memory press maxhdr  slab module     cl co di ac io in de sh ss gs se re bi br ha uh gp em\n",
    );
    for (name, count, header, calls) in [
        ("PINGv6", census.ping[1], 0, PING),
        ("RAWv6", census.raw[1], 0, RAW),
        ("UDPv6", census.udp[1], 0, UDP),
        ("TCPv6", census.tcp[1], 320, STREAM),
        ("PING", census.ping[0], 0, PING),
        ("RAW", census.raw[0], 0, RAW),
        ("UDP", census.udp[0], 0, UDP),
        ("TCP", census.tcp[0], 320, STREAM),
    ] {
        let _ = writeln!(
            text,
            "{name:<9} {:4} {count:6}  {:6}   {:<3} {header:6}   {:<4} {:<10}  {calls}",
            0, -1, "NI", "no", "kernel"
        );
    }
    text
}
