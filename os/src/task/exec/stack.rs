//! The stack that a program starts with: strings, auxiliary vector, pointers, argc. getauxval(3).

use super::{Strings, arguments, elf::Loaded};
use crate::{
    Result,
    arch::{self, paging::USER_TOP},
    mm::{
        AddressSpace, PAGE_SIZE,
        space::{Fixed, MapRequest, Prot},
    },
    task::{creds::Credentials, process, signal},
};
use abi::{Errno, auxvec::*};
use alloc::vec::Vec;

/// One past the highest stack byte: a page stays free below the end of user space.
const TOP: usize = USER_TOP - PAGE_SIZE;
/// Mapped at once below what the strings need; the area grows further when touched.
const ROOM: usize = 128 * 1024;

/// What goes on the stack.
pub(super) struct Contents<'a> {
    pub program: &'a Loaded,
    pub executable_stack: bool,
    pub interpreter_base: usize,
    pub vdso: usize,
    pub creds: &'a Credentials,
    pub secure: bool,
    pub args: &'a Strings,
    pub environment: &'a Strings,
    pub shown: &'a [u8],
    pub stack_limit: u64,
}

/// The finished stack.
pub(super) struct Built {
    pub sp: usize,
    pub strings: process::Strings,
}

/// Maps and fills the stack. `E2BIG`: more than a quarter of RLIMIT_STACK (at least 128 KiB).
pub(super) fn build(mm: &AddressSpace, contents: &Contents<'_>) -> Result<Built> {
    let Contents {
        args,
        environment,
        shown,
        ..
    } = contents;
    let limit = (contents.stack_limit as usize / 4).clamp(ROOM, arguments::MAX_TOTAL);
    let pointers = (args.count() + environment.count()) * size_of::<usize>();
    if args.bytes().len() + environment.bytes().len() + pointers + shown.len() > limit {
        return Err(Errno::E2BIG);
    }

    // From the top down: a null word, the file name, environment, arguments,
    // platform, random bytes; as on Linux.
    let mut at = TOP - 8;
    let mut take = |len: usize| {
        at -= len;
        at
    };
    let name_at = take(shown.len() + 1);
    let environment_at = take(environment.bytes().len());
    let args_at = take(args.bytes().len());
    let platform_at = take(arch::PLATFORM.len() + 1);
    let random_at = take(16) & !15;

    let auxv = vector(contents, name_at, platform_at, random_at);
    let words = 1 + args.count() + 1 + environment.count() + 1 + auxv.len() * 2;
    let sp = (random_at - words * size_of::<usize>()) & !15;

    let mut block: Vec<u8> = Vec::with_capacity(TOP - sp);
    let mut word = |value: usize| block.extend_from_slice(&value.to_le_bytes());
    word(args.count());
    for (strings, start) in [(args, args_at), (environment, environment_at)] {
        let mut at = start;
        for string in strings.iter() {
            word(at);
            at += string.len() + 1;
        }
        word(0);
    }
    for &[key, value] in &auxv {
        word(key);
        word(value);
    }
    let mut random = [0; 16];
    crate::fs::random::fill(&mut random);
    for (at, bytes) in [
        (random_at, &random[..]),
        (platform_at, arch::PLATFORM.as_bytes()),
        (args_at, args.bytes()),
        (environment_at, environment.bytes()),
        (name_at, shown),
    ] {
        block.resize(at - sp, 0);
        block.extend_from_slice(bytes);
    }
    block.resize(TOP - sp, 0);

    let bottom = sp.saturating_sub(ROOM) & !(PAGE_SIZE - 1);
    let mut prot = Prot::READ | Prot::WRITE;
    prot.set(Prot::EXEC, contents.executable_stack);
    mm.map(MapRequest {
        addr: bottom,
        len: TOP - bottom,
        prot,
        shared: false,
        fixed: Fixed::Replace,
        backing: None,
        populate: false,
        grows_down: true,
        max_prot: Prot::all(),
        name: "[stack]",
    })?;
    if mm.write(sp, &block) != block.len() {
        return Err(Errno::ENOMEM);
    }

    let mut kept = [[0; 2]; 24];
    for (slot, entry) in kept.iter_mut().zip(&auxv) {
        *slot = *entry;
    }
    let strings = process::Strings {
        args: (args_at, args_at + args.bytes().len()),
        environment: (environment_at, environment_at + environment.bytes().len()),
        auxv: kept,
        vdso: contents.vdso,
        stack: sp,
    };
    Ok(Built { sp, strings })
}

/// The auxiliary vector with its end.
fn vector(contents: &Contents<'_>, name: usize, platform: usize, random: usize) -> Vec<[usize; 2]> {
    let Contents { program, creds, .. } = contents;
    let mut entries = alloc::vec![
        (AT_HWCAP, arch::hwcap()),
        (AT_PAGESZ, PAGE_SIZE),
        (AT_CLKTCK, 100),
        (AT_PHDR, program.headers),
        (AT_PHENT, 56),
        (AT_PHNUM, program.header_count),
        (AT_BASE, contents.interpreter_base),
        (AT_FLAGS, 0),
        (AT_ENTRY, program.entry),
        (AT_UID, creds.uid as usize),
        (AT_EUID, creds.euid as usize),
        (AT_GID, creds.gid as usize),
        (AT_EGID, creds.egid as usize),
        (AT_SECURE, usize::from(contents.secure)),
        (AT_RANDOM, random),
        (AT_HWCAP2, 0),
        (AT_EXECFN, name),
        (AT_MINSIGSTKSZ, signal::frame::SIZE + 1024),
    ];
    entries.insert(0, (AT_SYSINFO_EHDR, contents.vdso));
    if !arch::PLATFORM.is_empty() {
        entries.push((AT_PLATFORM, platform));
    }
    entries.push((AT_NULL, 0));
    entries
        .into_iter()
        .map(|(key, value)| [key as usize, value])
        .collect()
}
