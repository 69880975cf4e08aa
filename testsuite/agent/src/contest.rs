//! Without a job disk: the contest's way to run a machine.
//!
//! The image then has `/musl` and `/glibc`, each a flat directory with a busybox, programs
//! and `*_testcode.sh` scripts, and nothing else: no `/bin/sh`, no `/lib`. The
//! agent links what the scripts expect to its place (the root is writable, in memory),
//! runs every script in its directory with the console as it is, and powers off.
//! The scripts print the contest's markers themselves.

use core::ffi::CStr;
use core::fmt::Write;

use crate::arch::LOADERS;
use crate::case::clean_up;
use crate::console::Plain;
use crate::network::{self, Address};
use crate::process::{self, Program, Terminal};
use crate::sys::{self, Watch, open};

/// The two trees: directory, name in markers, environment of its programs.
const TREES: &[Tree] = &[
    Tree {
        dir: c"/musl",
        busybox: c"/musl/busybox",
        libraries: c"LD_LIBRARY_PATH=/musl/lib",
        name: "musl",
    },
    Tree {
        dir: c"/glibc",
        busybox: c"/glibc/busybox",
        libraries: c"LD_LIBRARY_PATH=/glibc/lib",
        name: "glibc",
    },
];

struct Tree {
    dir: &'static CStr,
    busybox: &'static CStr,
    libraries: &'static CStr,
    name: &'static str,
}

/// Directories that programs expect and the image lacks.
const DIRECTORIES: &[&CStr] = &[
    c"/bin",
    c"/sbin",
    c"/usr",
    c"/usr/bin",
    c"/lib",
    c"/lib64",
    c"/etc",
    c"/root",
    c"/var",
    c"/var/tmp",
];

/// Libraries that glibc's programs name and look for in /lib.
const LIBRARIES: &[(&CStr, &CStr)] = &[
    (c"/lib/libc.so.6", c"/glibc/lib/libc.so.6"),
    (c"/lib/libm.so.6", c"/glibc/lib/libm.so.6"),
];

/// A script that takes longer is killed, in milliseconds: the others shall run too.
const LIMIT: u64 = 15 * 60 * 1000;

/// What slirp gives a guest, where no DHCP was asked.
const ADDRESS: &[u8] = b"10.0.2.15/24 10.0.2.2";

/// What a script's name ends with.
const SCRIPT: &[u8] = b"_testcode.sh";

/// The most scripts of a tree, and the longest name.
const MOST_SCRIPTS: usize = 64;
const LONGEST_NAME: usize = 64;

/// Runs whatever there is.
pub fn run() {
    let _ = network::loopback();
    if let Some(address) = Address::parse(ADDRESS) {
        let _ = network::ethernet(&address);
    }
    let mut found = false;
    for tree in TREES {
        let scripts = Scripts::of(tree.dir);
        if scripts.count > 0 {
            if !found {
                prepare();
            }
            found = true;
            install(tree);
            scripts.sorted(|script| one(tree, script));
        }
    }
    if !found {
        let _ = writeln!(
            Plain,
            "agent: neither a job disk nor /musl or /glibc with test scripts: nothing to do"
        );
    }
}

fn prepare() {
    for dir in DIRECTORIES {
        let _ = sys::mkdir(dir);
    }
    for (link, target) in LOADERS.iter().chain(LIBRARIES) {
        if sys::open(target, open::RDONLY | open::CLOEXEC).is_ok() {
            // Where the name is taken the image knows better.
            let _ = sys::symlink(target, link);
        }
    }
}

/// Puts the tree's busybox and its applets into /bin, where they are not there yet.
fn install(tree: &Tree) {
    let _ = sys::symlink(tree.busybox, c"/bin/sh");
    let _ = sys::symlink(tree.busybox, c"/bin/bash");
    let _ = sys::symlink(tree.busybox, c"/bin/busybox");
    wait_for(tree, &[tree.busybox, c"--install", c"-s", c"/bin"], 60_000);
}

fn one(tree: &Tree, script: &CStr) {
    if !wait_for(tree, &[c"./busybox", c"sh", script], LIMIT) {
        let name = script.to_bytes().strip_suffix(SCRIPT).unwrap_or_default();
        let name = core::str::from_utf8(name).unwrap_or("?");
        // The marker that the script did not come to: without it the next group's lines would be this one's.
        let _ = writeln!(Plain, "\nagent: {name} was killed after {} s", LIMIT / 1000);
        let _ = writeln!(
            Plain,
            "#### OS COMP TEST GROUP END {name}-{} ####",
            tree.name
        );
    }
    // Servers that a script left behind would be in the next one's way.
    clean_up(&mut |words| {
        let _ = writeln!(Plain, "agent: {words}");
    });
}

/// Runs a program of `tree` on the console; answers false when it had to be killed.
fn wait_for(tree: &Tree, argv: &[&CStr], limit: u64) -> bool {
    let mut program = Program {
        dir: Some(tree.dir),
        ..Program::default()
    };
    let environment = [
        c"PATH=/bin:/sbin:/usr/bin:.",
        c"HOME=/root",
        c"TERM=vt100",
        tree.libraries,
    ];
    let mut fits = true;
    for text in argv {
        fits &= program.argv.push(text);
    }
    for text in environment {
        fits &= program.env.push(text);
    }
    debug_assert!(fits);
    let pid = match process::start(&program, b"/bin", &Terminal::Inherited) {
        Ok(pid) => pid,
        Err(errno) => {
            let _ = writeln!(
                Plain,
                "agent: cannot start {:?}: errno {}",
                argv[0], errno.0
            );
            return true;
        }
    };
    let deadline = sys::now() + limit;
    let exited = sys::pidfd(pid).ok();
    loop {
        while let Ok(Some(ended)) = sys::wait(false) {
            if ended.pid == pid {
                return true;
            }
        }
        let now = sys::now();
        if now >= deadline {
            return false;
        }
        // Orphans end unseen meanwhile; they are collected with the script.
        let nap = if exited.is_some() { deadline - now } else { 50 };
        let mut watches = [Watch::readable(exited.as_ref().map_or(-1, sys::Fd::raw))];
        let _ = sys::poll(&mut watches, nap);
    }
}

/// Names of a directory's scripts.
struct Scripts {
    names: [[u8; LONGEST_NAME]; MOST_SCRIPTS],
    count: usize,
}

impl Scripts {
    fn of(dir: &CStr) -> Self {
        let mut scripts = Scripts {
            names: [[0; LONGEST_NAME]; MOST_SCRIPTS],
            count: 0,
        };
        let Ok(dir) = sys::open(dir, open::RDONLY | open::DIRECTORY | open::CLOEXEC) else {
            return scripts;
        };
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = sys::directory_entries(&dir, &mut buffer) {
            let mut rest = &buffer[..count];
            // struct linux_dirent64: inode, offset, record length at 16, type, name at 19.
            while rest.len() > 19 {
                let length = usize::from(u16::from_le_bytes([rest[16], rest[17]]));
                let Some((entry, behind)) = rest.split_at_checked(length.max(19)) else {
                    break;
                };
                let name = entry[19..]
                    .split(|byte| *byte == 0)
                    .next()
                    .unwrap_or_default();
                scripts.add(name);
                rest = behind;
            }
        }
        scripts
    }

    fn add(&mut self, name: &[u8]) {
        if name.ends_with(SCRIPT) && name.len() < LONGEST_NAME && self.count < MOST_SCRIPTS {
            self.names[self.count][..name.len()].copy_from_slice(name);
            self.count += 1;
        }
    }

    /// Each by name, so that two runs are alike; the one that may take for ever last.
    fn sorted(mut self, mut each: impl FnMut(&CStr)) {
        let names = &mut self.names[..self.count];
        names.sort_unstable_by_key(|name| (name.starts_with(b"ltp"), *name));
        for name in names {
            if let Ok(name) = CStr::from_bytes_until_nul(name) {
                each(name);
            }
        }
    }
}
