//! What splice(2) and tee(2) need of a pipe: bytes out through a function that may
//! take fewer, bytes in as far as there is room, copies without taking.

use super::PipeEnd;
use crate::{
    Result,
    mm::UserIn,
    sched::{self, Interruptible},
};
use abi::Errno;
use alloc::{sync::Arc, vec::Vec};
use core::sync::atomic::Ordering::Relaxed;

impl PipeEnd {
    /// Whether two ends belong to one pipe.
    pub fn same_pipe(&self, other: &PipeEnd) -> bool {
        Arc::ptr_eq(&self.pipe, &other.pipe)
    }

    /// Hands up to `len` bytes to `sink`, page by page, and takes out what `sink`
    /// accepted; the flag says that nothing more comes in this call. Waits for the first byte; 0 at the end of the stream. The ring stays
    /// locked while `sink` runs, so `sink` must not touch this pipe.
    pub fn drain(
        &self,
        len: usize,
        nonblock: bool,
        sink: &mut dyn FnMut(&[u8], bool) -> Result<usize>,
    ) -> Result<usize> {
        if len == 0 || !self.wait_data(nonblock)? {
            return Ok(0);
        }
        let pipe = &*self.pipe;
        let mut ring = pipe.ring.lock();
        let was_full = ring.is_full();
        let mut moved = 0;
        let mut outcome = Ok(());
        while moved < len
            && let Some((bytes, _)) = ring.chunk(0)
        {
            let want = bytes.len().min(len - moved);
            let last = want == len - moved || ring.used() == want;
            match sink(&bytes[..want], last) {
                Ok(taken) => {
                    ring.consume(taken);
                    moved += taken;
                    if taken < want {
                        break;
                    }
                }
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        pipe.used.store(ring.used(), Relaxed);
        let room = was_full && !ring.is_full();
        drop(ring);
        if room {
            pipe.wake_writers();
        }
        match outcome {
            Err(error) if moved == 0 => Err(error),
            _ => Ok(moved),
        }
    }

    /// tee(2): up to `len` bytes as [`PipeEnd::drain`] would hand them out, left in place.
    pub fn peek(&self, len: usize, nonblock: bool) -> Result<Vec<u8>> {
        let mut copy = Vec::new();
        if len == 0 || !self.wait_data(nonblock)? {
            return Ok(copy);
        }
        let ring = self.pipe.ring.lock();
        let mut index = 0;
        while copy.len() < len
            && let Some((bytes, _)) = ring.chunk(index)
        {
            copy.extend_from_slice(&bytes[..bytes.len().min(len - copy.len())]);
            index += 1;
        }
        Ok(copy)
    }

    /// Bytes that [`PipeEnd::fill`] will take without waiting, at least one page; waits
    /// for that. `EPIPE` without readers.
    pub fn wait_room(&self, nonblock: bool) -> Result<usize> {
        let pipe = &*self.pipe;
        let attempt = || {
            if pipe.readers.load(Relaxed) == 0 {
                return Some(Err(Errno::EPIPE));
            }
            let room = pipe.ring.lock().room();
            (room > 0).then_some(Ok(room))
        };
        match attempt() {
            Some(done) => done,
            None if nonblock => Err(Errno::EAGAIN),
            None => sched::wait_until(&[&pipe.room], None, Interruptible::Yes, attempt)?,
        }
    }

    /// Puts kernel bytes in, as many as fit; returns how many.
    pub fn fill(&self, bytes: &[u8]) -> Result<usize> {
        let mut data = UserIn::from_kernel(bytes);
        match self.pipe.try_write(&mut data, false, false) {
            Some(Err(error)) => Err(error),
            _ => Ok(bytes.len() - data.remaining()),
        }
    }

    /// Waits until the pipe has bytes (true) or no writers (false).
    fn wait_data(&self, nonblock: bool) -> Result<bool> {
        let pipe = &*self.pipe;
        let attempt = || match pipe.used.load(Relaxed) {
            0 => (pipe.writers.load(Relaxed) == 0).then_some(false),
            _ => Some(true),
        };
        match attempt() {
            Some(done) => Ok(done),
            None if nonblock => Err(Errno::EAGAIN),
            None => sched::wait_until(&[&pipe.data], None, Interruptible::Yes, attempt),
        }
    }
}
