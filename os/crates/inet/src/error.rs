//! What can go wrong, named after the errno that the shell translates it to (`os/src/net/errno.rs`, the only translator).

/// The reason a call failed, or the pending error of a socket (SO_ERROR).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// The call would have to wait: EAGAIN. The only error on which the shell blocks.
    WouldBlock,
    /// The handle names no socket (any more). A kernel bug, or a race with close: EBADF.
    NoSocket,
    /// EINVAL: the socket is in the wrong state or the argument makes no sense.
    Invalid,
    /// EAFNOSUPPORT: the address is of a family that this socket cannot use.
    Family,
    /// EPERM: for the privileged only, or somebody else's.
    NotPermitted,
    /// EADDRINUSE.
    AddrInUse,
    /// EADDRNOTAVAIL: not a local address, or no ephemeral port is left.
    AddrNotAvailable,
    /// EACCES: broadcast without SO_BROADCAST.
    Access,
    /// EALREADY: a connection attempt is under way.
    Already,
    /// EISCONN.
    Connected,
    /// ENOTCONN.
    NotConnected,
    /// EDESTADDRREQ.
    NoDestination,
    /// EPIPE: the sending side is shut.
    Pipe,
    /// ECONNREFUSED.
    Refused,
    /// ECONNRESET.
    Reset,
    /// ECONNABORTED.
    Aborted,
    /// ETIMEDOUT.
    TimedOut,
    /// EHOSTUNREACH.
    HostUnreachable,
    /// ENETUNREACH.
    NetUnreachable,
    /// ENETDOWN: the interface is down.
    NetDown,
    /// ENOPROTOOPT, as an ICMP "protocol unreachable" reports it.
    ProtocolUnreachable,
    /// EPROTO, as an ICMP parameter problem reports it.
    Protocol,
    /// EOPNOTSUPP, as an ICMP "source route failed" reports it, and for a call that this kind of socket does not have.
    NotSupported,
    /// EHOSTDOWN, as an ICMP "destination host unknown" reports it.
    HostDown,
    /// EMSGSIZE.
    MessageTooBig,
    /// ENOBUFS.
    NoBuffers,
    /// ENODEV: no such interface.
    NoDevice,
    /// EEXIST: the address or route is there already.
    Exists,
    /// ESRCH, of a route; EADDRNOTAVAIL, of an address to remove.
    NotFound,
    /// EFAULT: the caller's fill closure gave up.
    Fault,
}

/// Result of an engine call.
pub type Result<T> = core::result::Result<T, Error>;
