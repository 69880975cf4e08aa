//! Working sockets of type "rng": recv(2) gives random numbers.

use super::transform::{Transform, User};
use crate::{
    Result,
    file::Events,
    fs::random,
    net::{
        Caller, Socket,
        socket::{
            Common, Protocol,
            message::{Incoming, Outgoing, Received},
        },
    },
};
use abi::{
    Errno,
    net::{AF_ALG, SOCK_SEQPACKET},
};
use alloc::sync::Arc;
use core::any::Any;

/// The most that one recv(2) gives, in bytes.
const MOST: usize = 128;

struct Operation(User);

/// accept(2).
pub fn socket(transform: Arc<Transform>) -> Arc<Socket> {
    let common = Common::new(AF_ALG, SOCK_SEQPACKET, 0);
    Socket::new(common, Operation(User::new(transform)))
}

impl Protocol for Operation {
    fn send(&self, _: &Common, _: Option<&Caller<'_>>, _: &mut Outgoing<'_, '_>) -> Result<usize> {
        Err(Errno::EOPNOTSUPP)
    }

    fn recv(&self, _: &Common, incoming: &mut Incoming<'_, '_>) -> Result<Received> {
        let mut bytes = [0; MOST];
        let len = incoming.out.remaining().min(MOST);
        random::fill(&mut bytes[..len]);
        if len > 0 && incoming.out.write(&bytes[..len])? < len {
            return Err(Errno::EFAULT);
        }
        Ok(Received {
            len,
            ..Received::default()
        })
    }

    fn ready(&self, _: &Common) -> Events {
        Events::empty()
    }

    fn close(&self, _: &Common) {
        self.0.leave();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
