//! The socket layer: the shell around the `inet` engine, and AF_UNIX.

/// Brings up `lo` and every NIC that `drivers` found.
pub fn init() {
    todo!()
}
