//! Which card: SO_BINDTODEVICE, SO_BINDTOIFINDEX. socket(7).

use super::super::{Input, Row, Target, Value, row};
use crate::{
    Result,
    net::{CAP_NET_RAW, Caller},
};
use abi::{
    Errno,
    net::{SO_BINDTODEVICE, SO_BINDTOIFINDEX},
};

const IFNAMSIZ: usize = 16;

/// Bindings to an interface.
pub(super) const ROWS: &[Row] = &[
    // int: packets pass this interface only, by its index.
    row(
        SO_BINDTOIFINDEX,
        |t| Ok(Value::Int(t.generic().bound_iface as i32)),
        |t, cx, v| {
            let index = v.int()?;
            let index = u32::try_from(index).map_err(|_| Errno::EINVAL)?;
            bind_to_index(t, cx, index)
        },
    ),
    // string: the same by its name; empty for any.
    row(
        SO_BINDTODEVICE,
        |t| {
            let index = t.generic().bound_iface;
            let name = t.common.net.look(|stack| {
                stack
                    .interface(inet::IfaceId(index))
                    .map(|iface| iface.name.clone())
            });
            let mut bytes = name.unwrap_or_default().into_bytes();
            if !bytes.is_empty() {
                bytes.push(0);
            }
            Ok(Value::Device(bytes))
        },
        bind_to_device,
    )
    .text(),
];

/// SO_BINDTODEVICE: a name, empty to undo. `ENODEV`; changing a binding needs CAP_NET_RAW (`EPERM`).
fn bind_to_device(t: &Target<'_>, cx: &Caller<'_>, v: &Input<'_>) -> Result<()> {
    if v.0.len() < v.1.min(IFNAMSIZ - 1) {
        return Err(Errno::EFAULT);
    }
    let name = &v.0[..v.0.len().min(IFNAMSIZ - 1)];
    let name = name.split(|&byte| byte == 0).next().unwrap_or(&[]);
    let index = match name {
        [] => 0,
        name => {
            let name = core::str::from_utf8(name).map_err(|_| Errno::ENODEV)?;
            let found = t
                .common
                .net
                .look(|stack| stack.interface_named(name).map(|iface| iface.id.0));
            found.ok_or(Errno::ENODEV)?
        }
    };
    bind_to_index(t, cx, index)
}

/// Changing a binding needs CAP_NET_RAW (`EPERM`). `ENODEV`.
fn bind_to_index(t: &Target<'_>, cx: &Caller<'_>, index: u32) -> Result<()> {
    if t.generic().bound_iface != 0 && !cx.capable(CAP_NET_RAW) {
        return Err(Errno::EPERM);
    }
    t.change(|g| g.bound_iface = index);
    Ok(())
}
