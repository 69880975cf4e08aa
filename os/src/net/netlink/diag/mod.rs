//! NETLINK_SOCK_DIAG: the sockets of the machine. sock_diag(7).

use super::answer::{Outcome, Request};
use abi::Errno;

/// Answers one message.
pub fn answer(_request: &Request<'_>) -> Outcome {
    Err(Errno::ENOENT.into())
}
