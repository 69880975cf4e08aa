//! The guest's first process: reads the job disk, runs its cases, reports, powers
//! off.
//!
//! It is started by the kernel as pid 1 and owns the console's records; one thread,
//! no allocator, bare system calls, nothing that only one kernel has. A typical
//! life: root and mounts -> job -> interfaces -> `hello` -> per case `begin`, `out`..., `end`
//! -> `bye` -> power-off.
//!
//! Without a job disk the machine is a contest's: see [`contest`].
#![no_std]
#![no_main]

mod arch;
mod case;
mod console;
mod contest;
mod disk;
mod initramfs;
mod network;
mod process;
mod ready;
mod setup;
mod sys;

use core::ffi::CStr;
use core::fmt::Write;

use protocol::job::{Damage, Reader, Tag, VERSION, mode};

use case::{Case, Common};
use console::{Console, Plain};
use disk::NoJob;
use network::Address;
use sys::Errno;

/// Where `_start` arrives, on the stack that the kernel made.
extern "C" fn main() -> ! {
    setup::console();
    let late = initramfs::enter_root(|what, errno| complain("initial file system", what, errno));
    setup::mounts(|place, errno| complain("cannot mount", place, errno));
    // Not pid 1 where a kernel has an init of its own; then orphans come here all the same.
    let _ = sys::become_subreaper();
    match find_job(late) {
        Ok(job) => run(&job),
        Err(NoJob::None) => contest::run(),
        Err(NoJob::Damaged(Damage::Version { nonce })) => {
            // The runner then knows why nothing follows.
            Console::new(nonce).report(format_args!("hello 0 {VERSION}"));
        }
        Err(NoJob::Damaged(damage)) => {
            let _ = writeln!(Plain, "agent: the job disk is damaged: {damage:?}");
        }
        Err(NoJob::Unreadable) => {
            let _ = writeln!(Plain, "agent: the job disk cannot be read");
        }
    }
    leave()
}

/// The job disk; where disks appear `late`, it may be the last to do so.
fn find_job(late: bool) -> Result<disk::Job, NoJob> {
    let deadline = sys::now() + initramfs::DISKS;
    loop {
        match disk::find() {
            Err(NoJob::None) if late && sys::now() < deadline => {
                sys::sleep(initramfs::LOOK_AGAIN);
            }
            found => return found,
        }
    }
}

fn complain(trouble: &str, what: &CStr, errno: Errno) {
    let what = what.to_str().unwrap_or("?");
    let _ = writeln!(Plain, "agent: {trouble}: {what}: errno {}", errno.0);
}

/// Carries out a job.
fn run(job: &disk::Job) {
    let mut console = Console::new(job.nonce);
    sys::quiet_kernel();
    let common = common(job, &mut console);
    let shell =
        Reader::new(job.body).any(|entry| entry.tag == Tag::Mode && entry.value() == mode::SHELL);
    if !shell {
        let cases = Reader::new(job.body)
            .filter(|entry| entry.tag == Tag::Case)
            .count();
        console.report(format_args!("hello {cases} {VERSION}"));
    }
    let mut count = 0;
    let mut case = Case::default();
    for entry in Reader::new(job.body) {
        match entry.tag {
            Tag::Case => {
                case = Case::new(count, entry.value(), &common);
                count += 1;
            }
            Tag::Run if shell => case.hand_over(&common),
            Tag::Run => case.run(&common, &mut console),
            _ => case.set(&entry, &common),
        }
    }
    if !shell {
        console.report(format_args!("bye"));
    }
}

/// Reads what holds for every case, and brings the interfaces up.
fn common(job: &disk::Job, console: &mut Console) -> Common<'static> {
    let mut common = Common::default();
    if let Err(errno) = network::loopback() {
        console.note(format_args!("lo does not come up: errno {}", errno.0));
    }
    for entry in Reader::new(job.body) {
        match entry.tag {
            Tag::Env => {
                let Ok(text) = CStr::from_bytes_with_nul(entry.with_nul) else {
                    continue;
                };
                if !common.env.push(text) {
                    console.note(format_args!("too many environment entries"));
                }
                if let Some(search) = entry.value().strip_prefix(b"PATH=") {
                    common.search = search;
                }
            }
            Tag::DonePort => {
                common.done_port = entry.number().and_then(|port| port.try_into().ok())
            }
            Tag::Address => {
                let Some(address) = Address::parse(entry.value()) else {
                    console.note(format_args!("the job's address makes no sense"));
                    continue;
                };
                if let Err(errno) = network::ethernet(&address) {
                    console.note(format_args!("eth0 does not come up: errno {}", errno.0));
                }
            }
            _ => {}
        }
    }
    common
}

/// Powers off; waits for the end where the kernel cannot.
fn leave() -> ! {
    const TCSBRK: usize = 0x5409;
    // tcdrain(3): the last record has to be out before the power goes.
    let _ = sys::ioctl_number(console::FD, TCSBRK, 1);
    let errno = sys::power_off();
    let _ = writeln!(Plain, "agent: cannot power off: errno {}", errno.0);
    loop {
        sys::sleep(60_000);
    }
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    let _ = writeln!(Plain, "\nagent {info}");
    sys::exit(101)
}
