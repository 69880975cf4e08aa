//! What /proc says about tasks. proc(5).

/// Publishes the files; once, at start.
pub fn publish(_cmdline: &str) {}
