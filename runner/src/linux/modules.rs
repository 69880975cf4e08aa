//! Which modules of a Linux a guest needs, in an order in which each finds what it needs.
//!
//! Called by [`super`]. The package lists its modules (`modules.order`) and what is
//! built in (`modules.builtin`); `modules.dep` is made at installation, so that what a module
//! depends on is read where depmod reads it: in the module's section `.modinfo`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, bail};

use crate::setup::shell;

/// What a package has.
#[derive(Debug)]
pub struct Index {
    dir: PathBuf,
    /// By name: the path below `dir`, without compression's suffix.
    modules: HashMap<String, String>,
    builtin: Vec<String>,
}

/// A module, unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// With underscores, as the kernel spells it.
    pub name: String,
    /// What `finit_module` takes.
    pub content: Vec<u8>,
}

impl Index {
    /// Reads the lists in `dir`, which is `usr/lib/modules/<release>`.
    ///
    /// # Errors
    /// The lists cannot be read.
    pub fn open(dir: &Path) -> anyhow::Result<Index> {
        let list = |name: &str| {
            let path = dir.join(name);
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        Ok(Index {
            dir: dir.to_path_buf(),
            modules: list("modules.order")?
                .lines()
                .map(|path| (name_of(path), path.to_string()))
                .collect(),
            builtin: list("modules.builtin")?.lines().map(name_of).collect(),
        })
    }

    /// The modules `required` and, where the package has them, `welcome`, with all they depend
    /// on: each after what it needs, none twice.
    ///
    /// # Errors
    /// A required one, or one that another needs, is neither there nor built in; a file
    /// cannot be read or unpacked.
    pub fn closure(&self, required: &[&str], welcome: &[&str]) -> anyhow::Result<Vec<Module>> {
        let mut loaded: HashMap<String, Module> = HashMap::new();
        let mut roots = Vec::new();
        for (names, needed) in [(required, true), (welcome, false)] {
            for name in names {
                if self.modules.contains_key(*name) {
                    roots.push(name.to_string());
                } else if needed && !self.builtin.iter().any(|b| b == name) {
                    bail!("this Linux has no module {name}, and not built in either");
                }
            }
        }
        let order = order(&roots, &mut |name| {
            let Some(path) = self.modules.get(name) else {
                return Ok(None);
            };
            let content = self.unpack(path)?;
            let needs = needs(&content).with_context(|| format!("{path} is no module"))?;
            loaded.insert(
                name.to_string(),
                Module {
                    name: name.to_string(),
                    content,
                },
            );
            Ok(Some(needs))
        })?;
        Ok(order
            .iter()
            .filter_map(|name| loaded.remove(name))
            .collect())
    }

    fn unpack(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let plain = self.dir.join(path);
        match fs::read(&plain) {
            Ok(content) => return Ok(content),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot read {}", plain.display()));
            }
            Err(_) => {}
        }
        let packed = self.dir.join(format!("{path}.xz"));
        let output = shell::command("xz")
            .arg("--decompress")
            .arg("--stdout")
            .arg(&packed)
            .output()
            .context("cannot start xz; `make run` installs it (package xz-utils)")?;
        if !output.status.success() {
            bail!(
                "xz cannot unpack {}: {}",
                packed.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(output.stdout)
    }
}

/// `kernel/drivers/char/virtio-rng.ko` is `virtio_rng`.
fn name_of(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.trim_end_matches(".ko").replace('-', "_")
}

/// `roots` and all below them, depth first. `needs` answers what a module needs; `None` where
/// there is no such module (it is built in).
fn order(
    roots: &[String],
    needs: &mut dyn FnMut(&str) -> anyhow::Result<Option<Vec<String>>>,
) -> anyhow::Result<Vec<String>> {
    fn visit(
        name: &str,
        needs: &mut dyn FnMut(&str) -> anyhow::Result<Option<Vec<String>>>,
        seen: &mut Vec<String>,
        order: &mut Vec<String>,
    ) -> anyhow::Result<()> {
        if seen.iter().any(|s| s == name) {
            return Ok(());
        }
        seen.push(name.to_string());
        if let Some(below) = needs(name)? {
            for one in &below {
                visit(one, needs, seen, order)?;
            }
            order.push(name.to_string());
        }
        Ok(())
    }
    let (mut seen, mut order) = (Vec::new(), Vec::new());
    for root in roots {
        visit(root, needs, &mut seen, &mut order)?;
    }
    Ok(order)
}

/// `depends=` and `softdep=pre:` of a module's `.modinfo`; `None` where `file` is no 64-bit
/// little-endian ELF file with that section.
fn needs(file: &[u8]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for entry in section(file, b".modinfo")?.split(|byte| *byte == 0) {
        let Ok(entry) = std::str::from_utf8(entry) else {
            continue;
        };
        if let Some(list) = entry.strip_prefix("depends=") {
            names.extend(list.split(',').filter(|n| !n.is_empty()).map(name_of));
        } else if let Some(list) = entry.strip_prefix("softdep=") {
            let before = list.split_whitespace();
            names.extend(
                before
                    .skip_while(|word| *word != "pre:")
                    .skip(1)
                    .take_while(|word| !word.ends_with(':'))
                    .map(name_of),
            );
        }
    }
    Some(names)
}

/// The content of section `name` (System V ABI, chapter 4, for 64 bits).
fn section<'a>(file: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    if file.get(..6)? != b"\x7fELF\x02\x01" {
        return None;
    }
    let number = |at: usize, len: usize| -> Option<usize> {
        let bytes = file.get(at..at.checked_add(len)?)?;
        let value = bytes
            .iter()
            .rev()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        usize::try_from(value).ok()
    };
    let (table, size, count, names) = (
        number(40, 8)?,
        number(58, 2)?,
        number(60, 2)?,
        number(62, 2)?,
    );
    let header = |index: usize| table.checked_add(index.checked_mul(size)?);
    let body = |at: usize| {
        let start = number(at.checked_add(24)?, 8)?;
        file.get(start..start.checked_add(number(at.checked_add(32)?, 8)?)?)
    };
    let strings = body(header(names)?)?;
    (0..count).find_map(|index| {
        let at = header(index)?;
        let rest = strings.get(number(at, 4)?..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        (&rest[..end] == name).then(|| body(at))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file with sections "", `.modinfo` and the names.
    fn module(modinfo: &[u8]) -> Vec<u8> {
        let names = b"\0.modinfo\0.shstrtab\0";
        let mut file = vec![0; 64];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file.extend_from_slice(modinfo);
        file.extend_from_slice(names);
        let table = file.len();
        file[40..48].copy_from_slice(&(table as u64).to_le_bytes());
        file[58..60].copy_from_slice(&64_u16.to_le_bytes());
        file[60..62].copy_from_slice(&3_u16.to_le_bytes());
        file[62..64].copy_from_slice(&2_u16.to_le_bytes());
        for (name, start, size) in [
            (0_u32, 0, 0),
            (1, 64, modinfo.len()),
            (10, 64 + modinfo.len(), names.len()),
        ] {
            let mut header = [0; 64];
            header[..4].copy_from_slice(&name.to_le_bytes());
            header[24..32].copy_from_slice(&(start as u64).to_le_bytes());
            header[32..40].copy_from_slice(&(size as u64).to_le_bytes());
            file.extend_from_slice(&header);
        }
        file
    }

    #[test]
    fn a_module_says_what_it_needs() {
        let file = module(b"license=GPL\0depends=jbd2,virtio-ring\0softdep=pre: crc32c post: x\0");
        assert_eq!(
            needs(&file),
            Some(vec!["jbd2".into(), "virtio_ring".into(), "crc32c".into()])
        );
        assert_eq!(needs(&module(b"depends=\0")), Some(vec![]));
        assert_eq!(needs(b"\x7fELF\x02\x01"), None);
        assert_eq!(needs(b"#!/bin/sh"), None);
        for cut in 0..file.len() {
            let _ = needs(&file[..cut]);
        }
    }

    #[test]
    fn what_is_needed_comes_first_and_once() {
        let mut table = |name: &str| -> anyhow::Result<Option<Vec<String>>> {
            let names: &[&str] = match name {
                "ext4" => &["jbd2", "mbcache", "crc16"],
                "jbd2" => &["crc16"],
                "net" => &["failover", "net"],
                "crc16" => return Ok(None),
                _ => &[],
            };
            Ok(Some(names.iter().map(ToString::to_string).collect()))
        };
        let roots = ["ext4", "net", "jbd2"].map(String::from);
        assert_eq!(
            order(&roots, &mut table).expect("an order"),
            ["jbd2", "mbcache", "ext4", "failover", "net"]
        );
    }

    #[test]
    fn names_are_the_kernels() {
        assert_eq!(name_of("kernel/drivers/char/virtio-rng.ko"), "virtio_rng");
        assert_eq!(name_of("overlay.ko"), "overlay");
    }
}
