//! The verbs that provide: `runner setup`, `runner image`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::ArchChoice;
use crate::outcome::missing;
use crate::setup::{self, Options, qemu10};

/// Verbs of this room and of `setup`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Install what this machine lacks (as root, by apt-get and rustup); twice does nothing.
    Setup(SetupArgs),
    /// Make the images, or take them from the cache, and print their paths.
    Image(ImageArgs),
}

/// Flags of both.
#[derive(Debug, Args)]
pub struct Fetch {
    /// Use no network: everything has to be in the cache.
    #[arg(long)]
    pub offline: bool,
    /// Accept a mirror index past its validity date.
    #[arg(long)]
    pub allow_stale_index: bool,
    /// Where downloads and images are kept; $XDG_CACHE_HOME/sockeye where not given.
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}

/// Flags of `setup`.
#[derive(Debug, Args)]
pub struct SetupArgs {
    /// How to fetch.
    #[command(flatten)]
    pub fetch: Fetch,
    /// Also unpack QEMU 10 from Debian's backports in the cache and print its directory, for --qemu.
    #[arg(long)]
    pub qemu10: bool,
    /// Only the Rust components and targets: enough to build and lint.
    #[arg(long)]
    pub rust: bool,
}

/// Flags of `image`.
#[derive(Debug, Args)]
pub struct ImageArgs {
    /// How to fetch.
    #[command(flatten)]
    pub fetch: Fetch,
    /// Which images.
    #[arg(long, value_enum, default_value = "all")]
    pub arch: ArchChoice,
    /// Also print what is on them: packages and sources with their hashes.
    #[arg(long)]
    pub contents: bool,
}

impl From<&Fetch> for Options {
    fn from(fetch: &Fetch) -> Self {
        Options {
            offline: fetch.offline,
            allow_stale_index: fetch.allow_stale_index,
            cache: fetch.cache.clone(),
        }
    }
}

/// Runs a verb.
///
/// # Errors
/// What is missing and what to do about it.
pub fn run(verb: &Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Setup(args) => set_up(args).map_err(|error| missing(format!("{error:#}"))),
        Verb::Image(args) => images(args),
    }
}

fn set_up(args: &SetupArgs) -> anyhow::Result<()> {
    let options = Options::from(&args.fetch);
    if args.rust {
        return setup::rust::ensure(&options);
    }
    setup::ensure(&options)?;
    if args.qemu10 {
        println!("{}", qemu10::ensure(&options)?.display());
    }
    Ok(())
}

fn images(args: &ImageArgs) -> anyhow::Result<()> {
    let options = Options::from(&args.fetch);
    for &arch in args.arch.list() {
        let image = super::ensure(arch, &options)?;
        println!("{}", image.path.display());
        if args.contents {
            for (name, hash) in &image.hashes {
                println!("  {name}  {hash}");
            }
        }
    }
    Ok(())
}
