//! Credentials and the rules by which they change. credentials(7), capabilities(7).

use super::users::Users;
use crate::fs;
use alloc::sync::Arc;

/// CAP_KILL and its kin: bit numbers.
#[allow(missing_docs)]
pub mod cap {
    pub const KILL: u32 = 5;
    pub const SETGID: u32 = 6;
    pub const SETUID: u32 = 7;
    pub const SETPCAP: u32 = 8;
    pub const SYS_PTRACE: u32 = 19;
    pub const SYS_ADMIN: u32 = 21;
    pub const SYS_BOOT: u32 = 22;
    pub const SYS_NICE: u32 = 23;
    pub const SYS_RESOURCE: u32 = 24;
    pub const SYS_TIME: u32 = 25;
    pub const SYSLOG: u32 = 34;
    /// The highest that there is (CAP_CHECKPOINT_RESTORE).
    pub const LAST: u32 = 40;
    /// All of them.
    pub const ALL: u64 = (1 << (LAST + 1)) - 1;
    /// Those that follow the file-system user id: CHOWN, DAC_OVERRIDE,
    /// DAC_READ_SEARCH, FOWNER, FSETID, LINUX_IMMUTABLE, MKNOD, MAC_OVERRIDE.
    pub const FS: u64 = 0b1_1111 | 1 << 9 | 1 << 27 | 1 << 32;
}

/// Who the task acts as. credentials(7), capabilities(7).
#[derive(Clone)]
#[allow(missing_docs)]
pub struct Credentials {
    pub uid: u32,
    pub euid: u32,
    pub suid: u32,
    pub fsuid: u32,
    pub gid: u32,
    pub egid: u32,
    pub sgid: u32,
    pub fsgid: u32,
    pub groups: Arc<[u32]>,
    /// CAP_* bits of the effective set.
    pub cap_effective: u64,
    pub cap_permitted: u64,
    pub cap_inheritable: u64,
    pub cap_bounding: u64,
    pub cap_ambient: u64,
    /// SECBIT_*, with SECBIT_KEEP_CAPS (bit 4) for PR_SET_KEEPCAPS.
    pub securebits: u32,
    /// The user namespace; none is the first.
    pub users: Option<Arc<Users>>,
}

/// SECBIT_KEEP_CAPS.
pub const KEEP_CAPS: u32 = 1 << 4;
/// SECBIT_NO_SETUID_FIXUP.
pub const NO_SETUID_FIXUP: u32 = 1 << 2;
/// SECBIT_NOROOT.
pub const NOROOT: u32 = 1 << 0;

impl Credentials {
    /// Whether every user and group id of `other` is the real one of this: the "same user"
    /// of ptrace(2) and prlimit(2).
    pub fn is_user_of(&self, other: &Credentials) -> bool {
        let users = [other.uid, other.euid, other.suid];
        let groups = [other.gid, other.egid, other.sgid];
        users.iter().all(|&id| id == self.uid) && groups.iter().all(|&id| id == self.gid)
    }

    /// The superuser with every capability: pid 1.
    pub fn root() -> Credentials {
        Credentials {
            uid: 0,
            euid: 0,
            suid: 0,
            fsuid: 0,
            gid: 0,
            egid: 0,
            sgid: 0,
            fsgid: 0,
            groups: Arc::from([]),
            cap_effective: cap::ALL,
            cap_permitted: cap::ALL,
            cap_inheritable: 0,
            cap_bounding: cap::ALL,
            cap_ambient: 0,
            securebits: 0,
            users: None,
        }
    }

    /// Whether the capability is effective.
    pub fn capable(&self, capability: u32) -> bool {
        self.cap_effective >> capability & 1 != 0
    }

    /// As `fs` checks them.
    pub fn for_fs(&self) -> fs::Creds {
        fs::Creds {
            uid: self.fsuid,
            gid: self.fsgid,
            groups: self.groups.clone(),
            caps: self.cap_effective,
        }
    }

    /// Whether the process with these credentials may signal one with `other`'s. kill(2).
    pub fn may_signal(&self, other: &Credentials) -> bool {
        self.capable(cap::KILL)
            || [self.euid, self.uid]
                .iter()
                .any(|&id| id == other.uid || id == other.suid)
    }

    /// Capabilities after the user ids changed from `old`'s: "Effect of user ID
    /// changes on capabilities", capabilities(7).
    pub fn fix_capabilities(&mut self, old: &Credentials) {
        if self.securebits & NO_SETUID_FIXUP != 0 {
            return;
        }
        let had_root = [old.uid, old.euid, old.suid].contains(&0);
        let has_root = [self.uid, self.euid, self.suid].contains(&0);
        if had_root && !has_root {
            if self.securebits & KEEP_CAPS == 0 {
                self.cap_permitted = 0;
                self.cap_effective = 0;
            }
            self.cap_ambient = 0;
        }
        if old.euid == 0 && self.euid != 0 {
            self.cap_effective = 0;
        }
        if old.euid != 0 && self.euid == 0 {
            self.cap_effective = self.cap_permitted;
        }
        self.fix_fs_capabilities(old);
    }

    /// The part of it that setfsuid(2) has.
    pub fn fix_fs_capabilities(&mut self, old: &Credentials) {
        if self.securebits & NO_SETUID_FIXUP != 0 {
            return;
        }
        if old.fsuid == 0 && self.fsuid != 0 {
            self.cap_effective &= !cap::FS;
        }
        if old.fsuid != 0 && self.fsuid == 0 {
            self.cap_effective |= self.cap_permitted & cap::FS;
        }
    }

    /// What execve(2) of a program makes of them: `setuid` and `setgid` are the new
    /// effective ids, if the file has the bits. Says whether AT_SECURE is to be set.
    pub fn exec(&mut self, setuid: Option<u32>, setgid: Option<u32>) -> bool {
        if let Some(uid) = setuid {
            self.euid = uid;
        }
        if let Some(gid) = setgid {
            self.egid = gid;
        }
        (self.suid, self.fsuid) = (self.euid, self.euid);
        (self.sgid, self.fsgid) = (self.egid, self.egid);
        let root = self.securebits & NOROOT == 0 && (self.uid == 0 || self.euid == 0);
        if setuid.is_some() || setgid.is_some() {
            self.cap_ambient = 0;
        }
        // "Capabilities and execution of programs by root": file sets are full for
        // root; other files carry none here, so only the ambient set survives.
        if root {
            self.cap_permitted = self.cap_inheritable | self.cap_bounding;
            self.cap_effective = if self.euid == 0 {
                self.cap_permitted
            } else {
                0
            };
        } else {
            self.cap_permitted = self.cap_ambient;
            self.cap_effective = self.cap_ambient;
        }
        self.securebits &= !KEEP_CAPS;
        self.uid != self.euid || self.gid != self.egid
    }
}
