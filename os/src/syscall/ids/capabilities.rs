//! Capabilities and securebits: capget, capset, and their part of prctl. capabilities(7).
//!
//! Who calls: the rows of `ids`, and `misc` for [`prctl`]. Who owns and locks: the credentials, replaced whole by [`change`].
//! Typical sequence: the sets of a thread out, or new sets within the old ones in.

use super::change;
use crate::{
    Result,
    mm::UserPtr,
    syscall::{Args, Caller},
    task::{
        creds::{KEEP_CAPS, NO_SETUID_FIXUP, NOROOT, cap},
        tree,
    },
};
use abi::Errno;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// The header of capget(2): version and thread id.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct CapHeader {
    version: u32,
    tid: i32,
}

const CAP_VERSION_1: u32 = 0x1998_0330;
const CAP_VERSION_2: u32 = 0x2007_1026;
const CAP_VERSION_3: u32 = 0x2008_0522;

/// How many 32-bit halves the version has; an unknown one is answered with ours.
fn cap_words(header: &UserPtr<CapHeader>) -> Result<(CapHeader, usize)> {
    let mut given = header.read()?;
    match given.version {
        CAP_VERSION_1 => Ok((given, 1)),
        CAP_VERSION_2 | CAP_VERSION_3 => Ok((given, 2)),
        _ => {
            given.version = CAP_VERSION_3;
            header.write(&given)?;
            Err(Errno::EINVAL)
        }
    }
}

/// capget(2).
pub(super) fn capget(cx: &Caller, a: Args) -> Result<usize> {
    let header = a.ptr::<CapHeader>(0);
    let data = a.ptr::<[u32; 3]>(1);
    let (given, words) = match cap_words(&header) {
        // A probe for the version.
        Err(Errno::EINVAL) if data.is_null() => return Ok(0),
        other => other?,
    };
    let creds = match given.tid {
        ..0 => return Err(Errno::EINVAL),
        0 => cx.task.creds(),
        tid => tree::task(tid).ok_or(Errno::ESRCH)?.creds(),
    };
    if data.is_null() {
        return Ok(0);
    }
    for word in 0..words {
        let half = |set: u64| (set >> (32 * word)) as u32;
        let sets = [
            creds.cap_effective,
            creds.cap_permitted,
            creds.cap_inheritable,
        ];
        data.add(word).write(&sets.map(half))?;
    }
    Ok(0)
}

/// capset(2).
pub(super) fn capset(cx: &Caller, a: Args) -> Result<usize> {
    let (given, words) = cap_words(&a.ptr(0))?;
    if given.tid != 0 && given.tid != cx.task.tid() {
        return Err(Errno::EPERM);
    }
    let data = a.ptr::<[u32; 3]>(1);
    let mut sets = [0u64; 3];
    for word in 0..words {
        let halves = data.add(word).read()?;
        for (set, half) in sets.iter_mut().zip(halves) {
            *set |= u64::from(half) << (32 * word);
        }
    }
    let [effective, permitted, inheritable] = sets.map(|set| set & cap::ALL);
    change(cx, |old, new| {
        let within = |set: u64, bounds: u64| set & !bounds == 0;
        let any_inheritable = old.capable(cap::SETPCAP);
        let allowed = within(permitted, old.cap_permitted)
            && within(effective, permitted)
            && (any_inheritable || within(inheritable, old.cap_inheritable | old.cap_permitted))
            && within(inheritable, old.cap_inheritable | old.cap_bounding);
        if !allowed {
            return Err(Errno::EPERM);
        }
        (new.cap_effective, new.cap_permitted, new.cap_inheritable) =
            (effective, permitted, inheritable);
        new.cap_ambient &= permitted & inheritable;
        Ok(())
    })
}

/// prctl(2) on capabilities and securebits.
pub fn prctl(cx: &Caller, option: u32, a: &Args) -> Result<usize> {
    use abi::prctl::*;
    let argument = a.get(1);
    match option {
        PR_GET_KEEPCAPS => Ok((cx.task.creds().securebits & KEEP_CAPS != 0) as usize),
        PR_SET_KEEPCAPS if argument > 1 => Err(Errno::EINVAL),
        PR_SET_KEEPCAPS => change(cx, |old, new| {
            // SECBIT_KEEP_CAPS_LOCKED is one bit above.
            if old.securebits & KEEP_CAPS << 1 != 0 {
                return Err(Errno::EPERM);
            }
            new.securebits =
                old.securebits & !KEEP_CAPS | if argument == 1 { KEEP_CAPS } else { 0 };
            Ok(())
        }),
        PR_GET_SECUREBITS => Ok(cx.task.creds().securebits as usize),
        PR_SET_SECUREBITS => change(cx, |old, new| {
            let known = 0xff | (NOROOT | NO_SETUID_FIXUP | KEEP_CAPS);
            let bits = argument as u32;
            let locked = old.securebits >> 1 & 0x55;
            let changed = (old.securebits ^ bits) & 0x55;
            let unlocks = old.securebits & !bits & 0xaa;
            if bits & !known != 0
                || changed & locked != 0
                || unlocks != 0
                || !old.capable(cap::SETPCAP)
            {
                return Err(Errno::EPERM);
            }
            new.securebits = bits;
            Ok(())
        }),
        PR_CAPBSET_READ | PR_CAPBSET_DROP if argument > cap::LAST as usize => Err(Errno::EINVAL),
        PR_CAPBSET_READ => Ok((cx.task.creds().cap_bounding >> argument & 1) as usize),
        PR_CAPBSET_DROP => change(cx, |old, new| {
            if !old.capable(cap::SETPCAP) {
                return Err(Errno::EPERM);
            }
            new.cap_bounding &= !(1 << argument);
            Ok(())
        }),
        PR_CAP_AMBIENT => ambient(cx, a),
        _ => Err(Errno::EINVAL),
    }
}

fn ambient(cx: &Caller, a: &Args) -> Result<usize> {
    use abi::prctl::*;
    let (command, bit) = (a.uint(1), a.get(2));
    if a.get(3) != 0 || a.get(4) != 0 {
        return Err(Errno::EINVAL);
    }
    if command == PR_CAP_AMBIENT_CLEAR_ALL {
        return match bit {
            0 => change(cx, |_, new| {
                new.cap_ambient = 0;
                Ok(())
            }),
            _ => Err(Errno::EINVAL),
        };
    }
    if bit > cap::LAST as usize {
        return Err(Errno::EINVAL);
    }
    let mask = 1u64 << bit;
    match command {
        PR_CAP_AMBIENT_IS_SET => Ok((cx.task.creds().cap_ambient & mask != 0) as usize),
        PR_CAP_AMBIENT_LOWER => change(cx, |_, new| {
            new.cap_ambient &= !mask;
            Ok(())
        }),
        PR_CAP_AMBIENT_RAISE => change(cx, |old, new| {
            if old.cap_permitted & old.cap_inheritable & mask == 0 {
                return Err(Errno::EPERM);
            }
            new.cap_ambient |= mask;
            Ok(())
        }),
        _ => Err(Errno::EINVAL),
    }
}
