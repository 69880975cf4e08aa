//! Lines that say a kernel has died.

/// What kernels print when they give up: Linux, Rust kernels, OpenSBI's traps.
const SIGNS: &[&str] = &[
    "Kernel panic - not syncing",
    "kernel panic",
    "KERNEL PANIC",
    "[PANIC]",
    "panicked at",
    "Unable to handle kernel",
    "Oops [#",
    // LoongArch's Linux writes these two without a space.
    "Oops[#",
    "Kernel bug detected[#",
    "Kernel BUG [#",
    "BUG: unable to handle",
    "sbi_trap_error",
    // Ours, when its first process dies: nothing can be reported any more.
    "pid 1 ended",
];

/// Whether `line` is one of them. Records are not lines: what a program in the
/// guest prints travels in records and cannot look like a panic.
pub fn is_panic(line: &str) -> bool {
    SIGNS.iter().any(|sign| line.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::is_panic;

    #[test]
    fn panics_are_told_from_chatter() {
        assert!(is_panic("[    2.1] Kernel panic - not syncing: VFS"));
        assert!(is_panic(
            "kernel panicked at os/src/mm/mod.rs:12:5: out of frames"
        ));
        assert!(is_panic("[    3.0] Oops[#1]:"));
        assert!(is_panic("[    3.0] Kernel BUG [#1]"));
        assert!(is_panic(
            "[    3.0] Unable to handle kernel NULL pointer dereference at virtual address 0"
        ));
        // A warning of a busy emulator, not a death.
        assert!(!is_panic(
            "[   40.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s!"
        ));
        assert!(!is_panic("[    0.1] panic=-1 given"));
    }
}
