//! A process of a case: what it is made of, and starting it.

use core::ffi::CStr;

use crate::sys::{self, EACCES, ENOENT, ENOTDIR, Errno, Fd, Strings, open};

/// The longest path that a look-up in `PATH` tries, in bytes.
const LONGEST_PATH: usize = 512;

/// The most arguments and environment entries of a process.
pub const MOST_STRINGS: usize = 128;

/// What to start.
#[derive(Clone, Default)]
pub struct Program<'a> {
    /// The program and its arguments.
    pub argv: Strings<'a, MOST_STRINGS>,
    /// Its environment.
    pub env: Strings<'a, MOST_STRINGS>,
    /// Its working directory.
    pub dir: Option<&'a CStr>,
    /// The TCP port on which it listens once it has started.
    pub listens: Option<u16>,
}

/// Where a new process gets its standard input, output and error.
pub enum Terminal<'a> {
    /// Input from nowhere, both outputs into a pipe.
    Pipe(&'a Fd),
    /// The console as its controlling terminal.
    Console,
    /// The agent's own three.
    Inherited,
}

/// Starts `program` in a session of its own. `search` is the value of `PATH`.
///
/// The child reports a failed execve through a pipe that a successful one closes, so
/// the answer is certain when this returns.
pub fn start(program: &Program<'_>, search: &[u8], terminal: &Terminal<'_>) -> Result<i32, Errno> {
    let (failed, report) = sys::pipe(open::CLOEXEC)?;
    match sys::fork()? {
        0 => {
            let errno = become_program(program, search, terminal);
            let _ = sys::write(report.raw(), &errno.0.to_le_bytes());
            sys::exit(127)
        }
        pid => {
            drop(report);
            let mut errno = [0; 4];
            match sys::read(failed.raw(), &mut errno) {
                Ok(4) => Err(Errno(i32::from_le_bytes(errno))),
                _ => Ok(pid),
            }
        }
    }
}

fn become_program(program: &Program<'_>, search: &[u8], terminal: &Terminal<'_>) -> Errno {
    match prepare(program, terminal) {
        Err(errno) => errno,
        Ok(()) => execute(program, search),
    }
}

fn prepare(program: &Program<'_>, terminal: &Terminal<'_>) -> Result<(), Errno> {
    const TIOCSCTTY: usize = 0x540e;
    sys::setsid()?;
    match terminal {
        Terminal::Pipe(pipe) => {
            let null = sys::open(c"/dev/null", open::RDWR)?;
            sys::dup_to(null.raw(), 0)?;
            sys::dup_to(pipe.raw(), 1)?;
            sys::dup_to(pipe.raw(), 2)?;
            if null.raw() <= 2 {
                core::mem::forget(null);
            }
        }
        Terminal::Inherited => {}
        Terminal::Console => {
            // A serial port can be a controlling terminal everywhere; Linux's /dev/console cannot.
            let tty = sys::open(c"/dev/ttyS0", open::RDWR)
                .or_else(|_| sys::open(c"/dev/console", open::RDWR))?;
            // Without it there is no job control, but a shell.
            let _ = sys::ioctl_number(tty.raw(), TIOCSCTTY, 0);
            for fd in 0..=2 {
                sys::dup_to(tty.raw(), fd)?;
            }
        }
    }
    match program.dir {
        Some(dir) => sys::chdir(dir),
        None => sys::chdir(c"/tmp").or_else(|_| sys::chdir(c"/")),
    }
}

/// execvp(3): a name with a slash as it is, any other in each directory of `search`.
fn execute(program: &Program<'_>, search: &[u8]) -> Errno {
    let Some(name) = program.argv.first() else {
        return ENOENT;
    };
    if name.to_bytes().contains(&b'/') {
        return sys::execve(name, &program.argv, &program.env);
    }
    let mut answer = ENOENT;
    for dir in search.split(|byte| *byte == b':') {
        let mut path = [0; LONGEST_PATH];
        let parts = [dir, b"/", name.to_bytes_with_nul()];
        let mut len = 0;
        for part in parts {
            let Some(room) = path.get_mut(len..len + part.len()) else {
                return Errno(36);
            };
            room.copy_from_slice(part);
            len += part.len();
        }
        let Ok(path) = CStr::from_bytes_with_nul(&path[..len]) else {
            continue;
        };
        match sys::execve(path, &program.argv, &program.env) {
            ENOENT | ENOTDIR => {}
            EACCES => answer = EACCES,
            other => return other,
        }
    }
    answer
}
