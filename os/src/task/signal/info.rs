//! What a signal carries: siginfo_t. sigaction(2).

use abi::general::*;

/// A siginfo_t in pieces. The union is kept as it lies in memory after the three
/// numbers and the padding; Linux, too, queues 48 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// si_signo.
    pub signal: i32,
    /// si_errno.
    pub errno: i32,
    /// si_code.
    pub code: i32,
    /// The union, 32 bytes from offset 16 on.
    pub fields: [u64; 4],
}

/// Bytes of a siginfo_t.
pub const SIZE: usize = 128;

impl Info {
    fn new(signal: i32, code: i32, fields: [u64; 4]) -> Info {
        Info {
            signal,
            errno: 0,
            code,
            fields,
        }
    }

    /// From the kernel, without details: SI_KERNEL.
    pub fn kernel(signal: i32) -> Info {
        Info::new(signal, SI_KERNEL as i32, [0; 4])
    }

    /// kill(2): SI_USER; tgkill(2): SI_TKILL.
    pub fn user(signal: i32, code: i32, pid: i32, uid: u32) -> Info {
        Info::new(signal, code, [pair(pid as u32, uid), 0, 0, 0])
    }

    /// A fault at `addr`.
    pub fn fault(signal: i32, code: i32, addr: usize) -> Info {
        Info::new(signal, code, [addr as u64, 0, 0, 0])
    }

    /// SIGCHLD (or the child's exit signal): `status` is an exit code or a signal number.
    pub fn child(
        signal: i32,
        code: i32,
        pid: i32,
        uid: u32,
        status: i32,
        utime: u64,
        stime: u64,
    ) -> Info {
        Info::new(
            signal,
            code,
            [pair(pid as u32, uid), status as u32 as u64, utime, stime],
        )
    }

    /// A POSIX timer: SI_TIMER.
    pub fn timer(signal: i32, id: i32, overrun: i32, value: u64) -> Info {
        Info::new(
            signal,
            SI_TIMER,
            [pair(id as u32, overrun as u32), value, 0, 0],
        )
    }

    /// SIGIO with F_SETSIG: si_band and si_fd. fcntl(2).
    pub fn poll(signal: i32, code: i32, band: u64, fd: i32) -> Info {
        Info::new(signal, code, [band, fd as u32 as u64, 0, 0])
    }

    /// Whether it comes from a program (SI_USER and below), not from the kernel.
    pub fn is_from_user(&self) -> bool {
        self.code <= 0
    }

    /// As user space sees it.
    pub fn to_bytes(self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        bytes[0..4].copy_from_slice(&self.signal.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.errno.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.code.to_le_bytes());
        for (n, field) in self.fields.iter().enumerate() {
            bytes[16 + 8 * n..24 + 8 * n].copy_from_slice(&field.to_le_bytes());
        }
        bytes
    }

    /// From user space: rt_sigqueueinfo(2).
    pub fn from_bytes(bytes: &[u8; SIZE]) -> Info {
        let word = |at: usize| {
            i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let mut fields = [0; 4];
        for (n, field) in fields.iter_mut().enumerate() {
            let low = word(16 + 8 * n) as u32;
            let high = word(20 + 8 * n) as u32;
            *field = pair(low, high);
        }
        Info {
            signal: word(0),
            errno: word(4),
            code: word(8),
            fields,
        }
    }

    /// As signalfd(2) reports it.
    pub fn to_signalfd(self) -> [u8; 128] {
        let mut bytes = [0; 128];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(0, &self.signal.to_le_bytes());
        put(4, &self.errno.to_le_bytes());
        put(8, &self.code.to_le_bytes());
        let [a, b, c, d] = self.fields;
        let low = (a as u32).to_le_bytes();
        let high = ((a >> 32) as u32).to_le_bytes();
        let faults = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP].contains(&(self.signal as u32));
        if self.code == SI_TIMER {
            put(24, &low); //  ssi_tid
            put(32, &high); // ssi_overrun
            put(44, &(b as u32).to_le_bytes()); // ssi_int
            put(48, &b.to_le_bytes()); //          ssi_ptr
        } else if self.is_from_user() {
            put(12, &low); //  ssi_pid
            put(16, &high); // ssi_uid
            put(44, &(b as u32).to_le_bytes());
            put(48, &b.to_le_bytes());
        } else if self.signal == SIGCHLD as i32 {
            put(12, &low);
            put(16, &high);
            put(40, &(b as u32).to_le_bytes()); // ssi_status
            put(56, &c.to_le_bytes()); //          ssi_utime
            put(64, &d.to_le_bytes()); //          ssi_stime
        } else if faults {
            put(72, &a.to_le_bytes()); // ssi_addr
        } else if (POLL_IN as i32..=POLL_HUP as i32).contains(&self.code) {
            put(28, &(a as u32).to_le_bytes()); // ssi_band
            put(20, &(b as u32).to_le_bytes()); // ssi_fd
        } else {
            put(12, &low);
            put(16, &high);
        }
        bytes
    }
}

/// POLL_IN to POLL_HUP of siginfo.h.
const POLL_IN: u32 = 1;
const POLL_HUP: u32 = 6;

fn pair(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}
