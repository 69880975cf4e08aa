//! State of the CPU that runs kernel code.

/// A static that only kernel code on the one running CPU touches; the content
/// brings its own `Cell`. With more CPUs this becomes an array indexed by CPU.
pub struct CpuLocal<T>(T);

// SAFETY: kernel code runs on one CPU, is not preempted and is entered by no
// interrupt, so two threads are never inside the content at once. Content that
// hands out references across a sleep would break this; `Cell` cannot.
unsafe impl<T> Sync for CpuLocal<T> {}

impl<T> CpuLocal<T> {
    /// Wraps the initial value.
    pub const fn new(value: T) -> Self {
        CpuLocal(value)
    }
}

impl<T> core::ops::Deref for CpuLocal<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
