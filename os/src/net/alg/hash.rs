//! Working sockets of type "hash": what is sent is digested, recv(2) gives the result.

use super::transform::{Key, Transform, User};
use crate::{
    Result,
    file::Events,
    net::{
        Caller, Socket,
        socket::{
            Common, Protocol,
            message::{Flags, Incoming, Outgoing, Received},
        },
    },
    sync::Mutex,
};
use abi::{
    Errno,
    net::{AF_ALG, SOCK_SEQPACKET},
};
use alloc::{sync::Arc, vec::Vec};
use core::any::Any;
use crypto::{HashKey, HashState};

/// Bytes copied in at a time.
const PIECE: usize = 4096;

struct Operation {
    user: User,
    message: Mutex<Message>,
}

#[derive(Default)]
struct Message {
    /// What was digested so far, while more is to come (MSG_MORE).
    running: Option<HashState>,
    /// Of a message that is complete.
    result: Option<Vec<u8>>,
}

/// accept(2); `running` is a message to go on with.
pub fn socket(transform: Arc<Transform>, running: Option<HashState>) -> Arc<Socket> {
    let common = Common::new(AF_ALG, SOCK_SEQPACKET, 0);
    let message = Message {
        running,
        result: None,
    };
    let operation = Operation {
        user: User::new(transform),
        message: Mutex::new(message),
    };
    Socket::new(common, operation)
}

impl Operation {
    fn key(&self) -> Result<HashKey> {
        match self.user.key()? {
            Key::Hash(key) => Ok(key),
            _ => Err(Errno::ENOKEY),
        }
    }
}

impl Protocol for Operation {
    /// A copy of this socket, with the message as it is now.
    fn accept(&self, _: &Common, _: bool) -> Result<Arc<Socket>> {
        self.key()?;
        let running = self.message.lock().running.clone();
        Ok(socket(self.user.transform().clone(), running))
    }

    fn send(
        &self,
        _: &Common,
        _: Option<&Caller<'_>>,
        outgoing: &mut Outgoing<'_, '_>,
    ) -> Result<usize> {
        let key = self.key()?;
        let mut message = self.message.lock();
        let mut running = match message.running.take() {
            Some(running) => running,
            None => {
                message.result = None;
                key.start()
            }
        };
        let mut piece = [0; PIECE];
        let mut sent = 0;
        while outgoing.data.remaining() > 0 {
            match outgoing.data.read(&mut piece)? {
                0 => break,
                got => {
                    running.update(&piece[..got]);
                    sent += got;
                }
            }
        }
        match outgoing.flags.contains(Flags::MORE) {
            true => message.running = Some(running),
            false => message.result = Some(running.finish()),
        }
        Ok(sent)
    }

    fn recv(&self, _: &Common, incoming: &mut Incoming<'_, '_>) -> Result<Received> {
        let key = self.key()?;
        let mut message = self.message.lock();
        let unfinished = message.running.take();
        let result = match (unfinished, message.result.take()) {
            (Some(running), _) => running.finish(),
            (None, Some(result)) => result,
            // Nothing was sent: the digest of nothing.
            (None, None) => key.start().finish(),
        };
        let fits = result.len().min(incoming.out.remaining());
        if fits > 0 && incoming.out.write(&result[..fits])? < fits {
            return Err(Errno::EFAULT);
        }
        let mut flags = Flags::empty();
        flags.set(Flags::TRUNC, fits < result.len());
        Ok(Received {
            len: fits,
            flags,
            from: None,
        })
    }

    fn ready(&self, _: &Common) -> Events {
        Events::empty()
    }

    fn close(&self, _: &Common) {
        self.user.leave();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
