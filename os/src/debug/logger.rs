//! The `log` backend: `[   12.345678] warn net: text`, one whole line at a time.

use crate::arch;
use core::fmt::{self, Write};
use log::{Level, LevelFilter, Log, Metadata, Record};

struct Console;

static CONSOLE: Console = Console;

/// Sets the level from `loglevel=` and installs the backend.
pub(super) fn init(cmdline: &str) {
    let level = cmdline
        .split_ascii_whitespace()
        .rev()
        .find_map(|word| word.strip_prefix("loglevel="))
        .and_then(level)
        .unwrap_or(LevelFilter::Warn);
    // The only failure is a second call.
    let _ = log::set_logger(&CONSOLE);
    log::set_max_level(level);
}

/// syslog(2)'s console level (messages below it are shown), or `log`'s own names.
fn level(word: &str) -> Option<LevelFilter> {
    match word {
        "0" => Some(LevelFilter::Off),
        "1" | "2" | "3" | "4" => Some(LevelFilter::Error),
        "5" | "6" => Some(LevelFilter::Warn),
        "7" => Some(LevelFilter::Info),
        "8" => Some(LevelFilter::Debug),
        name => name.parse().ok(),
    }
}

impl Log for Console {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let level = match record.level() {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        };
        let room = room(record.target());
        print(format_args!("{level} {room}: {}", record.args()));
    }

    fn flush(&self) {}
}

/// `sockeye::net::rx` is room `net`.
fn room(target: &str) -> &str {
    match target.strip_prefix("sockeye::") {
        Some(path) => path.split("::").next().unwrap_or(path),
        None => target,
    }
}

/// One time-stamped line on the console.
pub(super) fn print(text: fmt::Arguments<'_>) {
    let ns = arch::counter_ns();
    let (seconds, micros) = (ns / 1_000_000_000, ns / 1000 % 1_000_000);
    // Writing to the console cannot fail.
    let _ = writeln!(EarlyConsole, "[{seconds:5}.{micros:06}] {text}");
}

/// The early console as a `fmt::Write`.
pub(super) struct EarlyConsole;

impl Write for EarlyConsole {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            if byte == b'\n' {
                arch::early_putc(b'\r');
            }
            arch::early_putc(byte);
        }
        Ok(())
    }
}
