//! Which kernel boots, and how ours is built: the agent first, then the kernel with the
//! agent inside.
//!
//! Called by `dispatch`, `shell` and the `build` verb. Cargo does the work and
//! decides what is stale. Where the toolchain has no ready `core` for the bare
//! target, it is built from `rust-src` (`-Zbuild-std`, let through on a stable
//! compiler by RUSTC_BOOTSTRAP=1); nobody has to know.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use crate::cli::GuestArgs;
use crate::linux;
use crate::outcome::missing;
use crate::place;
use crate::qemu::Kernel;
use crate::target::Arch;

/// Where the kernel's build looks for the agent.
const AGENT_VARIABLE: &str = "SOCKEYE_AGENT";

/// The profile that is measured and shipped.
const PROFILE: &str = "kernel";

/// Kernels that `--kernel` knows by name.
const OURS: &str = "ours";
const LINUX: &str = "linux";

/// The kernel that `--kernel` calls `name`, built or fetched where that is needed.
pub fn choose(arch: Arch, name: &str, guest: &GuestArgs) -> anyhow::Result<Kernel> {
    let append = guest.append.clone();
    let kernel = match name {
        LINUX => {
            return linux::provide(
                arch,
                || agent(arch, guest),
                append.as_deref(),
                &guest.fetch(),
            );
        }
        OURS if guest.no_build => Kernel::at(OURS, artefact(arch), append),
        OURS => Kernel::at(OURS, build(arch)?, append),
        path => Kernel {
            initrd: guest.initrd.clone(),
            ..Kernel::at(name, path, append)
        },
    };
    for file in [Some(&kernel.path), kernel.initrd.as_ref()]
        .into_iter()
        .flatten()
    {
        if !file.is_file() {
            return Err(missing(format!(
                "no kernel at {}; `runner build` makes ours",
                file.display()
            )));
        }
    }
    Ok(kernel)
}

/// [`choose`] without building or fetching anything: for showing a command line. What would
/// be fetched is a word in angle brackets.
pub fn outline(arch: Arch, name: &str, guest: &GuestArgs) -> Kernel {
    match name {
        LINUX => linux::outline(arch, guest.append.as_deref()),
        OURS => Kernel::at(OURS, artefact(arch), guest.append.clone()),
        path => Kernel {
            initrd: guest.initrd.clone(),
            ..Kernel::at(name, path, guest.append.clone())
        },
    }
}

/// The first QEMU that starts the kernel called `name` on `arch`, where an older one does
/// not, and why.
pub fn least_qemu(arch: Arch, name: &str) -> Option<((u32, u32), &'static str)> {
    (arch == Arch::Loongarch64 && name == LINUX).then_some((
        (9, 2),
        "Debian's Linux for loongarch64 starts through UEFI, which needs the virt machine of QEMU 9.2",
    ))
}

/// Seconds from QEMU's start to the agent's first word, where the user says nothing.
pub fn boot_seconds(name: &str) -> u64 {
    match name {
        OURS => 60,
        // Linux and its firmware, emulated on a busy machine.
        _ => 240,
    }
}

/// The agent for a kernel that does not carry it.
fn agent(arch: Arch, guest: &GuestArgs) -> anyhow::Result<PathBuf> {
    if !guest.no_build {
        build_agent(arch, build_std(arch)?)?;
    }
    let agent = made(arch, "agent");
    if !agent.is_file() {
        return Err(missing(format!(
            "no agent at {}; run once without --no-build",
            agent.display()
        )));
    }
    Ok(agent)
}

fn build_agent(arch: Arch, std: BuildStd) -> anyhow::Result<()> {
    cargo(arch, "agent", std, |cargo| {
        // Symbols would travel in every kernel image.
        cargo.args(["--", "-Cstrip=symbols"]);
    })
}

/// Where cargo leaves program `name`.
fn made(arch: Arch, name: &str) -> PathBuf {
    place::target_dir()
        .join(arch.triple())
        .join(PROFILE)
        .join(name)
}

/// Where our kernel lies: the contest's name, in the work tree's root.
pub fn artefact(arch: Arch) -> PathBuf {
    place::root().join(arch.kernel_file())
}

/// Builds our kernel for `arch`; answers [`artefact`].
pub fn build(arch: Arch) -> anyhow::Result<PathBuf> {
    let std = build_std(arch)?;
    build_agent(arch, std)?;
    cargo(arch, "sockeye", std, |cargo| {
        cargo.env(AGENT_VARIABLE, made(arch, "agent"));
    })?;
    let artefact = artefact(arch);
    // Copied aside and renamed: a guest that runs from the old file keeps it.
    let aside = artefact.with_extension("new");
    std::fs::copy(made(arch, "sockeye"), &aside)
        .and_then(|_| std::fs::rename(&aside, &artefact))
        .with_context(|| format!("cannot write {}", artefact.display()))?;
    Ok(artefact)
}

fn cargo(
    arch: Arch,
    package: &str,
    std: BuildStd,
    add: impl FnOnce(&mut Command),
) -> anyhow::Result<()> {
    let mut command = command("rustc", arch, std);
    command.args(["--package", package]);
    add(&mut command);
    finish(&mut command, &format!("building {package}"), arch)
}

/// Lints what runs on `arch`: the agent and the kernel. Warnings are errors.
fn lint(arch: Arch) -> anyhow::Result<()> {
    let mut command = command("clippy", arch, build_std(arch)?);
    command.args(["--package", "agent", "--package", "sockeye"]);
    command.args(["--", "-Dwarnings"]);
    finish(&mut command, "linting", arch)
}

/// `cargo <verb>` for `arch`'s bare target.
fn command(verb: &str, arch: Arch, std: BuildStd) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(place::root());
    command.args([verb, "--quiet", "--profile", PROFILE]);
    command.args(["--target", arch.triple()]);
    if let BuildStd::Yes = std {
        command
            .env("RUSTC_BOOTSTRAP", "1")
            .arg("-Zbuild-std=core,alloc");
    }
    command
}

fn finish(command: &mut Command, what: &str, arch: Arch) -> anyhow::Result<()> {
    let status = command.status().context("cannot start cargo")?;
    if !status.success() {
        bail!(
            "{what} for {} failed; cargo's messages are above",
            arch.name()
        );
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum BuildStd {
    Yes,
    No,
}

fn build_std(arch: Arch) -> anyhow::Result<BuildStd> {
    let rustc = |what: &[&str]| -> anyhow::Result<PathBuf> {
        let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .current_dir(place::root())
            .args(what)
            .output()
            .context("cannot start rustc")?;
        Ok(PathBuf::from(
            String::from_utf8_lossy(&output.stdout).trim(),
        ))
    };
    let libs = rustc(&["--print", "target-libdir", "--target", arch.triple()])?;
    let has_core = std::fs::read_dir(&libs).is_ok_and(|files| {
        files
            .flatten()
            .any(|f| f.file_name().to_string_lossy().starts_with("libcore-"))
    });
    if has_core {
        return Ok(BuildStd::No);
    }
    let sources = rustc(&["--print", "sysroot"])?.join("lib/rustlib/src/rust/library/core");
    if sources.is_dir() {
        return Ok(BuildStd::Yes);
    }
    Err(missing(format!(
        "the Rust toolchain has no core library for {}: `rustup target add {0}` or `rustup component add rust-src`",
        arch.triple()
    )))
}

/// The `build` verb.
pub fn run(args: &crate::cli::BuildArgs) -> anyhow::Result<crate::outcome::Exit> {
    if args.contest {
        println!("{}", crate::contest_tree::write()?.display());
        return Ok(crate::outcome::Exit::Ok);
    }
    for &arch in args.arch.list() {
        if args.lint {
            lint(arch)?;
        } else {
            println!("{}", build(arch)?.display());
        }
    }
    Ok(crate::outcome::Exit::Ok)
}
