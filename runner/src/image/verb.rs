//! The verbs that provide: `runner setup`, `runner image`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::ArchChoice;
use crate::outcome::missing;
use crate::setup::{self, Options, qemu10};
use crate::target::Arch;

use super::shelf;

/// Verbs of this room and of `setup`.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Install what this machine lacks (as root, by apt-get and rustup); twice does nothing.
    Setup(SetupArgs),
    /// Make the images, or take them from the cache, and print their paths; list, hash or
    /// remove what is in the cache.
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
    /// What to do.
    #[arg(value_enum, default_value = "build")]
    pub action: Action,
    /// Which images.
    #[arg(long, value_enum, default_value = "all")]
    pub arch: ArchChoice,
    /// The contest-shaped images instead: /musl, /glibc and test scripts.
    #[arg(long)]
    pub contest: bool,
    /// Also print what is on them: packages and sources with their hashes.
    #[arg(long)]
    pub contents: bool,
    /// `clean` removes the images in use as well.
    #[arg(long)]
    pub all: bool,
}

/// What `image` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Make what is not there; print the paths.
    Build,
    /// Print what is in the cache: size, age, and whether this work tree asks for it.
    List,
    /// Read the images in the cache and compare their SHA-256 with what was made.
    Hash,
    /// Remove the images that this work tree does not ask for.
    Clean,
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
        match args.action {
            Action::Build => {}
            Action::List => {
                list(arch, &options)?;
                continue;
            }
            Action::Hash => {
                shelf::hash(arch, &options)?;
                continue;
            }
            Action::Clean => {
                let freed = shelf::clean(arch, args.all, &options)?;
                eprintln!("{}: {} MiB freed", arch.name(), freed >> 20);
                continue;
            }
        }
        let image = match args.contest {
            true => super::contest::ensure(arch, &[], &options)?,
            false => super::ensure(arch, &options)?,
        };
        println!("{}", image.path.display());
        if args.contents {
            for (name, hash) in &image.hashes {
                println!("  {name}  {hash}");
            }
        }
    }
    Ok(())
}

fn list(arch: Arch, options: &Options) -> anyhow::Result<()> {
    for image in shelf::list(arch, options)? {
        let word = match (image.current, image.recorded.is_empty()) {
            (_, true) => "not whole",
            (true, _) => "current",
            (false, _) => "earlier",
        };
        let hours = image.made.elapsed().unwrap_or_default().as_secs() / 3600;
        println!(
            "{word:<9} {:>5} MiB {hours:>5} h  {}",
            image.size >> 20,
            image.path.display()
        );
    }
    Ok(())
}
