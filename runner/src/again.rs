//! The command line that does a run again, for reports.

use crate::cli::RunArgs;
use crate::target::Target;

/// What to type for the run of `args` on `target` with `kernel`: every flag that changes what is
/// measured or judged, none that says where things are kept.
pub fn command(args: &RunArgs, target: Target, kernel: &str, suites: &str) -> String {
    let guest = &args.guest;
    let mut line = format!(
        "cargo run -p runner -- --arch {} --libc {}",
        target.arch.name(),
        target.libc.name()
    );
    let mut flag = |name: &str, value: &str| {
        line.push_str(&format!(" --{name}"));
        if !value.is_empty() {
            line.push_str(&format!(" {}", quoted(value)));
        }
    };
    if kernel != "ours" {
        flag("kernel", kernel);
    }
    if let Some(initrd) = &guest.initrd {
        flag("initrd", &initrd.to_string_lossy());
    }
    if let Some(append) = &guest.append {
        flag("append", append);
    }
    if let Some(image) = &guest.image {
        flag("image", &image.to_string_lossy());
    }
    if guest.smp != 1 {
        flag("smp", &guest.smp.to_string());
    }
    if guest.mem != "1G" {
        flag("mem", &guest.mem);
    }
    if guest.virtio != crate::qemu::Virtio::Legacy {
        flag("virtio", "modern");
    }
    if guest.nics != 1 {
        flag("nics", &guest.nics.to_string());
    }
    if args.icount {
        flag("icount", "");
    }
    if args.seconds != 3 {
        flag("seconds", &args.seconds.to_string());
    }
    if let Some(shard) = args.shard {
        flag("shard", &shard.to_string());
    }
    flag("suite", &suites.replace('+', ","));
    if !args.case.is_empty() {
        flag("case", &args.case.join(","));
    }
    line
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=+%@".contains(c);
    match word.chars().all(plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
