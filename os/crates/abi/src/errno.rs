//! [`Errno`]: the only error type that crosses the system-call boundary.

use core::fmt;

/// A Linux error number, always positive (`EPERM` is 1). See errno(3).
///
/// A system call returns `-errno`; [`Errno::to_ret`] makes that value. Numbers
/// from 512 up never reach user space: they ask the signal code to restart the
/// call (see [`Errno::RESTART`]).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(u16);

impl Errno {
    /// The call was interrupted and is restarted if the handler has `SA_RESTART`,
    /// or if no handler runs; otherwise user space sees `EINTR`. signal(7).
    pub const RESTART: Errno = Errno(512);
    /// The call was interrupted and is restarted only if no handler runs
    /// (calls with a timeout, such as `poll` and `epoll_wait`). signal(7).
    pub const RESTART_NO_HANDLER: Errno = Errno(514);
    /// The call was interrupted and is restarted whether or not a handler runs.
    pub const RESTART_ALWAYS: Errno = Errno(513);
    /// Like [`Errno::RESTART_NO_HANDLER`], but restart_syscall(2) is called instead,
    /// which knows the deadline (`nanosleep`).
    pub const RESTART_BLOCK: Errno = Errno(516);
    /// `EWOULDBLOCK` is the same number as `EAGAIN` on every port.
    pub const EWOULDBLOCK: Errno = Errno::EAGAIN;
    /// `ENOTSUP` is the same number as `EOPNOTSUPP` on every port.
    pub const ENOTSUP: Errno = Errno::EOPNOTSUPP;

    /// The positive number.
    pub const fn number(self) -> i32 {
        self.0 as i32
    }

    /// What the system call leaves in the return register: `-number`.
    pub const fn to_ret(self) -> isize {
        -(self.0 as isize)
    }

    /// The restart errno in a system call's result, if it is one.
    pub const fn restart_from_ret(result: isize) -> Option<Errno> {
        match -result {
            512 | 513 | 514 | 516 => Some(Errno(-result as u16)),
            _ => None,
        }
    }

    /// The errno with this number, if it is one that user space may see.
    pub fn from_number(number: i32) -> Option<Errno> {
        NAMES
            .iter()
            .map(|&(errno, _)| errno)
            .find(|errno| errno.number() == number)
    }

    /// The symbolic name, `"ECONNREFUSED"`.
    pub fn name(self) -> &'static str {
        match NAMES.iter().find(|&&(errno, _)| errno == self) {
            Some(&(_, name)) => name,
            None if self == Errno::RESTART => "RESTART",
            None if self == Errno::RESTART_NO_HANDLER => "RESTART_NO_HANDLER",
            None if self == Errno::RESTART_ALWAYS => "RESTART_ALWAYS",
            None if self == Errno::RESTART_BLOCK => "RESTART_BLOCK",
            None => "E?",
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! errnos {
    ($($name:ident,)*) => {
        #[allow(missing_docs)] // The names are errno(3)'s own.
        impl Errno {
            $(pub const $name: Errno = Errno(linux_raw_sys::errno::$name as u16);)*
        }

        const NAMES: &[(Errno, &str)] = &[$((Errno::$name, stringify!($name)),)*];
    };
}

errnos! {
    EPERM, ENOENT, ESRCH, EINTR, EIO, ENXIO, E2BIG, ENOEXEC,
    EBADF, ECHILD, EAGAIN, ENOMEM, EACCES, EFAULT, ENOTBLK, EBUSY,
    EEXIST, EXDEV, ENODEV, ENOTDIR, EISDIR, EINVAL, ENFILE, EMFILE,
    ENOTTY, ETXTBSY, EFBIG, ENOSPC, ESPIPE, EROFS, EMLINK, EPIPE,
    EDOM, ERANGE, EDEADLK, ENAMETOOLONG, ENOLCK, ENOSYS, ENOTEMPTY, ELOOP,
    ENOMSG, EIDRM, ECHRNG, EL2NSYNC, EL3HLT, EL3RST, ELNRNG, EUNATCH,
    ENOCSI, EL2HLT, EBADE, EBADR, EXFULL, ENOANO, EBADRQC, EBADSLT,
    EBFONT, ENOSTR, ENODATA, ETIME, ENOSR, ENONET, ENOPKG, EREMOTE,
    ENOLINK, EADV, ESRMNT, ECOMM, EPROTO, EMULTIHOP, EDOTDOT, EBADMSG,
    EOVERFLOW, ENOTUNIQ, EBADFD, EREMCHG, ELIBACC, ELIBBAD, ELIBSCN, ELIBMAX,
    ELIBEXEC, EILSEQ, ERESTART, ESTRPIPE, EUSERS, ENOTSOCK, EDESTADDRREQ, EMSGSIZE,
    EPROTOTYPE, ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EOPNOTSUPP, EPFNOSUPPORT, EAFNOSUPPORT, EADDRINUSE,
    EADDRNOTAVAIL, ENETDOWN, ENETUNREACH, ENETRESET, ECONNABORTED, ECONNRESET, ENOBUFS, EISCONN,
    ENOTCONN, ESHUTDOWN, ETOOMANYREFS, ETIMEDOUT, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH, EALREADY,
    EINPROGRESS, ESTALE, EUCLEAN, ENOTNAM, ENAVAIL, EISNAM, EREMOTEIO, EDQUOT,
    ENOMEDIUM, EMEDIUMTYPE, ECANCELED, ENOKEY, EKEYEXPIRED, EKEYREVOKED, EKEYREJECTED, EOWNERDEAD,
    ENOTRECOVERABLE, ERFKILL, EHWPOISON,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_linux_numbers() {
        assert_eq!(Errno::EPERM.number(), 1);
        assert_eq!(Errno::EAGAIN.number(), 11);
        assert_eq!(Errno::ECONNREFUSED.number(), 111);
        assert_eq!(Errno::ECONNREFUSED.to_ret(), -111);
    }

    #[test]
    fn names_round_trip() {
        for &(errno, name) in NAMES {
            assert_eq!(Errno::from_number(errno.number()), Some(errno));
            assert_eq!(errno.name(), name);
        }
        assert_eq!(Errno::from_number(0), None);
        assert_eq!(Errno::from_number(Errno::RESTART.number()), None);
    }
}
