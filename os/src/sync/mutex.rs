//! The sleeping lock.

use crate::sched::{self, Events, Interruptible, WaitQueue};
use core::{
    cell::{Cell, UnsafeCell},
    ops,
};

/// Mutual exclusion that sleeps (uninterruptibly) while another thread holds it.
pub struct Mutex<T: ?Sized> {
    locked: Cell<bool>,
    /// Threads inside `lock` that found it taken; saves the wake when there are none.
    waiting: Cell<u32>,
    queue: WaitQueue,
    value: UnsafeCell<T>,
}

// SAFETY: kernel code runs on one CPU and is not preempted, so testing and
// setting `locked` is one step; it gives the value to one guard at a time.
unsafe impl<T: Send + ?Sized> Sync for Mutex<T> {}
// SAFETY: a lock that nobody holds is its value.
unsafe impl<T: Send + ?Sized> Send for Mutex<T> {}

impl<T> Mutex<T> {
    /// A lock around `value`.
    pub const fn new(value: T) -> Self {
        Mutex {
            locked: Cell::new(false),
            waiting: Cell::new(0),
            queue: WaitQueue::new(),
            value: UnsafeCell::new(value),
        }
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Takes the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        if let Some(guard) = self.try_lock() {
            return guard;
        }
        self.lock_slow()
    }

    #[cold]
    fn lock_slow(&self) -> MutexGuard<'_, T> {
        self.waiting.set(self.waiting.get() + 1);
        let taken = sched::wait_until(&[&self.queue], None, Interruptible::No, || self.try_lock());
        self.waiting.set(self.waiting.get() - 1);
        match taken {
            Ok(guard) => guard,
            Err(error) => panic!("an uninterruptible wait without a deadline ended with {error}"),
        }
    }

    /// Takes the lock unless somebody has it.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        if self.locked.replace(true) {
            return None;
        }
        Some(MutexGuard { lock: self })
    }
}

/// Access to the value while the lock is held.
pub struct MutexGuard<'a, T: ?Sized> {
    lock: &'a Mutex<T>,
}

impl<T: ?Sized> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        self.lock.locked.set(false);
        if self.lock.waiting.get() > 0 {
            self.lock.queue.wake(Events::all());
        }
    }
}

impl<T: ?Sized> ops::Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard is the only one while it lives.
        unsafe { &*self.lock.value.get() }
    }
}

impl<T: ?Sized> ops::DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard is the only one while it lives.
        unsafe { &mut *self.lock.value.get() }
    }
}
