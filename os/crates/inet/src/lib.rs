//! The net engine.
#![no_std]
#![forbid(unsafe_code)]
