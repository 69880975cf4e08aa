//! Linux as the oracle: Debian's kernel with our agent as its first process.
//!
//! Called by `kernel` for `--kernel linux`. What comes out is a [`Kernel`] like any other: a
//! file for `-kernel`, an initial file system for `-initrd`, a command line, and flash
//! contents where the machine needs them. The initial file system holds the agent as
//! `/init`, and the modules that Debian does not build in, in the order in which the agent
//! loads them (`testsuite/agent/src/initramfs.rs`, which then builds the root that our kernel
//! builds by itself).

mod cpio;
mod modules;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::outcome::missing;
use crate::qemu::Kernel;
use crate::setup::cache::Key;
use crate::setup::{self, Cache, linux};
use crate::target::Arch;

use cpio::Archive;
use modules::Index;

/// Without these there is no root or no network.
fn required(arch: Arch) -> &'static [&'static str] {
    match arch {
        Arch::Riscv64 => &["virtio_mmio", "virtio_blk", "virtio_net", "ext4", "overlay"],
        Arch::Loongarch64 => &["virtio_pci", "virtio_blk", "virtio_net", "ext4", "overlay"],
    }
}

/// What programs would have loaded through modprobe, which an image does not have: socket
/// families, what lists them, devices, algorithms. None of them makes an interface appear.
const WELCOME: &[&str] = &[
    "af_packet",
    "af_packet_diag",
    "unix_diag",
    "inet_diag",
    "tcp_diag",
    "udp_diag",
    "raw_diag",
    "netlink_diag",
    "ipv6",
    "tun",
    "veth",
    "vsock",
    "vsock_loopback",
    "vsock_diag",
    "af_alg",
    "algif_hash",
    "algif_skcipher",
    "algif_aead",
    "algif_rng",
    "aes_generic",
    "authenc",
    "authencesn",
    "cbc",
    "ccm",
    "chacha20poly1305",
    "cmac",
    "crc32c_cryptoapi",
    "ctr",
    "ecb",
    "gcm",
    "ghash_generic",
    "hmac",
    "md5",
    "sha1_generic",
    "sha256_generic",
    "sha3",
    "sha3_generic",
    "sha512_generic",
    "xts",
    "drbg",
    "jitterentropy_rng",
];

/// The console, and what makes trouble visible: a fault in the kernel is the end of it.
const CMDLINE: &str = "console=ttyS0 rdinit=/init quiet loglevel=3 panic=-1 oops=panic";

/// How many initial file systems of an architecture stay in the cache.
const KEPT: usize = 4;

/// Debian's Linux for `arch` with the agent inside, which is asked for once there is a Linux;
/// `append` goes behind its command line. Fetches what the cache lacks.
///
/// # Errors
/// [`missing`], with what to do about it.
pub fn provide(
    arch: Arch,
    agent: impl FnOnce() -> anyhow::Result<PathBuf>,
    append: Option<&str>,
    options: &setup::Options,
) -> anyhow::Result<Kernel> {
    prepare(arch, agent, append, options).map_err(|error| missing(format!("{error:#}")))
}

fn prepare(
    arch: Arch,
    agent: impl FnOnce() -> anyhow::Result<PathBuf>,
    append: Option<&str>,
    options: &setup::Options,
) -> anyhow::Result<Kernel> {
    let cache = Cache::open(options)?;
    let linux = linux::ensure(&cache, arch, options)?;
    let initrd = initrd(&cache, arch, &linux, &agent()?)?;
    Ok(Kernel {
        version: linux.version,
        initrd: Some(initrd),
        firmware: linux.firmware,
        made_from: linux.packages,
        ..Kernel::at(
            "linux",
            linux.modules.join("vmlinuz"),
            Some(cmdline(append)),
        )
    })
}

/// What [`provide`] answers, without fetching: places stand where files would.
pub fn outline(arch: Arch, append: Option<&str>) -> Kernel {
    let place = |name: &str| PathBuf::from(format!("<{name}-{}>", arch.name()));
    Kernel {
        initrd: Some(place("initrd")),
        firmware: linux::needs_firmware(arch).then(|| linux::Firmware {
            code: place("firmware"),
            variables: place("variables"),
        }),
        ..Kernel::at("linux", place("linux"), Some(cmdline(append)))
    }
}

fn cmdline(append: Option<&str>) -> String {
    match append {
        Some(append) => format!("{CMDLINE} {append}"),
        None => CMDLINE.to_string(),
    }
}

/// The initial file system, named by what decides its content.
fn initrd(
    cache: &Cache,
    arch: Arch,
    linux: &linux::Linux,
    agent: &Path,
) -> anyhow::Result<PathBuf> {
    let agent = fs::read(agent).with_context(|| format!("cannot read {}", agent.display()))?;
    let key = Key::default()
        .add("agent", &agent)
        .add("required", required(arch).join(" "))
        .add("welcome", WELCOME.join(" "))
        .add("packages", format!("{:?}", linux.packages))
        .finish();
    let dir = cache.dir("linux")?;
    let name = format!("initrd-{}-{key}", arch.debian());
    let path = dir.join(&name);
    let there = || path.exists().then_some(());
    cache.make(&name, there, |aside| {
        let aside = aside.join("initrd");
        fs::write(&aside, pack(arch, linux, &agent)?)?;
        fs::rename(&aside, &path)?;
        prune(&dir, arch)
    })?;
    Ok(path)
}

/// The archive: the agent as init, and the modules in an order that works.
fn pack(arch: Arch, linux: &linux::Linux, agent: &[u8]) -> anyhow::Result<Vec<u8>> {
    let index = Index::open(&linux.modules)?;
    let modules = index.closure(required(arch), WELCOME)?;
    let mut archive = Archive::default();
    for name in ["dev", "modules", "lower", "upper", "root"] {
        archive.directory(name);
    }
    archive.character_device("dev/console", (5, 1));
    archive.file("init", 0o755, agent);
    let mut list = Vec::new();
    for module in &modules {
        let name = format!("modules/{}.ko", module.name);
        archive.file(&name, 0o644, &module.content);
        list.extend_from_slice(format!("/{name}\0").as_bytes());
    }
    // LTP asks there what this kernel can do.
    let release = linux.modules.file_name().unwrap_or_default();
    let config = format!("boot/config-{}", release.to_string_lossy());
    if let Ok(text) = fs::read(linux.modules.join("config")) {
        archive.directory("boot");
        archive.file(&config, 0o644, &text);
        list.extend_from_slice(format!("/{config}\0").as_bytes());
    }
    archive.file("modules/order", 0o644, &list);
    Ok(archive.finish())
}

/// Removes all but the newest few; a guest that was started from one has read it.
fn prune(dir: &Path, arch: Arch) -> anyhow::Result<()> {
    let prefix = format!("initrd-{}-", arch.debian());
    let mut found: Vec<_> = fs::read_dir(dir)?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    found.sort();
    let surplus = found.len().saturating_sub(KEPT);
    for (_, path) in &found[..surplus] {
        fs::remove_file(path)?;
    }
    Ok(())
}
