//! Who exists: ids, parents and children, groups and sessions, zombies. One lock.
//!
//! Relations are numbers, not pointers, so that nothing keeps a dead process alive.
//! Nothing sleeps, sends signals or drops a task with the tree locked: functions
//! collect what they found and return it.

use super::{Process, Task};
use crate::sync::SpinLock;
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

/// Ids are below this, as Linux's default pid_max on 64-bit machines.
pub const PID_MAX: i32 = 32768;

/// A process among others, from fork until its parent has waited for it.
pub struct Node {
    /// The process itself; kept for a zombie's times.
    pub process: Arc<Process>,
    /// 0: none (pid 1).
    pub parent: i32,
    /// Youngest last.
    pub children: Vec<i32>,
    /// Process group.
    pub group: i32,
    /// Session.
    pub session: i32,
    /// What the parent gets at the end: SIGCHLD, another signal, or 0. clone(2).
    pub exit_signal: i32,
    /// The wait(2) status of a process that has ended.
    pub zombie: Option<i32>,
    /// A stop by this signal that the parent has not waited for yet.
    pub stop_report: Option<i32>,
    /// SIGCONT came and the parent has not waited for it yet.
    pub continue_report: bool,
}

/// See the module doc.
pub struct Tree {
    /// Live threads by id.
    pub tasks: BTreeMap<i32, Arc<Task>>,
    /// Processes by id, with zombies.
    pub nodes: BTreeMap<i32, Node>,
    last: i32,
}

static TREE: SpinLock<Tree> = SpinLock::new(Tree {
    tasks: BTreeMap::new(),
    nodes: BTreeMap::new(),
    last: 0,
});

/// Runs `f` with the tree locked. `f` must not sleep or send signals.
pub fn with<R>(f: impl FnOnce(&mut Tree) -> R) -> R {
    f(&mut TREE.lock())
}

/// The live thread with this id.
pub fn task(tid: i32) -> Option<Arc<Task>> {
    TREE.lock().tasks.get(&tid).cloned()
}

/// The process with this id, also as a zombie.
pub fn process(pid: i32) -> Option<Arc<Process>> {
    TREE.lock().nodes.get(&pid).map(|node| node.process.clone())
}

/// Every process, by id.
pub fn processes() -> Vec<Arc<Process>> {
    TREE.lock()
        .nodes
        .values()
        .map(|node| node.process.clone())
        .collect()
}

/// The members of a group.
pub fn group(group: i32) -> Vec<Arc<Process>> {
    let tree = TREE.lock();
    let members = tree.nodes.values().filter(|node| node.group == group);
    members.map(|node| node.process.clone()).collect()
}

/// (group, session) of a process.
pub fn ids(pid: i32) -> Option<(i32, i32)> {
    TREE.lock()
        .nodes
        .get(&pid)
        .map(|node| (node.group, node.session))
}

/// The parent's process id; 0 when there is none.
pub fn parent(pid: i32) -> i32 {
    TREE.lock().nodes.get(&pid).map_or(0, |node| node.parent)
}

impl Tree {
    /// A free id; `None` when all are taken.
    pub fn allocate(&mut self) -> Option<i32> {
        for _ in 0..PID_MAX {
            // Low numbers are left alone after the first round, as on Linux.
            self.last = if self.last + 1 < PID_MAX {
                self.last + 1
            } else {
                300
            };
            if !self.taken(self.last) {
                return Some(self.last);
            }
        }
        None
    }

    fn taken(&self, id: i32) -> bool {
        self.tasks.contains_key(&id)
            || self.nodes.contains_key(&id)
            || self
                .nodes
                .values()
                .any(|node| node.group == id || node.session == id)
    }

    /// The session that has this group; `None` when the group is empty.
    pub fn session_of(&self, group: i32) -> Option<i32> {
        let mut members = self.nodes.values().filter(|node| node.group == group);
        members.next().map(|node| node.session)
    }

    /// Whether no member of the group, except `without`, has a live parent in
    /// another group of the same session: nobody there could continue it. setpgid(2).
    pub fn orphaned(&self, group: i32, without: Option<i32>) -> bool {
        !self.nodes.iter().any(|(&pid, node)| {
            node.group == group
                && Some(pid) != without
                && node.zombie.is_none()
                && self.nodes.get(&node.parent).is_some_and(|parent| {
                    node.parent != 1 && parent.group != group && parent.session == node.session
                })
        })
    }

    /// Takes a zombie out for good. Returns the node, to be dropped unlocked.
    pub fn reap(&mut self, pid: i32) -> Option<Node> {
        let node = self.nodes.remove(&pid)?;
        if let Some(parent) = self.nodes.get_mut(&node.parent) {
            parent.children.retain(|&child| child != pid);
        }
        Some(node)
    }
}
