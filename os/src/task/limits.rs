//! Resource limits. getrlimit(2).

use crate::Result;
use abi::{Errno, general::*};

/// RLIM_INFINITY.
pub const INFINITY: u64 = u64::MAX;
/// How many there are.
pub const COUNT: usize = 16;
/// The largest RLIMIT_NOFILE, as Linux's fs.nr_open.
pub const NR_OPEN: u64 = 1 << 20;

/// (soft, hard) per RLIMIT_*.
#[derive(Clone, Copy)]
pub struct Limits([(u64, u64); COUNT]);

impl Limits {
    /// What Linux gives pid 1.
    pub fn initial() -> Limits {
        let mut limits = [(INFINITY, INFINITY); COUNT];
        limits[RLIMIT_STACK as usize] = (8 << 20, INFINITY);
        limits[RLIMIT_CORE as usize] = (0, INFINITY);
        limits[RLIMIT_NPROC as usize] = (4096, 4096);
        limits[RLIMIT_NOFILE as usize] = (1024, 4096 * 256);
        limits[RLIMIT_MEMLOCK as usize] = (8 << 20, 8 << 20);
        limits[RLIMIT_SIGPENDING as usize] = (4096, 4096);
        limits[RLIMIT_MSGQUEUE as usize] = (819_200, 819_200);
        limits[RLIMIT_NICE as usize] = (0, 0);
        limits[RLIMIT_RTPRIO as usize] = (0, 0);
        Limits(limits)
    }

    /// Soft and hard; unlimited for a number that does not exist.
    pub fn get(&self, resource: u32) -> (u64, u64) {
        let limit = self.0.get(resource as usize);
        limit.copied().unwrap_or((INFINITY, INFINITY))
    }

    /// Sets a limit. `EINVAL`: soft above hard, or no such resource; `EPERM`: raising
    /// the hard limit without `privileged` (CAP_SYS_RESOURCE), or NOFILE above [`NR_OPEN`].
    pub fn set(&mut self, resource: u32, soft: u64, hard: u64, privileged: bool) -> Result<()> {
        let limit = self.0.get_mut(resource as usize).ok_or(Errno::EINVAL)?;
        if soft > hard {
            return Err(Errno::EINVAL);
        }
        if resource == RLIMIT_NOFILE && hard > NR_OPEN {
            return Err(Errno::EPERM);
        }
        if hard > limit.1 && !privileged {
            return Err(Errno::EPERM);
        }
        *limit = (soft, hard);
        Ok(())
    }

    /// The next SIGXCPU comes when `seconds` are used.
    pub fn raise_cpu(&mut self, seconds: u64) {
        let limit = &mut self.0[RLIMIT_CPU as usize];
        limit.0 = seconds.min(limit.1);
    }
}
