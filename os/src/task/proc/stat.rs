//! /proc/<pid>/{stat,statm,schedstat}: numbers in a row. proc_pid_stat(5).

use super::{Subject, status};
use crate::{
    Result,
    file::tty::job,
    mm::PAGE_SIZE,
    sched::State,
    task::{Task, times::Times, tree},
};
use abi::general::*;
use alloc::{format, string::String};
use core::{fmt::Write, sync::atomic::Ordering::Relaxed};

/// Jiffies of 10 ms.
const TICK: u64 = 10_000_000;

/// The state letter.
pub(super) fn state(subject: &Subject) -> char {
    let Ok(task) = subject.task() else { return 'Z' };
    if subject.process.stopped.load(Relaxed) {
        return 'T';
    }
    letter(&task)
}

fn letter(task: &Task) -> char {
    match task.thread.state() {
        State::New | State::Runnable => 'R',
        State::Blocked if task.thread.sleeps_interruptibly() => 'S',
        State::Blocked => 'D',
        State::Dead => 'X',
    }
}

/// The 52 fields.
pub(super) fn stat(subject: &Subject) -> Result<String> {
    let process = &subject.process;
    let task = subject.task().ok();
    let (parent, group, session, exit_code, exit_signal) = tree::with(|tree| {
        tree.nodes
            .get(&process.pid)
            .map_or((0, 0, 0, 0, 0), |node| {
                (
                    node.parent,
                    node.group,
                    node.session,
                    node.zombie.unwrap_or(0),
                    node.exit_signal,
                )
            })
    });
    let sums = match &subject.thread {
        Some(task) => {
            let mut sums = Times::default();
            sums.add_thread(task);
            sums
        }
        None => process.times.lock().with_live(process),
    };
    let nice = task.as_ref().map_or(0, |task| task.thread.nice());
    let (size, resident) = task
        .as_ref()
        .and_then(|t| t.try_mm())
        .map_or((0, 0), |mm| mm.sizes());
    let strings = *process.strings.lock();
    let signals = status::signal_sets(subject);
    let (policy, priority) = task
        .as_ref()
        .map_or((0, 0), |task| task.thread.policy().numbers());
    let threads = process.threads.lock().len();
    let rss_limit = process.limits.lock().get(RLIMIT_RSS).0;
    let (terminal, foreground) = job::terminal_of(session);
    let started = process.started.0 / TICK;
    let children = &sums.children;
    let mut text = format!("{} (", subject.id());
    text.push_str(&String::from_utf8_lossy(&status::name(subject)));
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        ") {} {parent} {group} {session} {terminal} {foreground} 4194304 {} {} {} {} {} {} {} {} {} {nice} {threads} 0 {started} {} {resident} {rss_limit}",
        state(subject),
        sums.minor_faults,
        children.minor_faults,
        sums.major_faults,
        children.major_faults,
        sums.user / TICK,
        sums.system / TICK,
        children.user / TICK,
        children.system / TICK,
        // As top(1) shows it: below 0 for those with a priority.
        if priority > 0 {
            -1 - priority
        } else {
            20 + nice
        },
        size * PAGE_SIZE,
    );
    let (args, environment) = (strings.args, strings.environment);
    let _ = writeln!(
        text,
        " 1 1 {} 0 0 {} {} {} {} 0 0 0 {} 0 {priority} {policy} 0 0 0 0 0 0 {} {} {} {} {exit_code}",
        strings.stack,
        signals.pending,
        signals.blocked,
        signals.ignored,
        signals.caught,
        exit_signal,
        args.0,
        args.1,
        environment.0,
        environment.1,
    );
    Ok(text)
}

/// Sizes in pages.
pub(super) fn statm(subject: &Subject) -> Result<String> {
    let mm = subject.task().ok().and_then(|task| task.try_mm());
    let usage = mm.map(|mm| mm.usage()).unwrap_or_default();
    Ok(format!(
        "{} {} 0 {} 0 {} 0\n",
        usage.size,
        usage.resident,
        usage.text,
        usage.data + usage.stack
    ))
}

/// ns on the CPU, ns waiting for it (not measured), times it got it.
pub(super) fn schedstat(subject: &Subject) -> Result<String> {
    let task = subject.task()?;
    let (voluntary, involuntary) = task.thread.switches();
    Ok(format!(
        "{} 0 {}\n",
        task.thread.cpu_time(),
        voluntary + involuntary
    ))
}
