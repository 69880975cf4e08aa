//! An open text file of a generated tree.

use super::{Read, Write};
use crate::{
    Result,
    file::{Events, File, Io},
    fs::{Place, notify, stat},
    mm::{UserIn, UserOut},
    sync::Mutex,
};
use abi::Errno;
use alloc::{string::String, sync::Arc, vec, vec::Vec};
use core::any::Any;

/// The longest write that is handed on whole; longer ones are cut there.
const MAX_WRITE: usize = 64 << 10;

pub(super) struct TextFile {
    place: Place,
    read: Arc<Read>,
    write: Option<Arc<Write>>,
    flags: u32,
    /// What the last read from the beginning made.
    text: Mutex<Vec<u8>>,
}

impl TextFile {
    pub(super) fn new(
        place: Place,
        read: Arc<Read>,
        write: Option<Arc<Write>>,
        flags: u32,
    ) -> Arc<TextFile> {
        Arc::new(TextFile {
            place,
            read,
            write,
            flags,
            text: Mutex::new(Vec::new()),
        })
    }
}

impl File for TextFile {
    fn read(&self, io: Io, out: &mut UserOut<'_>) -> Result<usize> {
        let mut text = self.text.lock();
        if io.offset == 0 || text.is_empty() {
            *text = (self.read)()?;
        }
        let start = (io.offset as usize).min(text.len());
        let done = if start < text.len() {
            out.write(&text[start..])?
        } else {
            0
        };
        notify::accessed(&self.place);
        Ok(done)
    }

    fn write(&self, _: Io, data: &mut UserIn<'_>) -> Result<usize> {
        let write = self.write.as_ref().ok_or(Errno::EIO)?;
        let mut bytes = vec![0; data.remaining().min(MAX_WRITE)];
        let len = data.read(&mut bytes)?;
        write(&bytes[..len])?;
        notify::modified(&self.place);
        Ok(len)
    }

    fn seekable(&self) -> bool {
        true
    }

    fn size(&self) -> Result<u64> {
        Ok(self.place.inode().meta()?.size)
    }

    fn poll(&self) -> Events {
        Events::IN | Events::OUT | Events::RDNORM | Events::WRNORM
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(stat::stat(&self.place.inode().meta()?))
    }

    fn link_name(&self) -> String {
        self.place.display()
    }

    fn release(&self) {
        notify::closed(&self.place, self.flags);
    }

    fn place(&self) -> Option<&dyn Any> {
        Some(&self.place)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
