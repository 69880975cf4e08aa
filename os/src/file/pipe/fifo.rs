//! Opening a FIFO: each side waits for the other. fifo(7).

use super::{Pipe, PipeEnd};
use crate::{
    Result,
    file::File,
    sched::{self, Interruptible},
};
use abi::{
    Errno,
    general::{O_ACCMODE, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY},
};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

impl Pipe {
    /// open(2) of a FIFO whose inode keeps this pipe. Blocks until the other side is
    /// open, except with O_NONBLOCK (then `ENXIO` for a writer alone) or O_RDWR.
    pub fn open(self: &Arc<Pipe>, flags: u32) -> Result<Arc<dyn File>> {
        let pipe = self;
        let nonblock = flags & O_NONBLOCK != 0;
        let (reads, writes) = match flags & O_ACCMODE {
            O_RDONLY => (true, false),
            O_WRONLY => (false, true),
            O_RDWR => (true, true),
            _ => return Err(Errno::EINVAL),
        };
        if writes && !reads && nonblock && pipe.readers.load(Relaxed) == 0 {
            return Err(Errno::ENXIO);
        }
        let mut end = PipeEnd::new(pipe.clone(), reads, writes, flags);
        pipe.wake_everybody();
        let outcome = match (reads, writes) {
            (true, false) if pipe.writers.load(Relaxed) == 0 => {
                let opens = pipe.writer_opens.load(Relaxed);
                if nonblock {
                    end.no_writer_since = Some(opens);
                    Ok(())
                } else {
                    wait_for(pipe, &pipe.writer_opens, opens)
                }
            }
            (false, true) if pipe.readers.load(Relaxed) == 0 => {
                wait_for(pipe, &pipe.reader_opens, pipe.reader_opens.load(Relaxed))
            }
            _ => Ok(()),
        };
        if let Err(error) = outcome {
            end.release();
            return Err(error);
        }
        Ok(Arc::new(end))
    }
}

/// Sleeps until the other side was opened since `seen`; it may be closed again by then.
fn wait_for(pipe: &Pipe, opens: &AtomicUsize, seen: usize) -> Result<()> {
    sched::wait_until(&[&pipe.pollers], None, Interruptible::Yes, || {
        (opens.load(Relaxed) != seen).then_some(())
    })
}
