//! Working sockets of types "skcipher" and "aead": sendmsg(2) queues a message and says what to do with it, recv(2) does it.

use super::{
    queue::{Orders, Queue},
    transform::{Key, Transform, User},
};
use crate::{
    Result,
    file::Events,
    mm::PAGE_SIZE,
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
use alloc::{sync::Arc, vec};
use core::any::Any;
use crypto::{AeadKey, Cipher, CipherKey, Error};

struct Operation {
    user: User,
    queue: Mutex<Queue>,
}

/// accept(2).
pub fn socket(transform: Arc<Transform>) -> Arc<Socket> {
    let common = Common::new(AF_ALG, SOCK_SEQPACKET, 0);
    let operation = Operation {
        user: User::new(transform),
        queue: Mutex::new(Queue::default()),
    };
    Socket::new(common, operation)
}

impl Operation {
    /// Bytes that a send may add now: less than a page is none.
    fn room(queue: &Queue, send_buffer: usize) -> usize {
        let limit = send_buffer.max(PAGE_SIZE) / PAGE_SIZE * PAGE_SIZE;
        match limit.saturating_sub(queue.bytes.len()) {
            room if room < PAGE_SIZE => 0,
            room => room,
        }
    }

    /// One step of a cipher: as much as there is, or fits. `EAGAIN`.
    fn cipher_step(&self, key: &CipherKey, incoming: &mut Incoming<'_, '_>) -> Result<usize> {
        let chunk = Cipher::Cbc.chunk();
        let mut queue = self.queue.lock();
        if !queue.begun || queue.more && queue.bytes.len() < chunk {
            return Err(Errno::EAGAIN);
        }
        let mut len = incoming.out.remaining().min(queue.bytes.len());
        if queue.more || len < queue.bytes.len() {
            if len < chunk {
                return Err(Errno::EINVAL);
            }
            len -= len % chunk;
        }
        let mut bytes = queue.take(len);
        if bytes.is_empty() {
            return Ok(0);
        }
        let encrypt = queue.encrypt;
        let done = match encrypt {
            true => key.encrypt(&mut queue.iv, &mut bytes),
            false => key.decrypt(&mut queue.iv, &mut bytes),
        };
        done.map_err(errno)?;
        match incoming.out.write(&bytes)? {
            copied if copied == len => Ok(len),
            _ => Err(Errno::EFAULT),
        }
    }

    /// The whole message, associated data in front. `EAGAIN`, `EINVAL`, `EBADMSG`.
    fn aead_step(
        &self,
        key: &AeadKey,
        tag: usize,
        incoming: &mut Incoming<'_, '_>,
    ) -> Result<usize> {
        let mut queue = self.queue.lock();
        if !queue.begun || queue.more {
            return Err(Errno::EAGAIN);
        }
        let (associated, encrypt) = (queue.associated, queue.encrypt);
        let tag_in = if encrypt { 0 } else { tag };
        let used = queue.bytes.len();
        if used < associated.saturating_add(tag_in) {
            return Err(Errno::EINVAL);
        }
        let mut text = used - associated - tag_in;
        let room = incoming.out.remaining();
        let out = associated + text + if encrypt { tag } else { 0 };
        if room < out {
            // Less room than result: as much less of the text is used, if there is so much.
            text = text.checked_sub(out - room).ok_or(Errno::EINVAL)?;
        }
        let bytes = queue.take(used);
        let iv = queue.iv;
        let (data, rest) = bytes.split_at(associated);
        let mut result = vec![0; associated + text + if encrypt { tag } else { 0 }];
        let (front, back) = result.split_at_mut(associated);
        front.copy_from_slice(data);
        let (body, tail) = back.split_at_mut(text);
        body.copy_from_slice(&rest[..text]);
        let done = match encrypt {
            true => key.encrypt(&iv, data, body, tail),
            false => key.decrypt(&iv, data, body, &rest[text..text + tag]),
        };
        done.map_err(errno)?;
        if !result.is_empty() && incoming.out.write(&result)? < result.len() {
            return Err(Errno::EFAULT);
        }
        Ok(result.len())
    }
}

fn errno(error: Error) -> Errno {
    match error {
        Error::Length => Errno::EINVAL,
        Error::Tag => Errno::EBADMSG,
    }
}

impl Protocol for Operation {
    fn send(
        &self,
        common: &Common,
        _: Option<&Caller<'_>>,
        outgoing: &mut Outgoing<'_, '_>,
    ) -> Result<usize> {
        self.user.key()?;
        let iv_size = self.user.transform().algorithm().iv_size();
        let orders = Orders::parse(outgoing.control, iv_size)?;
        self.queue.lock().begin(orders)?;
        let generic = common.generic();
        let mut sent = 0;
        while outgoing.data.remaining() > 0 {
            let data = &mut *outgoing.data;
            let step = common.wait(outgoing.flags.nonblock(), generic.send_timeout, || {
                let mut queue = self.queue.lock();
                let room = Operation::room(&queue, generic.send_buffer as usize);
                if room == 0 {
                    return Err(Errno::EAGAIN);
                }
                let old = queue.bytes.len();
                queue.bytes.resize(old + room.min(data.remaining()), 0);
                let got = data.read(&mut queue.bytes[old..]);
                queue.bytes.truncate(old + *got.as_ref().unwrap_or(&0));
                got
            });
            match step {
                Ok(0) => {
                    return if sent > 0 {
                        Ok(sent)
                    } else {
                        Err(Errno::EFAULT)
                    };
                }
                Ok(got) => sent += got,
                Err(_) if sent > 0 => return Ok(sent),
                Err(errno) => return Err(errno),
            }
        }
        self.queue.lock().more = outgoing.flags.contains(Flags::MORE);
        common.queue().wake(Events::IN | Events::RDNORM);
        Ok(sent)
    }

    fn recv(&self, common: &Common, incoming: &mut Incoming<'_, '_>) -> Result<Received> {
        let key = self.user.key()?;
        let timeout = common.generic().recv_timeout;
        let nonblock = incoming.flags.nonblock();
        let mut len = 0;
        while incoming.out.remaining() > 0 {
            let step = common.wait(nonblock, timeout, || match &key {
                Key::Cipher(key) => self.cipher_step(key, incoming),
                Key::Aead(key, tag) => self.aead_step(key, *tag, incoming),
                Key::Hash(_) => Err(Errno::ENOKEY),
            });
            match step {
                Ok(0) => break,
                Ok(got) => len += got,
                Err(errno) if len == 0 || errno == Errno::EBADMSG => return Err(errno),
                Err(_) => break,
            }
            common.queue().wake(Events::OUT | Events::WRNORM);
        }
        Ok(Received {
            len,
            ..Received::default()
        })
    }

    fn ready(&self, common: &Common) -> Events {
        // Somebody who holds the lock is at work on the message; the end of it wakes.
        let Some(queue) = self.queue.try_lock() else {
            return Events::empty();
        };
        let mut events = Events::empty();
        if !queue.more || !queue.bytes.is_empty() {
            events |= Events::IN | Events::RDNORM;
        }
        if Operation::room(&queue, common.generic().send_buffer as usize) > 0 {
            events |= Events::OUT | Events::WRNORM;
        }
        events
    }

    fn close(&self, _: &Common) {
        self.user.leave();
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
