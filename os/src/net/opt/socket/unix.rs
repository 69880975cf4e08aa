//! SOL_SOCKET values that only AF_UNIX knows, or acts on: who is there and what comes with messages. unix(7).

use super::super::{Row, Target, Value, read_only, row, write_only};
use crate::{Result, file::hooks, net::unix::Unix};
use abi::{
    Errno,
    net::{AF_UNIX, SO_INQ, SO_PASSPIDFD, SO_PASSRIGHTS, SO_PEERGROUPS, SO_PEERPIDFD, SOCK_STREAM},
};

pub(super) const ROWS: &[Row] = &[
    // flag: messages come with a descriptor of their sender's process.
    row(
        SO_PASSPIDFD,
        |t| {
            unix(t, Errno::EOPNOTSUPP)?;
            Ok(t.generic().pass_pidfd.into())
        },
        |t, _, v| {
            unix(t, Errno::EOPNOTSUPP)?;
            let on = v.flag()?;
            t.change(|g| g.pass_pidfd = on);
            Ok(())
        },
    ),
    // flag: descriptors may be passed here.
    row(
        SO_PASSRIGHTS,
        |t| {
            unix(t, Errno::EOPNOTSUPP)?;
            Ok((!t.generic().refuse_rights).into())
        },
        |t, _, v| {
            unix(t, Errno::EOPNOTSUPP)?;
            let on = v.flag()?;
            t.change(|g| g.refuse_rights = !on);
            Ok(())
        },
    ),
    // flag: messages come with the number of bytes still to read.
    // Linux does not tell whether it is set.
    write_only(SO_INQ, |t, _, v| {
        if t.common.domain() != AF_UNIX || t.common.kind != SOCK_STREAM {
            return Err(Errno::ENOPROTOOPT);
        }
        let on = match v.int()? {
            on @ (0 | 1) if v.1 == size_of::<i32>() => on == 1,
            _ => return Err(Errno::EINVAL),
        };
        t.change(|g| g.report_unread = on);
        Ok(())
    }),
    // int: a descriptor of the process that was at the other end when it connected.
    read_only(SO_PEERPIDFD, |t| {
        let process = unix(t, Errno::ENODATA)?.peer_process();
        let process = process.ok_or(Errno::ENODATA)?;
        let file = hooks::tasks().open_process(&process).ok_or(Errno::ESRCH)?;
        Ok(Value::Int(hooks::tasks().install(file)?))
    }),
    // gid_t[]: the groups of that process.
    read_only(SO_PEERGROUPS, |t| {
        let groups = unix(t, Errno::ENODATA)?.peer_groups();
        let groups = groups.ok_or(Errno::ENODATA)?;
        Ok(Value::Groups(
            groups
                .iter()
                .flat_map(|group| group.to_ne_bytes())
                .collect(),
        ))
    }),
];

/// The AF_UNIX socket; `otherwise` for any other.
pub(super) fn unix<'a>(t: &Target<'a>, otherwise: Errno) -> Result<&'a Unix> {
    t.protocol.as_any().downcast_ref().ok_or(otherwise)
}
