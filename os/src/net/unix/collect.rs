//! Sockets in flight that nobody can reach: a socket sent through itself, or two
//! through each other, would keep each other open for ever. unix(7) leaves no trace of it.
//!
//! Who calls: a closing socket, while sockets are in flight. Typical sequence:
//!
//! ```text
//! count   how often each socket's description waits in an inbox
//! roots   sockets that are not in flight, and those with more references than that
//! reach   from the roots through inboxes and backlogs
//! discard what waits in the inboxes of the rest
//! ```
//!
//! Nothing here sleeps, so no descriptor moves meanwhile; if an inbox is in use by
//! somebody who sleeps, the collection is left to the next close.

use super::{Unix, end::End, proc, rights};
use crate::{file::OpenFile, net::Socket, sync::SpinLock};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// AF_UNIX sockets that wait in inboxes.
static IN_FLIGHT: AtomicUsize = AtomicUsize::new(0);

/// Descriptions on their way, by the real user who sent them.
static BY_USER: SpinLock<BTreeMap<u32, usize>> = SpinLock::new(BTreeMap::new());

/// Descriptions of `uid` are put into an inbox.
pub fn departed(uid: u32, files: &[Arc<OpenFile>]) {
    IN_FLIGHT.fetch_add(sockets(files), Relaxed);
    *BY_USER.lock().entry(uid).or_default() += files.len();
}

/// Descriptions left an inbox: received, or dropped with it.
pub fn arrived(uid: u32, files: &[Arc<OpenFile>]) {
    IN_FLIGHT.fetch_sub(sockets(files), Relaxed);
    let mut users = BY_USER.lock();
    if let Some(count) = users.get_mut(&uid) {
        *count -= files.len();
        if *count == 0 {
            users.remove(&uid);
        }
    }
}

/// How many descriptions of `uid` are on their way.
pub fn in_flight(uid: u32) -> usize {
    BY_USER.lock().get(&uid).copied().unwrap_or(0)
}

fn sockets(files: &[Arc<OpenFile>]) -> usize {
    files.iter().filter(|file| end_of(file).is_some()).count()
}

fn end_of(file: &OpenFile) -> Option<&Arc<End>> {
    let socket = Socket::of(&*file.file).ok()?;
    let unix: &Unix = socket.protocol().as_any().downcast_ref()?;
    Some(&unix.end)
}

type Id = *const End;

/// What was found about one end.
#[derive(Default)]
struct Seen {
    /// Ends that wait in its inbox or backlog.
    leads_to: Vec<Id>,
    /// How often its description waits somewhere, and its references in all.
    description: Option<(usize, usize)>,
    /// It waits in a backlog: only its listener leads to it.
    pending: bool,
}

/// Frees what nobody can reach.
pub fn collect() {
    if IN_FLIGHT.load(Relaxed) == 0 {
        return;
    }
    let ends = proc::ends();
    let Some(seen) = look(&ends) else { return };
    let reached = reach(&seen);
    let mut garbage = Vec::new();
    for end in &ends {
        let id = Arc::as_ptr(end);
        let waits = |seen: &Seen| seen.description.is_some() || seen.pending;
        if reached.contains(&id) || !seen.get(&id).is_some_and(waits) {
            continue;
        }
        if let Some(mut inbox) = end.inbox.try_lock() {
            for chunk in &mut inbox.chunks {
                garbage.append(&mut chunk.rights.take());
            }
        }
    }
    rights::discard(garbage);
}

/// Counts; `None` when an inbox is in use.
fn look(ends: &[Arc<End>]) -> Option<BTreeMap<Id, Seen>> {
    let mut seen: BTreeMap<Id, Seen> = BTreeMap::new();
    for end in ends {
        let mut leads_to = Vec::new();
        let inbox = end.inbox.try_lock()?;
        for file in inbox.chunks.iter().flat_map(|chunk| &chunk.rights.files) {
            let Some(other) = end_of(file) else { continue };
            let id = Arc::as_ptr(other);
            leads_to.push(id);
            let entry = seen.entry(id).or_default();
            let references = Arc::strong_count(file);
            entry.description.get_or_insert((0, references)).0 += 1;
        }
        drop(inbox);
        let listener = end.state.lock().listener.clone();
        for socket in listener.iter().flat_map(|listener| listener.waiting()) {
            if let Some(unix) = socket.protocol().as_any().downcast_ref::<Unix>() {
                let id = Arc::as_ptr(&unix.end);
                leads_to.push(id);
                seen.entry(id).or_default().pending = true;
            }
        }
        seen.entry(Arc::as_ptr(end))
            .or_default()
            .leads_to
            .append(&mut leads_to);
    }
    Some(seen)
}

/// Every end that a program can still get at.
fn reach(seen: &BTreeMap<Id, Seen>) -> BTreeSet<Id> {
    let root = |seen: &Seen| match seen.description {
        // Somebody holds a descriptor, or is in a call with it.
        Some((waiting, references)) => references > waiting,
        None => !seen.pending,
    };
    let roots = seen.iter().filter(|(_, seen)| root(seen));
    let mut todo: Vec<Id> = roots.map(|(&id, _)| id).collect();
    let mut reached: BTreeSet<Id> = todo.iter().copied().collect();
    while let Some(id) = todo.pop() {
        for &next in seen.get(&id).map_or(&[][..], |seen| &seen.leads_to) {
            if reached.insert(next) {
                todo.push(next);
            }
        }
    }
    reached
}
