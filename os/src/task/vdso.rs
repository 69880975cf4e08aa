//! The page of kernel code that every program has: how handlers return.

use super::Task;
use crate::{
    Result, arch,
    mm::{
        AddressSpace, Backing, Frame, PAGE_SIZE,
        space::{Fixed, MapRequest, Prot},
    },
    sync::SpinLock,
};
use abi::Errno;
use alloc::{string::String, sync::Arc};

/// Whether the page is an ELF image that AT_SYSINFO_EHDR may name.
pub const IS_ELF: bool = false;

/// The page, the same frame for everybody.
struct Page(Frame);

impl Backing for Page {
    fn page(&self, index: u64, _write: bool) -> Result<Frame> {
        match index {
            0 => Ok(self.0.clone()),
            _ => Err(Errno::EFAULT),
        }
    }

    fn identity(&self) -> (u64, u64, String) {
        (0, 0, String::new())
    }
}

static PAGE: SpinLock<Option<Arc<Page>>> = SpinLock::new(None);

/// Makes the page; called once, by `init`.
pub fn init() -> Result<()> {
    let frame = Frame::zeroed().ok_or(Errno::ENOMEM)?;
    frame.write(0, arch::SIGRETURN_CODE);
    *PAGE.lock() = Some(Arc::new(Page(frame)));
    Ok(())
}

/// Maps the page into a new program's memory; returns where.
pub fn map(mm: &AddressSpace) -> Result<usize> {
    let page = PAGE.lock().clone().ok_or(Errno::ENOMEM)?;
    mm.map(MapRequest {
        addr: 0,
        len: PAGE_SIZE,
        prot: Prot::READ | Prot::EXEC,
        shared: false,
        fixed: Fixed::No,
        backing: Some((page, 0)),
        populate: false,
        grows_down: false,
        max_prot: Prot::all(),
        name: "[vdso]",
    })
}

/// Where a handler of this task returns to.
pub fn sigreturn(task: &Task) -> usize {
    task.process.strings.lock().vdso
}
