//! RTM_*NSID: what a namespace calls other namespaces. rtnetlink(7), ip-netns(8).

use super::{Outcome, one, word_of};
use crate::net::{
    Namespace,
    netlink::answer::{Answer, Refusal, Request},
    stack,
};
use abi::Errno;
use alloc::{
    sync::{Arc, Weak},
    vec::Vec,
};
use netlink::{Attributes, Builder, Header, route, route::nsid};

/// `sizeof(struct rtgenmsg)` with its padding.
const RTGENMSG: usize = 4;
/// No name: NETNSA_NSID_NOT_ASSIGNED.
const NONE: i32 = -1;

/// What `net` calls `other`; a new number when it had none.
pub fn of(net: &Namespace, other: &Arc<Namespace>) -> i32 {
    known(net, other).unwrap_or_else(|| {
        let mut names = net.names.lock();
        names.retain(|_, (_, known)| known.strong_count() > 0);
        let mut free = (0..).filter(|id| names.values().all(|(taken, _)| taken != id));
        let id = free.next().unwrap_or(0);
        names.insert(other.cookie, (id, Arc::downgrade(other)));
        id
    })
}

fn known(net: &Namespace, other: &Namespace) -> Option<i32> {
    net.names.lock().get(&other.cookie).map(|(id, _)| *id)
}

/// RTM_NEWNSID. `EEXIST` when it has a number, or the number is taken.
pub fn add(request: &Request<'_>) -> Outcome {
    let attributes = Attributes::after(request.body, RTGENMSG);
    let id = attributes
        .get(nsid::NSID)
        .ok_or(Refusal::because(Errno::EINVAL, "nsid is missing"))?;
    let id = word_of(id)? as i32;
    let other = named(&attributes)?;
    let mut names = request.net.names.lock();
    names.retain(|_, (_, known)| known.strong_count() > 0);
    if names.contains_key(&other.cookie) {
        return Err(Refusal::because(
            Errno::EEXIST,
            "Peer netns already has a nsid assigned",
        ));
    }
    let id = match id {
        0.. if names.values().any(|(taken, _)| *taken == id) => {
            return Err(Refusal::because(
                Errno::EEXIST,
                "The specified nsid is already used",
            ));
        }
        0.. => id,
        _ => (0..)
            .find(|id| names.values().all(|(taken, _)| taken != id))
            .unwrap_or(0),
    };
    names.insert(other.cookie, (id, Arc::downgrade(&other)));
    Ok(Answer::Done)
}

/// RTM_GETNSID: of a process or a descriptor, or all.
pub fn get(request: &Request<'_>) -> Outcome {
    if request.dumps() {
        let header = request.record(route::NEWNSID);
        let mut ids: Vec<i32> = {
            let names = request.net.names.lock();
            let alive = names.values().filter(|(_, other)| other.strong_count() > 0);
            alive.map(|(id, _)| *id).collect()
        };
        ids.sort_unstable();
        let records = ids.into_iter().map(|id| record(header, id));
        return Ok(Answer::Dump(records.collect()));
    }
    let attributes = Attributes::after(request.body, RTGENMSG);
    let header = request.reply(route::NEWNSID);
    if let Some(id) = attributes.get(nsid::NSID) {
        let id = word_of(id)? as i32;
        let names = request.net.names.lock();
        let mut all = names.values();
        let there = all.any(|(known, other): &(i32, Weak<Namespace>)| {
            *known == id && other.strong_count() > 0
        });
        return match there {
            true => one(record(header, id)),
            false => Err(Errno::ENOENT.into()),
        };
    }
    let other = named(&attributes)?;
    one(record(header, known(request.net, &other).unwrap_or(NONE)))
}

fn record(header: Header, id: i32) -> Vec<u8> {
    let mut b = Builder::message(header, &[0; RTGENMSG]);
    b.u32(nsid::NSID, id as u32);
    b.finish()
}

/// The namespace that a message names. `ESRCH`, `EINVAL`.
fn named(attributes: &Attributes<'_>) -> Result<Arc<Namespace>, Refusal> {
    let tasks = stack::tasks().ok_or(Errno::EINVAL)?;
    if let Some(pid) = attributes.get(nsid::PID) {
        return Ok(tasks.of(word_of(pid)? as i32).ok_or(Errno::ESRCH)?);
    }
    let fd = attributes.get(nsid::FD).ok_or(Refusal::because(
        Errno::EINVAL,
        "Peer netns reference is missing",
    ))?;
    let net = tasks.behind(word_of(fd)? as i32);
    Ok(net.ok_or(Errno::EINVAL)?)
}
