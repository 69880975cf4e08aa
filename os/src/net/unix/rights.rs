//! Ancillary data of the family: SCM_RIGHTS and SCM_CREDENTIALS. unix(7).

use super::end::Credentials;
use crate::{
    Result,
    file::OpenFile,
    net::{
        Caller,
        cmsg::{Control, items},
    },
    sync::SpinLock,
};
use abi::{
    Errno,
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

/// What a sendmsg(2) carries beside its bytes.
#[derive(Default)]
pub struct Ancillary {
    #[allow(missing_docs)]
    pub rights: Vec<Arc<OpenFile>>,
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
                if item.data.len() / 4 + ancillary.rights.len() > MAX_FILES {
                    return Err(Errno::EINVAL);
                }
                for fd in (0..item.data.len() / 4).filter_map(|n| word(n * 4)) {
                    ancillary.rights.push(cx.files.get(fd as i32)?);
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
                ancillary.creds = Some(Credentials {
                    pid: pid as i32,
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

/// Hands what came with a message to the program: credentials if it wants them
/// (SO_PASSCRED), then descriptors, which the system call installs.
pub fn deliver(
    control: Option<&mut Control>,
    creds: Option<Credentials>,
    rights: Vec<Arc<OpenFile>>,
) {
    let Some(control) = control else {
        discard(rights);
        return;
    };
    if let Some(creds) = creds {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&creds.pid.to_ne_bytes());
        bytes[4..8].copy_from_slice(&creds.uid.to_ne_bytes());
        bytes[8..].copy_from_slice(&creds.gid.to_ne_bytes());
        control.push(SOL_SOCKET as i32, SCM_CREDENTIALS as i32, &bytes);
    }
    if !rights.is_empty() {
        control.carry(rights);
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
