//! Out of memory: somebody has to go, and it is not the kernel.

use super::{Process, Task, tree};
use abi::general::SIGKILL;
use alloc::sync::Arc;
use core::sync::atomic::Ordering::Relaxed;

/// How many pages one shortage takes from the page cache.
const RECLAIM_PAGES: u64 = 1024;

/// No frame for a fault of `task`: kills the largest process by resident pages and
/// oom_score_adj (-1000: never), pid 1 last. The fault is repeated by the survivors.
pub fn kill(task: &Arc<Task>) {
    if task.thread.dying() {
        return;
    }
    // Pages of files that the disk still has go before any process.
    if crate::fs::tmpfs::reclaim(RECLAIM_PAGES) > 0 {
        return;
    }
    let victim = tree::processes()
        .into_iter()
        .filter(|process| process.pid != 1 && process.oom_score_adj.load(Relaxed) > -1000)
        .max_by_key(badness);
    let victim = victim.unwrap_or_else(|| task.process.clone());
    let name = victim.leader().map(|leader| *leader.name.lock());
    log::error!(
        "out of memory: killed process {} ({}), {} resident pages",
        victim.pid,
        name.as_ref()
            .and_then(|name| core::str::from_utf8(name.bytes()).ok())
            .unwrap_or("?"),
        resident(&victim)
    );
    victim.exit_group(SIGKILL as i32);
    if !Arc::ptr_eq(&victim, &task.process) {
        // It needs the CPU to let go of its memory.
        crate::sched::yield_now();
    }
}

/// No frame for a user copy of the current task: as [`kill`]. Says whether the copy
/// is worth another try, which it is not for a task that dies itself.
pub fn during_copy() -> bool {
    let task = super::current();
    kill(&task);
    !task.thread.dying()
}

fn resident(process: &Process) -> usize {
    let mm = process.leader().and_then(|leader| leader.try_mm());
    mm.map_or(0, |mm| mm.sizes().1)
}

fn badness(process: &Arc<Process>) -> i64 {
    // A process that is on its way out already frees its memory soon.
    let resident = resident(process) as i64;
    let total = crate::mm::frame::total() as i64;
    resident + i64::from(process.oom_score_adj.load(Relaxed)) * total / 1000
}
