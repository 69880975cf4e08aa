//! The socket family: decode, look up, call, return. Semantics are in `net`.
//!
//! The rows are here, and how a handler finds its socket; the handlers are by noun in the modules. Who calls: `table`. The room `net`
//! owns and locks everything.

mod message;
mod socket;

use super::{
    Caller,
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
};
use crate::{
    Result,
    file::OpenFile,
    net::{self, Socket},
};
use abi::general::{
    __NR_accept, __NR_accept4, __NR_bind, __NR_connect, __NR_getpeername, __NR_getsockname,
    __NR_getsockopt, __NR_listen, __NR_recvfrom, __NR_recvmmsg, __NR_recvmsg, __NR_sendmmsg,
    __NR_sendmsg, __NR_sendto, __NR_setsockopt, __NR_shutdown, __NR_socket, __NR_socketpair,
};
use alloc::sync::Arc;

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(
        __NR_socket,
        "socket",
        |cx, a| socket::socket(cx, a.uint(0), a.uint(1), a.int(2)),
        Full,
        "",
    ),
    row(
        __NR_socketpair,
        "socketpair",
        |cx, a| socket::socketpair(cx, a.uint(0), a.uint(1), a.int(2), a.get(3)),
        Full,
        "",
    ),
    row(
        __NR_bind,
        "bind",
        |cx, a| socket::bind(cx, a.int(0), a.get(1), a.int(2)),
        Full,
        "",
    ),
    row(
        __NR_listen,
        "listen",
        |cx, a| socket::listen(cx, a.int(0), a.int(1)),
        Full,
        "",
    ),
    row(
        __NR_accept,
        "accept",
        |cx, a| socket::accept4(cx, a.int(0), a.get(1), a.get(2), 0),
        Full,
        "",
    ),
    row(
        __NR_accept4,
        "accept4",
        |cx, a| socket::accept4(cx, a.int(0), a.get(1), a.get(2), a.uint(3)),
        Full,
        "",
    ),
    row(
        __NR_connect,
        "connect",
        |cx, a| socket::connect(cx, a.int(0), a.get(1), a.int(2)),
        Full,
        "",
    ),
    row(
        __NR_getsockname,
        "getsockname",
        |cx, a| socket::getsockname(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(
        __NR_getpeername,
        "getpeername",
        |cx, a| socket::getpeername(cx, a.int(0), a.get(1), a.get(2)),
        Full,
        "",
    ),
    row(__NR_sendto, "sendto", message::sendto, Full, ""),
    row(__NR_recvfrom, "recvfrom", message::recvfrom, Full, ""),
    row(
        __NR_sendmsg,
        "sendmsg",
        |cx, a| message::sendmsg(cx, a.int(0), a.get(1), a.uint(2)),
        Full,
        "",
    ),
    row(
        __NR_recvmsg,
        "recvmsg",
        |cx, a| message::recvmsg(cx, a.int(0), a.get(1), a.uint(2)),
        Full,
        "",
    ),
    row(
        __NR_sendmmsg,
        "sendmmsg",
        |cx, a| message::sendmmsg(cx, a.int(0), a.get(1), a.uint(2), a.uint(3)),
        Full,
        "",
    ),
    row(__NR_recvmmsg, "recvmmsg", message::recvmmsg, Full, ""),
    row(
        __NR_shutdown,
        "shutdown",
        |cx, a| socket::shutdown(cx, a.int(0), a.int(1)),
        Full,
        "",
    ),
    row(
        __NR_setsockopt,
        "setsockopt",
        |cx, a| socket::setsockopt(cx, a.int(0), a.int(1), a.int(2), a.get(3), a.int(4)),
        Partial,
        "see os/src/net/opt",
    ),
    row(
        __NR_getsockopt,
        "getsockopt",
        |cx, a| socket::getsockopt(cx, a.int(0), a.int(1), a.int(2), a.get(3), a.ptr(4)),
        Partial,
        "see os/src/net/opt",
    ),
];

/// The open file and the check that it is a socket. `EBADF`, `ENOTSOCK`.
fn open_socket(cx: &Caller, fd: i32) -> Result<Arc<OpenFile>> {
    // An O_PATH descriptor is none for a call that acts on the file.
    let file = cx.files().get_io(fd)?;
    Socket::of(&*file.file)?;
    Ok(file)
}

/// Runs `call` with the caller as `net` knows it.
fn with_net<R>(cx: &Caller, call: impl FnOnce(&net::Caller<'_>) -> R) -> R {
    let creds = cx.task.creds();
    let pid = cx.task.pid();
    let files = cx.files();
    cx.with_fs(|fs| {
        call(&net::Caller {
            fs: *fs,
            pid,
            euid: creds.euid,
            egid: creds.egid,
            uid: creds.uid,
            gid: creds.gid,
            files: &files,
        })
    })
}
