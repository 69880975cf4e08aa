//! What NETLINK_KOBJECT_UEVENT tells of interfaces that come and go. netlink(7), Linux's lib/kobject_uevent.c.

use super::{netlink, stack::Namespace};
use alloc::format;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
use inet::IfaceId;

/// `action` ("add", "remove") happened to an interface, which is still there.
pub fn tell(net: &Namespace, action: &str, iface: IfaceId) {
    static SEQUENCE: AtomicU64 = AtomicU64::new(0);
    let name = net.look(|stack| stack.interface(iface).map(|info| info.name.clone()));
    let Some(name) = name else { return };
    let sequence = SEQUENCE.fetch_add(1, Relaxed) + 1;
    let path = format!("/devices/virtual/net/{name}");
    let text = format!(
        "{action}@{path}\0ACTION={action}\0DEVPATH={path}\0SUBSYSTEM=net\0INTERFACE={name}\0IFINDEX={}\0SEQNUM={sequence}\0",
        iface.0,
    );
    netlink::uevent(net, text.as_bytes());
}
