//! Character devices of major 1: null, zero, full, random, urandom, kmsg. mem(4), null(4), full(4), random(4).

use super::register;
use crate::{
    Result,
    file::{Events, File, Io, anon_stat},
    fs::random,
    mm::{Backing, Frame, UserIn, UserOut},
    sched,
};
use abi::Errno;
use alloc::{boxed::Box, string::String, sync::Arc};
use core::any::Any;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Zero,
    Full,
    Random,
    /// Lines for the kernel log; reading them back is not there yet.
    Log,
}

struct Device(Kind);

/// Makes the nodes.
pub(super) fn register_all() {
    for (name, minor, mode, kind) in [
        ("null", 3, 0o666, Kind::Null),
        ("zero", 5, 0o666, Kind::Zero),
        ("full", 7, 0o666, Kind::Full),
        ("random", 8, 0o666, Kind::Random),
        ("urandom", 9, 0o666, Kind::Random),
        ("kmsg", 11, 0o644, Kind::Log),
    ] {
        register(
            name,
            1,
            minor,
            mode,
            Box::new(move |_| Ok(Arc::new(Device(kind)))),
        );
    }
}

impl File for Device {
    fn read(&self, _: Io, out: &mut UserOut<'_>) -> Result<usize> {
        match self.0 {
            Kind::Null => Ok(0),
            Kind::Zero | Kind::Full => out.zero(out.remaining()),
            Kind::Log => Err(Errno::EAGAIN),
            Kind::Random => {
                let mut done = 0;
                let mut bytes = [0; 256];
                while out.remaining() > 0 {
                    let len = bytes.len().min(out.remaining());
                    random::fill(&mut bytes[..len]);
                    match out.write(&bytes[..len]) {
                        Ok(n) => done += n,
                        Err(_) if done > 0 => break,
                        Err(error) => return Err(error),
                    }
                    sched::yield_if_needed();
                }
                Ok(done)
            }
        }
    }

    fn write(&self, _: Io, data: &mut UserIn<'_>) -> Result<usize> {
        let len = data.remaining();
        match self.0 {
            Kind::Null | Kind::Zero => {
                data.skip(len);
                Ok(len)
            }
            Kind::Full => Err(Errno::ENOSPC),
            Kind::Random => {
                let mut bytes = [0; 256];
                let mut done = 0;
                while data.remaining() > 0 {
                    let n = data.read(&mut bytes)?;
                    random::mix(&bytes[..n]);
                    done += n;
                    if n == 0 {
                        break;
                    }
                }
                Ok(done)
            }
            Kind::Log => {
                let mut bytes = [0; 960];
                let n = data.read(&mut bytes)?;
                log::info!("{}", String::from_utf8_lossy(&bytes[..n]).trim_end());
                Ok(len)
            }
        }
    }

    fn seekable(&self) -> bool {
        self.0 != Kind::Log
    }

    /// Its end cannot be spliced from. null(4)
    fn can_splice_from(&self) -> bool {
        self.0 != Kind::Null
    }

    /// Positions mean nothing here, and every seek succeeds with 0. null(4)
    fn seek(&self, _: u64, _: i64, _: u32) -> Result<u64> {
        Ok(0)
    }

    fn size(&self) -> Result<u64> {
        Ok(0)
    }

    fn poll(&self) -> Events {
        Events::IN | Events::OUT | Events::RDNORM | Events::WRNORM
    }

    fn stat(&self) -> Result<abi::general::stat> {
        Ok(anon_stat(0o020666, 0))
    }

    fn backing(&self) -> Result<Arc<dyn Backing>> {
        match self.0 {
            Kind::Zero => Ok(Arc::new(Zeroes)),
            _ => Err(Errno::ENODEV),
        }
    }

    fn link_name(&self) -> String {
        "/dev/mem".into()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What a private mapping of /dev/zero shows: pages that nobody else sees.
struct Zeroes;

impl Backing for Zeroes {
    fn page(&self, _: u64, _: bool) -> Result<Frame> {
        Frame::zeroed().ok_or(Errno::ENOMEM)
    }

    fn identity(&self) -> (u64, u64, String) {
        (0, 0, "/dev/zero".into())
    }
}
