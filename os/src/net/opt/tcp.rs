//! IPPROTO_TCP. tcp(7).

use super::{Row, Target, Value, read_only, row};
use crate::{
    Result,
    net::{errno::errno, stack},
};
use abi::{
    Errno,
    net::{
        TCP_CONGESTION, TCP_CORK, TCP_DEFER_ACCEPT, TCP_INFO, TCP_KEEPCNT, TCP_KEEPIDLE,
        TCP_KEEPINTVL, TCP_LINGER2, TCP_MAXSEG, TCP_NODELAY, TCP_NOTSENT_LOWAT, TCP_QUICKACK,
        TCP_SYNCNT, TCP_USER_TIMEOUT, TCP_WINDOW_CLAMP,
    },
};
use alloc::vec::Vec;
use core::time::Duration;
use inet::TcpInfo;

/// MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT, MAX_TCP_SYNCNT.
const KEEP_SECONDS_MAX: i32 = 32_767;
const KEEP_COUNT_MAX: i32 = 127;
/// TCP_MIN_MSS and MAX_TCP_WINDOW.
const MSS_RANGE: core::ops::RangeInclusive<i32> = 88..=32_767;
/// The name of what the engine does without a congestion window of its own choice.
pub const CONGESTION_NAME: &[u8] = b"reno";
/// TCP_CA_NAME_MAX.
const CONGESTION_NAME_MAX: usize = 16;

/// Every option of the level.
pub const ROWS: &[Row] = &[
    row(
        TCP_NODELAY,
        |t| Ok(t.tcp(|o| o.nodelay)?.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.set_tcp(|o| o.nodelay = on)
        },
    ),
    row(
        TCP_CORK,
        |t| Ok(t.tcp(|o| o.cork)?.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.set_tcp(|o| o.cork = on)
        },
    ),
    row(
        TCP_QUICKACK,
        |t| Ok(t.tcp(|o| o.quick_ack)?.into()),
        |t, _, v| {
            let on = v.flag()?;
            t.set_tcp(|o| o.quick_ack = on)
        },
    ),
    row(
        TCP_MAXSEG,
        |t| {
            let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
            Ok(Value::Int(stack::look(|stack| stack.tcp_mss(id)) as i32))
        },
        |t, _, v| match v.int()? {
            0 => t.set_tcp(|o| o.max_segment = None),
            mss if MSS_RANGE.contains(&mss) => t.set_tcp(|o| o.max_segment = Some(mss as u16)),
            _ => Err(Errno::EINVAL),
        },
    ),
    row(
        TCP_KEEPIDLE,
        |t| Ok(seconds(t.tcp(|o| o.keep_idle)?)),
        |t, _, v| {
            let time = keep_time(v.int()?)?;
            t.set_tcp(|o| o.keep_idle = time)
        },
    ),
    row(
        TCP_KEEPINTVL,
        |t| Ok(seconds(t.tcp(|o| o.keep_interval)?)),
        |t, _, v| {
            let time = keep_time(v.int()?)?;
            t.set_tcp(|o| o.keep_interval = time)
        },
    ),
    row(
        TCP_KEEPCNT,
        |t| Ok(Value::Int(t.tcp(|o| o.keep_count)? as i32)),
        |t, _, v| {
            let count = v.int()?;
            if !(1..=KEEP_COUNT_MAX).contains(&count) {
                return Err(Errno::EINVAL);
            }
            t.set_tcp(|o| o.keep_count = count as u32)
        },
    ),
    row(
        TCP_SYNCNT,
        |t| Ok(Value::Int(t.tcp(|o| o.syn_retries)?.into())),
        |t, _, v| {
            let count = v.int()?;
            if !(1..=KEEP_COUNT_MAX).contains(&count) {
                return Err(Errno::EINVAL);
            }
            t.set_tcp(|o| o.syn_retries = count as u8)
        },
    ),
    row(
        TCP_USER_TIMEOUT,
        |t| {
            let timeout = t.tcp(|o| o.user_timeout)?;
            Ok(Value::Int(
                timeout.map_or(0, |timeout| timeout.as_millis() as i32),
            ))
        },
        |t, _, v| {
            let millis = u64::try_from(v.int()?).map_err(|_| Errno::EINVAL)?;
            t.set_tcp(|o| o.user_timeout = (millis != 0).then(|| Duration::from_millis(millis)))
        },
    ),
    row(
        TCP_DEFER_ACCEPT,
        |t| {
            Ok(Value::Int(
                t.tcp(|o| o.defer_accept)?
                    .map_or(0, |time| time.as_secs() as i32),
            ))
        },
        |t, _, v| {
            let time = u64::try_from(v.int()?).ok().filter(|&time| time != 0);
            t.set_tcp(|o| o.defer_accept = time.map(Duration::from_secs))
        },
    ),
    row(
        TCP_LINGER2,
        |t| Ok(seconds(t.tcp(|o| o.fin_wait2)?)),
        |t, _, v| {
            // Above the sysctl it is the sysctl; negative means no FIN-WAIT-2 at all.
            let seconds = v.int()?.clamp(0, 60) as u64;
            t.set_tcp(|o| o.fin_wait2 = Duration::from_secs(seconds))
        },
    ),
    row(
        TCP_NOTSENT_LOWAT,
        |t| Ok(Value::Int(t.tcp(|o| o.notsent_low_water)? as u32 as i32)),
        |t, _, v| {
            let bytes = v.int()? as u32;
            t.set_tcp(|o| {
                o.notsent_low_water = if bytes == 0 {
                    usize::MAX
                } else {
                    bytes as usize
                }
            })
        },
    ),
    read_only(TCP_WINDOW_CLAMP, |t| {
        Ok(Value::Int(t.shared(|o| o.recv_buffer)? as i32))
    }),
    read_only(TCP_INFO, info),
    row(
        TCP_CONGESTION,
        |_| {
            let mut name = Vec::from(CONGESTION_NAME);
            name.resize(CONGESTION_NAME_MAX, 0);
            Ok(Value::Bytes(name))
        },
        |_, _, v| {
            let name = v.0.split(|&byte| byte == 0).next().unwrap_or(&[]);
            match name {
                [] => Err(Errno::EINVAL),
                CONGESTION_NAME => Ok(()),
                _ => Err(Errno::ENOENT),
            }
        },
    ),
];

fn seconds(time: Duration) -> Value {
    Value::Int(time.as_secs() as i32)
}

fn keep_time(seconds: i32) -> Result<Duration> {
    match seconds {
        1..=KEEP_SECONDS_MAX => Ok(Duration::from_secs(seconds as u64)),
        _ => Err(Errno::EINVAL),
    }
}

/// `struct tcp_info` as of Linux 6.x, as far as the engine knows the fields; the rest is zero.
fn info(t: &Target<'_>) -> Result<Value> {
    let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
    let info = stack::look(|stack| stack.tcp_info(stack::now(), id)).map_err(errno)?;
    Ok(Value::Bytes(tcp_info(&info)))
}

/// The bytes of the structure, also for sock_diag(7).
pub fn tcp_info(info: &TcpInfo) -> Vec<u8> {
    /// Up to and including `tcpi_snd_wnd`, `tcpi_rcv_wnd`, `tcpi_rehash`.
    const SIZE: usize = 240;
    let mut bytes = alloc::vec![0; SIZE];
    let head = [
        info.state,
        0, // ca_state: open
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
    word(36, info.total_retrans); // retrans is the outstanding part; see total at 100
    word(44, info.last_data_sent_ms);
    word(52, info.last_data_recv_ms);
    word(56, info.last_ack_recv_ms);
    word(60, info.pmtu);
    word(68, info.rtt_us);
    word(72, info.rtt_var_us);
    word(76, if info.rcv_mss > 0 { i32::MAX as u32 } else { 0 }); // snd_ssthresh: no loss yet
    word(80, info.snd_cwnd);
    word(84, info.snd_mss); // advmss
    word(88, 3); // reordering
    word(96, info.rcv_space);
    word(100, info.total_retrans);
    word(136, info.segs_out as u32);
    word(140, info.segs_in as u32);
    word(144, info.notsent_bytes);
    word(152, info.data_segs_in as u32);
    word(156, info.data_segs_out as u32);
    word(228, info.snd_wnd);
    let mut long = |at: usize, value: u64| bytes[at..at + 8].copy_from_slice(&value.to_ne_bytes());
    long(120, info.bytes_acked);
    long(128, info.bytes_received);
    long(200, info.bytes_sent);
    bytes
}
