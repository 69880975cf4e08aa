//! The riscv64 port: Sv39, SBI, PLIC.
