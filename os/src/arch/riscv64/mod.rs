//! The riscv64 port: Sv39, SBI, PLIC.

pub mod paging;

use super::{BootInfo, PhysAddr, Trap};
use core::fmt;

pub const ELF_MACHINE: u16 = 243;
pub const PLATFORM: &str = "";
pub const UNAME_MACHINE: &str = "riscv64";
pub fn early_putc(_byte: u8) {
    todo!()
}
pub fn power_off() -> ! {
    todo!()
}
pub fn crash_off() -> ! {
    todo!()
}
pub fn reboot() -> ! {
    todo!()
}
pub fn cpuinfo(_out: &mut dyn fmt::Write) -> fmt::Result {
    todo!()
}
pub fn hwcap() -> usize {
    todo!()
}
pub fn phys_to_virt(_pa: PhysAddr) -> *mut u8 {
    todo!()
}
pub fn virt_to_phys(_va: *const u8) -> PhysAddr {
    todo!()
}
pub fn mmio_to_virt(_pa: PhysAddr) -> *mut u8 {
    todo!()
}
pub fn irq_init(_boot: &BootInfo) {
    todo!()
}
pub fn irq_enable_line(_line: u32) {
    todo!()
}
pub fn irq_disable_line(_line: u32) {
    todo!()
}
pub fn irq_poll() {
    todo!()
}
pub fn wait_for_interrupt() {
    todo!()
}
pub fn counter_ns() -> u64 {
    todo!()
}
pub fn set_timer(_deadline: Option<u64>) {
    todo!()
}
pub fn sync_icache() {
    todo!()
}
#[derive(Clone)]
pub struct UserContext {}
impl UserContext {
    pub fn new(_entry: usize, _sp: usize) -> UserContext {
        todo!()
    }
    pub fn syscall_number(&self) -> usize {
        todo!()
    }
    pub fn set_syscall_number(&mut self, _number: usize) {
        todo!()
    }
    pub fn syscall_args(&self) -> [usize; 6] {
        todo!()
    }
    pub fn syscall_result(&self) -> isize {
        todo!()
    }
    pub fn set_syscall_result(&mut self, _value: isize) {
        todo!()
    }
    pub fn restart_syscall(&mut self) {
        todo!()
    }
    pub fn pc(&self) -> usize {
        todo!()
    }
    pub fn set_pc(&mut self, _pc: usize) {
        todo!()
    }
    pub fn sp(&self) -> usize {
        todo!()
    }
    pub fn set_sp(&mut self, _sp: usize) {
        todo!()
    }
    pub fn set_tls(&mut self, _tls: usize) {
        todo!()
    }
    pub fn call(&mut self, _handler: usize, _args: [usize; 3], _return_to: usize, _sp: usize) {
        todo!()
    }
}
pub fn enter_user(_context: &mut UserContext) -> Trap {
    todo!()
}
pub struct KernelContext {}
impl KernelContext {
    pub const fn empty() -> KernelContext {
        KernelContext {}
    }
    pub fn new(_stack_top: usize, _entry: extern "C" fn(usize) -> !, _arg: usize) -> KernelContext {
        todo!()
    }
}
pub unsafe fn switch(_prev: *mut KernelContext, _next: *const KernelContext) {
    todo!()
}
pub unsafe fn copy_from_user(_dst: *mut u8, _src: usize, _len: usize) -> usize {
    todo!()
}
pub unsafe fn copy_to_user(_dst: usize, _src: *const u8, _len: usize) -> usize {
    todo!()
}
pub unsafe fn zero_user(_dst: usize, _len: usize) -> usize {
    todo!()
}
pub const SIGRETURN_CODE: &[u8] = &[];
pub mod mcontext {
    use super::UserContext;
    pub const SIZE: usize = 784;
    pub const OFFSET: usize = 176;
    pub fn save(_context: &mut UserContext, _out: &mut [u8; SIZE]) {
        todo!()
    }
    pub fn restore(_context: &mut UserContext, _saved: &[u8; SIZE]) -> bool {
        todo!()
    }
}
pub fn user_registers(_context: &UserContext, _out: &mut dyn fmt::Write) -> fmt::Result {
    todo!()
}
