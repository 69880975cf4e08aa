//! Addresses: paths, the abstract namespace, autobind. unix(7).

use super::end::End;
use crate::{
    Result, fs,
    net::{Caller, Namespace, SockAddr},
    sync::SpinLock,
};
use abi::{Errno, net::AF_UNIX};
use alloc::{
    collections::BTreeMap,
    format,
    sync::{Arc, Weak},
    vec::Vec,
};
use core::any::Any;

/// Bytes of `sun_family`, before `sun_path`.
const FAMILY: usize = 2;
/// `sizeof(struct sockaddr_un)`.
const SOCKADDR_UN: usize = 110;

/// What an end is bound to.
pub enum Name {
    /// A path, without the NUL.
    Path(Vec<u8>),
    /// All bytes after the leading NUL; may contain anything.
    Abstract(Vec<u8>),
}

/// (network namespace, type, name) -> who is bound to it. Each type has names of its own.
type Names = BTreeMap<(u64, u32, Vec<u8>), Weak<End>>;

/// The abstract namespace.
static ABSTRACT: SpinLock<Names> = SpinLock::new(BTreeMap::new());

/// `struct sockaddr_un` of a name; only the family without one.
pub fn address(name: Option<&Name>) -> SockAddr {
    let mut bytes = Vec::from((AF_UNIX as u16).to_ne_bytes());
    match name {
        None => {}
        Some(Name::Path(path)) => {
            bytes.extend_from_slice(path);
            bytes.push(0);
        }
        Some(Name::Abstract(name)) => {
            bytes.push(0);
            bytes.extend_from_slice(name);
        }
    }
    SockAddr::new(&bytes)
}

/// The name in an address; `None` asks for autobind. `EINVAL`.
fn parse(addr: &SockAddr) -> Result<Option<Name>> {
    let bytes = addr.bytes();
    if !(FAMILY..=SOCKADDR_UN).contains(&bytes.len()) || addr.family() != AF_UNIX {
        return Err(Errno::EINVAL);
    }
    match &bytes[FAMILY..] {
        [] => Ok(None),
        [0, name @ ..] => Ok(Some(Name::Abstract(name.into()))),
        path => {
            let end = path.iter().position(|&byte| byte == 0);
            Ok(Some(Name::Path(path[..end.unwrap_or(path.len())].into())))
        }
    }
}

/// bind(2). `EINVAL` when bound already, `EADDRINUSE`, and the errors of making a file.
pub fn bind(end: &Arc<End>, cx: &Caller<'_>, addr: &SockAddr) -> Result<()> {
    let Some(name) = parse(addr)? else {
        return autobind(end);
    };
    if end.name().is_some() {
        return Err(Errno::EINVAL);
    }
    match &name {
        Name::Path(path) => {
            let object: Weak<End> = Arc::downgrade(end);
            let place = fs::socket::bind(&cx.fs, path, object)?;
            end.state.lock().place = Some(place);
        }
        Name::Abstract(name) => claim(end, name)?,
    }
    end.state.lock().name = Some(Arc::new(name));
    Ok(())
}

/// Five hexadecimal digits in the abstract namespace; nothing when bound already.
pub fn autobind(end: &Arc<End>) -> Result<()> {
    if end.name().is_some() {
        return Ok(());
    }
    static NEXT: SpinLock<u32> = SpinLock::new(0);
    for _ in 0..1 << 20 {
        let number = {
            let mut next = NEXT.lock();
            *next = (*next + 1) & 0xf_ffff;
            *next
        };
        let name = format!("{number:05x}").into_bytes();
        if claim(end, &name).is_ok() {
            end.state.lock().name = Some(Arc::new(Name::Abstract(name)));
            return Ok(());
        }
    }
    Err(Errno::ENOSPC)
}

fn claim(end: &Arc<End>, name: &[u8]) -> Result<()> {
    let mut names = ABSTRACT.lock();
    let key = (end.net.cookie, end.kind, name.to_vec());
    let holder = names.get(&key).and_then(Weak::upgrade);
    if holder.is_some_and(|holder| !holder.state.lock().closed) {
        return Err(Errno::EADDRINUSE);
    }
    names.insert(key, Arc::downgrade(end));
    Ok(())
}

/// The socket is closed: its abstract name is free. A path stays and refuses.
pub fn release(end: &End) {
    // An accepted socket shows its listener's name and does not hold it.
    let Some(name) = end.name() else { return };
    if let Name::Abstract(name) = &*name {
        let mut names = ABSTRACT.lock();
        let key = (end.net.cookie, end.kind, name.clone());
        let own = names.get(&key);
        if own.is_some_and(|holder| core::ptr::eq(holder.as_ptr(), end)) {
            names.remove(&key);
        }
    }
}

/// Who is bound to an address, for connect(2) and sendto(2). `ECONNREFUSED` when
/// nobody is, `EPROTOTYPE` for a socket of another type.
pub fn find(net: &Namespace, cx: &Caller<'_>, addr: &SockAddr, kind: u32) -> Result<Arc<End>> {
    let end = match parse(addr)?.ok_or(Errno::EINVAL)? {
        Name::Abstract(name) => {
            let names = ABSTRACT.lock();
            names.get(&(net.cookie, kind, name)).and_then(Weak::upgrade)
        }
        Name::Path(path) => {
            let object: Arc<dyn Any + Send + Sync> = fs::socket::find(&cx.fs, &path)?;
            object.downcast::<End>().ok()
        }
    };
    let end = end.ok_or(Errno::ECONNREFUSED)?;
    if end.state.lock().closed {
        return Err(Errno::ECONNREFUSED);
    }
    if end.kind != kind {
        return Err(Errno::EPROTOTYPE);
    }
    Ok(end)
}
