//! Images and host tools: what the guest's disk holds and where it comes from.
//!
//! An image is an ext4 file system without a partition table: Debian's own programs
//! in the root, the same programs for musl under `/musl`, and the test programs
//! under `/opt/testsuite/<libc>/<group>`. `busybox-img/manifest.toml` says what goes
//! in. Called by `plan` and `main` before a run; made once per content and kept in
//! the cache (see [`crate::setup`]). Typical sequence:
//!
//! ```text
//! let image = image::ensure(arch, &options)?;     // seconds when cached
//! let tools = image::host_tools(&options)?;       // iperf3 and netperf for the host
//! ```
//!
//! Nothing here needs root, emulation or a mount.

mod addition;
mod applets;
mod busybox;
mod compile;
pub mod contest;
pub mod crates;
mod debian;
mod elf;
mod ext4;
mod manifest;
mod programs;
mod root;
pub mod shelf;
pub mod tree;
mod verb;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::outcome::missing;
use crate::setup::cache::{self, Key};
use crate::setup::zig::Zig;
use crate::setup::{Cache, say, sources};
use crate::target::{Arch, Libc};

pub use crate::setup::Options;
pub use addition::add as with_files;
pub use programs::programs;
pub use verb::{Verb, run};

use manifest::Manifest;

/// How many images of an architecture stay in the cache: going back to an earlier
/// commit costs nothing, and work trees beside each other do not take away each other's.
const KEPT: usize = 12;

/// A disk image that is ready to boot with.
#[derive(Clone, Debug)]
pub struct Image {
    /// The file. Never written to: guests get it read-only.
    pub path: PathBuf,
    /// What is in it, for `env.json`: name and version or hash.
    pub hashes: Vec<(String, String)>,
}

/// Programs of the host's architecture that drive a server in the guest.
#[derive(Clone, Debug)]
pub struct HostTools {
    /// iperf3's client.
    pub iperf3: PathBuf,
    /// netperf's client.
    pub netperf: PathBuf,
}

/// The image for `arch`: one from the cache, or a new one.
/// Blocks for minutes when everything has to be fetched and built.
///
/// # Errors
/// A prerequisite that is missing ([`missing`]), with what to do about it.
pub fn ensure(arch: Arch, options: &Options) -> anyhow::Result<Image> {
    prepare(arch, options).map_err(|error| missing(format!("{error:#}")))
}

fn prepare(arch: Arch, options: &Options) -> anyhow::Result<Image> {
    let manifest = Manifest::load()?;
    let cache = Cache::open(options)?;
    let path = location(&cache, arch)?;
    let record = path.with_extension("json");
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let hashes = cache.make(
        &format!("image-{name}"),
        || cached(&path, &record),
        |work| {
            let hashes = build(&cache, &manifest, arch, work, &path, options)
                .with_context(|| format!("cannot make the image for {}", arch.name()))?;
            fs::write(&record, serde_json::to_vec_pretty(&hashes)?)?;
            say(format!("image {} ready", path.display()));
            prune(&cache.dir("images")?, arch, KEPT)?;
            Ok(hashes)
        },
    )?;
    // When it was used last decides how long it stays; a cache that cannot be written keeps it anyhow.
    if let Ok(file) = fs::File::options().append(true).open(&record) {
        let _ = file.set_modified(std::time::SystemTime::now());
    }
    Ok(Image { path, hashes })
}

/// Where the image for `arch` is in `cache`, once it is made.
fn location(cache: &Cache, arch: Arch) -> anyhow::Result<PathBuf> {
    let key = key(&Manifest::load()?, arch)?;
    Ok(cache
        .dir("images")?
        .join(format!("{}-{key}.ext4", arch.name())))
}

/// The host's iperf3 and netperf, static, of the same source as the guests'.
///
/// # Errors
/// As [`ensure`].
pub fn host_tools(options: &Options) -> anyhow::Result<HostTools> {
    prepare_tools(options).map_err(|error| missing(format!("{error:#}")))
}

fn prepare_tools(options: &Options) -> anyhow::Result<HostTools> {
    let manifest = Manifest::load()?;
    let cache = Cache::open(options)?;
    let zig = Zig::ensure(&cache, &manifest.zig.version, options)?;
    let triple = format!("{}-linux-musl", std::env::consts::ARCH);
    let mut found = Vec::new();
    for program in &manifest.program {
        let source = sources::ensure(
            &cache,
            &program.name,
            &program.origin,
            &manifest.debian.suite,
            options,
        )?;
        found.extend(compile::program(&cache, &zig, program, &source, &triple)?);
    }
    let tool = |name: &str| {
        found
            .iter()
            .find(|path| path.file_name().is_some_and(|file| file == name))
            .cloned()
            .with_context(|| format!("busybox-img/manifest.toml builds no {name}"))
    };
    Ok(HostTools {
        iperf3: tool("iperf3")?,
        netperf: tool("netperf")?,
    })
}

/// The record of an image that is there; it is written last, so it says that the
/// image is whole.
fn cached(path: &Path, record: &Path) -> Option<Vec<(String, String)>> {
    path.exists()
        .then(|| fs::read(record).ok())?
        .and_then(|text| serde_json::from_slice(&text).ok())
}

/// Removes images of `arch` from `dir` but the few that were used last; a guest that runs from one keeps it.
fn prune(dir: &Path, arch: Arch, kept: usize) -> anyhow::Result<()> {
    let mut images: Vec<_> = fs::read_dir(dir)?
        .filter_map(Result::ok)
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with(arch.name()) && name.ends_with(".ext4")
        })
        .map(|entry| (used(&entry.path()), entry.path()))
        .collect();
    images.sort();
    let surplus = images.len().saturating_sub(kept);
    for (_, path) in &images[..surplus] {
        fs::remove_file(path)?;
        fs::remove_file(path.with_extension("json")).ok();
    }
    Ok(())
}

/// When an image was used last: its record is touched by each run that takes it.
fn used(path: &Path) -> Option<std::time::SystemTime> {
    let touched = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    touched(&path.with_extension("json")).or_else(|| touched(path))
}

/// The name of an image: a hash of all that decides its content.
fn key(manifest: &Manifest, arch: Arch) -> anyhow::Result<String> {
    let mut key = Key::default()
        .add("layout", root::LAYOUT)
        .add("arch", arch.name())
        .add("manifest", &manifest.text)
        .add("compiler", programs::flags(arch))
        .add("file system", ext4::FEATURES);
    for (name, text) in programs::inputs()?.into_iter().chain(root::inputs()?) {
        key = key.add(&name, text);
    }
    Ok(key.finish())
}

/// Fetches, compiles, assembles in `work`. Returns the record.
fn build(
    cache: &Cache,
    manifest: &Manifest,
    arch: Arch,
    work: &Path,
    path: &Path,
    options: &Options,
) -> anyhow::Result<Vec<(String, String)>> {
    say(format!(
        "making the image for {} (once; kept in the cache)",
        arch.name()
    ));
    let mut record = Vec::new();
    let zig = Zig::ensure(cache, &manifest.zig.version, options)?;
    record.push(("zig".to_string(), zig.version.clone()));

    let packages = debian::ensure(cache, manifest, arch, options)?;
    record.extend(packages.files.iter().cloned());

    let root = work.join("root");
    fs::create_dir(&root)?;
    root::skeleton(&root, arch)?;
    debian::install(&packages, manifest, arch, &work.join("debian"), &root)?;

    let triple = zig_triple(arch, Libc::Musl);
    let source = sources::ensure(
        cache,
        "busybox",
        &manifest.busybox.origin,
        &manifest.debian.suite,
        options,
    )?;
    record.push(("source busybox".into(), source.origin.clone()));
    let mut musl = vec![busybox::ensure(
        cache,
        &zig,
        &manifest.busybox,
        &source,
        triple,
    )?];
    for program in &manifest.program {
        let source = sources::ensure(
            cache,
            &program.name,
            &program.origin,
            &manifest.debian.suite,
            options,
        )?;
        record.push((format!("source {}", program.name), source.origin.clone()));
        musl.extend(compile::program(cache, &zig, program, &source, triple)?);
    }
    root::musl(&root, &musl)?;
    for libc in Libc::ALL {
        let built = programs::build(cache, &zig, zig_triple(arch, libc), libc)?;
        root::testsuite(&root, libc, &built)?;
    }
    root::links(&root, manifest)?;

    let image = work.join("image");
    ext4::make(&root, &image)?;
    record.push(("image sha256".into(), cache::sha256(&image)?));
    fs::rename(&image, path)?;
    Ok(record)
}

/// The target as zig names it.
fn zig_triple(arch: Arch, libc: Libc) -> &'static str {
    match (arch, libc) {
        (Arch::Riscv64, Libc::Glibc) => "riscv64-linux-gnu.2.38",
        (Arch::Riscv64, Libc::Musl) => "riscv64-linux-musl",
        (Arch::Loongarch64, Libc::Glibc) => "loongarch64-linux-gnu.2.38",
        (Arch::Loongarch64, Libc::Musl) => "loongarch64-linux-musl",
    }
}
