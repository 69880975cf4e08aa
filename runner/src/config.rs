//! This machine's defaults: `sockeye.toml` in the work tree (ignored by git), and
//! `$XDG_CONFIG_HOME/sockeye/config.toml` (else `~/.config`) for all work trees.
//!
//! A key is a flag's long name; see [`KEYS`]. The work tree's file goes before the user's,
//! a flag on the command line before both. `SOCKEYE_CONFIG` names one file to read
//! instead of the two, or none where it is empty. What changes a verdict or a figure is
//! no key: a run means the same on every machine.
//!
//! ```toml
//! qemu = "/opt/qemu-10/bin"
//! mem = "2G"
//! boot-timeout = 240
//! ```
//!
//! Called by `main` before the command line is read: a value becomes its flag's default.

use std::fs;
use std::path::PathBuf;

use clap::{Command, CommandFactory, FromArgMatches};

use crate::cli::Cli;
use crate::outcome::usage;
use crate::place;

/// What may be set, and what it says about a machine.
pub const KEYS: &[(&str, &str)] = &[
    ("qemu", "an emulator, or a directory with qemu-system-*"),
    ("host-tools", "a directory with iperf3 and netperf"),
    ("out", "where run directories go"),
    (
        "cache",
        "where `setup` and `image` keep downloads and images",
    ),
    ("mem", "memory of a guest"),
    ("offline", "true: fetch nothing"),
    (
        "allow-stale-index",
        "true: accept a mirror index past its date",
    ),
    ("boot-timeout", "seconds"),
    ("grace", "seconds"),
    ("power-off-timeout", "seconds"),
    ("suite-timeout", "seconds"),
];

/// The command line, over this machine's defaults. Leaves the process with clap's message
/// where the command line is wrong or asks for help.
///
/// # Errors
/// A file that cannot be read, a key that is none, a value of the wrong kind.
pub fn command_line() -> anyhow::Result<Cli> {
    let mut command = Cli::command();
    for (key, value) in defaults()? {
        command = with_default(command, &key, &value);
    }
    let matches = command.get_matches();
    Ok(Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()))
}

/// The files that are there, the one that counts most last.
pub fn files() -> Vec<PathBuf> {
    if let Some(file) = std::env::var_os("SOCKEYE_CONFIG") {
        return match file.is_empty() {
            true => Vec::new(),
            false => vec![file.into()],
        };
    }
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = set("XDG_CONFIG_HOME")
        .filter(|dir| dir.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".config")));
    let user = home.map(|dir| dir.join("sockeye/config.toml"));
    let tree = place::root().join("sockeye.toml");
    let all = user.into_iter().chain([tree]);
    all.filter(|file| file.exists()).collect()
}

fn defaults() -> anyhow::Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for file in files() {
        let text = fs::read_to_string(&file)
            .map_err(|error| usage(format!("{}: {error}", file.display())))?;
        let values = read(&text).map_err(|why| usage(format!("{}: {why}", file.display())))?;
        all.extend(values);
    }
    Ok(all)
}

fn read(text: &str) -> Result<Vec<(String, String)>, String> {
    let table: toml::Table = text.parse().map_err(|error| format!("{error}"))?;
    let value = |(key, value): (String, toml::Value)| {
        if !KEYS.iter().any(|(known, _)| *known == key) {
            let known: Vec<&str> = KEYS.iter().map(|(known, _)| *known).collect();
            return Err(format!("no key '{key}'; there are: {}", known.join(", ")));
        }
        match value {
            toml::Value::String(text) => Ok((key, text)),
            toml::Value::Integer(number) => Ok((key, number.to_string())),
            toml::Value::Boolean(yes) => Ok((key, yes.to_string())),
            _ => Err(format!("'{key}' takes a text, a number or true")),
        }
    };
    table.into_iter().map(value).collect()
}

/// `command` and its subcommands with another default for flag `key`, where they have it.
fn with_default(mut command: Command, key: &str, value: &str) -> Command {
    let id = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(key))
        .map(|arg| arg.get_id().clone());
    if let Some(id) = id {
        command = command.mut_arg(id, |arg| arg.default_value(value.to_string()));
    }
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_string())
        .collect();
    for name in names {
        command = command.mut_subcommand(name, |sub| with_default(sub, key, value));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(key: &str, value: &str, line: &[&str]) -> Cli {
        let command = with_default(Cli::command(), key, value);
        let matches = command.get_matches_from([&["runner"], line].concat());
        Cli::from_arg_matches(&matches).expect("a command line")
    }

    #[test]
    fn every_key_is_a_flag_of_something() {
        fn has(command: &Command, key: &str) -> bool {
            command
                .get_arguments()
                .any(|arg| arg.get_long() == Some(key))
                || command.get_subcommands().any(|sub| has(sub, key))
        }
        for (key, _) in KEYS {
            assert!(has(&Cli::command(), key), "{key}");
        }
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        assert_eq!(parse("mem", "2G", &[]).run.guest.mem, "2G");
        assert_eq!(parse("mem", "2G", &["--mem", "3G"]).run.guest.mem, "3G");
        assert!(parse("offline", "true", &[]).run.guest.offline);
        assert!(!parse("offline", "false", &[]).run.guest.offline);
        let qemu = parse("qemu", "/q", &[]).run.guest.qemu;
        assert_eq!(qemu, Some(PathBuf::from("/q")));
    }

    #[test]
    fn a_wrong_key_is_named() {
        let error = read("memory = \"2G\"").expect_err("refused");
        assert!(
            error.contains("'memory'") && error.contains("mem,"),
            "{error}"
        );
        assert!(read("mem = [1]").expect_err("refused").contains("'mem'"));
        assert!(read("mem = ").is_err());
        let good = read("mem = \"2G\"\noffline = true\ngrace = 9\n").expect("read");
        assert_eq!(good.len(), 3);
    }
}
