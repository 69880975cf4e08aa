//! The vDSO: a small shared object that every program has. vdso(7).
//!
//! What it is: two pages, the clock page of `time` and an ELF image ([`image`]) with
//! the port's code (`arch::vdso_code`): reading the clocks without a system call,
//! and how signal handlers return. `exec` maps it and names it in the auxiliary
//! vector; the pages are the same frames for everybody. Nothing here locks but the
//! cell that holds them, filled once by [`init`].

mod image;

use super::Task;
use crate::{
    Result, arch,
    mm::{
        AddressSpace, Backing, Frame, PAGE_SIZE,
        space::{Fixed, MapRequest, Prot},
    },
    sync::SpinLock,
    time,
};
use abi::Errno;
use alloc::{string::String, sync::Arc};

/// The pages, the same frames for everybody.
struct Pages([Frame; 2]);

impl Backing for Pages {
    fn page(&self, index: u64, _write: bool) -> Result<Frame> {
        self.cached(index).ok_or(Errno::EFAULT)
    }

    fn cached(&self, index: u64) -> Option<Frame> {
        self.0.get(index as usize).cloned()
    }

    fn identity(&self) -> (u64, u64, String) {
        (0, 0, String::new())
    }
}

static PAGES: SpinLock<Option<Arc<Pages>>> = SpinLock::new(None);

/// Makes the pages; called once, by `task::init`.
pub fn init() -> Result<()> {
    let clock = time::page::page().ok_or(Errno::ENOMEM)?;
    let elf = Frame::zeroed().ok_or(Errno::ENOMEM)?;
    elf.write(0, &image::build(&arch::vdso_code()));
    *PAGES.lock() = Some(Arc::new(Pages([clock, elf])));
    Ok(())
}

/// Maps the pages into a new program's memory; returns where the ELF image is.
pub fn map(mm: &AddressSpace) -> Result<usize> {
    let pages = PAGES.lock().clone().ok_or(Errno::ENOMEM)?;
    let map = |index: usize, addr: usize, prot, name| {
        mm.map(MapRequest {
            addr,
            len: if index == 0 { 2 * PAGE_SIZE } else { PAGE_SIZE },
            prot,
            shared: false,
            fixed: if index == 0 {
                Fixed::No
            } else {
                Fixed::Replace
            },
            backing: Some((pages.clone(), (index * PAGE_SIZE) as u64)),
            populate: false,
            grows_down: false,
            max_prot: Prot::all(),
            name,
        })
    };
    // Room for both first, then the second page over its half.
    let clock = map(0, 0, Prot::READ, "[vvar]")?;
    map(1, clock + PAGE_SIZE, Prot::READ | Prot::EXEC, "[vdso]")
}

/// Where a handler of this task returns to: `__vdso_rt_sigreturn`, the first symbol.
pub fn sigreturn(task: &Task) -> usize {
    task.process.strings.lock().vdso + arch::VDSO_CODE_OFFSET
}
