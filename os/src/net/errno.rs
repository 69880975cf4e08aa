//! The one place where the engine's errors become errno values.

use abi::Errno;
use inet::Error;

/// See `inet::Error`, whose variants name their errno.
pub fn errno(error: Error) -> Errno {
    match error {
        Error::WouldBlock => Errno::EAGAIN,
        Error::NoSocket => Errno::EBADF,
        Error::Invalid => Errno::EINVAL,
        Error::Family => Errno::EAFNOSUPPORT,
        Error::NotPermitted => Errno::EPERM,
        Error::AddrInUse => Errno::EADDRINUSE,
        Error::AddrNotAvailable => Errno::EADDRNOTAVAIL,
        Error::Access => Errno::EACCES,
        Error::Already => Errno::EALREADY,
        Error::Connected => Errno::EISCONN,
        Error::NotConnected => Errno::ENOTCONN,
        Error::NoDestination => Errno::EDESTADDRREQ,
        Error::Pipe => Errno::EPIPE,
        Error::Refused => Errno::ECONNREFUSED,
        Error::Reset => Errno::ECONNRESET,
        Error::Aborted => Errno::ECONNABORTED,
        Error::TimedOut => Errno::ETIMEDOUT,
        Error::HostUnreachable => Errno::EHOSTUNREACH,
        Error::NetUnreachable => Errno::ENETUNREACH,
        Error::NetDown => Errno::ENETDOWN,
        Error::ProtocolUnreachable => Errno::ENOPROTOOPT,
        Error::Protocol => Errno::EPROTO,
        Error::NotSupported => Errno::EOPNOTSUPP,
        Error::HostDown => Errno::EHOSTDOWN,
        Error::MessageTooBig => Errno::EMSGSIZE,
        Error::NoBuffers => Errno::ENOBUFS,
        Error::NoDevice => Errno::ENODEV,
        Error::Exists => Errno::EEXIST,
        Error::NotFound => Errno::ESRCH,
        Error::Fault => Errno::EFAULT,
    }
}
