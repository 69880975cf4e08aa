//! env.json: the machine and the versions behind a run's numbers.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::run_json::KernelInfo;
use crate::place;
use crate::qemu::{Kernel, Qemu};

/// Everything that may explain a number, as one JSON object, and the kernel's names.
pub fn environment(qemu: &Qemu, kernel: &Kernel, image: Option<&Path>) -> (Value, KernelInfo) {
    let commit = commit();
    let ours = kernel.name == "ours";
    let info = KernelInfo {
        name: kernel.name.clone(),
        version: if ours {
            env!("CARGO_PKG_VERSION").to_string()
        } else {
            kernel.version.clone()
        },
        commit: if ours { commit.clone() } else { String::new() },
    };
    // What made an image leaves a record beside it.
    let provenance = image
        .and_then(|image| fs::read_to_string(image.with_extension("json")).ok())
        .and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let environment = json!({
        "host": {
            "cpu": cpu_model(),
            "cpus": std::thread::available_parallelism().map(usize::from).unwrap_or(0),
            "kernel": read("/proc/sys/kernel/osrelease"),
            "load": read("/proc/loadavg"),
            "memory": read("/proc/meminfo").lines().next().unwrap_or(""),
        },
        "qemu": { "path": qemu.path, "version": qemu.version },
        "kernel": {
            "name": kernel.name, "path": kernel.path, "sha256": sha256(&kernel.path), "version": info.version, "commit": commit,
            "cmdline": kernel.cmdline,
            "initrd": kernel.initrd.as_ref().map(|path| json!({ "path": path, "sha256": sha256(path) })),
            "firmware": kernel.firmware.as_ref().map(|flash| json!({ "path": flash.code, "sha256": sha256(&flash.code) })),
            "made_from": kernel.made_from,
        },
        "image": { "path": image, "bytes": image.and_then(|i| fs::metadata(i).ok()).map(|m| m.len()), "made_from": provenance },
        "runner": env!("CARGO_PKG_VERSION"),
    });
    (environment, info)
}

/// The machine of [`environment`]'s object, in one line.
pub fn host_line(environment: &Value) -> String {
    let host = &environment["host"];
    let text = |name: &str| host[name].as_str().unwrap_or("").trim().to_string();
    let memory = text("memory");
    // /proc/meminfo counts in KiB.
    let kib = memory
        .split_whitespace()
        .find_map(|word| word.parse::<u64>().ok());
    let parts = [
        text("cpu"),
        format!("{} CPUs", host["cpus"]),
        kib.map_or(String::new(), |kib| {
            format!("{} GiB", (kib + (1 << 19)) >> 20)
        }),
        format!("Linux {}", text("kernel")),
    ];
    parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// `git describe` of the work tree; empty outside of one.
fn commit() -> String {
    Command::new("git")
        .current_dir(place::root())
        // In a container the work tree is often another user's, which is no reason not to name it.
        .args(["-c", "safe.directory=*"])
        .args(["describe", "--always", "--dirty", "--abbrev=12"])
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string())
        .unwrap_or_default()
}

fn cpu_model() -> String {
    let info = read("/proc/cpuinfo");
    let model = info.lines().find(|line| line.starts_with("model name"));
    model
        .and_then(|line| line.split_once(": "))
        .map(|(_, name)| name.to_string())
        .unwrap_or_default()
}

fn sha256(path: &Path) -> Option<String> {
    let digest = Sha256::digest(fs::read(path).ok()?);
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn read(path: &str) -> String {
    fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_string()
}
