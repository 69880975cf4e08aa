//! As the first process of a Linux that was started with an initial file system: loads the
//! modules that came with it and builds the root that our kernel builds by itself, an
//! overlay in memory over the image, which stays as it is.
//!
//! The runner puts the modules into `/modules` and their paths, each with a NUL, in
//! an order that works, into `/modules/order`. Behind them stand files to carry over into the
//! new root: the kernel's configuration, which tests ask for. Where the list is not there,
//! somebody has already made a root and nothing happens.

use core::ffi::CStr;

use crate::sys::{self, EEXIST, Errno, flags, open};

const ORDER: &CStr = c"/modules/order";

/// Where the overlay is put together.
const NEW_ROOT: &[u8] = b"/root";

/// The longest list, in bytes.
const LONGEST_ORDER: usize = 16 * 1024;

/// How long the disks may take to appear, in milliseconds.
pub const DISKS: u64 = 20_000;

/// How often they are looked for, in milliseconds.
pub const LOOK_AGAIN: u64 = 20;

/// Becomes the init of the image's root; answers whether there is one now, made of disks that
/// appear when their driver gets to them. `complain` hears what did not work: a module that
/// is not taken is a service that is not there, without a root the cases say the rest.
pub fn enter_root(mut complain: impl FnMut(&CStr, Errno)) -> bool {
    let Ok(list) = sys::open(ORDER, open::RDONLY | open::CLOEXEC) else {
        return false;
    };
    let Ok(buffer) = sys::memory(LONGEST_ORDER) else {
        return false;
    };
    let length = sys::read(list.raw(), buffer).unwrap_or(0);
    drop(list);
    let list = &buffer[..length];
    for path in paths(list).filter(|path| is_module(path)) {
        match load(path) {
            Ok(()) | Err(EEXIST) => {}
            Err(errno) => complain(path, errno),
        }
        // Its memory is the guest's again.
        let _ = sys::unlink(path);
    }
    let made = root().and_then(|()| {
        for path in paths(list).filter(|path| !is_module(path)) {
            if let Err(errno) = carry_over(path) {
                complain(path, errno);
            }
        }
        switch()
    });
    match made {
        Ok(()) => true,
        Err((step, errno)) => {
            complain(step, errno);
            false
        }
    }
}

fn paths(list: &[u8]) -> impl Iterator<Item = &CStr> {
    list.split_inclusive(|byte| *byte == 0)
        .map_while(|path| CStr::from_bytes_with_nul(path).ok())
}

fn is_module(path: &CStr) -> bool {
    path.to_bytes().ends_with(b".ko")
}

/// Copies a file to the same path in the new root; its directory is made.
fn carry_over(path: &CStr) -> Result<(), Errno> {
    const ENAMETOOLONG: Errno = Errno(36);
    let mut name = [0; 256];
    let bytes = path.to_bytes();
    let length = NEW_ROOT.len() + bytes.len();
    // Room for the NUL that stands behind.
    if length >= name.len() {
        return Err(ENAMETOOLONG);
    }
    name[..NEW_ROOT.len()].copy_from_slice(NEW_ROOT);
    name[NEW_ROOT.len()..length].copy_from_slice(bytes);
    if let Some(slash) = name[..length].iter().rposition(|byte| *byte == b'/') {
        name[slash] = 0;
        // There already, mostly.
        let _ = CStr::from_bytes_until_nul(&name).map(sys::mkdir);
        name[slash] = b'/';
    }
    let from = sys::open(path, open::RDONLY | open::CLOEXEC)?;
    let name = CStr::from_bytes_until_nul(&name).map_err(|_| ENAMETOOLONG)?;
    let to = sys::create(name)?;
    let mut buffer = [0; 4096];
    loop {
        let count = sys::read(from.raw(), &mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            let written = sys::write(to.raw(), rest)?;
            rest = &rest[written.min(rest.len())..];
        }
    }
}

fn load(path: &CStr) -> Result<(), Errno> {
    sys::load_module(&sys::open(path, open::RDONLY | open::CLOEXEC)?)
}

/// Puts the overlay together. The error says which step failed.
fn root() -> Result<(), (&'static CStr, Errno)> {
    const ENODEV: Errno = Errno(19);
    let step = |what: &'static CStr, result: Result<(), Errno>| result.map_err(|e| (what, e));
    step(
        c"devtmpfs",
        sys::mount(c"devtmpfs", c"/dev", c"devtmpfs", 0, None),
    )?;
    let image = image().ok_or((c"a disk with ext4", ENODEV))?;
    let image = CStr::from_bytes_with_nul(&image).map_err(|_| (c"a disk's name", ENODEV))?;
    step(
        c"the image",
        sys::mount(image, c"/lower", c"ext4", flags::RDONLY, None),
    )?;
    step(c"tmpfs", sys::mount(c"tmpfs", c"/upper", c"tmpfs", 0, None))?;
    step(c"/upper/files", sys::mkdir(c"/upper/files"))?;
    step(c"/upper/work", sys::mkdir(c"/upper/work"))?;
    let layers = c"lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work";
    step(
        c"overlay",
        sys::mount(c"overlay", c"/root", c"overlay", 0, Some(layers)),
    )
}

/// Everything after this is in the overlay. As switch_root(8) does it: the initial file system
/// cannot be left by pivot_root(2).
fn switch() -> Result<(), (&'static CStr, Errno)> {
    let step = |what: &'static CStr, result: Result<(), Errno>| result.map_err(|e| (what, e));
    step(c"/root", sys::chdir(c"/root"))?;
    step(c"move", sys::mount(c".", c"/", c"", flags::MOVE, None))?;
    step(c"chroot", sys::chroot(c"."))?;
    step(c"/", sys::chdir(c"/"))
}

/// The first disk with an ext4 file system, as a path with its NUL.
fn image() -> Option<[u8; 9]> {
    let deadline = sys::now() + DISKS;
    loop {
        for letter in b'a'..=b'z' {
            let mut name = *b"/dev/vd?\0";
            name[7] = letter;
            if CStr::from_bytes_with_nul(&name).is_ok_and(has_ext4) {
                return Some(name);
            }
        }
        if sys::now() >= deadline {
            return None;
        }
        sys::sleep(LOOK_AGAIN);
    }
}

/// The superblock lies 1024 bytes in, its magic number 0x38 bytes further.
fn has_ext4(name: &CStr) -> bool {
    let mut block = [0; 64];
    sys::open(name, open::RDONLY | open::CLOEXEC)
        .and_then(|disk| sys::read_at(&disk, &mut block, 1024))
        .is_ok_and(|count| count == block.len() && block[0x38..0x3a] == [0x53, 0xef])
}
