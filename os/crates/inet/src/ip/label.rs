//! IPv6 flow labels that programs lease (RFC 6437; IPV6_FLOWLABEL_MGR as Linux has it).
//!
//! As long as nobody has a label for himself, anybody may send with any. Once somebody does, a socket may send with those only
//! that it leased. Labels that nobody has any more linger before they are free; that is looked at whenever the table is.

use alloc::vec::Vec;
use core::net::Ipv6Addr;
use core::time::Duration;

use crate::error::{Error, Result};
use crate::stack::Stack;
use crate::time::Instant;

/// The bits of a label, and one that those have which the kernel makes: they are never 0 (net.ipv6.flowlabel_state_ranges).
pub(crate) const MASK: u32 = 0x000f_ffff;
pub(crate) const STATELESS: u32 = 0x0008_0000;
/// Labels of a stack, of a socket, and below which number of free ones programs without privilege get none.
const LABELS: usize = 4096;
const PER_SOCKET: usize = 32;
const KEPT_FREE: usize = LABELS / 4;
/// In seconds.
const LINGER_LEAST: u16 = 6;
const LINGER_MOST: u16 = 60;

/// Who may use a label besides the socket that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelShare {
    /// IPV6_FL_S_EXCL: nobody.
    Exclusive,
    /// IPV6_FL_S_PROCESS: sockets of that process.
    Process(i32),
    /// IPV6_FL_S_USER: sockets of that user.
    User(u32),
    /// IPV6_FL_S_ANY.
    Any,
}

/// What a socket asks for.
#[derive(Clone, Copy, Debug)]
pub struct LabelRequest {
    /// 20 bits; 0 asks for any.
    pub label: u32,
    /// Shown only.
    pub to: Ipv6Addr,
    /// Who else may have it.
    pub share: LabelShare,
    /// Make it if there is none.
    pub create: bool,
    /// It must not be there.
    pub exclusive: bool,
    /// How long it lives on without users, and at least, in seconds.
    pub linger: u16,
    /// See `linger`.
    pub expires: u16,
    /// CAP_NET_ADMIN: longer times, more labels.
    pub privileged: bool,
}

/// A label in use, or not yet free.
#[derive(Clone, Copy, Debug)]
pub struct FlowLabel {
    /// 20 bits.
    pub label: u32,
    /// Where its packets go, as its maker said.
    pub to: Ipv6Addr,
    /// Who may have it.
    pub share: LabelShare,
    /// How many leases.
    pub users: usize,
    /// Kept so long after the last use.
    pub linger: Duration,
    /// Kept until then at least.
    pub expires: Instant,
    used: Instant,
}

impl FlowLabel {
    fn renew(&mut self, now: Instant, linger: Duration, expires: Duration) {
        self.used = now;
        self.linger = self.linger.max(linger);
        self.expires = self.expires.max(now + expires.max(self.linger));
    }

    fn is_over(&self, now: Instant) -> bool {
        self.users == 0 && now >= self.expires.max(self.used + self.linger)
    }
}

/// The labels of a stack.
#[derive(Default)]
pub(crate) struct FlowLabels {
    all: Vec<FlowLabel>,
    /// Socket's token, label.
    leases: Vec<(u64, u32)>,
}

/// At least what is kept at any rate; more than a minute is a privilege: `NotPermitted`.
fn seconds(asked: u16, privileged: bool) -> Result<Duration> {
    match asked > LINGER_MOST && !privileged {
        true => Err(Error::NotPermitted),
        false => Ok(Duration::from_secs(asked.max(LINGER_LEAST).into())),
    }
}

impl Stack {
    /// Every label, for /proc/net/ip6_flowlabel.
    pub fn flow_labels(&self) -> &[FlowLabel] {
        &self.labels.all
    }

    /// IPV6_FL_A_GET: leases a label to the socket with that token; returns it. Errors: `Exists`, `NotPermitted` (somebody
    /// else's, or too long), `NotFound` (none is there, none may be made), `NoBuffers` (too many), `Invalid`.
    pub fn label_lease(&mut self, now: Instant, token: u64, ask: &LabelRequest) -> Result<u32> {
        let linger = seconds(ask.linger, ask.privileged)?;
        let expires = seconds(ask.expires, ask.privileged)?;
        if ask.to.is_unspecified() || ask.to.to_ipv4_mapped().is_some() {
            return Err(Error::Invalid);
        }
        let labels = &mut self.labels;
        labels.all.retain(|label| !label.is_over(now));
        let known = labels.all.iter_mut().find(|label| label.label == ask.label);
        // One that nobody has any more is as good as new.
        if let Some(label) = known.filter(|label| label.users > 0 || ask.create) {
            if ask.exclusive {
                return Err(Error::Exists);
            }
            if label.share == LabelShare::Exclusive || label.share != ask.share {
                return Err(Error::NotPermitted);
            }
            label.linger = label.linger.max(linger);
            label.expires = label.expires.max(now + expires.max(linger));
            label.users += 1;
            labels.leases.push((token, ask.label));
            return Ok(ask.label);
        }
        if !ask.create {
            return Err(Error::NotFound);
        }
        let free = LABELS.saturating_sub(labels.all.len());
        if free <= LABELS - PER_SOCKET {
            let mine = labels
                .leases
                .iter()
                .filter(|lease| lease.0 == token)
                .count();
            let greedy = mine >= PER_SOCKET || (mine > 0 && free < LABELS / 2) || free < KEPT_FREE;
            if free == 0 || (greedy && !ask.privileged) {
                return Err(Error::NoBuffers);
            }
        }
        let mut number = ask.label;
        while number == 0 || labels.all.iter().any(|label| label.label == number) {
            number = self.rng.u32() & MASK;
        }
        let mut label = FlowLabel {
            label: number,
            to: ask.to,
            share: ask.share,
            users: 1,
            linger: Duration::ZERO,
            expires: now,
            used: now,
        };
        label.renew(now, linger, expires);
        labels.all.push(label);
        labels.leases.push((token, number));
        Ok(number)
    }

    /// IPV6_FL_A_PUT: gives one back. Errors: `NotFound`.
    pub fn label_return(&mut self, now: Instant, token: u64, number: u32) -> Result<()> {
        let labels = &mut self.labels;
        let mine = labels
            .leases
            .iter()
            .rposition(|&lease| lease == (token, number));
        labels.leases.remove(mine.ok_or(Error::NotFound)?);
        if let Some(label) = labels.all.iter_mut().find(|label| label.label == number) {
            label.users = label.users.saturating_sub(1);
            label.used = now;
        }
        Ok(())
    }

    /// IPV6_FL_A_RENEW: lengthens a lease; with `anybody`, also of a label that is not leased to the socket. Errors:
    /// `NotPermitted` (too long), `NotFound`.
    pub fn label_renew(
        &mut self,
        now: Instant,
        token: u64,
        ask: &LabelRequest,
        anybody: bool,
    ) -> Result<()> {
        let labels = &mut self.labels;
        if !anybody && !labels.leases.contains(&(token, ask.label)) {
            return Err(Error::NotFound);
        }
        let label = labels.all.iter_mut().find(|label| label.label == ask.label);
        let label = label.ok_or(Error::NotFound)?;
        let linger = seconds(ask.linger, ask.privileged)?;
        let expires = seconds(ask.expires, ask.privileged)?;
        label.renew(now, linger, expires);
        Ok(())
    }

    /// A label that is leased to the socket.
    pub fn label_of(&self, token: u64, number: u32) -> Option<&FlowLabel> {
        let mine = self.labels.leases.contains(&(token, number));
        let mut all = self.labels.all.iter();
        all.find(|label| mine && label.label == number)
    }

    /// Whether the socket may send with a label. Errors: `Invalid`.
    pub fn label_check(&mut self, now: Instant, token: u64, number: u32) -> Result<()> {
        let labels = &mut self.labels;
        if number == 0 || labels.all.is_empty() {
            return Ok(());
        }
        labels.all.retain(|label| !label.is_over(now));
        let free_for_all = labels
            .all
            .iter()
            .all(|label| label.share == LabelShare::Any);
        if free_for_all {
            return Ok(());
        }
        if !labels.leases.contains(&(token, number)) {
            return Err(Error::Invalid);
        }
        if let Some(label) = labels.all.iter_mut().find(|label| label.label == number) {
            label.used = now;
        }
        Ok(())
    }

    /// What a closed socket leased is given back.
    pub(crate) fn labels_drop(&mut self, now: Instant, token: u64) {
        while let Some(&(_, number)) = self.labels.leases.iter().find(|lease| lease.0 == token) {
            let _ = self.label_return(now, token, number);
        }
    }
}

/// Writes a label into a fixed IPv6 header that has none.
pub(crate) fn write(packet: &mut [u8], label: u32) {
    if let Some(room) = packet.get_mut(1..4) {
        let [_, high, middle, low] = label.to_be_bytes();
        room[0] |= high & 15;
        room[1] = middle;
        room[2] = low;
    }
}
