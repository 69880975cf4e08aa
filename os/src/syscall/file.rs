//! Calls on descriptors: read, write and their kin, close, dup, fcntl, ioctl, lseek, flock.
//!
//! The rows are here, the handlers by noun in the modules. Who calls: `table`. Semantics are in the room `file`, which owns
//! and locks everything.

mod control;
mod data;
mod descriptor;
mod lock;

pub(super) use descriptor::{fd_limit, install};

use super::table::{
    Row,
    Support::{Full, Partial},
    row,
};
use abi::general::*;

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_read,
        "read",
        |cx, a| data::read(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(
        __NR_write,
        "write",
        |cx, a| data::write(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(
        __NR_readv,
        "readv",
        |cx, a| data::readv(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(
        __NR_writev,
        "writev",
        |cx, a| data::writev(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(__NR_pread64, "pread64", data::pread64, Full, ""),
    row(__NR_pwrite64, "pwrite64", data::pwrite64, Full, ""),
    row(
        __NR_preadv,
        "preadv",
        |cx, a| data::preadv2(cx, a, None),
        Full,
        "",
    ),
    row(
        __NR_pwritev,
        "pwritev",
        |cx, a| data::pwritev2(cx, a, None),
        Full,
        "",
    ),
    row(
        __NR_preadv2,
        "preadv2",
        |cx, a| data::preadv2(cx, a, Some(a.uint(5))),
        Partial,
        "RWF_HIPRI, RWF_DSYNC and RWF_SYNC change nothing: files are in memory",
    ),
    row(
        __NR_pwritev2,
        "pwritev2",
        |cx, a| data::pwritev2(cx, a, Some(a.uint(5))),
        Partial,
        "RWF_HIPRI, RWF_DSYNC and RWF_SYNC change nothing: files are in memory",
    ),
    row(
        __NR_lseek,
        "lseek",
        |cx, a| data::lseek(cx, a.int(0), a.get(1) as i64, a.uint(2)),
        Full,
        "",
    ),
    row(
        __NR_close,
        "close",
        |cx, a| cx.task.files().close(a.int(0)).map(|()| 0),
        Full,
        "",
    ),
    row(
        __NR_close_range,
        "close_range",
        |cx, a| descriptor::close_range(cx, a.uint(0), a.uint(1), a.uint(2)),
        Full,
        "",
    ),
    row(
        __NR_dup,
        "dup",
        |cx, a| descriptor::dup(cx, a.int(0)),
        Full,
        "",
    ),
    row(
        __NR_dup3,
        "dup3",
        |cx, a| descriptor::dup3(cx, a.int(0), a.int(1), a.uint(2)),
        Full,
        "",
    ),
    row(
        __NR_fcntl,
        "fcntl",
        |cx, a| control::fcntl(cx, a.int(0), a.uint(1), a.get(2)),
        Partial,
        "no leases, no dnotify, no write-life hints",
    ),
    row(
        __NR_ioctl,
        "ioctl",
        |cx, a| control::ioctl(cx, a.int(0), a.uint(1), a.get(2)),
        Full,
        "",
    ),
    row(
        __NR_flock,
        "flock",
        |cx, a| lock::flock(cx, a.int(0), a.uint(1)),
        Full,
        "",
    ),
];
