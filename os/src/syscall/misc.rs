//! System calls of the family `misc`: names, sizes, switches and random numbers.

use super::{
    Args, Caller,
    names::{self, FIELD, RELEASE, VERSION, Which, field},
    table::{
        Row,
        Support::{Full, Partial},
        row,
    },
};
use crate::{
    Result, arch,
    fs::random,
    mm::{self, UserOut, UserPtr},
    sched,
    task::{creds::cap, memory, name::Name, signal},
    time,
};
use abi::{Errno, general::*};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The rows of this family.
pub const ROWS: &[Row] = &[
    row(__NR_uname, "uname", uname, Full, ""),
    row(
        __NR_sethostname,
        "sethostname",
        |cx, a| set_name(cx, &a, Which::Host),
        Full,
        "",
    ),
    row(
        __NR_setdomainname,
        "setdomainname",
        |cx, a| set_name(cx, &a, Which::Domain),
        Full,
        "",
    ),
    row(__NR_sysinfo, "sysinfo", sysinfo, Full, ""),
    row(__NR_getrandom, "getrandom", getrandom, Full, ""),
    row(
        __NR_prctl,
        "prctl",
        prctl,
        Partial,
        "names, signals, dumpable, capabilities, subreaper, timer slack",
    ),
    row(
        __NR_personality,
        "personality",
        personality,
        Partial,
        "kept; only PER_LINUX behaves",
    ),
    row(
        __NR_reboot,
        "reboot",
        reboot,
        Partial,
        "no kexec, no suspend",
    ),
];

fn uname(cx: &Caller, a: Args) -> Result<usize> {
    // personality(2) UNAME26 shows 2.6.60 plus the minor version.
    let old = cx.task.process.personality.load(Relaxed) & 0x002_0000 != 0;
    let release: &[u8] = if old {
        b"2.6.72-sockeye"
    } else {
        RELEASE.as_bytes()
    };
    let fields = [
        field(b"Linux"),
        names::padded(Which::Host),
        field(release),
        field(VERSION.as_bytes()),
        field(arch::UNAME_MACHINE.as_bytes()),
        names::padded(Which::Domain),
    ];
    memory::write(a.get(0), fields.as_flattened())?;
    Ok(0)
}

fn set_name(cx: &Caller, a: &Args, which: Which) -> Result<usize> {
    if !cx.task.capable(cap::SYS_ADMIN) {
        return Err(Errno::EPERM);
    }
    let len = a.int(1);
    if !(0..FIELD as i32).contains(&len) {
        return Err(Errno::EINVAL);
    }
    let mut text = [0; FIELD];
    let text = &mut text[..len as usize];
    memory::read(a.get(0), text)?;
    names::set(which, text).map(|()| 0)
}

fn sysinfo(_: &Caller, a: Args) -> Result<usize> {
    let memory = mm::statistics();
    let tasks = crate::task::tree::with(|tree| tree.tasks.len());
    let page = mm::PAGE_SIZE as u64;
    // struct sysinfo: uptime, loads[3], ten sizes and counts.
    let mut bytes = [0; 112];
    let mut put = |at: usize, value: u64| bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    put(0, time::now().0.div_ceil(time::NSEC_PER_SEC));
    put(32, memory.total as u64 * page);
    put(40, memory.free as u64 * page);
    put(80, u64::from(tasks.min(u16::MAX.into()) as u16));
    bytes[104..108].copy_from_slice(&1u32.to_le_bytes()); // mem_unit
    memory::write(a.get(0), &bytes)?;
    Ok(0)
}

/// GRND_*.
const GRND_NONBLOCK: u32 = 1;
const GRND_RANDOM: u32 = 2;
const GRND_INSECURE: u32 = 4;

fn getrandom(_: &Caller, a: Args) -> Result<usize> {
    let flags = a.uint(2);
    let both = GRND_RANDOM | GRND_INSECURE;
    if flags & !(GRND_NONBLOCK | both) != 0 || flags & both == both {
        return Err(Errno::EINVAL);
    }
    let mut out = UserOut::new(a.get(0), a.get(1).min(i32::MAX as usize))?;
    let mut done = 0;
    let mut block = [0; 256];
    while out.remaining() > 0 {
        let len = block.len().min(out.remaining());
        random::fill(&mut block[..len]);
        match out.write(&block[..len]) {
            Ok(n) => done += n,
            Err(errno) if done == 0 => return Err(errno),
            Err(_) => break,
        }
        sched::yield_if_needed();
    }
    Ok(done)
}

fn prctl(cx: &Caller, a: Args) -> Result<usize> {
    use abi::prctl::*;
    let task = &cx.task;
    let process = &task.process;
    let argument = a.get(1);
    let rest_is_zero = a.0[2..5].iter().all(|&arg| arg == 0);
    match a.uint(0) {
        PR_SET_NAME => {
            let mut text = [0; 16];
            // A short string may end before unreadable memory.
            let given = mm::user::read_cstr(argument, 16);
            match given {
                Ok(given) => text[..given.len()].copy_from_slice(&given),
                Err(Errno::ENAMETOOLONG) => memory::read(argument, &mut text)?,
                Err(errno) => return Err(errno),
            }
            *task.name.lock() = Name::new(&text);
            Ok(0)
        }
        PR_GET_NAME => {
            let name = *task.name.lock();
            memory::write(argument, name.padded())?;
            Ok(0)
        }
        PR_SET_PDEATHSIG => {
            if argument > signal::COUNT as usize {
                return Err(Errno::EINVAL);
            }
            task.death_signal.store(argument as i32, Relaxed);
            Ok(0)
        }
        PR_GET_PDEATHSIG => {
            UserPtr::new(argument).write(&task.death_signal.load(Relaxed))?;
            Ok(0)
        }
        PR_SET_DUMPABLE if argument > 1 => Err(Errno::EINVAL),
        PR_SET_DUMPABLE => {
            process.dumpable.store(argument as i32, Relaxed);
            Ok(0)
        }
        PR_GET_DUMPABLE => Ok(process.dumpable.load(Relaxed) as usize),
        PR_SET_NO_NEW_PRIVS if argument != 1 || !rest_is_zero => Err(Errno::EINVAL),
        PR_SET_NO_NEW_PRIVS => {
            task.no_new_privs.store(true, Relaxed);
            Ok(0)
        }
        PR_GET_NO_NEW_PRIVS if argument != 0 || !rest_is_zero => Err(Errno::EINVAL),
        PR_GET_NO_NEW_PRIVS => Ok(usize::from(task.no_new_privs.load(Relaxed))),
        PR_SET_CHILD_SUBREAPER => {
            process.subreaper.store(argument != 0, Relaxed);
            Ok(0)
        }
        PR_GET_CHILD_SUBREAPER => {
            let value = i32::from(process.subreaper.load(Relaxed));
            UserPtr::new(argument).write(&value)?;
            Ok(0)
        }
        PR_SET_TIMERSLACK => {
            // 0 is the default that the thread was born with.
            let slack = if argument == 0 { 50_000 } else { argument };
            task.timer_slack.store(slack, Relaxed);
            Ok(0)
        }
        PR_GET_TIMERSLACK => Ok(task.timer_slack.load(Relaxed)),
        PR_GET_TIMING => Ok(0),
        PR_SET_TIMING if argument != 0 => Err(Errno::EINVAL),
        PR_SET_TIMING => Ok(0),
        PR_GET_TID_ADDRESS => {
            UserPtr::new(argument).write(&task.clear_tid.load(Relaxed))?;
            Ok(0)
        }
        // Not compiled in: seccomp(2) is not there.
        PR_GET_SECCOMP | PR_SET_SECCOMP => Err(Errno::EINVAL),
        option => super::ids::prctl(cx, option, &a),
    }
}

fn personality(cx: &Caller, a: Args) -> Result<usize> {
    let personality = &cx.task.process.personality;
    let old = personality.load(Relaxed);
    if a.uint(0) != u32::MAX {
        personality.store(a.int(0), Relaxed);
    }
    Ok(old as u32 as usize)
}

/// Whether Ctrl-Alt-Del would restart at once: /proc/sys/kernel/ctrl-alt-del.
pub static CTRL_ALT_DEL: AtomicBool = AtomicBool::new(false);

const MAGIC1: u32 = 0xfee1_dead;
const MAGIC2: [u32; 4] = [672_274_793, 85_072_278, 369_367_448, 537_993_216];

fn reboot(cx: &Caller, a: Args) -> Result<usize> {
    if !cx.task.capable(cap::SYS_BOOT) {
        return Err(Errno::EPERM);
    }
    if a.uint(0) != MAGIC1 || !MAGIC2.contains(&a.uint(1)) {
        return Err(Errno::EINVAL);
    }
    match a.uint(2) {
        // RESTART, RESTART2 (with a text that nobody needs).
        0x0123_4567 | 0xa1b2_c3d4 => {
            log::info!("reboot: restarting");
            arch::reboot()
        }
        // HALT, POWER_OFF.
        0xcdef_0123 | 0x4321_fedc => {
            log::info!("reboot: power off");
            arch::power_off()
        }
        // CAD_ON, CAD_OFF: kept for /proc, as on any machine without such keys.
        command @ (0x89ab_cdef | 0) => {
            CTRL_ALT_DEL.store(command != 0, Relaxed);
            Ok(0)
        }
        _ => Err(Errno::EINVAL),
    }
}
