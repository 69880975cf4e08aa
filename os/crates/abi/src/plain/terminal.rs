//! Terminals: ioctl_tty(2).
#![allow(non_camel_case_types)]

use zerocopy::{FromBytes, Immutable, IntoBytes};

/// `struct termios`, without speeds. TCGETS of ioctl_tty(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct termios {
    /// What is done with input.
    pub c_iflag: u32,
    /// What is done with output.
    pub c_oflag: u32,
    /// The line: speed, size of a character, parity.
    pub c_cflag: u32,
    /// Editing, echo, signals.
    pub c_lflag: u32,
    /// Line discipline.
    pub c_line: u8,
    /// Characters with a meaning (VINTR and so on).
    pub c_cc: [u8; 19],
}

/// `struct termios2`, with speeds. TCGETS2 of ioctl_tty(2).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct termios2 {
    /// What is done with input.
    pub c_iflag: u32,
    /// What is done with output.
    pub c_oflag: u32,
    /// The line: speed, size of a character, parity.
    pub c_cflag: u32,
    /// Editing, echo, signals.
    pub c_lflag: u32,
    /// Line discipline.
    pub c_line: u8,
    /// Characters with a meaning (VINTR and so on).
    pub c_cc: [u8; 19],
    /// Bits in a second, from the terminal.
    pub c_ispeed: u32,
    /// Bits in a second, to the terminal.
    pub c_ospeed: u32,
}

/// `struct winsize`. TIOCGWINSZ(2const).
#[derive(Clone, Copy, Debug, Default, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct winsize {
    /// Lines.
    pub ws_row: u16,
    /// Columns.
    pub ws_col: u16,
    /// Pixels in a line; nobody uses them.
    pub ws_xpixel: u16,
    /// Pixels in a column.
    pub ws_ypixel: u16,
}

as_in_c! {
    termios { c_iflag, c_oflag, c_cflag, c_lflag, c_line, c_cc }
    termios2 { c_iflag, c_oflag, c_cflag, c_lflag, c_line, c_cc, c_ispeed, c_ospeed }
    winsize { ws_row, ws_col, ws_xpixel, ws_ypixel }
}
