//! Memory across processes, process_vm_readv and process_vm_writev, and riscv64's instruction cache.
//!
//! Who calls: the rows of `task`. Who owns and locks: each address space itself. Typical sequence: the other process, segments as
//! claims, block by block through a buffer.

use crate::{
    Result,
    mm::{UserIn, UserOut, UserPtr},
    syscall::{Args, Caller},
    task::tree,
};
use abi::Errno;
use alloc::sync::Arc;

/// process_vm_readv(2), process_vm_writev(2): copies between the caller's and another process's segments.
pub(super) fn process_vm(cx: &Caller, a: Args, read: bool) -> Result<usize> {
    let (pid, local, local_count, remote, remote_count, flags) =
        (a.int(0), a.get(1), a.get(2), a.get(3), a.get(4), a.get(5));
    // IOV_MAX
    if flags != 0 || local_count > 1024 || remote_count > 1024 {
        return Err(Errno::EINVAL);
    }
    let target = tree::task(pid).ok_or(Errno::ESRCH)?;
    if !Arc::ptr_eq(&target.process, &cx.task.process) && !cx.task.may_trace(&target) {
        return Err(Errno::EPERM);
    }
    let mm = target.try_mm().ok_or(Errno::ESRCH)?;
    let segments = UserPtr::<[usize; 2]>::new(remote);
    let mut input = UserIn::from_iovec(local, if read { 0 } else { local_count })?;
    let mut output = UserOut::from_iovec(local, if read { local_count } else { 0 })?;
    let mut done = 0;
    let mut block = [0; 1024];
    for index in 0..remote_count {
        let [mut at, mut len] = segments.add(index).read()?;
        while len > 0 {
            let room = if read {
                output.remaining()
            } else {
                input.remaining()
            };
            let step = block.len().min(len).min(room);
            if step == 0 {
                return Ok(done);
            }
            let moved = match read {
                true => {
                    let got = mm.read(at, &mut block[..step]);
                    output.write(&block[..got])?
                }
                false => {
                    let got = input.read(&mut block[..step])?;
                    mm.write(at, &block[..got])
                }
            };
            if moved == 0 {
                return if done == 0 {
                    Err(Errno::EFAULT)
                } else {
                    Ok(done)
                };
            }
            (at, len, done) = (at + moved, len - moved, done + moved);
        }
    }
    Ok(done)
}

/// riscv_flush_icache(2): the range is a hint, and there is one CPU to flush.
pub(super) fn flush_icache(_: &Caller, a: Args) -> Result<usize> {
    // SYS_RISCV_FLUSH_ICACHE_LOCAL
    if a.get(2) & !1 != 0 {
        return Err(Errno::EINVAL);
    }
    crate::arch::sync_icache();
    Ok(0)
}
