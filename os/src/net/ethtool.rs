//! SIOCETHTOOL: what programs ask of a card's driver. ethtool(8), linux/ethtool.h.
//!
//! Offloads, rings and registers are not for programs here: `EOPNOTSUPP`, which they take for "the driver does not".

use super::stack::Namespace;
use crate::{Result, mm::UserPtr};
use abi::Errno;
use inet::IfaceKind;

/// ETHTOOL_* commands.
const GET_DRIVER: u32 = 0x3;
const GET_LINK: u32 = 0xa;
const GET_TIME_STAMPS: u32 = 0x41;
/// SOF_TIMESTAMPING_RX_SOFTWARE and SOF_TIMESTAMPING_SOFTWARE: stamps are made by software, when frames arrive.
const TIME_STAMPS: u32 = 1 << 3 | 1 << 4;

/// `name` is the interface's, `at` its `ifr_data`: a command and room for the answer. `ENODEV`, `EFAULT`, `EOPNOTSUPP`.
pub fn ioctl(net: &Namespace, name: &str, at: usize) -> Result<()> {
    let found = net.look(|stack| {
        stack
            .interface_named(name)
            .map(|info| (info.carrier, info.kind))
    });
    let (carrier, kind) = found.ok_or(Errno::ENODEV)?;
    match UserPtr::<u32>::new(at).read()? {
        // struct ethtool_drvinfo has no driver for lo, as on Linux.
        GET_DRIVER if kind == IfaceKind::Loopback => Err(Errno::EOPNOTSUPP),
        GET_DRIVER => driver(at),
        GET_LINK => link(carrier, at),
        GET_TIME_STAMPS => time_stamps(at),
        _ => Err(Errno::EOPNOTSUPP),
    }
}

/// `struct ethtool_drvinfo`: command, driver, version and further strings, five counts.
fn driver(at: usize) -> Result<()> {
    const SIZE: usize = 196;
    const NAME: usize = 4;
    const VERSION: usize = 36;
    let mut bytes = [0; SIZE];
    bytes[..4].copy_from_slice(&GET_DRIVER.to_ne_bytes());
    bytes[NAME..NAME + 10].copy_from_slice(b"virtio_net");
    bytes[VERSION..VERSION + 5].copy_from_slice(b"1.0.0");
    UserPtr::<[u8; SIZE]>::new(at).write(&bytes)
}

/// `struct ethtool_value`.
fn link(carrier: bool, at: usize) -> Result<()> {
    UserPtr::<[u32; 2]>::new(at).write(&[GET_LINK, carrier.into()])
}

/// `struct ethtool_ts_info`: there is no hardware clock.
fn time_stamps(at: usize) -> Result<()> {
    const NO_CLOCK: u32 = -1_i32 as u32;
    /// HWTSTAMP_TX_OFF and HWTSTAMP_FILTER_NONE, of each the first bit.
    const NONE: u32 = 1;
    let words = [
        GET_TIME_STAMPS,
        TIME_STAMPS,
        NO_CLOCK,
        NONE,
        0,
        0,
        0,
        NONE,
        0,
        0,
        0,
    ];
    UserPtr::<[u32; 11]>::new(at).write(&words)
}
