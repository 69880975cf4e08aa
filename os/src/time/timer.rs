//! One-shot timers in a tree ordered by deadline.

use super::Instant;
use alloc::sync::{Arc, Weak};

/// What a timer calls when it is due. Runs with interrupts off; must not block.
pub trait Expire: Send + Sync {
    /// The deadline has passed. Return the next deadline to stay armed.
    fn expire(&self, now: Instant) -> Option<Instant>;
}

/// A timer that can be armed again and again; dropping it disarms.
pub struct Timer {
    _target: Weak<dyn Expire>,
}

impl Timer {
    /// A disarmed timer. The target is held weakly, so that it may own its timer.
    pub fn new(_target: Weak<dyn Expire>) -> Arc<Timer> {
        todo!()
    }

    /// Arms, or moves an armed timer.
    pub fn arm(&self, _deadline: Instant) {
        todo!()
    }

    /// Disarms; says whether it was armed.
    pub fn disarm(&self) -> bool {
        todo!()
    }
}
