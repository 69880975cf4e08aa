//! What an option is: a row of a table, the value it answers, and what its level looks at first.

use super::target::Target;
use crate::{Result, net::Caller};
use abi::{Errno, net::SOL_IP};
use alloc::vec::Vec;

/// What getsockopt(2) returns before it is cut to the program's length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// An `int`.
    Int(i32),
    /// A structure or a string.
    Bytes(Vec<u8>),
    /// An array whose length, there and back, counts items of so many bytes and not bytes.
    Items(Vec<u8>, usize),
    /// A structure that is not cut: too little room is `EINVAL`.
    Whole(Vec<u8>),
    /// A structure for which the room must be exactly its size: `EINVAL`.
    Exact(Vec<u8>),
    /// A socket address: more room than it needs is `EINVAL` (SO_PEERNAME is odd).
    Name(Vec<u8>),
    /// An interface's name: nothing when there is none, else room for any name is needed (`EINVAL`).
    Device(Vec<u8>),
    /// There is not enough room for so many bytes: `EINVAL`, and the length that is needed.
    Short(usize),
    /// A list that is not cut: too little room is `ERANGE`, and the length that is needed.
    Groups(Vec<u8>),
}

impl Value {
    /// The bytes for a buffer of `room`, and the length to report. SOL_IP squeezes a small int into one byte
    /// when there is no room for four. `EINVAL` when items do not fit; no room at all asks for their number.
    pub(super) fn answer(&self, room: usize, level: i32) -> Result<(Vec<u8>, usize)> {
        if let Value::Items(bytes, size) = self {
            let count = bytes.len() / size;
            return match room {
                0 => Ok((Vec::new(), count)),
                room if room < count => Err(Errno::EINVAL),
                _ => Ok((bytes.clone(), count)),
            };
        }
        let bytes = self.bytes(room, level);
        let len = bytes.len();
        Ok((bytes, len))
    }

    pub(super) fn bytes(&self, room: usize, level: i32) -> Vec<u8> {
        match self {
            Value::Int(value)
                if level == SOL_IP as i32
                    && (1..4).contains(&room)
                    && (0..=255).contains(value) =>
            {
                alloc::vec![*value as u8]
            }
            Value::Int(value) => value.to_ne_bytes()[..room.min(4)].to_vec(),
            Value::Short(_) => Vec::new(),
            Value::Bytes(bytes)
            | Value::Items(bytes, _)
            | Value::Whole(bytes)
            | Value::Exact(bytes)
            | Value::Name(bytes)
            | Value::Device(bytes)
            | Value::Groups(bytes) => bytes[..room.min(bytes.len())].to_vec(),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Int(value.into())
    }
}

/// The program's buffer in getsockopt(2), for the options whose answer depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ask {
    /// User address.
    pub(super) at: usize,
    /// Bytes.
    pub(super) room: usize,
}

/// What getsockopt(2) does for one option.
pub(super) type Get = fn(&Target<'_>) -> Result<Value>;
/// What setsockopt(2) does.
pub(super) type Set = fn(&Target<'_>, &Caller<'_>, &Input<'_>) -> Result<()>;

/// One option.
pub(super) struct Row {
    pub(super) name: u32,
    pub(super) get: Option<Get>,
    pub(super) set: Option<Set>,
    /// The value is a name or a structure that is looked at before an `int` is asked for.
    pub(super) text: bool,
}

impl Row {
    /// The same, for a value that is no `int`, on a level that asks for an `int` first.
    pub(super) const fn text(mut self) -> Row {
        self.text = true;
        self
    }
}

/// A readable and writable option.
pub(super) const fn row(name: u32, get: Get, set: Set) -> Row {
    Row {
        name,
        get: Some(get),
        set: Some(set),
        text: false,
    }
}

/// A read-only option.
pub(super) const fn read_only(name: u32, get: Get) -> Row {
    Row {
        name,
        get: Some(get),
        set: None,
        text: false,
    }
}

/// A write-only option.
pub(super) const fn write_only(name: u32, set: Set) -> Row {
    Row {
        name,
        get: None,
        set: Some(set),
        text: false,
    }
}

/// What a level looks at first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// SOL_SOCKET, TCP, UDP: setting needs room for an `int` (`EINVAL`) that can be read (`EFAULT`) before the name counts.
    IntFirst,
    /// SOL_IP: the name first.
    NameFirst,
    /// SOL_RAW of IPv6: to set, as the first; lengths are unsigned.
    IntFirstLax,
    /// SOL_NETLINK: an `int` is read if there is room for one, and answered only whole.
    IntIfRoom,
    /// SOL_IPV6: an `int` is read if there is room for one, no pointer stands for a zero, and lengths are unsigned.
    Lax,
}

/// The options of one level, in tables by what they are about.
pub(super) struct Level {
    pub(super) manner: Manner,
    pub(super) rows: &'static [&'static [Row]],
    /// What an option that is not in them answers.
    pub(super) unknown: Errno,
}

impl Level {
    /// A level that answers `ENOPROTOOPT` to options that it does not know.
    pub(super) const fn of(manner: Manner, rows: &'static [&'static [Row]]) -> Level {
        Level {
            manner,
            rows,
            unknown: Errno::ENOPROTOOPT,
        }
    }

    /// The same with another answer.
    pub(super) const fn refusing(mut self, unknown: Errno) -> Level {
        self.unknown = unknown;
        self
    }

    /// The option of that number.
    pub(super) fn row(&self, name: i32) -> Option<&'static Row> {
        let mut rows = self.rows.iter().copied().flatten();
        rows.find(|row| row.name as i32 == name)
    }
}

/// What setsockopt(2) was given: the bytes that could be read, and the length that the program said.
pub(super) struct Input<'a>(pub(super) &'a [u8], pub(super) usize);

impl Input<'_> {
    /// The first bytes. `EINVAL` when the program gave fewer, `EFAULT` when they cannot be read.
    pub(super) fn bytes<const N: usize>(&self) -> Result<&[u8; N]> {
        if self.1 < N {
            return Err(Errno::EINVAL);
        }
        self.0.first_chunk().ok_or(Errno::EFAULT)
    }

    /// An `int`; `EINVAL` when shorter.
    pub(super) fn int(&self) -> Result<i32> {
        Ok(i32::from_ne_bytes(*self.bytes()?))
    }

    /// An `int` that may come as one byte, as SOL_IP allows, or not at all: 0.
    pub(super) fn int_or_byte(&self) -> Result<i32> {
        match self.0 {
            [] if self.1 == 0 => Ok(0),
            [] => Err(Errno::EFAULT),
            [byte, ..] if self.1 < 4 => Ok(i32::from(*byte)),
            _ => self.int(),
        }
    }

    /// The same, with something given. `EINVAL`.
    pub(super) fn given_int_or_byte(&self) -> Result<i32> {
        match self.1 {
            0 => Err(Errno::EINVAL),
            _ => self.int_or_byte(),
        }
    }

    pub(super) fn flag(&self) -> Result<bool> {
        Ok(self.int()? != 0)
    }

    /// The word at an offset. `EINVAL`, `EFAULT`.
    pub(super) fn u32_at(&self, at: usize) -> Result<u32> {
        if self.1 < at + size_of::<u32>() {
            return Err(Errno::EINVAL);
        }
        let bytes = self.0.get(at..).and_then(|rest| rest.first_chunk());
        Ok(u32::from_ne_bytes(*bytes.ok_or(Errno::EFAULT)?))
    }
}
