//! The spin lock.

use core::{
    cell::{Cell, UnsafeCell},
    ops,
};

/// Mutual exclusion without sleeping. Never held over a user copy or a blocking call.
///
/// On the one CPU that runs kernel code a taken lock can only be seen taken by
/// the thread that took it, or after that thread slept with it: both are bugs,
/// and [`SpinLock::lock`] panics instead of spinning. With more CPUs this file
/// would get an atomic flag and a loop; nothing else would change.
pub struct SpinLock<T: ?Sized> {
    locked: Cell<bool>,
    /// Place in the lock tree (`os/README.md`); 0: not ranked.
    rank: u8,
    value: UnsafeCell<T>,
}

// SAFETY: kernel code runs on one CPU, is not preempted, and is entered by no
// interrupt; `locked` gives the value to one guard at a time.
unsafe impl<T: Send + ?Sized> Sync for SpinLock<T> {}
// SAFETY: a lock that nobody holds is its value.
unsafe impl<T: Send + ?Sized> Send for SpinLock<T> {}

impl<T> SpinLock<T> {
    /// A lock around `value`.
    pub const fn new(value: T) -> Self {
        Self::ranked(0, value)
    }

    /// A lock with a place in the lock tree: in debug builds, taking it while a
    /// lock of the same or a higher rank is held panics.
    pub const fn ranked(rank: u8, value: T) -> Self {
        SpinLock {
            locked: Cell::new(false),
            rank,
            value: UnsafeCell::new(value),
        }
    }
}

impl<T: Default> Default for SpinLock<T> {
    fn default() -> Self {
        SpinLock::new(T::default())
    }
}

impl<T: ?Sized> SpinLock<T> {
    /// Takes the lock.
    #[track_caller]
    pub fn lock(&self) -> SpinLockGuard<'_, T> {
        match self.try_lock() {
            Some(guard) => guard,
            None => panic!("spin lock entered twice"),
        }
    }

    /// Takes the lock unless it is taken: for the panic report, which must not panic.
    #[track_caller]
    pub fn try_lock(&self) -> Option<SpinLockGuard<'_, T>> {
        if self.locked.replace(true) {
            return None;
        }
        held::enter(self.rank);
        Some(SpinLockGuard { lock: self })
    }
}

/// Access to the value while the lock is held.
pub struct SpinLockGuard<'a, T: ?Sized> {
    lock: &'a SpinLock<T>,
}

impl<T: ?Sized> Drop for SpinLockGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.locked.set(false);
        held::leave(self.lock.rank);
    }
}

impl<T: ?Sized> ops::Deref for SpinLockGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard is the only one while it lives.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> ops::DerefMut for SpinLockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard is the only one while it lives.
        unsafe { &mut *self.lock.value.get() }
    }
}

/// Whether any spin lock is held: then nobody may sleep.
pub fn spin_held() -> bool {
    held::count() != 0
}

/// How many spin locks are held, and (in debug builds) which ranks.
mod held {
    use core::cell::Cell;

    struct Held {
        count: Cell<u32>,
        /// Number of held locks of each rank.
        #[cfg(debug_assertions)]
        ranks: [Cell<u8>; 32],
    }

    // SAFETY: touched by kernel code on one CPU, with interrupts off.
    unsafe impl Sync for Held {}

    static HELD: Held = Held {
        count: Cell::new(0),
        #[cfg(debug_assertions)]
        ranks: [const { Cell::new(0) }; 32],
    };

    pub(super) fn count() -> u32 {
        HELD.count.get()
    }

    #[track_caller]
    pub(super) fn enter(rank: u8) {
        HELD.count.set(HELD.count.get() + 1);
        #[cfg(debug_assertions)]
        if rank > 0 {
            let at = usize::from(rank);
            assert!(
                HELD.ranks[at..].iter().all(|held| held.get() == 0),
                "lock of rank {rank} taken while holding one of the same or a higher rank"
            );
            HELD.ranks[at].set(1);
        }
        let _ = rank;
    }

    pub(super) fn leave(rank: u8) {
        HELD.count.set(HELD.count.get() - 1);
        #[cfg(debug_assertions)]
        if rank > 0 {
            HELD.ranks[usize::from(rank)].set(0);
        }
        let _ = rank;
    }
}
