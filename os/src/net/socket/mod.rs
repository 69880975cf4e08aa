//! [`Socket`]: what every family shares, around a [`Protocol`].
//!
//! A family implements [`Protocol`] and makes sockets with [`Socket::new`]. The
//! calls of socket(7) that mean the same everywhere (timeouts, O_NONBLOCK,
//! SO_LINGER as a value, file operations) are done here once. Blocking is
//! `sched::wait_until` on [`Common::queue`], through [`Common::wait`].

pub mod generic;
pub mod message;
pub mod notice;

pub use super::addr::SockAddr;
pub use generic::Generic;

use super::{
    Caller, ioctl, opt,
    registry::{Observer, Registration},
    stack::{self, Namespace},
};
use crate::{
    Result,
    file::{self, Events, File, Io},
    fs::nsfs,
    mm::{Backing, UserIn, UserOut, UserPtr},
    sched::{self, Interruptible, WaitQueue},
    sync::SpinLock,
    time,
};
use abi::{
    Errno,
    net::{AF_INET, AF_UNIX, SOCK_SEQPACKET, SOCK_STREAM},
};
use alloc::{boxed::Box, format, string::String, sync::Arc};
use core::{
    any::Any,
    sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering::Relaxed},
};
use message::{Flags, Incoming, Outgoing, Received, Shutdown};
use notice::Notices;

/// What one family and type does. `common` is the socket's shared part. Calls that
/// a family does not have keep the default, which is Linux's answer for it.
#[allow(unused_variables)]
pub trait Protocol: Any + Send + Sync {
    /// bind(2).
    fn bind(&self, common: &Common, cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }

    /// connect(2); AF_UNSPEC in `addr` dissolves the association where the family has that.
    fn connect(
        &self,
        common: &Common,
        cx: &Caller<'_>,
        addr: &SockAddr,
        nonblock: bool,
    ) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }

    /// listen(2). `backlog` as given.
    fn listen(&self, common: &Common, cx: &Caller<'_>, backlog: i32) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }

    /// accept(2).
    fn accept(&self, common: &Common, nonblock: bool) -> Result<Arc<Socket>> {
        Err(Errno::EOPNOTSUPP)
    }

    /// getsockname(2).
    fn local(&self, common: &Common) -> Result<SockAddr> {
        Err(Errno::EOPNOTSUPP)
    }

    /// getpeername(2). `ENOTCONN`.
    fn peer(&self, common: &Common) -> Result<SockAddr> {
        Err(Errno::EOPNOTSUPP)
    }

    /// The address that accept(2) reports: also that of a peer that has gone since.
    fn accepted_from(&self, common: &Common) -> Result<SockAddr> {
        self.peer(common)
    }

    /// send(2) and its family.
    fn send(
        &self,
        common: &Common,
        cx: Option<&Caller<'_>>,
        message: &mut Outgoing<'_, '_>,
    ) -> Result<usize>;

    /// recv(2) and its family.
    fn recv(&self, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received>;

    /// shutdown(2).
    fn shutdown(&self, common: &Common, how: Shutdown) -> Result<()> {
        Err(Errno::EOPNOTSUPP)
    }

    /// Level readiness.
    fn ready(&self, common: &Common) -> Events;

    /// Takes the pending error (SO_ERROR).
    fn take_error(&self, common: &Common) -> Option<Errno> {
        None
    }

    /// Whether listen(2) succeeded (SO_ACCEPTCONN).
    fn listening(&self) -> bool {
        false
    }

    /// Whether `send` wants to know the caller although no address and no control data were given.
    fn wants_caller(&self) -> bool {
        false
    }

    /// A SOL_SOCKET option changed that the family keeps a copy of.
    fn generic_changed(&self, common: &Common, generic: &Generic) {}

    /// Address-family ioctls (SIOCINQ, SIOCOUTQ, SIOCATMARK, FIONREAD). `ENOTTY` when unknown.
    fn ioctl(&self, common: &Common, request: u32, arg: usize) -> Result<usize> {
        Err(Errno::ENOTTY)
    }

    /// What mmap(2) shows. `ENODEV`.
    fn mapping(&self) -> Result<Arc<dyn Backing>> {
        Err(Errno::ENODEV)
    }

    /// The last descriptor is gone. May sleep for SO_LINGER.
    fn close(&self, common: &Common);

    /// For the family itself: the other end of an AF_UNIX connection.
    fn as_any(&self) -> &dyn Any;
}

/// An open socket.
pub struct Socket {
    common: Common,
    protocol: Box<dyn Protocol>,
}

/// What every family has.
pub struct Common {
    domain: AtomicU32,
    /// SOCK_* without flags.
    pub kind: u32,
    /// IPPROTO_*, as SO_PROTOCOL reports it.
    pub protocol: u32,
    /// Inode number in sockfs.
    pub inode: u64,
    /// The network namespace that it was made in.
    pub net: Arc<Namespace>,
    registration: Registration,
    /// Read at every send and receive, changed rarely: readers share it.
    generic: SpinLock<Arc<Generic>>,
    /// MSG_ERRQUEUE: what the socket tells about its own sends.
    pub notices: Notices,
    /// SO_PEEK_OFF: where the next MSG_PEEK begins; -1 is off.
    peek_at: AtomicI32,
    /// Somebody found no room, or a connection is under way: SIGIO tells when there is (SOCKWQ_ASYNC_NOSPACE).
    starved: AtomicBool,
    /// shutdown(2) is at work.
    shutting: AtomicBool,
}

impl Common {
    /// The shared part of a new socket in the caller's namespace.
    pub fn new(domain: u32, kind: u32, protocol: u32) -> Common {
        Common::within(stack::current(), domain, kind, protocol)
    }

    /// The shared part of a new socket in `net`.
    pub fn within(net: Arc<Namespace>, domain: u32, kind: u32, protocol: u32) -> Common {
        let registration = Registration::new();
        let generic = Generic {
            tx_rehash: net.values.get(crate::net::sysctl::Value::TxRehash) != 0,
            ..Generic::default()
        };
        Common {
            domain: AtomicU32::new(domain),
            kind,
            protocol,
            inode: registration.inode(),
            net,
            registration,
            generic: SpinLock::new(Arc::new(generic)),
            notices: Notices::new(),
            peek_at: AtomicI32::new(-1),
            starved: AtomicBool::new(false),
            shutting: AtomicBool::new(false),
        }
    }

    /// AF_*.
    pub fn domain(&self) -> u32 {
        self.domain.load(Relaxed)
    }

    /// From now on the socket is one of AF_INET (IPV6_ADDRFORM).
    pub fn becomes_v4(&self) {
        self.domain.store(AF_INET, Relaxed);
    }

    /// What the engine is told so that it can wake us.
    pub fn token(&self) -> u64 {
        self.registration.token()
    }

    /// From now on `observer` hears of each wake-up before those who wait.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        self.registration.observe(observer);
    }

    /// Who waits for this socket.
    pub fn queue(&self) -> &WaitQueue {
        self.registration.queue()
    }

    /// The same, for who outlives the socket: the other end of an AF_UNIX connection.
    pub fn queue_handle(&self) -> Arc<WaitQueue> {
        self.registration.queue_handle()
    }

    /// SO_PEEK_OFF; `None` is off.
    pub fn peek_offset(&self) -> Option<usize> {
        usize::try_from(self.raw_peek_offset()).ok()
    }

    /// The same as it was set.
    pub fn raw_peek_offset(&self) -> i32 {
        self.peek_at.load(Relaxed)
    }

    /// Changes SO_PEEK_OFF; a negative value is off.
    pub fn set_peek_offset(&self, offset: i32) {
        self.peek_at.store(offset, Relaxed);
    }

    /// After a receive of `len` bytes: a peek moves SO_PEEK_OFF forward, taking moves it back.
    pub fn moved(&self, peek: bool, len: usize) {
        if let Some(offset) = self.peek_offset() {
            let offset = match peek {
                true => offset.saturating_add(len),
                false => offset.saturating_sub(len),
            };
            self.set_peek_offset(i32::try_from(offset).unwrap_or(i32::MAX));
        }
    }

    /// The SOL_SOCKET values as they are now.
    pub fn generic(&self) -> Arc<Generic> {
        self.generic.lock().clone()
    }

    /// Changes SOL_SOCKET values.
    pub fn change_generic<R>(&self, change: impl FnOnce(&mut Generic) -> R) -> R {
        change(Arc::make_mut(&mut self.generic.lock()))
    }

    /// What an accepted socket has from its listener beside the SOL_SOCKET values.
    fn inherit(&self, listener: &Common) {
        let settings = listener.notices.settings();
        if settings.zerocopy || settings.stamping != 0 {
            self.notices.change(|own| *own = settings);
        }
    }

    /// Runs `try_op` until it answers anything but `EAGAIN`, sleeping in between unless `nonblock`.
    /// `timeout` (SO_RCVTIMEO, SO_SNDTIMEO in ns, 0 for none) ends it with `EAGAIN`; a
    /// signal with a restart, or with `EINTR` when a timeout is set (signal(7)).
    pub fn wait<T>(
        &self,
        nonblock: bool,
        timeout: u64,
        try_op: impl FnMut() -> Result<T>,
    ) -> Result<T> {
        wait_on(&[self.queue()], nonblock, timeout, try_op)
    }
}

/// [`Common::wait`] on other queues.
pub fn wait_on<T>(
    queues: &[&WaitQueue],
    nonblock: bool,
    timeout: u64,
    mut try_op: impl FnMut() -> Result<T>,
) -> Result<T> {
    if nonblock {
        return try_op();
    }
    let deadline = (timeout != 0).then(|| time::now().after(timeout));
    let outcome = sched::wait_until(queues, deadline, Interruptible::Yes, || match try_op() {
        Err(Errno::EAGAIN) => None,
        done => Some(done),
    });
    match outcome {
        Ok(done) => done,
        Err(Errno::ETIMEDOUT) => Err(Errno::EAGAIN),
        Err(Errno::RESTART) if timeout != 0 => Err(Errno::EINTR),
        Err(errno) => Err(errno),
    }
}

impl Socket {
    /// Puts the two halves together.
    pub fn new(common: Common, protocol: impl Protocol) -> Arc<Socket> {
        Arc::new(Socket {
            common,
            protocol: Box::new(protocol),
        })
    }

    /// The socket behind a file; `ENOTSOCK`.
    pub fn of(file: &dyn File) -> Result<&Socket> {
        file.as_any().downcast_ref().ok_or(Errno::ENOTSOCK)
    }

    /// The shared half.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// The family's half.
    pub fn protocol(&self) -> &dyn Protocol {
        &*self.protocol
    }

    /// bind(2).
    pub fn bind(&self, cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
        self.protocol.bind(&self.common, cx, addr)
    }

    /// connect(2).
    pub fn connect(&self, cx: &Caller<'_>, addr: &SockAddr, nonblock: bool) -> Result<()> {
        self.common.starved.store(true, Relaxed);
        let done = self.protocol.connect(&self.common, cx, addr, nonblock);
        // Only an attempt that goes on leaves something to be told.
        let goes_on = done == Err(Errno::EINPROGRESS);
        self.common.starved.store(goes_on, Relaxed);
        done
    }

    /// listen(2).
    pub fn listen(&self, cx: &Caller<'_>, backlog: i32) -> Result<()> {
        self.protocol.listen(&self.common, cx, backlog)
    }

    /// accept(2).
    pub fn accept(&self, nonblock: bool) -> Result<Arc<Socket>> {
        let child = self.protocol.accept(&self.common, nonblock)?;
        child.common.inherit(&self.common);
        Ok(child)
    }

    /// getsockname(2).
    pub fn local(&self) -> Result<SockAddr> {
        self.protocol.local(&self.common)
    }

    /// getpeername(2).
    pub fn peer(&self) -> Result<SockAddr> {
        self.protocol.peer(&self.common)
    }

    /// The peer's address for accept(2).
    pub fn accepted_from(&self) -> Result<SockAddr> {
        self.protocol.accepted_from(&self.common)
    }

    /// sendmsg(2).
    pub fn send(&self, cx: Option<&Caller<'_>>, message: &mut Outgoing<'_, '_>) -> Result<usize> {
        let watch = self.common.notices.watch(message)?;
        let sent = self.protocol.send(&self.common, cx, message);
        if message.data.remaining() > 0 {
            self.common.starved.store(true, Relaxed);
        }
        let sent = sent?;
        if let Some(watch) = watch
            && self.common.notices.sent(watch, self.common.kind, sent)
        {
            self.common.queue().wake(Events::ERR);
        }
        Ok(sent)
    }

    /// recvmsg(2).
    pub fn recv(&self, message: &mut Incoming<'_, '_>) -> Result<Received> {
        if message.flags.contains(Flags::ERRQUEUE) {
            let noted = self.common.notices.read(message, self.common.domain());
            if let Some(noted) = noted {
                return noted;
            }
        }
        self.protocol.recv(&self.common, message)
    }

    /// shutdown(2).
    pub fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.common.shutting.store(true, Relaxed);
        let done = self.protocol.shutdown(&self.common, how);
        self.common.shutting.store(false, Relaxed);
        done
    }

    /// getsockopt(2).
    pub fn get_option(&self, level: i32, name: i32, at: usize, len: UserPtr<i32>) -> Result<()> {
        opt::get(self, level, name, at, len)
    }

    /// setsockopt(2). `EINVAL` for a negative length.
    pub fn set_option(
        &self,
        cx: &Caller<'_>,
        level: i32,
        name: i32,
        at: usize,
        len: i32,
    ) -> Result<()> {
        let len = usize::try_from(len).map_err(|_| Errno::EINVAL)?;
        opt::set(self, cx, level, name, at, len)
    }

    /// Whether send(2) needs to know the caller even without an address: families that pass credentials.
    pub fn wants_caller(&self) -> bool {
        self.protocol.wants_caller()
    }

    /// A pending error, taken: recvmmsg(2) looks at it before it waits.
    pub fn protocol_error(&self) -> Option<Errno> {
        self.protocol.take_error(&self.common)
    }

    /// Whether a failed send raises SIGPIPE: connection-oriented types only. send(2).
    pub fn raises_sigpipe(&self) -> bool {
        matches!(self.common.kind, SOCK_STREAM | SOCK_SEQPACKET)
    }
}

/// Linux uapi `linux/sockios.h`.
const SIOCGSKNS: u32 = 0x894c;

impl Socket {
    /// SIOCGSKNS: a descriptor of the namespace that the socket is in. `EPERM` without CAP_NET_ADMIN.
    fn namespace(&self) -> Result<usize> {
        if !file::hooks::tasks().capable(super::CAP_NET_ADMIN) {
            return Err(Errno::EPERM);
        }
        let place = nsfs::place(self.common.net.clone());
        let open = place.inode().clone().open(&place, abi::general::O_RDONLY)?;
        let open = file::OpenFile::new(open, abi::general::O_RDONLY);
        stack::tasks().ok_or(Errno::EBADF)?.install(open)
    }
}

impl File for Socket {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        let flags = if io.nonblock {
            Flags::DONTWAIT
        } else {
            Flags::empty()
        };
        let mut message = Incoming {
            out,
            flags,
            control: None,
        };
        Ok(self.recv(&mut message)?.len)
    }

    fn write(&self, io: Io, data: &mut UserIn<'_>) -> Result<usize> {
        let mut flags = Flags::empty();
        flags.set(Flags::DONTWAIT, io.nonblock);
        flags.set(Flags::MORE, io.more);
        let mut message = Outgoing {
            data,
            to: None,
            control: &[],
            flags,
        };
        self.send(None, &mut message)
    }

    fn poll(&self) -> Events {
        let mut events = self.protocol.ready(&self.common);
        if self.common.notices.any() {
            events |= Events::ERR;
            if self.common.generic().error_queue_priority {
                events |= Events::PRI;
            }
        }
        if !events.contains(Events::OUT) {
            self.common.starved.store(true, Relaxed);
        }
        events
    }

    fn wanted_room(&self) -> bool {
        self.common.starved.swap(false, Relaxed)
    }

    fn acts_itself(&self) -> bool {
        self.common.shutting.load(Relaxed)
    }

    fn queue(&self) -> Option<&WaitQueue> {
        Some(self.common.queue())
    }

    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        match self.protocol.ioctl(&self.common, request, arg) {
            Err(Errno::ENOTTY) if request == SIOCGSKNS => self.namespace(),
            Err(Errno::ENOTTY) => ioctl::interface(&self.common.net, request, arg),
            done => done,
        }
    }

    fn heeds_splice_nonblock(&self) -> bool {
        self.common.domain() == AF_UNIX && self.common.kind == SOCK_STREAM
    }

    fn has_urgent_data(&self) -> bool {
        self.common.kind == SOCK_STREAM
    }

    fn backing(&self) -> Result<Arc<dyn Backing>> {
        self.protocol.mapping()
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(file::anon_stat(
            abi::general::S_IFSOCK | 0o777,
            self.common.inode,
        ))
    }

    fn link_name(&self) -> String {
        format!("socket:[{}]", self.common.inode)
    }

    fn release(&self) {
        self.protocol.close(&self.common);
        self.common.queue().wake_all();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
