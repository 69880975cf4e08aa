//! TCP_FASTOPEN and its kin: data with the SYN. tcp(7), RFC 7413.

use super::{
    super::{Row, Target, Value, row},
    zero_or_one,
};
use crate::{Result, net::errno::errno};
use abi::{
    Errno,
    net::{TCP_FASTOPEN, TCP_FASTOPEN_CONNECT, TCP_FASTOPEN_KEY, TCP_FASTOPEN_NO_COOKIE},
};
use alloc::vec::Vec;
use inet::{FastOpenKeys, TcpState};

/// The options.
pub const ROWS: &[Row] = &[
    // int: how many connections of a listener may be in use before their handshake is over.
    row(
        TCP_FASTOPEN,
        |t| Ok(Value::Int(t.tcp(|o| o.fast_open_queue)? as i32)),
        |t, _, v| {
            let queue = u32::try_from(v.int()?).map_err(|_| Errno::EINVAL)?;
            t.idle_or_listening()?;
            let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
            let set = |stack: &mut inet::Stack, _| stack.tcp_fast_listen(id, queue);
            t.common.net.with(set).map_err(errno)
        },
    ),
    // flag: connect(2) waits for the first data, which goes with the SYN.
    row(
        TCP_FASTOPEN_CONNECT,
        |t| Ok(t.tcp(|o| o.fast_open_connect)?.into()),
        |t, _, v| {
            let on = zero_or_one(v.int()?)?;
            let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
            let (allowed, state) = t
                .common
                .net
                .look(|stack| (stack.config().fast_open & 1 != 0, stack.tcp_state(id)));
            match (allowed, state) {
                (false, _) => Err(Errno::EOPNOTSUPP),
                (_, TcpState::Closed) => t.set_tcp(|o| o.fast_open_connect = on),
                _ => Err(Errno::EINVAL),
            }
        },
    ),
    // 16 or 32 bytes: the key of the cookies, and one whose cookies are good, too.
    row(
        TCP_FASTOPEN_KEY,
        |t| {
            let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
            let keys = t.common.net.look(|stack| stack.tcp_fast_keys(id));
            let mut bytes = Vec::new();
            if let Some(keys) = keys {
                bytes.extend_from_slice(&keys.primary);
                bytes.extend_from_slice(keys.backup.as_ref().map_or(&[][..], |key| key));
            }
            Ok(Value::Bytes(bytes))
        },
        |t, _, v| {
            let id = t.stream().ok_or(Errno::ENOPROTOOPT)?.id();
            if v.1 != 16 && v.1 != 32 {
                return Err(Errno::EINVAL);
            }
            let bytes = v.0.get(..v.1).ok_or(Errno::EFAULT)?;
            let (front, back) = bytes.split_at(16);
            let keys = FastOpenKeys {
                primary: front.try_into().map_err(|_| Errno::EINVAL)?,
                backup: back.try_into().ok(),
            };
            t.common
                .net
                .with(|stack, _| stack.tcp_set_fast_keys(id, keys));
            Ok(())
        },
    )
    .text(),
    // flag: data goes with the SYN and is taken from one without a cookie.
    row(
        TCP_FASTOPEN_NO_COOKIE,
        |t| Ok(t.tcp(|o| o.fast_open_no_cookie)?.into()),
        |t, _, v| {
            let on = zero_or_one(v.int()?)?;
            t.idle_or_listening()?;
            t.set_tcp(|o| o.fast_open_no_cookie = on)
        },
    ),
];

impl Target<'_> {
    /// What TCP_FASTOPEN asks for before it is set. `EINVAL` for a connection.
    fn idle_or_listening(&self) -> Result<()> {
        let id = self.stream().ok_or(Errno::ENOPROTOOPT)?.id();
        match self.common.net.look(|stack| stack.tcp_state(id)) {
            TcpState::Listen | TcpState::Closed => Ok(()),
            _ => Err(Errno::EINVAL),
        }
    }
}
