//! System calls with Rust types: the only file besides `arch` that is unsafe.
//!
//! Numbers and structures are the generic Linux ones that riscv64 and loongarch64
//! share (asm-generic/unistd.h). Every call answers `Result<_, Errno>`; none is
//! restarted on EINTR, since the agent catches no signal.

use core::ffi::CStr;
use core::marker::PhantomData;
use core::ptr;

use crate::arch::syscall;

/// A positive errno, see errno(3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Errno(pub i32);

/// "try again".
pub const EAGAIN: Errno = Errno(11);
/// "device or resource busy": already mounted.
pub const EBUSY: Errno = Errno(16);
/// "file exists": already a route.
pub const EEXIST: Errno = Errno(17);
/// "no such file or directory".
pub const ENOENT: Errno = Errno(2);
/// "permission denied".
pub const EACCES: Errno = Errno(13);
/// "not a directory".
pub const ENOTDIR: Errno = Errno(20);
/// "connection timed out": here, a server that did not listen in time.
pub const ETIMEDOUT: Errno = Errno(110);

/// What a call answers.
pub type Result<T> = core::result::Result<T, Errno>;

/// An open file descriptor, closed when dropped.
#[derive(Debug)]
pub struct Fd(i32);

impl Fd {
    /// The number.
    pub fn raw(&self) -> i32 {
        self.0
    }
}

impl Drop for Fd {
    fn drop(&mut self) {
        // SAFETY: close takes a number; this one is ours alone.
        let _ = unsafe { call(57, [self.0 as usize, 0, 0, 0, 0, 0]) };
    }
}

/// # Safety
/// As [`syscall`].
unsafe fn call(number: usize, args: [usize; 6]) -> Result<usize> {
    // SAFETY: passed on to the caller.
    let answer = unsafe { syscall(number, args) };
    if answer < 0 {
        Err(Errno(-answer as i32))
    } else {
        Ok(answer as usize)
    }
}

fn path(path: &CStr) -> usize {
    path.as_ptr() as usize
}

const AT_FDCWD: usize = -100_isize as usize;

/// open(2) flags, generic values.
pub mod open {
    /// Read only.
    pub const RDONLY: usize = 0;
    /// Read and write.
    pub const RDWR: usize = 2;
    /// Do not become the controlling terminal.
    pub const NOCTTY: usize = 0o400;
    /// Has to be a directory.
    pub const DIRECTORY: usize = 0o200000;
    /// Close on execve.
    pub const CLOEXEC: usize = 0o2000000;
    /// Do not block.
    pub const NONBLOCK: usize = 0o4000;
}

/// openat(2) without a mode: nothing is created.
pub fn open(name: &CStr, flags: usize) -> Result<Fd> {
    // SAFETY: a C string and numbers.
    unsafe { call(56, [AT_FDCWD, path(name), flags, 0, 0, 0]) }.map(|fd| Fd(fd as i32))
}

/// openat(2) of a file to write that may not be there, mode 0644.
pub fn create(name: &CStr) -> Result<Fd> {
    const WRONLY_CREAT_TRUNC: usize = 0o1101;
    let args = [
        AT_FDCWD,
        path(name),
        WRONLY_CREAT_TRUNC | open::CLOEXEC,
        0o644,
        0,
        0,
    ];
    // SAFETY: a C string and numbers.
    unsafe { call(56, args) }.map(|fd| Fd(fd as i32))
}

/// read(2).
pub fn read(fd: i32, buffer: &mut [u8]) -> Result<usize> {
    // SAFETY: the buffer is writable for its length.
    unsafe {
        call(
            63,
            [
                fd as usize,
                buffer.as_mut_ptr() as usize,
                buffer.len(),
                0,
                0,
                0,
            ],
        )
    }
}

/// pread64(2).
pub fn read_at(fd: &Fd, buffer: &mut [u8], offset: u64) -> Result<usize> {
    let args = [
        fd.0 as usize,
        buffer.as_mut_ptr() as usize,
        buffer.len(),
        offset as usize,
        0,
        0,
    ];
    // SAFETY: the buffer is writable for its length.
    unsafe { call(67, args) }
}

/// write(2).
pub fn write(fd: i32, bytes: &[u8]) -> Result<usize> {
    // SAFETY: the bytes are readable for their length.
    unsafe {
        call(
            64,
            [fd as usize, bytes.as_ptr() as usize, bytes.len(), 0, 0, 0],
        )
    }
}

/// pipe2(2): read end, write end.
pub fn pipe(flags: usize) -> Result<(Fd, Fd)> {
    let mut ends = [0_i32; 2];
    // SAFETY: room for two numbers.
    unsafe { call(59, [ends.as_mut_ptr() as usize, flags, 0, 0, 0, 0]) }?;
    Ok((Fd(ends[0]), Fd(ends[1])))
}

/// dup3(2) without flags: `to` stays open across execve.
pub fn dup_to(from: i32, to: i32) -> Result<()> {
    // SAFETY: numbers.
    unsafe { call(24, [from as usize, to as usize, 0, 0, 0, 0]) }.map(drop)
}

/// fcntl(F_GETFD): whether a number is an open descriptor.
pub fn is_open(fd: i32) -> bool {
    // SAFETY: numbers.
    unsafe { call(25, [fd as usize, 1, 0, 0, 0, 0]) }.is_ok()
}

/// fcntl(F_SETFL, O_NONBLOCK).
pub fn set_nonblocking(fd: &Fd) -> Result<()> {
    // SAFETY: numbers.
    unsafe { call(25, [fd.0 as usize, 4, open::NONBLOCK, 0, 0, 0]) }.map(drop)
}

/// chdir(2).
pub fn chdir(dir: &CStr) -> Result<()> {
    // SAFETY: a C string.
    unsafe { call(49, [path(dir), 0, 0, 0, 0, 0]) }.map(drop)
}

/// mkdirat(2), mode 0755.
pub fn mkdir(dir: &CStr) -> Result<()> {
    // SAFETY: a C string and numbers.
    unsafe { call(34, [AT_FDCWD, path(dir), 0o755, 0, 0, 0]) }.map(drop)
}

/// symlinkat(2): `link` leads to `target`.
pub fn symlink(target: &CStr, link: &CStr) -> Result<()> {
    // SAFETY: C strings and a number.
    unsafe { call(36, [path(target), AT_FDCWD, path(link), 0, 0, 0]) }.map(drop)
}

/// getdents64(2): fills `buffer` with entries.
pub fn directory_entries(dir: &Fd, buffer: &mut [u8]) -> Result<usize> {
    let args = [
        dir.0 as usize,
        buffer.as_mut_ptr() as usize,
        buffer.len(),
        0,
        0,
        0,
    ];
    // SAFETY: the buffer is writable for its length.
    unsafe { call(61, args) }
}

/// Flags of mount(2).
pub mod flags {
    /// Read only.
    pub const RDONLY: usize = 1;
    /// The source is a mount that goes elsewhere.
    pub const MOVE: usize = 8192;
}

/// mount(2).
pub fn mount(
    source: &CStr,
    target: &CStr,
    kind: &CStr,
    flags: usize,
    data: Option<&CStr>,
) -> Result<()> {
    let args = [
        path(source),
        path(target),
        path(kind),
        flags,
        data.map_or(0, path),
        0,
    ];
    // SAFETY: C strings and a number; no data is a null pointer.
    unsafe { call(40, args) }.map(drop)
}

/// chroot(2).
pub fn chroot(dir: &CStr) -> Result<()> {
    // SAFETY: a C string.
    unsafe { call(51, [path(dir), 0, 0, 0, 0, 0]) }.map(drop)
}

/// unlinkat(2) of a file.
pub fn unlink(file: &CStr) -> Result<()> {
    // SAFETY: a C string and numbers.
    unsafe { call(35, [AT_FDCWD, path(file), 0, 0, 0, 0]) }.map(drop)
}

/// finit_module(2) without parameters.
pub fn load_module(file: &Fd) -> Result<()> {
    // SAFETY: a number and a C string.
    unsafe { call(273, [file.0 as usize, path(c""), 0, 0, 0, 0]) }.map(drop)
}

/// socket(2).
pub fn socket(domain: usize, kind: usize) -> Result<Fd> {
    // SAFETY: numbers.
    unsafe { call(198, [domain, kind, 0, 0, 0, 0]) }.map(|fd| Fd(fd as i32))
}

/// setsockopt(2) with an int.
pub fn set_option(fd: &Fd, level: usize, option: usize, value: i32) -> Result<()> {
    // SAFETY: the value lives through the call and has the length that is given.
    unsafe {
        call(
            208,
            [
                fd.0 as usize,
                level,
                option,
                ptr::from_ref(&value) as usize,
                4,
                0,
            ],
        )
    }
    .map(drop)
}

/// bind(2) to a socket address in its wire form.
pub fn bind(fd: &Fd, address: &[u8]) -> Result<()> {
    // SAFETY: the bytes are readable for their length.
    unsafe {
        call(
            200,
            [
                fd.0 as usize,
                address.as_ptr() as usize,
                address.len(),
                0,
                0,
                0,
            ],
        )
    }
    .map(drop)
}

/// listen(2).
pub fn listen(fd: &Fd) -> Result<()> {
    // SAFETY: numbers.
    unsafe { call(201, [fd.0 as usize, 8, 0, 0, 0, 0]) }.map(drop)
}

/// ioctl(2) with a structure of bytes.
pub fn ioctl_bytes(fd: &Fd, request: usize, structure: &mut [u8]) -> Result<()> {
    // SAFETY: callers pass a structure of the size that the request asks for (network.rs).
    unsafe {
        call(
            29,
            [
                fd.0 as usize,
                request,
                structure.as_mut_ptr() as usize,
                0,
                0,
                0,
            ],
        )
    }
    .map(drop)
}

/// ioctl(2) with a number.
pub fn ioctl_number(fd: i32, request: usize, value: usize) -> Result<()> {
    // SAFETY: used with requests that take a number (TIOCSCTTY, TCSBRK).
    unsafe { call(29, [fd as usize, request, value, 0, 0, 0]) }.map(drop)
}

/// One descriptor to watch, see poll(2).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Watch {
    fd: i32,
    events: i16,
    revents: i16,
}

impl Watch {
    /// Waits for `fd` to be readable; -1 is passed over.
    pub fn readable(fd: i32) -> Watch {
        Watch {
            fd,
            events: 1,
            revents: 0,
        }
    }

    /// Whether something happened.
    pub fn fired(&self) -> bool {
        self.revents != 0
    }
}

/// ppoll(2), at most `millis`.
pub fn poll(watches: &mut [Watch], millis: u64) -> Result<usize> {
    let limit = [millis / 1000, millis % 1000 * 1_000_000];
    let args = [
        watches.as_mut_ptr() as usize,
        watches.len(),
        limit.as_ptr() as usize,
        0,
        0,
        0,
    ];
    // SAFETY: `Watch` is laid out as pollfd, `limit` as timespec; no signal mask.
    unsafe { call(73, args) }
}

/// clock_gettime(CLOCK_MONOTONIC), in milliseconds.
pub fn now() -> u64 {
    let mut time = [0_u64; 2];
    // SAFETY: laid out as timespec.
    let _ = unsafe { call(113, [1, time.as_mut_ptr() as usize, 0, 0, 0, 0]) };
    time[0] * 1000 + time[1] / 1_000_000
}

/// Sleeps, without a clock of its own.
pub fn sleep(millis: u64) {
    let _ = poll(&mut [], millis);
}

/// getpid(2).
pub fn getpid() -> i32 {
    // SAFETY: no arguments.
    unsafe { call(172, [0; 6]) }.map_or(0, |pid| pid as i32)
}

/// fork(2): 0 in the child. The agent has one thread, so its memory is whole there.
pub fn fork() -> Result<i32> {
    const SIGCHLD: usize = 17;
    // SAFETY: no stack and no pointers: the child runs on its own copy of this stack.
    unsafe { call(220, [SIGCHLD, 0, 0, 0, 0, 0]) }.map(|pid| pid as i32)
}

/// setsid(2).
pub fn setsid() -> Result<()> {
    // SAFETY: no arguments.
    unsafe { call(157, [0; 6]) }.map(drop)
}

/// kill(2); a negative pid is a process group, -1 everybody.
pub fn kill(pid: i32, signal: usize) -> Result<()> {
    // SAFETY: numbers.
    unsafe { call(129, [pid as usize, signal, 0, 0, 0, 0]) }.map(drop)
}

/// SIGKILL.
pub const SIGKILL: usize = 9;

/// A process that has ended: its pid and its wait status.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// Who.
    pub pid: i32,
    /// As wait4(2) gives it.
    pub status: i32,
}

impl Ended {
    /// The exit code, or the signal that killed it.
    pub fn code(self) -> core::result::Result<i32, i32> {
        match self.status & 0x7f {
            0 => Ok(self.status >> 8 & 0xff),
            signal => Err(signal),
        }
    }
}

/// wait4(2) for any child; `None` where none has ended yet.
pub fn wait(block: bool) -> Result<Option<Ended>> {
    const WNOHANG: usize = 1;
    let mut status = 0_i32;
    let options = if block { 0 } else { WNOHANG };
    // SAFETY: room for the status; no rusage.
    let pid = unsafe {
        call(
            260,
            [
                -1_isize as usize,
                ptr::from_mut(&mut status) as usize,
                options,
                0,
                0,
                0,
            ],
        )
    }?;
    Ok((pid != 0).then_some(Ended {
        pid: pid as i32,
        status,
    }))
}

/// pidfd_open(2).
pub fn pidfd(pid: i32) -> Result<Fd> {
    // SAFETY: numbers.
    unsafe { call(434, [pid as usize, 0, 0, 0, 0, 0]) }.map(|fd| Fd(fd as i32))
}

/// prctl(PR_SET_CHILD_SUBREAPER): orphans come here where the agent is not pid 1.
pub fn become_subreaper() -> Result<()> {
    // SAFETY: numbers.
    unsafe { call(167, [36, 1, 0, 0, 0, 0]) }.map(drop)
}

/// A list of C strings, as execve(2) takes it: ended by a null pointer.
pub struct Strings<'a, const N: usize> {
    pointers: [*const u8; N],
    len: usize,
    strings: PhantomData<&'a CStr>,
}

impl<const N: usize> Clone for Strings<'_, N> {
    fn clone(&self) -> Self {
        Strings { ..*self }
    }
}

impl<const N: usize> Default for Strings<'_, N> {
    fn default() -> Self {
        Strings {
            pointers: [ptr::null(); N],
            len: 0,
            strings: PhantomData,
        }
    }
}

impl<'a, const N: usize> Strings<'a, N> {
    /// Appends; answers false when the list is full.
    #[must_use]
    pub fn push(&mut self, string: &'a CStr) -> bool {
        // The last place stays null.
        if self.len + 1 >= N {
            return false;
        }
        self.pointers[self.len] = string.as_ptr().cast();
        self.len += 1;
        true
    }

    /// The first string.
    pub fn first(&self) -> Option<&'a CStr> {
        // SAFETY: places below `len` come from `push`, whose strings outlive `self`.
        (self.len > 0).then(|| unsafe { CStr::from_ptr(self.pointers[0].cast()) })
    }
}

/// execve(2): comes back only with an error.
pub fn execve<const A: usize, const E: usize>(
    program: &CStr,
    argv: &Strings<'_, A>,
    env: &Strings<'_, E>,
) -> Errno {
    let args = [
        path(program),
        argv.pointers.as_ptr() as usize,
        env.pointers.as_ptr() as usize,
        0,
        0,
        0,
    ];
    // SAFETY: both lists end with a null pointer (`Strings::push`) and their strings are alive.
    match unsafe { call(221, args) } {
        Err(errno) => errno,
        Ok(_) => Errno(0),
    }
}

/// exit_group(2).
pub fn exit(code: i32) -> ! {
    loop {
        // SAFETY: a number; does not come back.
        let _ = unsafe { call(94, [code as usize, 0, 0, 0, 0, 0]) };
    }
}

/// Memory of `len` bytes, zeroed, never given back.
pub fn memory(len: usize) -> Result<&'static mut [u8]> {
    const READ_WRITE: usize = 3;
    const PRIVATE_ANONYMOUS: usize = 0x22;
    // SAFETY: a new mapping disturbs nothing that exists.
    let start = unsafe {
        call(
            222,
            [
                0,
                len.max(1),
                READ_WRITE,
                PRIVATE_ANONYMOUS,
                -1_isize as usize,
                0,
            ],
        )
    }?;
    // SAFETY: the kernel mapped `len` zeroed bytes there, for us alone and for good.
    Ok(unsafe { core::slice::from_raw_parts_mut(start as *mut u8, len) })
}

/// syslog(SYSLOG_ACTION_CONSOLE_LEVEL, 1): only emergencies on the console.
pub fn quiet_kernel() {
    // SAFETY: numbers; this action takes no buffer.
    let _ = unsafe { call(116, [8, 0, 1, 0, 0, 0]) };
}

/// sync(2) and reboot(LINUX_REBOOT_CMD_POWER_OFF); comes back only with an error.
pub fn power_off() -> Errno {
    // SAFETY: numbers.
    unsafe {
        let _ = call(81, [0; 6]);
        match call(142, [0xfee1_dead, 672_274_793, 0x4321_fedc, 0, 0, 0]) {
            Err(errno) => errno,
            Ok(_) => Errno(0),
        }
    }
}
