//! From what a program sent to the answers in its mailbox: what every protocol does
//! the same way. netlink(7), "nlmsg_flags"; RFC 3549 section 2.3.2.

use super::{
    Protocol, diag, generic,
    port::{Datagram, Port},
    route,
};
use crate::net::stack::Namespace;
use abi::Errno;
use alloc::{sync::Arc, vec::Vec};
use netlink::{Builder, Header, Message, flag, kind};

/// A question, as the protocols see it.
pub struct Request<'a> {
    /// The asker's namespace.
    pub net: &'a Arc<Namespace>,
    /// Type, flags, number; `port` is the asker's.
    pub header: Header,
    /// What follows the header.
    pub body: &'a [u8],
    /// Whether the asker has CAP_NET_ADMIN.
    pub admin: bool,
    /// NETLINK_GET_STRICT_CHK: filters in a dump's header and attributes count.
    pub strict: bool,
}

impl Request<'_> {
    /// The header of an answer of type `kind`.
    pub fn reply(&self, kind: u16) -> Header {
        Header {
            kind,
            flags: 0,
            sequence: self.header.sequence,
            port: self.header.port,
        }
    }

    /// The header of one record of a dump.
    pub fn record(&self, kind: u16) -> Header {
        Header {
            flags: flag::MULTI,
            ..self.reply(kind)
        }
    }

    /// Whether all of these NLM_F_* are set.
    pub fn has(&self, flags: u16) -> bool {
        self.header.has(flags)
    }

    /// Whether any bit of NLM_F_DUMP is set.
    pub fn dumps(&self) -> bool {
        self.header.flags & flag::DUMP != 0
    }
}

/// What a protocol answers.
pub enum Answer {
    /// It is done; an acknowledgement follows if it was asked for.
    Done,
    /// This, and an acknowledgement if it was asked for.
    Messages(Vec<Vec<u8>>),
    /// These, and NLMSG_DONE.
    Dump(Vec<Vec<u8>>),
}

/// Why a protocol refuses.
pub struct Refusal {
    pub errno: Errno,
    /// In words, for who wants extended acknowledgements.
    pub why: Option<&'static str>,
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Refusal {
        Refusal { errno, why: None }
    }
}

impl Refusal {
    /// With a reason.
    pub fn because(errno: Errno, why: &'static str) -> Refusal {
        Refusal {
            errno,
            why: Some(why),
        }
    }
}

/// What a protocol makes of a question.
pub type Outcome = core::result::Result<Answer, Refusal>;

/// Answers every message of a datagram.
pub fn handle(net: &Arc<Namespace>, port: &Arc<Port>, bytes: &[u8], admin: bool) {
    let id = port.id();
    for message in netlink::messages(bytes) {
        let header = message.header;
        let request = Request {
            net,
            header: Header { port: id, ..header },
            body: message.body,
            admin,
            strict: port.state.lock().wishes.strict,
        };
        let outcome = match header.kind {
            // Only requests are looked at, and control messages are for the transport, which wants nothing.
            _ if !header.has(flag::REQUEST) => Ok(Answer::Done),
            ..kind::MIN => Ok(Answer::Done),
            _ => match port.protocol {
                Protocol::Route => route::answer(&request),
                Protocol::SockDiag => diag::answer(&request),
                Protocol::Generic => generic::answer(&request),
                Protocol::User | Protocol::Uevent => Err(Errno::EOPNOTSUPP.into()),
            },
        };
        let outcome = match outcome {
            Ok(Answer::Dump(records)) => {
                // Four bytes: the error that ended the dump, none.
                let done = Builder::message(request.record(kind::DONE), &[0; 4]).finish();
                match port.begin_dump(records, done) {
                    // The dump's end is its acknowledgement.
                    Ok(()) => continue,
                    Err(errno) => Err(errno.into()),
                }
            }
            Ok(Answer::Messages(messages)) => {
                messages.into_iter().for_each(|bytes| send(port, bytes));
                Ok(())
            }
            Ok(Answer::Done) => Ok(()),
            Err(refusal) => Err(refusal),
        };
        if outcome.is_err() || header.has(flag::ACK) {
            acknowledge(port, &request, &message, outcome.err());
        }
    }
}

/// NLMSG_ERROR: a negative errno or 0, and the question or its header.
fn acknowledge(
    port: &Arc<Port>,
    request: &Request<'_>,
    message: &Message<'_>,
    no: Option<Refusal>,
) {
    let wishes = port.state.lock().wishes;
    let (errno, why) = no.map_or((0, None), |no| (no.errno.number(), no.why));
    let whole = errno != 0 && !wishes.capped_ack;
    let why = why.filter(|_| wishes.extended_ack);
    let mut header = request.reply(kind::ERROR);
    if !whole {
        header.flags |= flag::CAPPED;
    }
    if why.is_some() {
        header.flags |= flag::ACK_TLVS;
    }
    let mut builder = Builder::message(header, &(-errno).to_ne_bytes());
    builder.raw(match whole {
        true => message.bytes,
        false => &message.bytes[..Header::SIZE],
    });
    if let Some(why) = why {
        builder.str(kind::ERROR_MESSAGE, why);
    }
    send(port, builder.finish());
}

fn send(port: &Port, bytes: Vec<u8>) {
    // A full mailbox is its owner's loss: recv says ENOBUFS.
    let _ = port.deliver(Datagram {
        bytes: bytes.into(),
        from: 0,
        group: 0,
        creds: [0; 3],
    });
}
