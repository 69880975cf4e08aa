//! Builds busybox with its own makefiles: it picks its applets by configuration.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::setup::cache::Key;
use crate::setup::sources::Unpacked;
use crate::setup::zig::Zig;
use crate::setup::{Cache, say, shell};

use super::manifest::Busybox;

/// busybox for `triple`, built where it is not cached (a minute or two).
///
/// # Errors
/// The makefiles' words.
pub fn ensure(
    cache: &Cache,
    zig: &Zig,
    recipe: &Busybox,
    source: &Unpacked,
    triple: &str,
) -> anyhow::Result<PathBuf> {
    let key = Key::default()
        .add("triple", triple)
        .add("zig", zig.identity(triple))
        .add("source", &source.origin)
        .add("config", recipe.config.join("\n"))
        .finish();
    let name = format!("busybox-{triple}-{key}");
    let dir = cache.dir("build")?.join(&name);
    let program = dir.join("busybox");
    let there = || program.exists().then_some(());
    cache.make(&name, there, |work| {
        build(zig, recipe, source, triple, work)?;
        fs::create_dir_all(&dir)?;
        fs::rename(work.join("objects/busybox_unstripped"), &program)
            .context("busybox's makefiles left no program")
    })?;
    Ok(program)
}

/// Leaves `objects/busybox_unstripped` in `work`. The makefiles link without debug
/// information: nothing is left to strip.
fn build(
    zig: &Zig,
    recipe: &Busybox,
    source: &Unpacked,
    triple: &str,
    work: &Path,
) -> anyhow::Result<()> {
    say(format!("building busybox for {triple}"));
    let objects = work.join("objects");
    fs::create_dir(&objects)?;
    zig.wrappers(triple, work)?;
    make(source, &objects, &["defconfig".into()])?;
    let config = objects.join(".config");
    fs::write(
        &config,
        configure(&fs::read_to_string(&config)?, &recipe.config),
    )?;
    let jobs = std::thread::available_parallelism().map_or(1, usize::from);
    make(
        source,
        &objects,
        &[
            format!("CC={}", work.join("cc").display()),
            format!("AR={}", work.join("ar").display()),
            format!("-j{jobs}"),
            "busybox_unstripped".into(),
        ],
    )
    .context("busybox does not build")?;
    Ok(())
}

fn make(source: &Unpacked, objects: &Path, arguments: &[String]) -> anyhow::Result<String> {
    let mut command = Command::new("make");
    // What an outer make says is not meant for this one.
    for name in ["MAKEFLAGS", "MFLAGS", "MAKELEVEL", "GNUMAKEFLAGS"] {
        command.env_remove(name);
    }
    command
        .arg("-C")
        .arg(&source.dir)
        .arg(format!("O={}", objects.display()))
        .args(["HOSTCC=gcc", "LC_ALL=C", "KCONFIG_NOTIMESTAMP=1"])
        .args(arguments);
    shell::run(&mut command)
}

/// `text` (a Kconfig file) with the lines about the same options replaced.
fn configure(text: &str, changes: &[String]) -> String {
    let option = |line: &str| -> Option<String> {
        let line = line.trim();
        let name = line.strip_prefix("# ").map_or(line, |rest| rest);
        let name = name.split([' ', '=']).next()?;
        name.starts_with("CONFIG_").then(|| name.to_string())
    };
    let changed: Vec<Option<String>> = changes.iter().map(|line| option(line)).collect();
    let kept = text
        .lines()
        .filter(|line| option(line).is_none_or(|name| !changed.contains(&Some(name))));
    kept.chain(changes.iter().map(String::as_str))
        .map(|line| format!("{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::configure;

    #[test]
    fn options_are_replaced_and_the_rest_stays() {
        let text = "# CONFIG_STATIC is not set\nCONFIG_TC=y\nCONFIG_LS=y\n# a comment\n";
        let changes = [
            "CONFIG_STATIC=y".to_string(),
            "# CONFIG_TC is not set".to_string(),
        ];
        assert_eq!(
            configure(text, &changes),
            "CONFIG_LS=y\n# a comment\nCONFIG_STATIC=y\n# CONFIG_TC is not set\n"
        );
    }
}
