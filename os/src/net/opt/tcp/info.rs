//! TCP_INFO: `struct tcp_info`. tcp(7).

use super::super::{Target, Value};
use crate::{
    Result,
    net::{errno::errno, stack},
};
use abi::Errno;
use alloc::vec::Vec;
use inet::TcpInfo;

/// `struct tcp_info` as of Linux 6.x, as far as the engine knows the fields; the rest is zero.
pub(super) fn info(t: &Target<'_>) -> Result<Value> {
    let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
    let info = t
        .common
        .net
        .look(|stack| stack.tcp_info(stack::now(), id))
        .map_err(errno)?;
    Ok(Value::Bytes(tcp_info(&info)))
}

/// The bytes of the structure, also for sock_diag(7).
pub fn tcp_info(info: &TcpInfo) -> Vec<u8> {
    /// As of Linux 6.18, with the AccECN counters at the end.
    const SIZE: usize = 280;
    let mut bytes = alloc::vec![0; SIZE];
    let head = [
        info.state,
        info.ca_state,
        info.retransmits,
        0, // probes
        info.backoff,
        info.options,
        info.window_scale_recv << 4 | info.window_scale_send & 0xf,
        0,
    ];
    bytes[..8].copy_from_slice(&head);
    let mut word = |at: usize, value: u32| bytes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    word(8, info.rto_us);
    // TCP_LISTEN and the states before there is anything to acknowledge have none.
    word(12, if info.rcv_mss > 0 { 40_000 } else { 0 }); // ato
    word(16, info.snd_mss);
    word(20, info.rcv_mss);
    word(24, info.unacked);
    word(28, info.sacked);
    word(32, info.lost);
    word(36, info.retrans);
    word(44, info.last_data_sent_ms);
    word(52, info.last_data_recv_ms);
    word(56, info.last_ack_recv_ms);
    word(60, info.pmtu);
    word(68, info.rtt_us);
    word(72, info.rtt_var_us);
    word(76, info.snd_ssthresh);
    word(80, info.snd_cwnd);
    word(84, info.snd_mss); // advmss
    word(88, 3); // reordering
    word(96, info.rcv_space);
    word(100, info.total_retrans);
    word(136, info.segs_out as u32);
    word(140, info.segs_in as u32);
    word(144, info.notsent_bytes);
    word(148, info.min_rtt_us);
    word(152, info.data_segs_in as u32);
    word(156, info.data_segs_out as u32);
    word(192, info.delivered);
    word(216, info.dsack_dups);
    word(228, info.snd_wnd);
    let mut long = |at: usize, value: u64| bytes[at..at + 8].copy_from_slice(&value.to_ne_bytes());
    long(120, info.bytes_acked);
    long(128, info.bytes_received);
    long(200, info.bytes_sent);
    long(208, info.bytes_retrans);
    bytes
}
