//! Result lines as `testsuite/include/check.h` prints them.
//!
//! Called by every program of the crate; one thread reports. A typical sequence:
//! [`check`] a few times, then [`done`], which ends the process.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

static COUNT: AtomicU32 = AtomicU32::new(0);
static FAILED: AtomicU32 = AtomicU32::new(0);

/// One line: whether `what` holds.
pub fn check(good: bool, what: &str) {
    let number = COUNT.fetch_add(1, Relaxed) + 1;
    if !good {
        FAILED.fetch_add(1, Relaxed);
    }
    println!("{}ok {number} - {what}", if good { "" } else { "not " });
    let _ = std::io::stdout().flush();
}

/// One line: whether the two are equal, and what they are where they are not.
pub fn same<T: PartialEq + std::fmt::Debug>(got: T, want: T, what: &str) {
    let good = got == want;
    check(good, what);
    if !good {
        println!("# got {got:?}, want {want:?}");
    }
}

/// The plan, and the end of the process: 0 when every check was good.
pub fn done() -> ! {
    let count = COUNT.load(Relaxed);
    println!("1..{count}");
    let bad = FAILED.load(Relaxed) > 0 || count == 0;
    std::process::exit(i32::from(bad))
}
