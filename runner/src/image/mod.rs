//! Images and host tools: what the guest's disk holds and where it comes from.

use std::path::PathBuf;

use crate::outcome::missing;
use crate::target::Arch;

/// Programs of the host's architecture that drive a server in the guest.
#[derive(Clone, Debug)]
pub struct HostTools {
    /// iperf3's client.
    pub iperf3: PathBuf,
    /// netperf's client.
    pub netperf: PathBuf,
}

/// The image for `arch`, made or taken from the cache.
pub fn ensure(arch: Arch) -> anyhow::Result<PathBuf> {
    Err(missing(format!(
        "no image for {}: pass --image PATH",
        arch.name()
    )))
}

/// The host's iperf3 and netperf.
pub fn host_tools() -> anyhow::Result<HostTools> {
    let tool = |name: &str| {
        which::which(name).map_err(|_| missing(format!("no {name} on the host: install it")))
    };
    Ok(HostTools {
        iperf3: tool("iperf3")?,
        netperf: tool("netperf")?,
    })
}

/// Verbs of this room.
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Make the images.
    Image,
}

/// Runs a verb.
pub fn run(verb: &Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Image => ensure(Arch::Riscv64).map(drop),
    }
}
