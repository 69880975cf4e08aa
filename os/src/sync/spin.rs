//! The spin lock.

use core::{cell::UnsafeCell, ops};

/// Mutual exclusion without sleeping. Never held over a user copy or a blocking call.
pub struct SpinLock<T: ?Sized> {
    value: UnsafeCell<T>,
}

// SAFETY: to be restated by the implementation.
unsafe impl<T: Send + ?Sized> Sync for SpinLock<T> {}

impl<T> SpinLock<T> {
    /// A lock around `value`.
    pub const fn new(value: T) -> Self {
        SpinLock {
            value: UnsafeCell::new(value),
        }
    }
}

impl<T: ?Sized> SpinLock<T> {
    /// Takes the lock.
    pub fn lock(&self) -> SpinLockGuard<'_, T> {
        todo!()
    }
}

/// Access to the value while the lock is held.
pub struct SpinLockGuard<'a, T: ?Sized> {
    lock: &'a SpinLock<T>,
}

impl<T: ?Sized> ops::Deref for SpinLockGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        todo!()
    }
}

impl<T: ?Sized> ops::DerefMut for SpinLockGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        todo!()
    }
}
