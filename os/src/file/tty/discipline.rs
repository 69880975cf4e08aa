//! The line discipline: what a terminal makes of bytes from the keyboard and from
//! programs. termios(3).
//!
//! Pure: bytes in, bytes and a signal out; no locks, no waiting. [`super::Tty`] owns
//! one behind its lock. Input is kept as cells, a byte with a mark where a line ends.

use abi::general::*;
use alloc::{collections::VecDeque, vec::Vec};

/// Input that is kept: MAX_CANON and what raw mode buffers, as Linux.
pub const CAPACITY: usize = 4096;

/// The byte ends a line (newline, VEOL).
const END: u16 = 0x100;
/// Ends a line and is not delivered (VEOF).
const END_OF_FILE: u16 = 0x200;

/// Settings and the input that no program has read yet.
pub struct Discipline {
    /// termios(3). Speeds are kept and mean nothing.
    pub termios: termios2,
    cells: VecDeque<u16>,
    /// How many cells are complete lines; those after can still be edited.
    complete: usize,
    /// Cursor column, for tabs and for erasing them.
    column: usize,
    /// Column where the line under editing began.
    line_column: usize,
    literal_next: bool,
    /// VSTOP was typed.
    pub stopped: bool,
}

/// What `stty sane` shows on a fresh terminal.
const CHARACTERS: [u8; NCCS as usize] = [
    3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0, 0, 0,
];

impl Discipline {
    /// A fresh terminal with this speed (B38400, …).
    pub fn new(speed: u32) -> Discipline {
        Discipline {
            termios: termios2 {
                c_iflag: ICRNL | IXON,
                c_oflag: OPOST | ONLCR,
                c_cflag: speed | CS8 | CREAD | HUPCL,
                c_lflag: ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
                c_line: 0,
                c_cc: CHARACTERS,
                c_ispeed: 38400,
                c_ospeed: 38400,
            },
            cells: VecDeque::new(),
            complete: 0,
            column: 0,
            line_column: 0,
            literal_next: false,
            stopped: false,
        }
    }

    /// Changes the settings. What was typed before a change of mode stays readable.
    pub fn set(&mut self, termios: termios2) {
        let switched = (termios.c_lflag ^ self.termios.c_lflag) & ICANON != 0;
        self.termios = termios;
        if switched {
            self.complete = self.cells.len();
        }
        if termios.c_iflag & IXON == 0 {
            self.stopped = false;
        }
    }

    /// One byte from the keyboard. Appends the echo; returns the signal that it stands for.
    pub fn input(&mut self, byte: u8, echo: &mut Vec<u8>) -> Option<i32> {
        let (iflag, lflag) = (self.termios.c_iflag, self.termios.c_lflag);
        let mut byte = if iflag & ISTRIP != 0 {
            byte & 0x7f
        } else {
            byte
        };
        if core::mem::take(&mut self.literal_next) {
            self.insert(byte, 0, echo);
            return None;
        }
        if iflag & IXON != 0 {
            if self.is(byte, VSTOP) && !self.is(byte, VSTART) {
                self.stopped = true;
                return None;
            }
            if self.is(byte, VSTART) {
                self.stopped = false;
                return None;
            }
            if iflag & IXANY != 0 {
                self.stopped = false;
            }
        }
        if lflag & ISIG != 0
            && let Some(signal) = self.signal(byte)
        {
            if lflag & NOFLSH == 0 {
                self.flush();
            }
            self.stopped = false;
            self.echo(byte, echo);
            return Some(signal);
        }
        match byte {
            b'\r' if iflag & IGNCR != 0 => return None,
            b'\r' if iflag & ICRNL != 0 => byte = b'\n',
            b'\n' if iflag & INLCR != 0 => byte = b'\r',
            _ => {}
        }
        if lflag & ICANON == 0 {
            self.insert(byte, 0, echo);
        } else if !self.edit(byte, echo) {
            let ends = byte == b'\n'
                || self.is(byte, VEOL)
                || (self.is(byte, VEOL2) && lflag & IEXTEN != 0);
            if ends {
                self.insert(byte, END, echo);
                self.complete_line();
            } else if self.is(byte, VEOF) {
                self.cells.push_back(END_OF_FILE);
                self.complete_line();
            } else {
                self.insert(byte, 0, echo);
            }
        }
        None
    }

    fn signal(&self, byte: u8) -> Option<i32> {
        let signal = if self.is(byte, VINTR) {
            SIGINT
        } else if self.is(byte, VQUIT) {
            SIGQUIT
        } else if self.is(byte, VSUSP) {
            SIGTSTP
        } else {
            return None;
        };
        Some(signal as i32)
    }

    /// Line editing; says whether the byte was one of its commands.
    fn edit(&mut self, byte: u8, echo: &mut Vec<u8>) -> bool {
        let extended = self.termios.c_lflag & IEXTEN != 0;
        if self.is(byte, VERASE) {
            self.erase_one(echo);
        } else if self.is(byte, VKILL) {
            if self.termios.c_lflag & ECHOKE != 0 {
                while self.erase_one(echo) {}
            } else {
                self.cells.truncate(self.complete);
                self.echo(byte, echo);
                if self.termios.c_lflag & ECHOK != 0 {
                    self.echo(b'\n', echo);
                }
            }
        } else if extended && self.is(byte, VWERASE) {
            let word =
                |cell: u16| cell.to_le_bytes()[0].is_ascii_alphanumeric() || cell == b'_'.into();
            while self.last().is_some_and(|cell| !word(cell)) && self.erase_one(echo) {}
            while self.last().is_some_and(word) && self.erase_one(echo) {}
        } else if extended && self.is(byte, VLNEXT) {
            self.literal_next = true;
            if self.termios.c_lflag & (ECHO | ECHOCTL) == ECHO | ECHOCTL {
                echo.extend_from_slice(b"^\x08");
            }
        } else if extended && self.is(byte, VREPRINT) && self.termios.c_lflag & ECHO != 0 {
            self.echo(byte, echo);
            self.echo(b'\n', echo);
            self.line_column = self.column;
            for index in self.complete..self.cells.len() {
                self.echo(self.cells[index] as u8, echo);
            }
        } else {
            return false;
        }
        true
    }

    fn last(&self) -> Option<u16> {
        match self.cells.len() > self.complete {
            true => self.cells.back().copied(),
            false => None,
        }
    }

    /// Takes the last character of the line back, with all its bytes in UTF-8.
    fn erase_one(&mut self, echo: &mut Vec<u8>) -> bool {
        let utf8 = self.termios.c_iflag & IUTF8 != 0;
        let continues = |cell: u16| utf8 && cell & 0xc0 == 0x80;
        while self.last().is_some_and(continues) {
            self.cells.pop_back();
        }
        let Some(cell) = self.last() else {
            return false;
        };
        self.cells.pop_back();
        let lflag = self.termios.c_lflag;
        if lflag & ECHO == 0 {
            return true;
        }
        if lflag & ECHOE == 0 {
            let erase = self.termios.c_cc[VERASE as usize];
            self.echo(erase, echo);
            return true;
        }
        let before = self.column_after_line();
        let width = match cell as u8 {
            b'\t' => self.column.saturating_sub(before),
            byte if is_control(byte) && lflag & ECHOCTL != 0 => 2,
            byte if is_control(byte) => 0,
            _ => 1,
        };
        match cell as u8 {
            b'\t' => (0..width).for_each(|_| echo.push(8)),
            _ => (0..width).for_each(|_| echo.extend_from_slice(b"\x08 \x08")),
        }
        self.column = self.column.saturating_sub(width);
        true
    }

    /// Where the cursor stands after the line as it is now.
    fn column_after_line(&self) -> usize {
        let mut column = self.line_column;
        for index in self.complete..self.cells.len() {
            let byte = self.cells[index] as u8;
            column += match byte {
                b'\t' => 8 - column % 8,
                _ if is_control(byte) => 2,
                _ if byte & 0xc0 == 0x80 && self.termios.c_iflag & IUTF8 != 0 => 0,
                _ => 1,
            };
        }
        column
    }

    /// Keeps and echoes a byte, or beeps when there is no room. The end of a line always fits.
    fn insert(&mut self, byte: u8, mark: u16, echo: &mut Vec<u8>) {
        if self.cells.len() >= CAPACITY - 1 && mark == 0 {
            if self.termios.c_iflag & IMAXBEL != 0 {
                echo.push(7);
            }
            return;
        }
        if self.cells.len() == self.complete {
            self.line_column = self.column;
        }
        self.cells.push_back(mark | u16::from(byte));
        self.echo(byte, echo);
    }

    fn complete_line(&mut self) {
        self.complete = self.cells.len();
    }

    fn echo(&mut self, byte: u8, echo: &mut Vec<u8>) {
        let lflag = self.termios.c_lflag;
        let newline = byte == b'\n' && lflag & (ICANON | ECHONL) == ICANON | ECHONL;
        if lflag & ECHO == 0 && !newline {
            return;
        }
        if lflag & ECHOCTL != 0 && is_control(byte) && !matches!(byte, b'\n' | b'\t') {
            echo.extend_from_slice(&[b'^', byte ^ 0x40]);
            self.column += 2;
        } else {
            self.put(byte, echo);
        }
    }

    /// Bytes from a program: appends what goes to the screen, at most `room` bytes,
    /// and returns how many of the program's bytes that were.
    pub fn output(&mut self, bytes: &[u8], room: usize, screen: &mut Vec<u8>) -> usize {
        if self.termios.c_oflag & OPOST == 0 {
            let count = bytes.len().min(room);
            screen.extend_from_slice(&bytes[..count]);
            return count;
        }
        // A byte becomes eight at most (a tab).
        let limit = (screen.len() + room).saturating_sub(7);
        let mut done = 0;
        while done < bytes.len() && screen.len() < limit {
            let plain = bytes[done..].iter().take(limit - screen.len());
            let plain = plain.take_while(|&&byte| !is_control(byte)).count();
            if plain > 0 && self.termios.c_oflag & OLCUC == 0 {
                screen.extend_from_slice(&bytes[done..done + plain]);
                self.column += plain;
                done += plain;
            } else {
                self.put(bytes[done], screen);
                done += 1;
            }
        }
        done
    }

    /// One byte through OPOST.
    fn put(&mut self, byte: u8, screen: &mut Vec<u8>) {
        let oflag = self.termios.c_oflag;
        if oflag & OPOST == 0 {
            screen.push(byte);
            return;
        }
        match byte {
            b'\n' => {
                if oflag & ONLCR != 0 {
                    screen.push(b'\r');
                }
                if oflag & (ONLCR | ONLRET) != 0 {
                    self.column = 0;
                }
                screen.push(b'\n');
            }
            b'\r' if oflag & ONOCR != 0 && self.column == 0 => {}
            b'\r' => {
                screen.push(if oflag & OCRNL != 0 { b'\n' } else { b'\r' });
                self.column = 0;
            }
            b'\t' => {
                let width = 8 - self.column % 8;
                match oflag & TABDLY {
                    XTABS => (0..width).for_each(|_| screen.push(b' ')),
                    _ => screen.push(b'\t'),
                }
                self.column += width;
            }
            8 => {
                screen.push(8);
                self.column = self.column.saturating_sub(1);
            }
            _ => {
                let upper = oflag & OLCUC != 0;
                screen.push(if upper {
                    byte.to_ascii_uppercase()
                } else {
                    byte
                });
                if !is_control(byte) {
                    self.column += 1;
                }
            }
        }
    }

    /// Whether the terminal gives whole lines.
    pub fn canonical(&self) -> bool {
        self.termios.c_lflag & ICANON != 0
    }

    /// Bytes that a read could take now.
    pub fn readable(&self) -> usize {
        match self.canonical() {
            true => self.complete,
            false => self.cells.len(),
        }
    }

    /// How many bytes [`Discipline::input`] will keep; a line under editing takes and drops any number.
    pub fn room(&self) -> usize {
        match self.canonical() && self.complete == 0 {
            true => CAPACITY,
            false => CAPACITY.saturating_sub(self.cells.len()),
        }
    }

    /// Takes readable bytes: up to the end of one line in canonical mode. Returns how
    /// many, and whether the line ended.
    pub fn take(&mut self, out: &mut [u8]) -> (usize, bool) {
        let canonical = self.canonical();
        let mut count = 0;
        while self.readable() > 0 {
            let cell = self.cells[0];
            let eof = canonical && cell & END_OF_FILE != 0;
            if count == out.len() && !eof {
                break;
            }
            self.cells.pop_front();
            self.complete = self.complete.saturating_sub(1);
            if eof {
                return (count, true);
            }
            out[count] = cell as u8;
            count += 1;
            if canonical && cell & END != 0 {
                return (count, true);
            }
        }
        (count, false)
    }

    /// TCIFLUSH: forgets what was typed.
    pub fn flush(&mut self) {
        self.cells.clear();
        self.complete = 0;
    }

    fn is(&self, byte: u8, which: u32) -> bool {
        // _POSIX_VDISABLE is 0.
        byte != 0 && self.termios.c_cc[which as usize] == byte
    }
}

fn is_control(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f
}
