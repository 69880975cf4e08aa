//! /dev/vsock: which number this machine has. vsock(7).

use crate::{
    Result,
    file::{self, Events, File},
    fs::dev,
    mm::UserPtr,
};
use abi::{Errno, vm_sockets::VMADDR_CID_LOCAL};
use alloc::{boxed::Box, string::String, sync::Arc};
use core::any::Any;

/// IOCTL_VM_SOCKETS_GET_LOCAL_CID.
const GET_LOCAL_CID: u32 = 0x7b9;
/// The misc devices, and a number of those that are given out on demand.
const MAJOR: u32 = 10;
const MINOR: u32 = 121;

/// Makes the node.
pub fn init() {
    dev::register(
        "vsock",
        MAJOR,
        MINOR,
        0o666,
        Box::new(|_| Ok(Arc::new(Device))),
    );
}

struct Device;

impl File for Device {
    fn poll(&self) -> Events {
        Events::IN | Events::RDNORM | Events::OUT | Events::WRNORM
    }

    fn ioctl(&self, request: u32, arg: usize) -> Result<usize> {
        match request {
            // With no other transport the machine is the loopback's.
            GET_LOCAL_CID => UserPtr::<u32>::new(arg)
                .write(&VMADDR_CID_LOCAL)
                .map(|()| 0),
            _ => Err(Errno::ENOTTY),
        }
    }

    fn stat(&self) -> Result<abi::general::stat> {
        let mut stat = file::anon_stat(abi::general::S_IFCHR | 0o666, 0);
        stat.st_rdev = dev::makedev(MAJOR, MINOR);
        Ok(stat)
    }

    fn link_name(&self) -> String {
        "/dev/vsock".into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
