//! /proc/<pid>/{cmdline,environ,auxv,maps,smaps,mem}: what is in a process's memory.

use super::Subject;
use crate::{
    Result,
    file::{Events, File, Io, anon_stat},
    fs::pseudo::{Body, Node},
    mm::{AddressSpace, UserIn, UserOut},
};
use abi::{Errno, general::stat};
use alloc::{string::String, sync::Arc, vec, vec::Vec};
use core::any::Any;

/// Longest text of strings that is shown.
const MAX: usize = 6 << 20;

fn range(subject: &Subject, (start, end): (usize, usize)) -> Result<Vec<u8>> {
    let Ok(task) = subject.task() else {
        return Ok(Vec::new());
    };
    let Some(mm) = task.try_mm() else {
        return Ok(Vec::new());
    };
    let mut bytes = vec![0; end.saturating_sub(start).min(MAX)];
    let len = mm.read(start, &mut bytes);
    bytes.truncate(len);
    Ok(bytes)
}

/// The arguments; a program may have written over them (setproctitle).
pub(super) fn cmdline(subject: &Subject) -> Result<Vec<u8>> {
    let strings = *subject.process.strings.lock();
    let mut bytes = range(subject, strings.args)?;
    if bytes.last().is_some_and(|&b| b != 0) {
        // It went on into the environment: up to the first NUL there.
        let mut more = range(subject, strings.environment)?;
        let len = more.iter().position(|&b| b == 0).unwrap_or(more.len());
        more.truncate(len);
        bytes.extend_from_slice(&more);
    }
    Ok(bytes)
}

/// The environment.
pub(super) fn environ(subject: &Subject) -> Result<Vec<u8>> {
    subject.check_access()?;
    let strings = *subject.process.strings.lock();
    range(subject, strings.environment)
}

/// The auxiliary vector with its end.
pub(super) fn auxv(subject: &Subject) -> Result<Vec<u8>> {
    subject.check_access()?;
    let strings = *subject.process.strings.lock();
    let used = strings.auxv.iter().position(|entry| entry[0] == 0);
    let entries = &strings.auxv[..used.map_or(strings.auxv.len(), |end| end + 1)];
    let words = entries.iter().flatten();
    Ok(words.flat_map(|word| word.to_le_bytes()).collect())
}

/// The mappings.
pub(super) fn maps(subject: &Subject) -> Result<String> {
    subject.check_access()?;
    let mut text = String::new();
    if let Ok(task) = subject.task()
        && let Some(mm) = task.try_mm()
    {
        // Writing to a string cannot fail.
        let _ = mm.maps(&mut text);
    }
    Ok(text)
}

/// The mappings with their sizes; pages are not counted per mapping.
pub(super) fn smaps(subject: &Subject) -> Result<String> {
    use core::fmt::Write;
    let mut text = String::new();
    for line in maps(subject)?.lines() {
        let range = line.split(' ').next().unwrap_or("");
        let bounds = range.split_once('-').and_then(|(start, end)| {
            let hex = |text| usize::from_str_radix(text, 16).ok();
            Some((hex(start)?, hex(end)?))
        });
        let (start, end) = bounds.unwrap_or((0, 0));
        let _ = writeln!(
            text,
            "{line}\nSize:           {:8} kB\nKernelPageSize:        4 kB\nMMUPageSize:           4 kB",
            (end - start) / 1024
        );
    }
    Ok(text)
}

/// /proc/<pid>/mem: the memory at its addresses.
struct Mem(Arc<AddressSpace>);

/// The file; opening checks, and holds the memory that is there then.
pub(super) fn mem(subject: &Subject) -> Node {
    let subject = subject.clone();
    Node {
        mode: 0o600,
        uid: 0,
        gid: 0,
        body: Body::Open(Arc::new(move |_flags| {
            subject.check_access()?;
            let mm = subject.task()?.try_mm().ok_or(Errno::ESRCH)?;
            Ok(Arc::new(Mem(mm)) as Arc<dyn File>)
        })),
    }
}

/// Bytes per step.
const STEP: usize = 4096;

impl File for Mem {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        let mut block = [0; STEP];
        let mut done = 0;
        while out.remaining() > 0 {
            let want = STEP.min(out.remaining());
            let got = self.0.read(io.offset as usize + done, &mut block[..want]);
            if got == 0 {
                break;
            }
            done += out.write(&block[..got])?;
        }
        if done == 0 && out.remaining() > 0 {
            Err(Errno::EIO)
        } else {
            Ok(done)
        }
    }

    fn write(&self, io: Io, data: &mut UserIn<'_>) -> Result<usize> {
        let mut block = [0; STEP];
        let mut done = 0;
        while data.remaining() > 0 {
            let len = data.read(&mut block)?;
            let put = self.0.write(io.offset as usize + done, &block[..len]);
            done += put;
            if put < len {
                break;
            }
        }
        if done == 0 && data.remaining() > 0 {
            Err(Errno::EIO)
        } else {
            Ok(done)
        }
    }

    fn seekable(&self) -> bool {
        true
    }

    fn poll(&self) -> Events {
        Events::IN | Events::OUT
    }

    fn stat(&self) -> Result<stat> {
        Ok(anon_stat(0o100600, 1))
    }

    fn link_name(&self) -> String {
        "/proc/self/mem".into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
