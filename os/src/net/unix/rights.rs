//! Ancillary data of the family: SCM_RIGHTS, SCM_CREDENTIALS, SCM_PIDFD. unix(7).

use super::{
    collect,
    end::{Credentials, End, Passes},
};
use crate::{
    Result,
    file::{
        OpenFile,
        hooks::{self, ProcessHandle},
    },
    net::{
        Caller,
        cmsg::{Control, items},
    },
    sync::SpinLock,
};
use abi::{
    Errno,
    general::F_OWNER_PID,
    net::{SCM_CREDENTIALS, SCM_RIGHTS, SOL_SOCKET},
};
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// SCM_MAX_FD.
const MAX_FILES: usize = 253;
/// Who may name other ids than its own.
const CAP_SETGID: u32 = 6;
const CAP_SETUID: u32 = 7;
const CAP_SYS_ADMIN: u32 = 21;
const CAP_SYS_RESOURCE: u32 = 24;
/// SCM_PIDFD of Linux uapi `linux/socket.h`.
const SCM_PIDFD: u32 = 4;

/// What a sendmsg(2) carries beside its bytes.
#[derive(Default)]
pub struct Ancillary {
    #[allow(missing_docs)]
    pub rights: Rights,
    /// Given instead of the sender's own.
    pub creds: Option<Credentials>,
}

/// Decodes `msg_control`. `EBADF` for a closed descriptor, `EPERM` for somebody
/// else's credentials, `EINVAL` for what is malformed or too much.
pub fn parse(cx: Option<&Caller<'_>>, control: &[u8]) -> Result<Ancillary> {
    let mut ancillary = Ancillary::default();
    let Some(cx) = cx.filter(|_| !control.is_empty()) else {
        return Ok(ancillary);
    };
    for item in items(control) {
        let item = item?;
        if item.level != SOL_SOCKET as i32 {
            continue;
        }
        let word = |at: usize| {
            let bytes = item.data.get(at..).and_then(|rest| rest.first_chunk());
            bytes.map(|bytes| u32::from_ne_bytes(*bytes))
        };
        match item.kind as u32 {
            SCM_RIGHTS => {
                ancillary.rights.uid = cx.uid;
                let files = &mut ancillary.rights.files;
                if item.data.len() / 4 + files.len() > MAX_FILES {
                    return Err(Errno::EINVAL);
                }
                for fd in (0..item.data.len() / 4).filter_map(|n| word(n * 4)) {
                    files.push(cx.files.get(fd as i32)?);
                }
            }
            SCM_CREDENTIALS => {
                let (12, Some(pid), Some(uid), Some(gid)) =
                    (item.data.len(), word(0), word(4), word(8))
                else {
                    return Err(Errno::EINVAL);
                };
                let own = Credentials::of(cx);
                let allowed = (pid as i32 == own.pid || cx.capable(CAP_SYS_ADMIN))
                    && (uid == own.uid || uid == own.euid || cx.capable(CAP_SETUID))
                    && (gid == own.gid || gid == own.egid || cx.capable(CAP_SETGID));
                if !allowed {
                    return Err(Errno::EPERM);
                }
                let pid = pid as i32;
                if pid != own.pid && !hooks::tasks().exists(F_OWNER_PID as i32, pid) {
                    return Err(Errno::ESRCH);
                }
                ancillary.creds = Some(Credentials {
                    pid,
                    uid,
                    gid,
                    ..own
                });
            }
            _ => return Err(Errno::EINVAL),
        }
    }
    Ok(ancillary)
}

/// Descriptors of one message, on the account of the user who sent them.
#[derive(Default)]
pub struct Rights {
    pub files: Vec<Arc<OpenFile>>,
    /// Real user of the sender.
    uid: u32,
    /// They are in an inbox and counted.
    departed: bool,
}

impl Rights {
    #[allow(missing_docs)]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Moves them into an inbox.
    pub fn depart(&mut self) -> Rights {
        if self.files.is_empty() {
            return Rights::default();
        }
        collect::departed(self.uid, &self.files);
        Rights {
            files: core::mem::take(&mut self.files),
            uid: self.uid,
            departed: true,
        }
    }

    /// Takes them out of the message.
    pub fn take(&mut self) -> Vec<Arc<OpenFile>> {
        if core::mem::take(&mut self.departed) {
            collect::arrived(self.uid, &self.files);
        }
        core::mem::take(&mut self.files)
    }
}

/// Whether `end` may be sent these: `EPERM` where it does not want any, `ETOOMANYREFS` when more than
/// RLIMIT_NOFILE of the user's are on their way and it has neither CAP_SYS_RESOURCE nor CAP_SYS_ADMIN.
pub fn check(cx: Option<&Caller<'_>>, end: &End, rights: &Rights) -> Result<()> {
    let Some(cx) = cx.filter(|_| !rights.is_empty()) else {
        return Ok(());
    };
    let many = collect::in_flight(rights.uid) as u64 > hooks::tasks().open_files_limit();
    if many && !cx.capable(CAP_SYS_RESOURCE) && !cx.capable(CAP_SYS_ADMIN) {
        return Err(Errno::ETOOMANYREFS);
    }
    match end.passes().contains(Passes::NO_RIGHTS) {
        true => Err(Errno::EPERM),
        false => Ok(()),
    }
}

/// What comes with the bytes of one receive.
#[derive(Default)]
pub struct Parcel {
    pub creds: Option<Credentials>,
    pub process: Option<ProcessHandle>,
    pub files: Vec<Arc<OpenFile>>,
}

/// Hands a parcel to the program: credentials and a descriptor of the process if it wants
/// them, then descriptors, which the system call installs.
pub fn deliver(end: &End, control: Option<&mut Control>, parcel: Parcel) {
    let Some(control) = control else {
        discard(parcel.files);
        return;
    };
    let passes = end.passes();
    if let Some(creds) = parcel.creds.filter(|_| passes.contains(Passes::CRED)) {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&creds.pid.to_ne_bytes());
        bytes[4..8].copy_from_slice(&creds.uid.to_ne_bytes());
        bytes[8..].copy_from_slice(&creds.gid.to_ne_bytes());
        control.push(SOL_SOCKET as i32, SCM_CREDENTIALS as i32, &bytes);
    }
    if passes.contains(Passes::PIDFD) {
        deliver_process(control, parcel.process);
    }
    if !parcel.files.is_empty() {
        control.carry(parcel.files);
    }
}

/// SCM_PIDFD: a descriptor, or the error that there is none.
fn deliver_process(control: &mut Control, process: Option<ProcessHandle>) {
    if control.data_room() < size_of::<i32>() {
        // Only says that it did not fit.
        control.push(SOL_SOCKET as i32, SCM_PIDFD as i32, &[]);
        return;
    }
    if let Some(file) = process.and_then(|process| hooks::tasks().open_process(&process)) {
        let fd = hooks::tasks().install(file);
        let fd = fd.unwrap_or_else(|errno| -errno.number());
        control.push(SOL_SOCKET as i32, SCM_PIDFD as i32, &fd.to_ne_bytes());
    }
}

/// Closes descriptions that nobody received. A closed socket may hold more of them:
/// the outermost call closes all, one after the other, so that the stack stays flat.
pub fn discard(files: Vec<Arc<OpenFile>>) {
    static WAITING: SpinLock<Vec<Arc<OpenFile>>> = SpinLock::new(Vec::new());
    static CLOSING: AtomicBool = AtomicBool::new(false);
    if files.is_empty() {
        return;
    }
    WAITING.lock().extend(files);
    if CLOSING.swap(true, Relaxed) {
        return;
    }
    loop {
        let next = WAITING.lock().pop();
        match next {
            Some(file) => drop(file),
            None => break,
        }
    }
    CLOSING.store(false, Relaxed);
}
