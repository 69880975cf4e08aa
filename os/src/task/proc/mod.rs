//! What /proc says about tasks. proc(5).
//!
//! [`publish`] registers a directory whose entries are the processes that there are
//! when somebody looks. An entry holds its process alive as an object, not as a
//! process: files of one that has ended answer `ESRCH`.

mod descriptors;
mod memory;
mod stat;
mod status;
mod system;

use super::{
    Process, Task, namespace, tree,
    users::{self, Ids},
};
use crate::{
    Result,
    fs::{
        Kind, Place,
        inode::Target,
        mount, nsfs,
        pseudo::{self, Directory, Node},
    },
};
use abi::Errno;
use alloc::{
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::sync::atomic::Ordering::Relaxed;

/// Publishes the files; once, at start.
pub fn publish() {
    let proc = pseudo::proc();
    proc.dynamic("", Arc::new(Processes));
    proc.node(
        "thread-self",
        Node::link(|| {
            let task = super::try_current().ok_or(Errno::ENOENT)?;
            let path = format!("{}/task/{}", task.pid(), task.tid());
            Ok(Target::Path(path.into_bytes()))
        }),
    );
    system::publish();
}

/// /proc itself.
struct Processes;

impl Directory for Processes {
    fn get(&self, name: &str) -> Option<Node> {
        let id = number(name)?;
        let subject = match tree::process(id) {
            Some(process) => Subject::process(process),
            // A thread's id works, too, though it is not listed.
            None => Subject::thread(tree::task(id)?),
        };
        Some(subject.directory(true))
    }

    fn names(&self) -> Vec<(String, Kind)> {
        let list = tree::processes();
        list.iter()
            .map(|process| (process.pid.to_string(), Kind::Directory))
            .collect()
    }
}

/// A name that is a number without a leading zero or sign.
fn number(name: &str) -> Option<i32> {
    let plain = name.bytes().all(|b| b.is_ascii_digit()) && !name.starts_with('0');
    if plain { name.parse().ok() } else { None }
}

/// A process, or one thread of it: what the files of a directory tell about.
#[derive(Clone)]
struct Subject {
    process: Arc<Process>,
    /// `None`: the process as a whole.
    thread: Option<Arc<Task>>,
}

impl Subject {
    fn process(process: Arc<Process>) -> Subject {
        Subject {
            process,
            thread: None,
        }
    }

    fn thread(task: Arc<Task>) -> Subject {
        Subject {
            process: task.process.clone(),
            thread: Some(task),
        }
    }

    /// A live thread to ask; `ESRCH` for a zombie.
    fn task(&self) -> Result<Arc<Task>> {
        match &self.thread {
            Some(task) if task.try_mm().is_some() => Ok(task.clone()),
            Some(_) => Err(Errno::ESRCH),
            None => self.process.leader().ok_or(Errno::ESRCH),
        }
    }

    fn id(&self) -> i32 {
        self.thread
            .as_ref()
            .map_or(self.process.pid, |task| task.tid())
    }

    /// Whether the caller may look into the process: same user or CAP_SYS_PTRACE,
    /// and the process has not hidden itself (PR_SET_DUMPABLE). ptrace(2).
    fn check_access(&self) -> Result<()> {
        let Some(caller) = super::try_current() else {
            return Ok(());
        };
        if Arc::ptr_eq(&caller.process, &self.process) {
            return Ok(());
        }
        let (mine, theirs) = (caller.creds(), self.task()?.creds());
        let same = [theirs.uid, theirs.euid, theirs.suid]
            .iter()
            .all(|&id| id == mine.fsuid);
        let dumpable = self.process.dumpable.load(Relaxed) == 1;
        if (same && dumpable) || mine.capable(CAP_SYS_PTRACE) {
            return Ok(());
        }
        Err(Errno::EACCES)
    }

    fn directory(self, whole: bool) -> Node {
        let (uid, gid) = self.owner();
        Node::directory(Arc::new(Entries {
            subject: self,
            whole,
        }))
        .owner(uid, gid)
    }

    fn owner(&self) -> (u32, u32) {
        match self.task() {
            Ok(task) if self.process.dumpable.load(Relaxed) == 1 => {
                let creds = task.creds();
                (creds.euid, creds.egid)
            }
            _ => (0, 0),
        }
    }
}

const CAP_SYS_PTRACE: u32 = 19;

/// /proc/<pid> and /proc/<pid>/task/<tid>.
struct Entries {
    subject: Subject,
    /// With `task`, for a process.
    whole: bool,
}

/// Name and type; `get` knows what is behind.
const ENTRIES: [(&str, Kind); 28] = [
    ("auxv", Kind::Regular),
    ("cmdline", Kind::Regular),
    ("comm", Kind::Regular),
    ("cwd", Kind::Symlink),
    ("environ", Kind::Regular),
    ("exe", Kind::Symlink),
    ("fd", Kind::Directory),
    ("fdinfo", Kind::Directory),
    ("gid_map", Kind::Regular),
    ("limits", Kind::Regular),
    ("maps", Kind::Regular),
    ("mem", Kind::Regular),
    ("mountinfo", Kind::Regular),
    ("mounts", Kind::Regular),
    ("net", Kind::Directory),
    ("ns", Kind::Directory),
    ("oom_score", Kind::Regular),
    ("oom_score_adj", Kind::Regular),
    ("personality", Kind::Regular),
    ("root", Kind::Symlink),
    ("schedstat", Kind::Regular),
    ("setgroups", Kind::Regular),
    ("smaps", Kind::Regular),
    ("stat", Kind::Regular),
    ("statm", Kind::Regular),
    ("status", Kind::Regular),
    ("task", Kind::Directory),
    ("uid_map", Kind::Regular),
];

impl Directory for Entries {
    fn get(&self, name: &str) -> Option<Node> {
        let subject = self.subject.clone();
        let (uid, gid) = subject.owner();
        let text = |make: fn(&Subject) -> Result<String>| {
            let subject = subject.clone();
            Node::text(move || make(&subject).map(String::into_bytes))
        };
        let bytes = |make: fn(&Subject) -> Result<Vec<u8>>| {
            let subject = subject.clone();
            Node::text(move || make(&subject))
        };
        let link = |follow: fn(&Subject) -> Result<Target>| {
            let subject = subject.clone();
            Node::link(move || follow(&subject))
        };
        let node = match name {
            "auxv" => bytes(memory::auxv).mode(0o400),
            "cmdline" => bytes(memory::cmdline),
            "comm" => comm(&subject),
            "cwd" => link(|subject| {
                subject.check_access()?;
                Ok(Target::Place(subject.task()?.fs().cwd()))
            }),
            "environ" => bytes(memory::environ).mode(0o400),
            "exe" => link(|subject| {
                subject.check_access()?;
                let exe = subject.process.exe.lock().clone().ok_or(Errno::ENOENT)?;
                let place = Place::of(&exe).ok_or(Errno::ENOENT)?;
                Ok(Target::Place(place.clone()))
            }),
            "fd" => Node::directory(Arc::new(descriptors::Links(subject.clone()))).mode(0o500),
            "fdinfo" => Node::directory(Arc::new(descriptors::Infos(subject.clone()))),
            "gid_map" => map(&subject, Ids::Groups),
            "limits" => text(status::limits),
            "maps" => text(memory::maps),
            "mem" => memory::mem(&subject),
            "mountinfo" => text(|subject| Ok(mount::mountinfo_text(&subject.task()?.fs().root()))),
            "mounts" => text(|subject| Ok(mount::mounts_text(&subject.task()?.fs().root()))),
            "net" => crate::net::proc::directory(subject.task().ok()?.net()),
            "ns" => Node::directory(Arc::new(Namespaces(subject.clone()))).mode(0o511),
            "oom_score" => text(status::oom_score),
            "oom_score_adj" => oom_score_adj(&subject),
            "personality" => text(status::personality).mode(0o400),
            "root" => link(|subject| {
                subject.check_access()?;
                Ok(Target::Place(subject.task()?.fs().root()))
            }),
            "schedstat" => text(stat::schedstat),
            "smaps" => text(memory::smaps),
            "stat" => text(stat::stat),
            "statm" => text(stat::statm),
            "status" => text(status::status),
            "setgroups" => {
                let writer = subject.clone();
                text(|subject| Ok(users::setgroups_text(&subject.task()?.creds())))
                    .writable(move |bytes| users::write_setgroups(&writer.task()?.creds(), bytes))
                    .mode(0o644)
            }
            "uid_map" => map(&subject, Ids::Users),
            "task" if self.whole => Node::directory(Arc::new(Threads(subject.clone()))),
            _ => return None,
        };
        Some(node.owner(uid, gid))
    }

    fn names(&self) -> Vec<(String, Kind)> {
        let listed = ENTRIES
            .iter()
            .filter(|(name, _)| self.whole || *name != "task");
        listed.map(|&(name, kind)| (name.into(), kind)).collect()
    }
}

/// /proc/<pid>/ns.
struct Namespaces(Subject);

impl Directory for Namespaces {
    fn get(&self, name: &str) -> Option<Node> {
        let kind = *namespace::KINDS.iter().find(|kind| **kind == name)?;
        let subject = self.0.clone();
        Some(Node::link(move || {
            subject.check_access()?;
            let space = namespace::of(&*subject.task()?, kind).ok_or(Errno::ENOENT)?;
            Ok(Target::Place(nsfs::place(space)))
        }))
    }

    fn names(&self) -> Vec<(String, Kind)> {
        let kinds = namespace::KINDS.iter();
        kinds.map(|kind| ((*kind).into(), Kind::Symlink)).collect()
    }
}

/// /proc/<pid>/task.
struct Threads(Subject);

impl Directory for Threads {
    fn get(&self, name: &str) -> Option<Node> {
        let id = number(name)?;
        let task = self
            .0
            .process
            .tasks()
            .into_iter()
            .find(|task| task.tid() == id)?;
        Some(Subject::thread(task).directory(false))
    }

    fn names(&self) -> Vec<(String, Kind)> {
        let tasks = self.0.process.tasks();
        tasks
            .iter()
            .map(|task| (task.tid().to_string(), Kind::Directory))
            .collect()
    }
}

/// /proc/<pid>/uid_map, gid_map.
fn map(subject: &Subject, ids: Ids) -> Node {
    let (reader, writer) = (subject.clone(), subject.clone());
    Node::text(move || Ok(users::map_text(&reader.task()?.creds(), ids).into_bytes()))
        .writable(move |bytes| users::write_map(&writer.task()?.creds(), ids, bytes))
        .mode(0o644)
}

fn comm(subject: &Subject) -> Node {
    let (reader, writer) = (subject.clone(), subject.clone());
    Node::text(move || {
        let mut text = status::name(&reader);
        text.push(b'\n');
        Ok(text)
    })
    .writable(move |bytes| {
        // Threads of the process only, prctl(2) of somebody else.
        let caller = super::current();
        if !Arc::ptr_eq(&caller.process, &writer.process) {
            return Err(Errno::EINVAL);
        }
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        *writer.task()?.name.lock() = super::name::Name::new(bytes);
        Ok(())
    })
    .mode(0o644)
}

fn oom_score_adj(subject: &Subject) -> Node {
    let (reader, writer) = (subject.clone(), subject.clone());
    Node::text(move || {
        let value = reader.process.oom_score_adj.load(Relaxed);
        Ok(format!("{value}\n").into_bytes())
    })
    .writable(move |bytes| {
        let text = core::str::from_utf8(bytes).map_err(|_| Errno::EINVAL)?;
        let value: i32 = text.trim().parse().map_err(|_| Errno::EINVAL)?;
        if !(-1000..=1000).contains(&value) {
            return Err(Errno::EINVAL);
        }
        let old = writer.process.oom_score_adj.load(Relaxed);
        if value < old && !super::current().capable(super::creds::cap::SYS_RESOURCE) {
            return Err(Errno::EACCES);
        }
        writer.process.oom_score_adj.store(value, Relaxed);
        Ok(())
    })
    .mode(0o644)
}
