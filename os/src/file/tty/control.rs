//! ioctl(2) of terminals. tty_ioctl(4), TIOCGPTN and its like are in [`super::pty`].

use super::{Tty, job};
use crate::{Result, file::hooks, mm::UserPtr};
use abi::{
    Errno,
    general::{
        CAP_SYS_ADMIN, ICANON, SIGTTOU, SIGWINCH, TCIFLUSH, TCIOFLUSH, TCOFLUSH, TCOOFF, TCOON,
        termios, termios2, winsize,
    },
    ioctl::*,
};
use alloc::sync::Arc;

/// N_TTY, the only line discipline.
const N_TTY: i32 = 0;

/// The request of a program that has the terminal open.
pub(super) fn ioctl(tty: &Arc<Tty>, request: u32, arg: usize) -> Result<usize> {
    match request {
        TCSETS | TCSETSW | TCSETSF | TCSETS2 | TCSETSW2 | TCSETSF2 | TCFLSH | TCSBRK | TCSBRKP
        | TCXONC => job::check(tty, SIGTTOU as i32)?,
        _ => {}
    }
    match request {
        TIOCSCTTY => tty.set_controlling(arg == 1)?,
        TIOCNOTTY => tty.leave()?,
        FIONREAD => {
            let count = tty.state.lock().discipline.readable();
            UserPtr::new(arg).write(&(count as i32))?;
        }
        // Output is on its way as soon as it is written.
        TCSBRK | TCSBRKP => {}
        TIOCVHANGUP => {
            if !hooks::tasks().capable(CAP_SYS_ADMIN) {
                return Err(Errno::EPERM);
            }
            tty.hang_up();
        }
        // As with /proc/sys/dev/tty/legacy_tiocsti = 0.
        TIOCSTI => return Err(Errno::EIO),
        _ => return common(tty, request, arg, false),
    }
    Ok(0)
}

/// What the terminal and the master of a pseudoterminal have in common.
pub(super) fn common(tty: &Arc<Tty>, request: u32, arg: usize, master: bool) -> Result<usize> {
    match request {
        TCGETS => UserPtr::new(arg).write(&short(&tty.state.lock().discipline.termios.clone()))?,
        TCGETS2 => {
            let termios = tty.state.lock().discipline.termios;
            UserPtr::new(arg).write(&termios)?;
        }
        TCSETS | TCSETSW | TCSETSF => {
            let new: termios = UserPtr::new(arg).read()?;
            let old = tty.state.lock().discipline.termios;
            set(tty, long(&new, &old), request == TCSETSF);
        }
        TCSETS2 | TCSETSW2 | TCSETSF2 => {
            let new: termios2 = UserPtr::new(arg).read()?;
            set(tty, new, request == TCSETSF2);
        }
        TIOCGWINSZ => {
            let size = tty.state.lock().size;
            UserPtr::new(arg).write(&size)?;
        }
        TIOCSWINSZ => resize(tty, UserPtr::new(arg).read()?),
        TIOCGPGRP => UserPtr::new(arg).write(&tty.foreground(master)?)?,
        TIOCSPGRP => tty.set_foreground(UserPtr::new(arg).read()?)?,
        TIOCGSID => UserPtr::new(arg).write(&tty.session(master)?)?,
        TIOCOUTQ => UserPtr::new(arg).write(&(tty.wire.unsent() as i32))?,
        TCFLSH => flush(tty, arg as u32)?,
        TCXONC => match arg as u32 {
            TCOOFF => tty.state.lock().discipline.stopped = true,
            TCOON => {
                tty.state.lock().discipline.stopped = false;
                tty.output_taken();
            }
            // TCIOFF, TCION: there is no sender that would listen.
            2 | 3 => {}
            _ => return Err(Errno::EINVAL),
        },
        TIOCEXCL => tty.state.lock().exclusive = true,
        TIOCNXCL => tty.state.lock().exclusive = false,
        TIOCGEXCL => {
            let exclusive = tty.state.lock().exclusive;
            UserPtr::new(arg).write(&i32::from(exclusive))?;
        }
        TIOCGETD => UserPtr::new(arg).write(&N_TTY)?,
        TIOCSETD => {
            if UserPtr::<i32>::new(arg).read()? != N_TTY {
                return Err(Errno::EINVAL);
            }
        }
        TIOCGDEV => UserPtr::new(arg).write(&(tty.rdev as u32))?,
        _ => return Err(Errno::ENOTTY),
    }
    Ok(0)
}

fn set(tty: &Tty, new: termios2, flush: bool) {
    let mut state = tty.state.lock();
    if flush {
        state.discipline.flush();
    }
    let switched = (state.discipline.termios.c_lflag ^ new.c_lflag) & ICANON != 0;
    state.discipline.set(new);
    drop(state);
    tty.output_taken();
    if switched || flush {
        // What is readable may have changed.
        tty.queue.wake(super::Events::IN | super::Events::RDNORM);
        tty.wire.input_taken();
    }
}

fn flush(tty: &Tty, which: u32) -> Result<()> {
    if which > TCIOFLUSH {
        return Err(Errno::EINVAL);
    }
    if matches!(which, TCIFLUSH | TCIOFLUSH) {
        tty.state.lock().discipline.flush();
        tty.wire.input_taken();
    }
    if matches!(which, TCOFLUSH | TCIOFLUSH) {
        tty.wire.flush();
        tty.output_taken();
    }
    Ok(())
}

/// TIOCSWINSZ: the foreground group hears of a change.
fn resize(tty: &Tty, size: winsize) {
    let fields = |size: &winsize| (size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel);
    let mut state = tty.state.lock();
    let changed = fields(&state.size) != fields(&size);
    state.size = size;
    let group = state.foreground;
    drop(state);
    if let (true, Some(group)) = (changed, group) {
        // Nobody in the foreground is fine.
        let _ = hooks::tasks().signal_group(group, SIGWINCH as i32);
    }
}

/// The older structure, without speeds.
fn short(from: &termios2) -> termios {
    termios {
        c_iflag: from.c_iflag,
        c_oflag: from.c_oflag,
        c_cflag: from.c_cflag,
        c_lflag: from.c_lflag,
        c_line: from.c_line,
        c_cc: from.c_cc,
    }
}

fn long(from: &termios, speeds: &termios2) -> termios2 {
    termios2 {
        c_iflag: from.c_iflag,
        c_oflag: from.c_oflag,
        c_cflag: from.c_cflag,
        c_lflag: from.c_lflag,
        c_line: from.c_line,
        c_cc: from.c_cc,
        c_ispeed: speeds.c_ispeed,
        c_ospeed: speeds.c_ospeed,
    }
}
