//! `busybox-img/manifest.toml`, as data.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context;
use serde::Deserialize;

use crate::place;
use crate::setup::sources::Origin;

/// The whole manifest.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Binary packages.
    pub debian: Debian,
    /// Extra symbolic links: path below the root, target.
    pub links: BTreeMap<String, String>,
    /// The C compiler.
    pub zig: Zig,
    /// busybox for musl.
    pub busybox: Busybox,
    /// Programs compiled without a build system.
    pub program: Vec<Program>,
    /// The file's text: part of every image's key.
    #[serde(skip)]
    pub text: String,
}

/// Debian's part of the root.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Debian {
    /// Suite, as in sources.list(5).
    pub suite: String,
    /// Package to the files that are wanted of it.
    pub packages: BTreeMap<String, Vec<String>>,
    /// Package to libraries that nothing NEEDs by name.
    pub libraries: BTreeMap<String, Vec<String>>,
}

/// Which compiler.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zig {
    /// Version of PyPI's ziglang.
    pub version: String,
}

/// How busybox is configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Busybox {
    /// Lines that replace those of `make defconfig`.
    pub config: Vec<String>,
    /// Where its source comes from.
    pub origin: Origin,
}

/// A program compiled in one command per output.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Names it in the cache and in records.
    pub name: String,
    /// Directory of the C files inside the source.
    pub dir: String,
    /// Directory of ours, below busybox-img/, searched first for headers.
    pub headers: String,
    /// Compiler flags.
    pub flags: Vec<String>,
    /// C files of every output.
    pub common: Vec<String>,
    /// Output to its own C files.
    pub outputs: BTreeMap<String, Vec<String>>,
    /// Where its source comes from.
    pub origin: Origin,
}

impl Manifest {
    /// Reads the repository's manifest.
    ///
    /// # Errors
    /// The file is not there or is not well formed: the message has the line.
    pub fn load() -> anyhow::Result<Self> {
        let path = place::root().join("busybox-img/manifest.toml");
        let text = fs::read_to_string(&path).with_context(|| {
            format!(
                "cannot read {}: run from a checkout of the repository",
                path.display()
            )
        })?;
        Self::parse(text).with_context(|| format!("in {}", path.display()))
    }

    fn parse(text: String) -> anyhow::Result<Self> {
        let mut manifest: Manifest = toml::from_str(&text)?;
        manifest.text = text;
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repositorys_manifest_reads() {
        let manifest = Manifest::load().unwrap();
        assert!(manifest.debian.packages.contains_key("iperf3"));
        for program in &manifest.program {
            assert!(
                place::root()
                    .join("busybox-img")
                    .join(&program.headers)
                    .is_dir(),
                "{}",
                program.name
            );
        }
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_name() {
        let text = fs::read_to_string(place::root().join("busybox-img/manifest.toml")).unwrap();
        let error = Manifest::parse(text.replace("[zig]", "[zig]\nspeed = 9")).unwrap_err();
        assert!(format!("{error:#}").contains("speed"), "{error:#}");
    }
}
