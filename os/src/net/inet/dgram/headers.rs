//! What a program says about the IP headers of one datagram, and is told about those of a received one. ip(7).

use super::Dgram;
use crate::{
    Result,
    net::{
        CAP_NET_RAW, Caller, Control,
        cmsg::Item,
        socket::{Generic, generic::Ancillary},
    },
};
use abi::{
    Errno,
    net::{IP_RECVOPTS, IP_RETOPTS, IPPROTO_IP},
};
use inet::{Additions, Arrival};

/// The longest options of an IPv4 header.
const OPTIONS_MAX: usize = 40;

impl Dgram {
    /// Takes an item of sendmsg(2) that says what the headers get; `false` when it is about something else. `EINVAL`.
    pub(super) fn adds(
        &self,
        additions: &mut Option<Additions>,
        item: &Item<'_>,
        cx: Option<&Caller<'_>>,
    ) -> Result<bool> {
        const IP: i32 = IPPROTO_IP as i32;
        match (item.level, item.kind as u32) {
            (IP, IP_RETOPTS) => {
                let given = &item.data[..item.data.len().min(OPTIONS_MAX)];
                let privileged = cx.is_some_and(|cx| cx.capable(CAP_NET_RAW));
                let options = self.net.look(|stack| stack.ipv4_options(given, privileged));
                additions.get_or_insert_default().v4 = options.ok_or(Errno::EINVAL)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// IP_RECVOPTS: the options as they came. IP_RETOPTS: those of an answer.
pub(super) fn push_options(control: &mut Control, arrival: &Arrival<'_>, generic: &Generic) {
    let received = arrival.ipv4_options();
    if received.is_empty() {
        return;
    }
    if generic.ancillary.contains(Ancillary::OPTIONS) {
        control.push(IPPROTO_IP as i32, IP_RECVOPTS as i32, received);
    }
    if generic.ancillary.contains(Ancillary::OPTIONS_BACK)
        && let Some(answer) = arrival.ipv4_answer()
    {
        let (bytes, len) = answer.given();
        control.push(IPPROTO_IP as i32, IP_RETOPTS as i32, &bytes[..len]);
    }
}
