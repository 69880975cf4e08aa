//! /proc/<pid>/fd and fdinfo.

use super::{Subject, number};
use crate::{
    file::OpenFile,
    fs::{
        Kind, Place,
        inode::Target,
        pseudo::{Directory, Node},
    },
};
use abi::general::O_CLOEXEC;
use alloc::{
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};

/// /proc/<pid>/fd.
pub(super) struct Links(pub Subject);

impl Directory for Links {
    fn get(&self, name: &str) -> Option<Node> {
        let file = open_file(&self.0, name)?;
        // The permissions say how it was opened. proc_pid_fd(5).
        let mut mode = 0o100;
        mode |= if file.readable() { 0o400 } else { 0 };
        mode |= if file.writable() { 0o200 } else { 0 };
        let link = Node::link(move || {
            Ok(match Place::of(&file) {
                Some(place) => Target::Place(place.clone()),
                None => Target::File(file.clone()),
            })
        });
        let (uid, gid) = self.0.owner();
        Some(link.mode(mode).owner(uid, gid))
    }

    fn names(&self) -> Vec<(String, Kind)> {
        names(&self.0, Kind::Symlink)
    }
}

/// /proc/<pid>/fdinfo.
pub(super) struct Infos(pub Subject);

impl Directory for Infos {
    fn get(&self, name: &str) -> Option<Node> {
        let file = open_file(&self.0, name)?;
        let cloexec = self
            .0
            .task()
            .ok()?
            .files()
            .cloexec(number_or_zero(name)?)
            .unwrap_or(false);
        Some(Node::text(move || {
            let flags = file.flags() | if cloexec { O_CLOEXEC } else { 0 };
            let position = *file.offset.lock();
            let info = file.file.info();
            Ok(format!("pos:\t{position}\nflags:\t0{flags:o}\n{info}").into_bytes())
        }))
    }

    fn names(&self) -> Vec<(String, Kind)> {
        names(&self.0, Kind::Regular)
    }
}

fn number_or_zero(name: &str) -> Option<i32> {
    if name == "0" { Some(0) } else { number(name) }
}

fn open_file(subject: &Subject, name: &str) -> Option<Arc<OpenFile>> {
    let fd = number_or_zero(name)?;
    subject.check_access().ok()?;
    subject.task().ok()?.files().get(fd).ok()
}

fn names(subject: &Subject, kind: Kind) -> Vec<(String, Kind)> {
    if subject.check_access().is_err() {
        return Vec::new();
    }
    let numbers = subject
        .task()
        .map(|task| task.files().numbers())
        .unwrap_or_default();
    numbers.iter().map(|fd| (fd.to_string(), kind)).collect()
}
