//! NETLINK_GENERIC: families that are asked for by name. genl(7) of libnl; the uapi's
//! genetlink.h. There is one, the controller `nlctrl`, which says what there is; who
//! asks it for another is told `ENOENT`, as by a Linux without that family.

use super::answer::{Answer, Outcome, Request};
use abi::Errno;
use alloc::vec::Vec;
use netlink::{Attributes, Builder, Header, generic};

/// `sizeof(struct genlmsghdr)`: command, version, reserved.
const GENLMSGHDR: usize = 4;
const NAME: &str = "nlctrl";
const VERSION: u8 = 2;
/// GENL_CMD_CAP_DO, GENL_CMD_CAP_DUMP, GENL_CMD_CAP_HASPOL.
const GETFAMILY_FLAGS: u32 = 0x0e;
/// CTRL_ATTR_OP.
const MAX_ATTRIBUTE: u32 = 10;

/// Answers one message. `ENOENT`, `EOPNOTSUPP`, `EINVAL`.
pub fn answer(request: &Request<'_>) -> Outcome {
    if request.header.kind != generic::CTRL {
        return Err(Errno::ENOENT.into());
    }
    let &command = request
        .body
        .first()
        .filter(|_| request.body.len() >= GENLMSGHDR)
        .ok_or(Errno::EINVAL)?;
    if command != generic::GETFAMILY {
        return Err(Errno::EOPNOTSUPP.into());
    }
    if request.dumps() {
        let header = request.record(generic::CTRL);
        return Ok(Answer::Dump(alloc::vec![controller(header)]));
    }
    let attributes = Attributes::after(request.body, GENLMSGHDR);
    let id = attributes.get(generic::ATTR_FAMILY_ID);
    let name = attributes.get(generic::ATTR_FAMILY_NAME);
    let known = match (id, name) {
        (None, None) => return Err(Errno::EINVAL.into()),
        (_, Some(name)) => name.str() == Some(NAME),
        (Some(id), None) => id.u16() == Some(generic::CTRL),
    };
    match known {
        true => {
            let header = request.reply(generic::CTRL);
            Ok(Answer::Messages(alloc::vec![controller(header)]))
        }
        false => Err(Errno::ENOENT.into()),
    }
}

/// CTRL_CMD_NEWFAMILY about the controller itself.
fn controller(header: Header) -> Vec<u8> {
    let mut b = Builder::message(header, &[generic::NEWFAMILY, VERSION, 0, 0]);
    b.str(generic::ATTR_FAMILY_NAME, NAME)
        .u16(generic::ATTR_FAMILY_ID, generic::CTRL)
        .u32(generic::ATTR_VERSION, VERSION.into())
        .u32(generic::ATTR_HDRSIZE, 0)
        .u32(generic::ATTR_MAXATTR, MAX_ATTRIBUTE);
    let ops = b.nest_plain(generic::ATTR_OPS);
    let op = b.nest_plain(1);
    b.u32(generic::ATTR_OP_ID, generic::GETFAMILY.into())
        .u32(generic::ATTR_OP_FLAGS, GETFAMILY_FLAGS);
    b.end(op);
    b.end(ops);
    let groups = b.nest_plain(generic::ATTR_MCAST_GROUPS);
    let group = b.nest_plain(1);
    b.u32(generic::ATTR_GRP_ID, generic::CTRL.into())
        .str(generic::ATTR_GRP_NAME, "notify");
    b.end(group);
    b.end(groups);
    b.finish()
}
