//! What an ELF program says it needs: loader and libraries (System V ABI, chapter 5;
//! 64-bit little-endian, which both architectures are).

use std::path::Path;

/// Needs of a dynamic program or library. Static programs have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Path of the loader (PT_INTERP).
    pub loader: Option<String>,
    /// Names of the libraries (DT_NEEDED), in order.
    pub libraries: Vec<String>,
}

/// The needs of the file at `path`; `None` where it is no ELF file of that kind.
///
/// # Errors
/// The file cannot be read.
pub fn needs(path: &Path) -> std::io::Result<Option<Needs>> {
    Ok(parse(&std::fs::read(path)?))
}

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;

struct Segment {
    kind: u32,
    offset: usize,
    address: u64,
    size: usize,
}

fn parse(file: &[u8]) -> Option<Needs> {
    if file.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let table = usize::try_from(u64_at(file, 32)?).ok()?;
    let (entry, count) = (
        usize::from(u16_at(file, 54)?),
        usize::from(u16_at(file, 56)?),
    );
    let segments: Vec<Segment> = (0..count)
        .map(|index| segment(file, table.checked_add(index * entry)?))
        .collect::<Option<_>>()?;
    let body =
        |segment: &Segment| file.get(segment.offset..segment.offset.checked_add(segment.size)?);
    let mut needs = Needs::default();
    for segment in &segments {
        match segment.kind {
            PT_INTERP => needs.loader = Some(string(body(segment)?)),
            PT_DYNAMIC => needs.libraries = libraries(file, body(segment)?, &segments)?,
            _ => {}
        }
    }
    Some(needs)
}

fn segment(file: &[u8], at: usize) -> Option<Segment> {
    Some(Segment {
        kind: u32_at(file, at)?,
        offset: usize::try_from(u64_at(file, at.checked_add(8)?)?).ok()?,
        address: u64_at(file, at.checked_add(16)?)?,
        size: usize::try_from(u64_at(file, at.checked_add(32)?)?).ok()?,
    })
}

fn libraries(file: &[u8], dynamic: &[u8], segments: &[Segment]) -> Option<Vec<String>> {
    let entries: Vec<(u64, u64)> = dynamic
        .chunks_exact(16)
        .map(|entry| Some((u64_at(entry, 0)?, u64_at(entry, 8)?)))
        .collect::<Option<Vec<_>>>()?
        .into_iter()
        .take_while(|(tag, _)| *tag != DT_NULL)
        .collect();
    let Some((_, address)) = entries.iter().find(|(tag, _)| *tag == DT_STRTAB) else {
        return Some(Vec::new());
    };
    let home = segments.iter().find(|part| {
        part.kind == PT_LOAD
            && (part.address..part.address.saturating_add(part.size as u64)).contains(address)
    })?;
    let strings = home
        .offset
        .checked_add(usize::try_from(address - home.address).ok()?)?;
    entries
        .iter()
        .filter(|(tag, _)| *tag == DT_NEEDED)
        .map(|(_, name)| {
            Some(string(
                file.get(strings.checked_add(usize::try_from(*name).ok()?)?..)?,
            ))
        })
        .collect()
}

fn string(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|&byte| byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(
        bytes.get(at..at.checked_add(2)?)?.try_into().ok()?,
    ))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        bytes.get(at..at.checked_add(4)?)?.try_into().ok()?,
    ))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(
        bytes.get(at..at.checked_add(8)?)?.try_into().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_program_needs_libc() {
        let needs = needs(&std::env::current_exe().unwrap()).unwrap().unwrap();
        assert!(needs.loader.is_some_and(|loader| loader.contains("ld-")));
        assert!(
            needs
                .libraries
                .iter()
                .any(|name| name.starts_with("libc.so")),
            "{:?}",
            needs.libraries
        );
    }

    #[test]
    fn damaged_files_are_no_elf_and_no_panic() {
        let whole = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        assert_eq!(parse(b"#!/bin/sh\n"), None);
        for length in (0..4096).step_by(7) {
            let _ = parse(&whole[..length]);
        }
        let mut wild = whole[..8192].to_vec();
        for at in 32..1024 {
            wild[at] ^= 0xa5;
            let _ = parse(&wild);
        }
    }
}
