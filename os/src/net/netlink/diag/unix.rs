//! AF_UNIX. `linux/unix_diag.h`.

use super::{cookie, cookie_matches, memory};
use crate::net::{
    netlink::answer::{Answer, Outcome, Request},
    unix::{self, Row},
};
use abi::{Errno, net::AF_UNIX};
use alloc::vec::Vec;
use netlink::{Builder, Header, diag, diag::unix as attribute};

/// `sizeof(struct unix_diag_req)`: family, protocol, states, inode, what to show, cookie.
const REQUEST: usize = 24;

/// SOCK_DIAG_BY_FAMILY: all in the states asked for, or one by its inode number. `ENOENT`.
pub fn get(request: &Request<'_>) -> Outcome {
    let body: &[u8; REQUEST] = request.body.first_chunk().ok_or(Errno::EINVAL)?;
    let word = |at: usize| u32::from_ne_bytes(core::array::from_fn(|i| body[at + i]));
    let (states, inode, show) = (word(4), word(8), word(12));
    let rows = unix::rows();
    if !request.dumps() {
        let asked = [word(16), word(20)];
        let one = rows
            .iter()
            .find(|row| row.inode as u32 == inode && cookie_matches(asked, row.inode));
        let record = record(
            request.reply(diag::BY_FAMILY),
            one.ok_or(Errno::ENOENT)?,
            show,
        );
        return Ok(Answer::Messages(alloc::vec![record]));
    }
    let header = request.record(diag::BY_FAMILY);
    let passing = rows.iter().filter(|row| states & 1 << row.state() != 0);
    Ok(Answer::Dump(
        passing.map(|row| record(header, row, show)).collect(),
    ))
}

fn record(header: Header, row: &Row, show: u32) -> Vec<u8> {
    let [low, high] = cookie(row.inode);
    let mut head = [0; 16];
    head[..3].copy_from_slice(&[AF_UNIX as u8, row.kind as u8, row.state()]);
    for (n, word) in [row.inode as u32, low, high].iter().enumerate() {
        let at = 4 + 4 * n;
        head[at..at + 4].copy_from_slice(&word.to_ne_bytes());
    }
    let mut b = Builder::message(header, &head);
    if let Some(name) = &row.name
        && show & attribute::SHOW_NAME != 0
    {
        b.attr(attribute::NAME, name);
    }
    if let Some(peer) = row.peer
        && show & attribute::SHOW_PEER != 0
    {
        b.u32(attribute::PEER, peer as u32);
    }
    if row.listens && show & attribute::SHOW_ICONS != 0 {
        let waiting: Vec<u32> = row.waiting.iter().map(|inode| *inode as u32).collect();
        b.words(attribute::ICONS, &waiting);
    }
    if show & attribute::SHOW_RQLEN != 0 {
        let lengths = match row.listens {
            true => [row.waiting.len() as u32, row.backlog as u32],
            false => [row.unread as u32, row.inflight as u32],
        };
        b.words(attribute::RQLEN, &lengths);
    }
    if show & attribute::SHOW_MEMINFO != 0 {
        let room = row.send_buffer;
        b.words(
            attribute::MEMINFO,
            &memory(row.unread, room, row.inflight, room, 0),
        );
    }
    if show & attribute::SHOW_UID != 0 {
        b.u32(attribute::UID, row.owner);
    }
    b.u8(attribute::SHUTDOWN, row.shut);
    b.finish()
}
