//! The `log` backend: `[   12.345678] warn net: text`, one whole line at a time.

use super::messages;
use crate::arch;
use core::{
    fmt::{self, Write},
    sync::atomic::{AtomicU8, Ordering::Relaxed},
};
use log::{Level, LevelFilter, Log, Metadata, Record};

struct Console;

static CONSOLE: Console = Console;

/// Messages of a severity below this are shown on the console. syslog(2).
static SHOWN: AtomicU8 = AtomicU8::new(5);
/// What SYSLOG_ACTION_CONSOLE_ON goes back to; 0: the console is on.
static BEFORE_OFF: AtomicU8 = AtomicU8::new(0);

/// Errors at least; Linux's minimum_console_loglevel.
const LEAST: u8 = 1;

/// Sets the level from `loglevel=` and installs the backend.
pub(super) fn init(cmdline: &str) {
    let level = cmdline
        .split_ascii_whitespace()
        .rev()
        .find_map(|word| word.strip_prefix("loglevel="))
        .and_then(level)
        .unwrap_or(5);
    SHOWN.store(level, Relaxed);
    // The only failure is a second call.
    let _ = log::set_logger(&CONSOLE);
    // What is kept for syslog(2); the noisier levels only where they are shown.
    log::set_max_level(match level {
        0..8 => LevelFilter::Info,
        8 => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    });
}

/// syslog(2)'s console level (messages below it are shown), or `log`'s own names.
fn level(word: &str) -> Option<u8> {
    match word.parse::<u8>() {
        Ok(number) => (number <= 8).then_some(number),
        Err(_) => word.parse().ok().map(|filter| match filter {
            LevelFilter::Off => 0,
            LevelFilter::Error => 4,
            LevelFilter::Warn => 5,
            LevelFilter::Info => 7,
            LevelFilter::Debug => 8,
            LevelFilter::Trace => 9,
        }),
    }
}

/// SYSLOG_ACTION_CONSOLE_LEVEL, 1..=8.
pub fn set_console_level(level: u8) {
    BEFORE_OFF.store(0, Relaxed);
    SHOWN.store(level.max(LEAST), Relaxed);
}

/// SYSLOG_ACTION_CONSOLE_OFF and SYSLOG_ACTION_CONSOLE_ON.
pub fn set_console(on: bool) {
    match (on, BEFORE_OFF.load(Relaxed)) {
        (false, 0) => BEFORE_OFF.store(SHOWN.swap(LEAST, Relaxed), Relaxed),
        (false, _) => SHOWN.store(LEAST, Relaxed),
        (true, 0) => {}
        (true, before) => {
            SHOWN.store(before, Relaxed);
            BEFORE_OFF.store(0, Relaxed);
        }
    }
}

/// The level that [`set_console_level`] sets.
pub fn console_level() -> u8 {
    SHOWN.load(Relaxed)
}

impl Log for Console {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        // Severities of syslog(3); `trace` is one that Linux does not have.
        let (level, severity) = match record.level() {
            Level::Error => ("error", 3),
            Level::Warn => ("warn", 4),
            Level::Info => ("info", 6),
            Level::Debug => ("debug", 7),
            Level::Trace => ("trace", 8),
        };
        let room = room(record.target());
        let ns = arch::counter_ns();
        let (seconds, micros) = (ns / 1_000_000_000, ns / 1000 % 1_000_000);
        let args = record.args();
        messages::append(
            severity.min(7),
            format_args!("[{seconds:5}.{micros:06}] {room}: {args}"),
        );
        if severity < SHOWN.load(Relaxed) {
            print(format_args!("{level} {room}: {args}"));
        }
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
