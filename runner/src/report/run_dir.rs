//! The directory of one run: created fresh, named `latest`, filled as the run goes.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use std::time::Instant;

use anyhow::Context;

use super::event::{Event, Stamped};
use super::outputs;
use super::replay::Replay;
use super::run_json::Run;
use super::set::Set;
use crate::clock::Utc;
use crate::outcome::{Status, Totals, host_failed};

/// Room on the disk that a run keeps for its own last words, in bytes.
const RESERVE: usize = 128 * 1024;

/// One run's files, and the run as its events tell it so far.
pub struct RunDir {
    path: PathBuf,
    events: File,
    begun: Instant,
    replay: Replay,
    /// Open and locked while this runner lives: who finds the file without the lock finds the
    /// directory of a runner that was killed.
    _reserve: File,
}

impl RunDir {
    /// Uses `path`, which is created.
    pub fn at(path: PathBuf) -> anyhow::Result<RunDir> {
        let context = || format!("cannot write in {}", path.display());
        fs::create_dir_all(path.join("cases")).with_context(context)?;
        let events = File::create(path.join("events.jsonl")).with_context(context)?;
        let reserve = reserve(&path.join(RESERVED)).map_err(|e| full(&path, &e))?;
        Ok(RunDir {
            path,
            events,
            begun: Instant::now(),
            replay: Replay::default(),
            _reserve: reserve,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends one event; it is on its way to the disk when this returns.
    pub fn event(&mut self, event: Event) -> anyhow::Result<()> {
        let stamped = Stamped {
            t: Utc::now().rfc3339(),
            at: (self.begun.elapsed().as_secs_f64() * 1e3).round() / 1e3,
            event,
        };
        self.stamped(&stamped)
    }

    /// Appends an event that has its time, of another log.
    pub fn stamped(&mut self, stamped: &Stamped) -> anyhow::Result<()> {
        let mut line = serde_json::to_string(stamped)?;
        line.push('\n');
        // One write: a reader never sees half a line of ours but the last.
        self.events
            .write_all(line.as_bytes())
            .map_err(|e| full(&self.path, &e))?;
        self.replay.apply(stamped);
        Ok(())
    }

    /// Rows by status so far.
    pub fn totals(&self) -> Totals {
        self.replay.totals()
    }

    /// What a case came to, where it has reported.
    pub fn status(&self, case: &str) -> Option<Status> {
        self.replay.status(case)
    }

    /// How many rows are bad so far.
    pub fn bad(&self) -> usize {
        let totals = self.replay.totals();
        let bad = Status::ALL.into_iter().filter(|status| status.is_bad());
        bad.map(|status| totals.count(status)).sum()
    }

    /// Writes a case's log; answers its name relative to the directory, empty where
    /// there is nothing to write.
    pub fn case_log(&self, name: &str, log: &str) -> anyhow::Result<String> {
        if log.is_empty() {
            return Ok(String::new());
        }
        let relative = format!("cases/{}.log", name.replace('/', "."));
        fs::write(self.path.join(&relative), log).map_err(|e| full(&self.path, &e))?;
        Ok(relative)
    }

    /// Writes a file of the directory.
    pub fn write(&self, name: &str, content: &str) -> anyhow::Result<()> {
        fs::write(self.path.join(name), content).map_err(|e| full(&self.path, &e))
    }

    /// Writes every report; answers the run.
    pub fn finish(&self) -> anyhow::Result<Run> {
        // Only now is it no longer needed; that it cannot be removed harms nobody.
        let _ = fs::remove_file(self.path.join(RESERVED));
        let run = self.replay.run();
        outputs::write(&self.path, &Set::single(run.clone())).with_context(|| {
            format!("cannot write in {}: is the disk full?", self.path.display())
        })?;
        Ok(run)
    }

    /// The run as far as it came before `error`, with its reports where there is still
    /// room for them: the reserve was kept for this.
    pub fn salvage(&mut self, error: &anyhow::Error) -> Run {
        let _ = fs::remove_file(self.path.join(RESERVED));
        let text = format!("the run ended here: {error:#}");
        // Each may fail again; what is on the disk and in memory stays.
        let _ = self.event(Event::Note { text });
        self.finish().unwrap_or_else(|_| self.replay.run())
    }
}

fn reserve(path: &Path) -> io::Result<File> {
    let mut file = File::create(path)?;
    // A file system without locks has none to clean up by, and that is all.
    let _ = file.try_lock();
    // Written and not only sized: a hole has no room.
    file.write_all(&vec![b'.'; RESERVE])?;
    Ok(file)
}

/// Takes back the room that killed runners kept in the run directories of `parent`, and
/// answers which those are. What they had of their runs stays.
pub fn take_back(parent: &Path) -> Vec<PathBuf> {
    let inside = |dir: &Path| {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let dirs = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        dirs.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    // A run by itself, or the runs of a set.
    let (mut dirs, mut killed) = (inside(parent), Vec::new());
    dirs.extend(dirs.clone().iter().flat_map(|dir| inside(dir)));
    for dir in dirs {
        let path = dir.join(RESERVED);
        let ownerless = File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
        if ownerless && fs::remove_file(&path).is_ok() {
            killed.push(dir);
        }
    }
    killed
}

/// A new directory of that name, or of that name with a number.
pub fn fresh(parent: &Path, name: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(parent)?;
    let mut number = 1;
    loop {
        let path = match number {
            1 => parent.join(name),
            _ => parent.join(format!("{name}-{number}")),
        };
        match fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            result => return result.map(|()| path),
        }
    }
}

/// Points `<parent>/latest` at `dir`. Replaced by a rename, so it always exists.
pub fn point_latest(dir: &Path) -> io::Result<()> {
    let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else {
        return Ok(());
    };
    let aside = parent.join(format!(".latest-{}", std::process::id()));
    let _ = fs::remove_file(&aside);
    std::os::unix::fs::symlink(name, &aside)?;
    fs::rename(&aside, parent.join("latest"))
}

/// The name of the file that keeps [`RESERVE`].
const RESERVED: &str = ".reserve";

/// What a failed write in a run directory means for the run.
pub fn full(path: &Path, error: &io::Error) -> anyhow::Error {
    host_failed(format!(
        "cannot write in {}: {error}; make room there, or give another place with --out",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_dead_runners_room_is_taken_back() {
        let parent = tempfile::tempdir().expect("a directory");
        let alive = RunDir::at(parent.path().join("alive")).expect("a run");
        let dead = RunDir::at(parent.path().join("set/dead")).expect("a run");
        let path = dead.path().to_path_buf();
        drop(dead);
        // A test beside this one may have forked: its child has the descriptor, and so the lock, until it execs.
        let mut taken = take_back(parent.path());
        for _ in 0..500 {
            if taken.is_empty() {
                std::thread::sleep(std::time::Duration::from_millis(10));
                taken = take_back(parent.path());
            }
        }
        assert_eq!(taken, std::slice::from_ref(&path));
        assert!(!path.join(RESERVED).exists() && path.join("events.jsonl").exists());
        assert!(alive.path().join(RESERVED).exists());
        assert!(take_back(parent.path()).is_empty());
    }

    #[test]
    fn two_runs_of_one_second_do_not_clash() {
        let parent = tempfile::tempdir().expect("a directory");
        let first = fresh(parent.path(), "run").expect("first");
        let second = fresh(parent.path(), "run").expect("second");
        assert_ne!(first, second);
        point_latest(&first).expect("latest");
        point_latest(&second).expect("latest again");
        let latest = fs::canonicalize(parent.path().join("latest")).expect("resolved");
        assert_eq!(latest, fs::canonicalize(second).expect("resolved"));
    }
}
