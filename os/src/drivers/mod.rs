//! Devices: discovery and the traits that the rooms above use.

/// Finds and starts every device.
pub fn init(_boot: &crate::arch::BootInfo) {
    todo!()
}
