//! The frame that a handler runs on: siginfo_t, then ucontext_t. Its machine part
//! (uc_mcontext) is `arch::mcontext`; the rest is the same on both ports.

use super::{Action, AltStack, Info, info};
use crate::{
    Result,
    arch::{UserContext, mcontext},
    task::{Task, memory, vdso},
};
use abi::{Errno, general::*};
use alloc::{sync::Arc, vec};

/// ucontext_t: uc_flags, uc_link, uc_stack (sp, flags, size), uc_sigmask.
const UC_STACK: usize = 16;
const UC_SIGMASK: usize = 40;
/// Bytes of a frame; AT_MINSIGSTKSZ says it to programs.
pub const SIZE: usize = info::SIZE + mcontext::OFFSET + mcontext::SIZE;
/// Bytes below the stack pointer that belong to the program: none on these ports.
const ALIGN: usize = 16;

/// Writes a frame and points the registers at the handler.
pub fn push(
    task: &Arc<Task>,
    regs: &mut UserContext,
    info: &Info,
    action: &Action,
    stack: AltStack,
    mask: super::Set,
) -> Result<()> {
    let mut top = regs.sp();
    let on_stack = stack.contains(top);
    if action.has(SA_ONSTACK) && stack.size != 0 && !on_stack {
        top = stack.base + stack.size;
    }
    let at = top.checked_sub(SIZE).ok_or(Errno::EFAULT)? & !(ALIGN - 1);
    if stack.contains(top) && on_stack && !stack.contains(at) {
        // An overflow of the alternate stack must not run into what lies below it.
        return Err(Errno::EFAULT);
    }

    let mut frame = vec![0; SIZE];
    frame[..info::SIZE].copy_from_slice(&info.to_bytes());
    let uc = &mut frame[info::SIZE..];
    let flags = match (stack.size, on_stack) {
        (0, _) => SS_DISABLE,
        (_, true) => SS_ONSTACK,
        _ => 0,
    } | if stack.autodisarm { SS_AUTODISARM } else { 0 };
    put(uc, UC_STACK, stack.base);
    put(uc, UC_STACK + 8, flags as usize);
    put(uc, UC_STACK + 16, stack.size);
    put(uc, UC_SIGMASK, mask as usize);
    let machine = &mut uc[mcontext::OFFSET..];
    // The slice is exactly SIZE bytes: the frame was made so.
    mcontext::save(regs, machine.try_into().map_err(|_| Errno::EFAULT)?);
    memory::write(at, &frame)?;

    let args = [info.signal as usize, at, at + info::SIZE];
    regs.call(action.handler, args, vdso::sigreturn(task), at);
    Ok(())
}

/// rt_sigreturn(2): takes the frame at the stack pointer back. An error means that
/// it is not there or malformed, and the program gets SIGSEGV.
pub fn pop(task: &Arc<Task>, regs: &mut UserContext) -> Result<()> {
    let mut frame = vec![0; SIZE];
    memory::read(regs.sp(), &mut frame)?;
    let uc = &frame[info::SIZE..];
    let machine = uc[mcontext::OFFSET..]
        .try_into()
        .map_err(|_| Errno::EFAULT)?;
    if !mcontext::restore(regs, machine) {
        return Err(Errno::EFAULT);
    }
    let flags = get(uc, UC_STACK + 8) as u32;
    let mut signals = task.signals.lock();
    signals.mask = get(uc, UC_SIGMASK) as u64 & !super::UNBLOCKABLE;
    if !signals.stack.contains(regs.sp()) {
        signals.stack = AltStack {
            base: get(uc, UC_STACK),
            size: if flags & SS_DISABLE != 0 {
                0
            } else {
                get(uc, UC_STACK + 16)
            },
            autodisarm: flags & SS_AUTODISARM != 0,
        };
    }
    drop(signals);
    super::refresh(task);
    Ok(())
}

fn put(bytes: &mut [u8], at: usize, value: usize) {
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

fn get(bytes: &[u8], at: usize) -> usize {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    usize::from_le_bytes(word)
}
