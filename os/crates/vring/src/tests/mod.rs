//! The queue against a fake device that shares its memory.

mod behaviour;
mod device;
mod hostile;
