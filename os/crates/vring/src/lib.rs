//! The split virtqueue.
#![no_std]
