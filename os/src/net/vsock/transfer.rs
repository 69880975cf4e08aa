//! send(2) and recv(2).

use super::node::{Node, Phase, Piece, State};
use crate::{
    Result,
    file::Events,
    net::socket::{
        Common,
        message::{Flags, Incoming, Outgoing, Received},
    },
};
use abi::{Errno, net::SOCK_STREAM};
use alloc::{sync::Arc, vec, vec::Vec};

/// The longest piece that a stream's write is cut into.
const PIECE: usize = 64 * 1024;

/// All of a stream's bytes, waiting for room unless it may not sleep; of packets, one. `EPIPE`, `ENOTCONN`, `EISCONN`.
pub fn send(node: &Node, common: &Common, message: &mut Outgoing<'_, '_>) -> Result<usize> {
    if message.flags.contains(Flags::OOB) {
        return Err(Errno::EOPNOTSUPP);
    }
    let peer = {
        let state = node.state.lock();
        let connected = matches!(state.phase, Phase::Connected);
        if message.to.is_some() {
            return Err(if connected {
                Errno::EISCONN
            } else {
                Errno::EOPNOTSUPP
            });
        }
        if state.shut_write || state.peer_shut_read {
            return Err(Errno::EPIPE);
        }
        match (connected, state.peer.upgrade()) {
            (true, Some(peer)) => peer,
            _ => return Err(Errno::ENOTCONN),
        }
    };
    let stream = node.kind == SOCK_STREAM;
    let total = message.data.remaining();
    if !stream && total > peer.state.lock().limit {
        return Err(Errno::EMSGSIZE);
    }
    let end_of_record = message.flags.contains(Flags::EOR);
    let (nonblock, timeout) = (message.flags.nonblock(), common.generic().send_timeout);
    let mut sent = 0;
    let mut spare: Vec<u8> = Vec::new();
    while sent < total || !stream && total == 0 {
        if spare.is_empty() && total > 0 {
            let want = if stream {
                PIECE.min(total - sent)
            } else {
                total
            };
            spare = vec![0; want];
            let got = match message.data.read(&mut spare) {
                Ok(got) => got,
                Err(_) if sent > 0 => return Ok(sent),
                Err(errno) => return Err(errno),
            };
            if got == 0 || !stream && got < total {
                return if sent > 0 {
                    Ok(sent)
                } else {
                    Err(Errno::EFAULT)
                };
            }
            spare.truncate(got);
        }
        let step = common.wait(nonblock, timeout, || {
            {
                let state = node.state.lock();
                if state.shut_write || state.peer_shut_read {
                    return Err(Errno::EPIPE);
                }
            }
            put(&peer, &mut spare, stream, end_of_record)
        });
        match step {
            Ok(put) => sent += put,
            Err(_) if sent > 0 => return Ok(sent),
            Err(errno) => return Err(errno),
        }
        if !stream {
            break;
        }
    }
    Ok(sent)
}

/// Moves what there is room for, all of a packet or nothing. `EAGAIN`.
fn put(peer: &Node, bytes: &mut Vec<u8>, stream: bool, end_of_record: bool) -> Result<usize> {
    let mut state = peer.state.lock();
    let room = state.limit.saturating_sub(state.held);
    let fits = if stream {
        bytes.len().min(room)
    } else {
        bytes.len()
    };
    if fits > room || stream && fits == 0 {
        return Err(Errno::EAGAIN);
    }
    let rest = bytes.split_off(fits);
    state.held += fits;
    state.inbox.push_back(Piece {
        bytes: core::mem::replace(bytes, rest),
        start: 0,
        end_of_record,
    });
    drop(state);
    peer.queue.wake(Events::IN | Events::RDNORM);
    Ok(fits)
}

/// What is there, at least a byte, or with MSG_WAITALL all that was asked for; of packets, one. `ENOTCONN`.
pub fn recv(node: &Arc<Node>, common: &Common, message: &mut Incoming<'_, '_>) -> Result<Received> {
    if message.flags.contains(Flags::OOB) {
        return Err(Errno::EOPNOTSUPP);
    }
    {
        let state = node.state.lock();
        if matches!(state.phase, Phase::Unconnected | Phase::Listening(_)) {
            return Err(Errno::ENOTCONN);
        }
    }
    let want = message.out.remaining();
    let stream = node.kind == SOCK_STREAM;
    if want == 0 && stream {
        return Ok(Received::default());
    }
    let generic = common.generic();
    let least = match message.flags.contains(Flags::WAITALL) && stream {
        true => want,
        false => want.min(generic.recv_low_water.max(1) as usize),
    };
    let peek = message.flags.contains(Flags::PEEK);
    let mut copied = 0;
    let mut packet = None;
    let outcome = common.wait(message.flags.nonblock(), generic.recv_timeout, || {
        loop {
            let taken = {
                let mut state = node.state.lock();
                if state.shut_read {
                    return Ok(());
                }
                take(&mut state, stream, peek, want - copied)
            };
            let Some(piece) = taken else { break };
            node.tell_peer(peek);
            let fits = piece.bytes.len().min(want - copied);
            if fits > 0 && message.out.write(&piece.bytes[..fits])? < fits {
                return Err(Errno::EFAULT);
            }
            copied += fits;
            if !stream {
                packet = Some(piece);
                return Ok(());
            }
            if peek || copied == want {
                return Ok(());
            }
        }
        let mut state = node.state.lock();
        if copied >= least && copied > 0 || state.peer_shut_write {
            return Ok(());
        }
        if let Some(errno) = state.error.take() {
            return Err(errno);
        }
        Err(Errno::EAGAIN)
    });
    if let Err(errno) = outcome
        && copied == 0
    {
        return Err(errno);
    }
    let mut flags = Flags::empty();
    let mut len = copied;
    if let Some(piece) = packet {
        flags.set(Flags::TRUNC, copied < piece.bytes.len());
        flags.set(Flags::EOR, piece.end_of_record);
        if message.flags.contains(Flags::TRUNC) {
            len = piece.bytes.len();
        }
    }
    Ok(Received {
        len,
        flags,
        from: None,
    })
}

/// The next packet, or up to `want` bytes of a stream; a copy where it is to stay.
fn take(state: &mut State, stream: bool, peek: bool, want: usize) -> Option<Piece> {
    if peek {
        let mut bytes = Vec::new();
        let mut end_of_record = false;
        let count = if stream { state.inbox.len() } else { 1 };
        for piece in state.inbox.iter().take(count) {
            let left = if stream {
                want - bytes.len()
            } else {
                usize::MAX
            };
            let rest = piece.bytes.get(piece.start..).unwrap_or_default();
            bytes.extend_from_slice(&rest[..rest.len().min(left)]);
            end_of_record = piece.end_of_record;
        }
        return (!state.inbox.is_empty()).then_some(Piece {
            bytes,
            start: 0,
            end_of_record,
        });
    }
    let front = state.inbox.front_mut()?;
    let left = front.bytes.len() - front.start;
    if stream && left > want {
        let bytes = front.bytes[front.start..front.start + want].to_vec();
        front.start += want;
        state.held -= want;
        return Some(Piece {
            bytes,
            start: 0,
            end_of_record: false,
        });
    }
    let mut piece = state.inbox.pop_front()?;
    state.held -= left;
    piece.bytes.drain(..piece.start);
    piece.start = 0;
    Some(piece)
}

impl Node {
    /// There is room again.
    fn tell_peer(&self, peek: bool) {
        if peek {
            return;
        }
        let peer = self.state.lock().peer.upgrade();
        if let Some(peer) = peer {
            peer.queue.wake(Events::OUT | Events::WRNORM);
        }
    }
}
