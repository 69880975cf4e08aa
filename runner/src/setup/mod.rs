//! Set-up: what the host lacks, fetched once and kept outside the work tree.
//!
//! Called by `make run` and `make test` (through `runner setup`) and by the image
//! room when it needs a package, a compiler or an emulator. Everything lands in one
//! cache directory; [`Cache::make`] sees to it that two runners never build the
//! same thing at once. Typical sequence:
//!
//! ```text
//! setup::host::ensure(&options)?     // QEMU, mmdebstrap, e2fsprogs, ... by apt-get
//! setup::rust::ensure()?             // rust-src, bare-metal targets, by rustup
//! image::ensure(arch, &options)?     // uses apt, zig and sources underneath
//! ```
//!
//! The machine's apt configuration is read and never changed: see [`apt`].

pub mod apt;
pub mod cache;
pub mod deb;
pub mod host;
pub mod linux;
pub mod qemu10;
pub mod rust;
pub mod shell;
pub mod sources;
pub mod zig;

pub use cache::Cache;

use std::path::PathBuf;

/// What the user decided about fetching.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Take everything from the cache; fail where something is not there.
    pub offline: bool,
    /// Accept a mirror index past its validity date, with a warning.
    /// `SOCKEYE_ALLOW_STALE_INDEX=1` says the same.
    pub allow_stale_index: bool,
    /// The cache directory, `$XDG_CACHE_HOME/sockeye` or `~/.cache/sockeye` where
    /// not given.
    pub cache: Option<PathBuf>,
}

/// One line to the user about what is being installed, fetched or built.
pub fn say(text: impl AsRef<str>) {
    eprintln!("setup: {}", text.as_ref());
}

/// Brings a machine to where it can build and run everything: host packages, Rust
/// components. Images are made when a run asks for them.
///
/// # Errors
/// A message that says what to install, and how, where this process may not.
pub fn ensure(options: &Options) -> anyhow::Result<()> {
    host::ensure(options)?;
    rust::ensure(options)
}
