//! The C compiler for guest programs: `zig cc`, from PyPI's `ziglang`, in a virtual
//! environment of its own in the cache. It compiles for every target without a
//! sysroot, for glibc (dynamic) and musl (static).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::{Cache, Options, say, shell};

/// An installed compiler.
#[derive(Clone, Debug)]
pub struct Zig {
    program: PathBuf,
    work: PathBuf,
    /// Its version, part of every key of what it made.
    pub version: String,
}

impl Zig {
    /// The compiler of that version, installed where it is not there.
    ///
    /// # Errors
    /// No network and not in the cache, or a host that PyPI has no build for.
    pub fn ensure(cache: &Cache, version: &str, options: &Options) -> anyhow::Result<Self> {
        let dir = cache.dir("zig")?.join(version);
        let there = || dir.exists().then_some(());
        cache.make(&format!("zig-{version}"), there, |scratch| {
            install(scratch, version, &dir, options)
        })?;
        let program = find_program(&dir)?;
        let work = cache.dir("zig/work")?;
        Ok(Zig {
            program,
            work,
            version: version.to_string(),
        })
    }

    /// `zig cc -target <triple>`, ready for arguments. Give `-O2`: without it zig
    /// makes undefined behaviour trap.
    pub fn cc(&self, triple: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(["cc", "-target", triple])
            .args(processor(triple));
        self.with_cache(&mut command);
        command
    }

    /// Scripts named `cc` and `ar` in `dir`, for makefiles that want one word.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn wrappers(&self, triple: &str, dir: &Path) -> anyhow::Result<()> {
        for (name, words) in [
            (
                "cc",
                format!(
                    "cc -target {triple} {}",
                    processor(triple).unwrap_or_default()
                ),
            ),
            ("ar", "ar".to_string()),
        ] {
            let file = dir.join(name);
            let text = format!(
                "#!/bin/sh\nZIG_GLOBAL_CACHE_DIR='{work}' ZIG_LOCAL_CACHE_DIR='{work}' exec '{zig}' {words} \"$@\"\n",
                work = self.work.display(),
                zig = self.program.display(),
            );
            fs::write(&file, text)?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
        }
        Ok(())
    }

    /// What of the compiler decides its output for `triple`: part of a key.
    pub fn identity(&self, triple: &str) -> String {
        format!("{} {}", self.version, processor(triple).unwrap_or_default())
    }

    fn with_cache(&self, command: &mut Command) {
        command
            .env("ZIG_GLOBAL_CACHE_DIR", &self.work)
            .env("ZIG_LOCAL_CACHE_DIR", &self.work);
    }
}

/// LLVM takes LSX for granted on loongarch64; QEMU emulates it since version 8.2 only.
fn processor(triple: &str) -> Option<&'static str> {
    triple
        .starts_with("loongarch64")
        .then_some("-mcpu=baseline-lsx")
}

fn install(scratch: &Path, version: &str, dir: &Path, options: &Options) -> anyhow::Result<()> {
    if options.offline {
        bail!("--offline, and the cache has no zig {version}");
    }
    say(format!(
        "installing the C compiler for guest programs (ziglang {version} from PyPI)"
    ));
    // A virtual environment cannot be moved, but zig itself needs none of it.
    let venv = scratch.join("venv");
    shell::run(Command::new("python3").args(["-m", "venv"]).arg(&venv))
        .context("python3 cannot make a virtual environment: install python3-venv")?;
    shell::run(Command::new(venv.join("bin/python")).args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        &format!("ziglang=={version}"),
    ]))?;
    let zig = find_program(&venv)?;
    let home = zig
        .parent()
        .context("the zig program lies in no directory")?;
    fs::rename(home, scratch.join("zig"))?;
    Ok(fs::rename(scratch.join("zig"), dir)?)
}

/// `zig` in an installed tree, or in the virtual environment that pip filled.
fn find_program(dir: &Path) -> anyhow::Result<PathBuf> {
    let mut candidates = vec![dir.join("zig")];
    if let Ok(entries) = fs::read_dir(dir.join("lib")) {
        candidates.extend(
            entries
                .filter_map(Result::ok)
                .map(|entry| entry.path().join("site-packages/ziglang/zig")),
        );
    }
    candidates
        .into_iter()
        .find(|path| path.is_file())
        .with_context(|| {
            format!(
                "no zig in {}: remove that directory and try again",
                dir.display()
            )
        })
}
