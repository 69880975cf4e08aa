//! What differs between processors: how a program starts and how it
//! calls the kernel. Each port defines `_start` (which calls [`crate::main`]),
//! `syscall`, and `LOADERS`: where programs expect their dynamic loader.

#[cfg(target_arch = "loongarch64")]
#[path = "loongarch64.rs"]
mod port;
#[cfg(target_arch = "riscv64")]
#[path = "riscv64.rs"]
mod port;

#[cfg(not(any(target_arch = "riscv64", target_arch = "loongarch64")))]
compile_error!("the agent runs in the guest: build it with `runner build`, or with --target");

pub use port::{LOADERS, syscall};
