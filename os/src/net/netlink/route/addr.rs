//! RTM_*ADDR: addresses of interfaces. rtnetlink(7), `struct ifaddrmsg`.

use super::{Outcome, addr_of, done, family_of, fixed, record_header, wanted, word_at, word_of};
use crate::net::{
    netlink::answer::{Answer, Refusal, Request},
    stack,
};
use abi::{
    Errno,
    net::{AF_INET, AF_INET6},
};
use alloc::vec::Vec;
use core::net::IpAddr;
use inet::{AddressNote, Cidr, IfaceAddress, IfaceId, IfaceInfo, Instant};
use netlink::{Attributes, Builder, Header, flag, route, route::addr, route::scope};

/// `sizeof(struct ifaddrmsg)`: family, prefix length, flags, scope, index.
const IFADDRMSG: usize = 8;
const IFA_F_SECONDARY: u32 = 0x01;
const IFA_F_PERMANENT: u32 = 0x80;
const IFA_F_MANAGETEMPADDR: u32 = 0x100;
/// What a program may say of an address that changes nothing here: no detection, no prefix route for a
/// temporary one.
const KEPT_FLAGS: u32 = 0x02 | 0x04 | IFA_F_MANAGETEMPADDR | 0x400;
const FOREVER: u32 = u32::MAX;

/// The group of notifications.
pub fn group(addr: IpAddr) -> u32 {
    match addr {
        IpAddr::V4(_) => route::group::IPV4_IFADDR,
        IpAddr::V6(_) => route::group::IPV6_IFADDR,
    }
}

/// `ifa_scope`, as Linux gives it to an address that came without.
fn scope_of(addr: IpAddr) -> u8 {
    match addr {
        IpAddr::V4(v4) if v4.is_loopback() => scope::HOST,
        IpAddr::V4(_) => scope::UNIVERSE,
        IpAddr::V6(v6) if v6.is_loopback() => scope::HOST,
        IpAddr::V6(v6) if v6.is_unicast_link_local() => scope::LINK,
        IpAddr::V6(v6) if v6.segments()[0] & 0xffc0 == 0xfec0 => scope::SITE,
        IpAddr::V6(_) => scope::UNIVERSE,
    }
}

/// The addresses as Linux lists them: IPv4 in order of making; IPv6 the widest scope first, the newest first.
fn listed(info: &IfaceInfo) -> impl Iterator<Item = &IfaceAddress> {
    let v4 = info.addresses.iter().filter(|own| own.cidr.addr.is_ipv4());
    let mut v6: Vec<&IfaceAddress> = info
        .addresses
        .iter()
        .rev()
        .filter(|own| own.cidr.addr.is_ipv6())
        .collect();
    v6.sort_by_key(|own| scope_of(own.cidr.addr));
    v4.chain(v6)
}

/// Whether an earlier address of the interface has the same network. Linux: IFA_F_SECONDARY.
fn is_secondary(info: &IfaceInfo, own: &IfaceAddress) -> bool {
    own.cidr.addr.is_ipv4()
        && info
            .addresses
            .iter()
            .take_while(|other| other.cidr.addr != own.cidr.addr)
            .any(|other| other.cidr.network() == own.cidr.network())
}

/// A record.
pub fn record(header: Header, info: &IfaceInfo, own: &IfaceAddress, now: Instant) -> Vec<u8> {
    let AddressNote {
        broadcast,
        peer,
        scope,
        label,
        flags,
        protocol,
        lifetime,
    } = own.note;
    let addr = own.cidr.addr;
    let mut flags = flags;
    if lifetime.is_none() {
        flags |= IFA_F_PERMANENT;
    }
    if is_secondary(info, own) {
        flags |= IFA_F_SECONDARY;
    }
    let mut head = [0; IFADDRMSG];
    head[..4].copy_from_slice(&[
        family_of(addr),
        own.cidr.prefix,
        flags as u8,
        scope.unwrap_or(scope_of(addr)),
    ]);
    head[4..].copy_from_slice(&info.id.0.to_ne_bytes());
    let mut b = Builder::message(header, &head);
    if addr.is_ipv4() {
        b.addr(addr::ADDRESS, peer.unwrap_or(addr))
            .addr(addr::LOCAL, addr);
        if let Some(broadcast) = broadcast {
            b.addr(addr::BROADCAST, IpAddr::V4(broadcast));
        }
        match core::str::from_utf8(&label) {
            Ok(label) if !label.starts_with('\0') => {
                b.str(addr::LABEL, label.trim_end_matches('\0'));
            }
            _ => {
                b.str(addr::LABEL, &info.name);
            }
        }
    } else {
        if let Some(peer) = peer {
            b.addr(addr::LOCAL, addr);
            b.addr(addr::ADDRESS, peer);
        } else {
            b.addr(addr::ADDRESS, addr);
        }
    }
    if protocol != 0 {
        b.u8(addr::PROTO, protocol);
    }
    b.u32(addr::FLAGS, flags);
    // Preferred and valid seconds left; when it was made and changed, in ticks of 10 ms.
    let (preferred, valid) = match lifetime {
        None => (FOREVER, FOREVER),
        Some((valid, preferred, since)) => {
            let gone = now.since(since).as_secs() as u32;
            let left = |seconds: u32| match seconds {
                FOREVER => FOREVER,
                seconds => seconds.saturating_sub(gone),
            };
            (left(preferred), left(valid))
        }
    };
    b.words(addr::CACHEINFO, &[preferred, valid, 0, 0]);
    b.finish()
}

/// RTM_GETADDR: a dump, of one interface when asked strictly.
pub fn get(request: &Request<'_>, family: u32) -> Outcome {
    if !request.dumps() {
        return get_one(request, family);
    }
    let only = match (request.strict, fixed::<IFADDRMSG>(request)) {
        (true, Ok(head)) => word_at(&head, 4),
        _ => 0,
    };
    let header = record_header(request, route::NEWADDR, only != 0);
    let records = request.net.look(|stack| {
        if only != 0 && stack.interface(IfaceId(only)).is_none() {
            return Err(Refusal::from(Errno::ENODEV));
        }
        let mut records = Vec::new();
        for round in [AF_INET, AF_INET6] {
            for info in stack.interfaces() {
                if only != 0 && info.id.0 != only {
                    continue;
                }
                let rows = listed(info)
                    .filter(|own| wanted(round, own.cidr.addr) && wanted(family, own.cidr.addr));
                records.extend(rows.map(|own| record(header, info, own, stack.now())));
            }
        }
        Ok(records)
    });
    Ok(Answer::Dump(records?))
}

/// One address: IPv6 only, as on Linux. `EADDRNOTAVAIL`, `EOPNOTSUPP`.
fn get_one(request: &Request<'_>, family: u32) -> Outcome {
    if family != AF_INET6 {
        return Err(Errno::EOPNOTSUPP.into());
    }
    let head: [u8; IFADDRMSG] = fixed(request)?;
    let attributes = Attributes::after(request.body, IFADDRMSG);
    let wanted = attributes
        .get(addr::LOCAL)
        .or_else(|| attributes.get(addr::ADDRESS))
        .ok_or(Errno::EINVAL)?;
    let wanted = addr_of(wanted, family)?;
    let index = word_at(&head, 4);
    let header = request.reply(route::NEWADDR);
    let found = request.net.look(|stack| {
        stack
            .interfaces()
            .filter(|info| index == 0 || info.id.0 == index)
            .find_map(|info| {
                let own = info.addresses.iter().find(|own| own.cidr.addr == wanted)?;
                Some(record(header, info, own, stack.now()))
            })
    });
    super::one(found.ok_or(Errno::EADDRNOTAVAIL)?)
}

/// What RTM_NEWADDR and RTM_DELADDR say: interface, address, and what else goes with it.
fn parse(
    request: &Request<'_>,
    family: u32,
) -> Result<(IfaceId, Option<Cidr>, AddressNote), Refusal> {
    let head: [u8; IFADDRMSG] = fixed(request)?;
    let attributes = Attributes::after(request.body, IFADDRMSG);
    let address = attributes
        .get(addr::ADDRESS)
        .map(|attribute| addr_of(attribute, family))
        .transpose()?;
    let local = attributes
        .get(addr::LOCAL)
        .map(|attribute| addr_of(attribute, family))
        .transpose()?;
    let mut note = AddressNote {
        flags: match attributes.get(addr::FLAGS) {
            Some(flags) => word_of(flags)?,
            None => u32::from(head[2]),
        } & KEPT_FLAGS,
        scope: (family == AF_INET).then_some(head[3]),
        protocol: attributes
            .get(addr::PROTO)
            .and_then(|p| p.u8())
            .unwrap_or(0),
        ..AddressNote::default()
    };
    let own = local.or(address);
    note.peer = address.filter(|peer| Some(*peer) != own);
    if let Some(IpAddr::V4(broadcast)) = attributes
        .get(addr::BROADCAST)
        .map(|attribute| addr_of(attribute, AF_INET))
        .transpose()?
    {
        note.broadcast = Some(broadcast);
    }
    if let Some(label) = attributes.get(addr::LABEL) {
        let label = label.str().ok_or(Errno::EINVAL)?.as_bytes();
        let room = note.label.get_mut(..label.len()).ok_or(Errno::ERANGE)?;
        room.copy_from_slice(label);
    }
    if let Some(times) = attributes.get(addr::CACHEINFO) {
        let word = |at: usize| times.value.get(at..).and_then(|rest| rest.first_chunk());
        let preferred = u32::from_ne_bytes(*word(0).ok_or(Errno::EINVAL)?);
        let valid = u32::from_ne_bytes(*word(4).ok_or(Errno::EINVAL)?);
        if valid == 0 || preferred > valid {
            return Err(Refusal::because(Errno::EINVAL, "address lifetime invalid"));
        }
        if valid != FOREVER {
            note.lifetime = Some((valid, preferred, stack::now()));
        }
    }
    let cidr = match own {
        Some(own) => Some(Cidr::new(own, head[1]).ok_or(Errno::EINVAL)?),
        None => None,
    };
    Ok((IfaceId(word_at(&head, 4)), cidr, note))
}

fn known_family(family: u32) -> Result<(), Refusal> {
    match family {
        AF_INET | AF_INET6 => Ok(()),
        _ => Err(Errno::EOPNOTSUPP.into()),
    }
}

/// RTM_NEWADDR. `EEXIST`, `ENODEV`, `EINVAL`; with NLM_F_REPLACE what is said of an address changes.
pub fn add(request: &Request<'_>, family: u32) -> Outcome {
    known_family(family)?;
    let (id, cidr, note) = parse(request, family)?;
    let cidr = cidr.ok_or(Refusal::because(
        Errno::EINVAL,
        "ipv4: Local address is not supplied",
    ))?;
    let added = request.net.with(|stack, now| {
        let known = stack
            .interface(id)
            .is_some_and(|info| info.addresses.iter().any(|own| own.cidr == cidr));
        match known && !request.has(flag::EXCL) && request.has(flag::REPLACE) {
            true => stack.change_address(id, cidr.addr, note),
            false => stack.add_address_as(now, id, cidr, note),
        }
    });
    match (added, family) {
        (Err(inet::Error::NoDevice), AF_INET) => {
            Err(Refusal::because(Errno::ENODEV, "ipv4: Device not found"))
        }
        (Err(inet::Error::Exists), AF_INET) => Err(Refusal::because(
            Errno::EEXIST,
            "ipv4: Address already assigned",
        )),
        (Err(inet::Error::Exists), _) => Err(Refusal::because(
            Errno::EEXIST,
            "ipv6: address already assigned",
        )),
        (Err(inet::Error::Invalid), AF_INET6) => Err(Refusal::because(
            Errno::EADDRNOTAVAIL,
            "ipv6: Invalid address",
        )),
        (added, _) => done(added),
    }
}

/// RTM_DELADDR. `EADDRNOTAVAIL`, `ENODEV`.
pub fn del(request: &Request<'_>, family: u32) -> Outcome {
    known_family(family)?;
    let (id, cidr, _) = parse(request, family)?;
    let gone = request.net.with(|stack, _| {
        let info = stack.interface(id).ok_or(inet::Error::NoDevice)?;
        let own = info.addresses.iter().find(|own| match cidr {
            // IPv6 compares the prefix length always, IPv4 when an address to compare it with came along.
            Some(cidr) => own.cidr == cidr,
            None => wanted(family, own.cidr.addr),
        });
        let addr = own.ok_or(inet::Error::NotFound)?.cidr.addr;
        stack.remove_address(id, addr)
    });
    match (gone, family) {
        (Err(inet::Error::NotFound), AF_INET) => Err(Refusal::because(
            Errno::EADDRNOTAVAIL,
            "ipv4: Address not found",
        )),
        (Err(inet::Error::NotFound), _) => Err(Refusal::because(
            Errno::EADDRNOTAVAIL,
            "ipv6: address not found",
        )),
        (gone, _) => done(gone),
    }
}
