//! The sleeping lock.

use core::{cell::UnsafeCell, ops};

/// Mutual exclusion that sleeps (uninterruptibly) while another thread holds it.
pub struct Mutex<T: ?Sized> {
    value: UnsafeCell<T>,
}

// SAFETY: to be restated by the implementation.
unsafe impl<T: Send + ?Sized> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// A lock around `value`.
    pub const fn new(value: T) -> Self {
        Mutex {
            value: UnsafeCell::new(value),
        }
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Takes the lock.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        todo!()
    }
}

/// Access to the value while the lock is held.
pub struct MutexGuard<'a, T: ?Sized> {
    lock: &'a Mutex<T>,
}

impl<T: ?Sized> ops::Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        todo!()
    }
}

impl<T: ?Sized> ops::DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        todo!()
    }
}
