//! /proc/config.gz: which of Linux's options this kernel has, for programs that ask before they use something. proc(5).
//!
//! **What.** One table says of an option whether what it stands for is there; the file is that table as lines of Linux's
//! `.config`, in one gzip member (RFC 1952) of stored blocks (RFC 1951, section 3.2.4): nothing is gained by squeezing a page
//! of text. `testsuite/c/proc/config_gz.c` tries what the options stand for. **Who calls.** `fs::proc` registers it; then
//! whoever reads the file. **Who owns and locks.** Nobody; it is made anew for each opening.

use super::pseudo::{Node, proc};
use alloc::{string::String, vec::Vec};

/// Options by name, and whether what they stand for is there.
const OPTIONS: &[(&str, bool)] = &[
    ("64BIT", true),
    ("MMU", true),
    ("MODULES", false),
    ("SMP", false),
    ("PREEMPT", false),
    ("PRINTK", true),
    ("MULTIUSER", true),
    ("BLOCK", true),
    ("PCI", true),
    ("VIRTIO", true),
    ("VIRTIO_BLK", true),
    ("VIRTIO_MMIO", true),
    ("VIRTIO_NET", true),
    ("VIRTIO_PCI", true),
    ("RTC_CLASS", true),
    ("DEVTMPFS", true),
    ("UNIX98_PTYS", true),
    ("AIO", false),
    ("IO_URING", false),
    ("BPF_SYSCALL", false),
    ("EPOLL", true),
    ("EVENTFD", true),
    ("FUTEX", true),
    ("POSIX_TIMERS", true),
    ("SIGNALFD", true),
    ("TIMERFD", true),
    ("MEMFD_CREATE", true),
    ("INOTIFY_USER", true),
    ("FANOTIFY", false),
    ("FILE_LOCKING", true),
    ("SHMEM", true),
    ("POSIX_MQUEUE", false),
    ("KEYS", false),
    ("USERFAULTFD", false),
    ("IKCONFIG", true),
    ("IKCONFIG_PROC", true),
    ("NAMESPACES", true),
    ("NET_NS", true),
    ("USER_NS", true),
    ("IPC_NS", false),
    ("PID_NS", false),
    ("UTS_NS", false),
    ("TIME_NS", false),
    ("CGROUPS", false),
    ("EXT4_FS", true),
    ("OVERLAY_FS", true),
    ("PROC_FS", true),
    ("PROC_SYSCTL", true),
    ("SYSCTL", true),
    ("SYSFS", true),
    ("TMPFS", true),
    ("NET", true),
    ("UNIX", true),
    ("AF_UNIX_OOB", true),
    ("UNIX_DIAG", true),
    ("PACKET", true),
    ("PACKET_DIAG", true),
    ("INET", true),
    ("INET_DIAG", true),
    ("INET_TCP_DIAG", true),
    ("INET_UDP_DIAG", true),
    ("IP_ADVANCED_ROUTER", true),
    ("IP_MULTICAST", true),
    ("IP_MULTIPLE_TABLES", true),
    ("IP_DCCP", false),
    ("IP_SCTP", false),
    ("IPV6", true),
    ("IPV6_MULTIPLE_TABLES", true),
    ("SYN_COOKIES", true),
    ("TCP_CONG_CUBIC", true),
    ("MPTCP", false),
    ("NETLINK_DIAG", false),
    ("VSOCKETS", true),
    ("VSOCKETS_LOOPBACK", true),
    ("VSOCKETS_DIAG", false),
    ("DUMMY", true),
    ("VETH", true),
    ("TUN", true),
    ("BRIDGE", false),
    ("VLAN_8021Q", false),
    ("MACVLAN", false),
    ("CAN", false),
    ("CAN_RAW", false),
    ("CAN_BCM", false),
    ("CAN_VCAN", false),
    ("BT", false),
    ("LLC", false),
    ("NETFILTER", false),
    ("NETFILTER_XT_MATCH_STATE", false),
    ("IP_NF_TARGET_REJECT", false),
    ("NF_TABLES", false),
    ("NET_SCHED", false),
    ("RDS", false),
    ("SMC", false),
    ("TIPC", false),
    ("TLS", false),
    ("XDP_SOCKETS", false),
    ("XFRM_USER", false),
    ("NET_KEY", false),
    ("CRYPTO_USER", false),
    ("CRYPTO_USER_API_AEAD", true),
    ("CRYPTO_USER_API_HASH", true),
    ("CRYPTO_USER_API_RNG", true),
    ("CRYPTO_USER_API_SKCIPHER", true),
];

/// Publishes the file.
pub(super) fn register() {
    let node = Node::text(|| Ok(gzip(text().as_bytes())));
    proc().node("config.gz", node);
}

fn text() -> String {
    let mut text = String::from("#\n# What of Linux's options is there\n#\n");
    for (name, there) in OPTIONS {
        let (front, back) = match there {
            true => ("CONFIG_", "=y\n"),
            false => ("# CONFIG_", " is not set\n"),
        };
        text += front;
        text += name;
        text += back;
    }
    text
}

/// Longest stored block.
const BLOCK: usize = 65_535;

/// One member whose blocks are stored as they are.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    // Magic number, deflate, no flags, no time, no hint, Unix.
    let mut file = Vec::from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    let mut blocks = bytes.chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let len = block.len() as u16;
        file.push(blocks.peek().is_none().into());
        file.extend_from_slice(&len.to_le_bytes());
        file.extend_from_slice(&(!len).to_le_bytes());
        file.extend_from_slice(block);
    }
    file.extend_from_slice(&crc32(bytes).to_le_bytes());
    file.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    file
}

/// RFC 1952, section 8: the polynomial of Ethernet, reflected.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| crc >> 1 ^ if crc & 1 == 0 { 0 } else { 0xedb8_8320 };
    let sum = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), step);
    !bytes.iter().fold(!0, sum)
}
