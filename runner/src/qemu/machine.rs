//! The command line of a guest.
//!
//! The devices are the contest's, in the contest's places: on riscv64
//! virtio-mmio with the image on bus 0 and the second disk on bus 1, on
//! loongarch64 virtio over PCI and no `-machine`. What differs is what a test
//! needs: disks are read-only, the console is a pipe, ports are forwarded.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::Qemu;
use super::ports::Ports;
use crate::setup::linux::Firmware;
use crate::target::Arch;

/// What boots.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// What reports call it.
    pub name: String,
    /// Its version, where it is known; empty where not.
    pub version: String,
    /// The file for `-kernel`.
    pub path: PathBuf,
    /// `-append`, where the kernel wants one.
    pub cmdline: Option<String>,
    /// `-initrd`, where the kernel wants one.
    pub initrd: Option<PathBuf>,
    /// What the flash chips hold, where the kernel needs a firmware of its own.
    pub firmware: Option<Firmware>,
    /// Packages it comes from: file name and SHA-256.
    pub made_from: Vec<(String, String)>,
}

impl Kernel {
    /// The kernel in file `path`, started without more.
    pub fn at(name: &str, path: impl Into<PathBuf>, cmdline: Option<String>) -> Kernel {
        Kernel {
            name: name.to_string(),
            version: String::new(),
            path: path.into(),
            cmdline,
            initrd: None,
            firmware: None,
            made_from: Vec::new(),
        }
    }
}

/// Which virtio-mmio registers QEMU offers on riscv64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Virtio {
    /// QEMU's default and the contest's.
    Legacy,
    /// Virtio 1.x.
    Modern,
}

/// Packets of the card, in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    /// Where.
    pub file: PathBuf,
    /// The most bytes of each packet; whole ones where not given.
    pub longest: Option<u32>,
}

/// A guest that could be started.
#[derive(Clone, Debug)]
pub struct Machine {
    /// Its architecture.
    pub arch: Arch,
    /// What boots.
    pub kernel: Kernel,
    /// The root disk.
    pub image: Option<PathBuf>,
    /// The job disk.
    pub job: Option<PathBuf>,
    /// The guest may write to its disks; what it writes ends with it.
    pub writable: bool,
    /// `-smp`.
    pub smp: u32,
    /// `-m`.
    pub mem: String,
    /// Legacy or modern virtio-mmio.
    pub virtio: Virtio,
    /// Network cards, at least one: two that lead to the host, then pairs that are wired to each other.
    pub nics: u32,
    /// One instruction is one nanosecond of guest time.
    pub icount: bool,
    /// Whether the card's packets are dumped.
    pub pcap: Option<Dump>,
    /// Ports that lead into the guest.
    pub ports: Ports,
}

impl Machine {
    /// The most cards: riscv64's machine has eight places for virtio, two of them for disks.
    pub const MOST_NICS: u32 = 6;

    /// The whole command, program first.
    pub fn command(&self, qemu: &Qemu) -> Vec<OsString> {
        let mut line: Vec<OsString> = vec![qemu.path.clone().into()];
        let mut add = |words: &[&str]| line.extend(words.iter().map(OsString::from));
        match self.arch {
            Arch::Riscv64 => add(&["-machine", "virt", "-bios", "default"]),
            Arch::Loongarch64 => {}
        }
        if let Some(firmware) = &self.kernel.firmware {
            let flash = |file: &Path| format!("if=pflash,format=raw,file={}", comma(file));
            add(&["-drive", &(flash(&firmware.code) + ",readonly=on")]);
            // What the guest writes there ends with it.
            add(&["-drive", &(flash(&firmware.variables) + ",snapshot=on")]);
        }
        add(&["-kernel", &text(&self.kernel.path)]);
        if let Some(cmdline) = &self.kernel.cmdline {
            add(&["-append", cmdline]);
        }
        if let Some(initrd) = &self.kernel.initrd {
            add(&["-initrd", &text(initrd)]);
        }
        add(&["-m", &self.mem, "-smp", &self.smp.to_string()]);
        // The console is this process's stdin and stdout. `signal=off`: Ctrl-C is a byte for the guest.
        add(&["-display", "none", "-monitor", "none"]);
        add(&[
            "-chardev",
            "stdio,id=ser0,signal=off",
            "-serial",
            "chardev:ser0",
        ]);
        if self.virtio == Virtio::Modern && self.arch == Arch::Riscv64 {
            add(&["-global", "virtio-mmio.force-legacy=false"]);
        }
        let mode = if self.writable {
            "snapshot=on"
        } else {
            "readonly=on"
        };
        for (bus, disk) in [&self.image, &self.job].into_iter().enumerate() {
            let Some(disk) = disk else { continue };
            add(&[
                "-drive",
                &format!("file={},if=none,format=raw,id=x{bus},{mode}", comma(disk)),
            ]);
            let device = match self.arch {
                Arch::Riscv64 => {
                    format!("virtio-blk-device,drive=x{bus},bus=virtio-mmio-bus.{bus}")
                }
                Arch::Loongarch64 => format!("virtio-blk-pci,drive=x{bus}"),
            };
            add(&["-device", &device]);
        }
        let card = match self.arch {
            Arch::Riscv64 => "virtio-net-device,netdev=net",
            Arch::Loongarch64 => "virtio-net-pci,netdev=net",
        };
        add(&[
            "-no-reboot",
            "-device",
            card,
            "-netdev",
            &format!("user,id=net{}", self.ports.hostfwd()),
        ]);
        for number in 1..self.nics {
            add(&["-device", &self.further_card(number)]);
            add(&["-netdev", &further_net(number)]);
        }
        if let Some(dump) = &self.pcap {
            let longest = dump
                .longest
                .map_or(String::new(), |n| format!("maxlen={n},"));
            let file = comma(&dump.file);
            let filter = format!("filter-dump,id=dump0,netdev=net,{longest}file={file}");
            add(&["-object", &filter]);
        }
        if self.icount {
            // What differs from boot to boot otherwise: the wall clock, the device tree's random seed.
            add(&["-rtc", "base=2026-01-01T00:00:00,clock=vm", "-seed", "1"]);
            // With sleep=off an idle guest's time leaps to the next timer, for ever while it waits
            // for a disk that answers in the host's time (docs/process/icount.md).
            add(&["-icount", "shift=0,sleep=on"]);
        } else {
            add(&["-rtc", "base=utc"]);
        }
        line
    }

    /// Card `number`, from 1. Its address ends in its number after QEMU's first one.
    fn further_card(&self, number: u32) -> String {
        let kind = match self.arch {
            Arch::Riscv64 => "virtio-net-device",
            Arch::Loongarch64 => "virtio-net-pci",
        };
        let mac = 0x56 + number;
        format!("{kind},netdev=net{number},mac=52:54:00:12:34:{mac:02x}")
    }
}

/// What card `number` leads to: the host, or the wire that it shares with its neighbour.
fn further_net(number: u32) -> String {
    match number {
        1 => "user,id=net1,net=10.0.3.0/24".to_string(),
        _ => format!("hubport,id=net{number},hubid={}", number / 2),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// A path inside a QEMU option, where a comma is written twice.
fn comma(path: &Path) -> String {
    text(path).replace(',', ",,")
}

/// `command` as a line that a shell reads back as the same words.
pub fn quote(command: &[OsString]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    let words: Vec<String> = command
        .iter()
        .map(|word| {
            let word = word.to_string_lossy();
            if !word.is_empty() && word.chars().all(plain) {
                word.into_owned()
            } else {
                format!("'{}'", word.replace('\'', r"'\''"))
            }
        })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(arch: Arch) -> Machine {
        Machine {
            arch,
            kernel: Kernel::at("ours", "kernel", None),
            image: Some("a,b.img".into()),
            job: Some("job.img".into()),
            writable: false,
            smp: 1,
            mem: "1G".into(),
            virtio: Virtio::Legacy,
            nics: 1,
            icount: false,
            pcap: None,
            ports: Ports::default(),
        }
    }

    fn line(machine: &Machine) -> String {
        let qemu = Qemu {
            path: machine.arch.qemu().into(),
            version: String::new(),
        };
        quote(&machine.command(&qemu))
    }

    #[test]
    fn devices_are_in_the_contests_places() {
        let rv = line(&machine(Arch::Riscv64));
        assert!(
            rv.contains("-machine virt -bios default -kernel kernel -m 1G -smp 1"),
            "{rv}"
        );
        assert!(
            rv.contains("file=a,,b.img,if=none,format=raw,id=x0"),
            "{rv}"
        );
        assert!(
            rv.contains("virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0"),
            "{rv}"
        );
        assert!(
            rv.contains("virtio-blk-device,drive=x1,bus=virtio-mmio-bus.1"),
            "{rv}"
        );
        assert!(
            rv.contains("-device virtio-net-device,netdev=net -netdev user,id=net"),
            "{rv}"
        );
        let la = line(&machine(Arch::Loongarch64));
        assert!(!la.contains("-machine") && !la.contains("-bios"), "{la}");
        assert!(
            la.contains("virtio-blk-pci,drive=x1") && la.contains("virtio-net-pci,netdev=net"),
            "{la}"
        );
    }

    #[test]
    fn further_cards_lead_to_the_host_or_to_each_other() {
        let six = Machine {
            nics: Machine::MOST_NICS,
            ..machine(Arch::Loongarch64)
        };
        let line = line(&six);
        assert!(
            line.contains("virtio-net-pci,netdev=net1,mac=52:54:00:12:34:57 -netdev user,id=net1,net=10.0.3.0/24"),
            "{line}"
        );
        for wired in [
            "id=net2,hubid=1",
            "id=net3,hubid=1",
            "id=net4,hubid=2",
            "id=net5,hubid=2",
        ] {
            assert!(line.contains(&format!("-netdev hubport,{wired}")), "{line}");
        }
    }

    #[test]
    fn a_firmware_is_flashed() {
        let mut linux = machine(Arch::Loongarch64);
        linux.kernel.firmware = Some(Firmware {
            code: "code.fd".into(),
            variables: "vars.fd".into(),
        });
        linux.kernel.initrd = Some("initrd".into());
        linux.kernel.cmdline = Some("quiet panic=-1".into());
        let line = line(&linux);
        assert!(
            line.contains(
                "-drive if=pflash,format=raw,file=code.fd,readonly=on \
                 -drive if=pflash,format=raw,file=vars.fd,snapshot=on \
                 -kernel kernel -append 'quiet panic=-1' -initrd initrd"
            ),
            "{line}"
        );
    }

    #[test]
    fn modern_is_riscv_alone() {
        for arch in Arch::ALL {
            let modern = Machine {
                virtio: Virtio::Modern,
                ..machine(arch)
            };
            assert_eq!(
                line(&modern).contains("force-legacy=false"),
                arch == Arch::Riscv64
            );
        }
    }

    #[test]
    fn counted_guests_get_nothing_from_the_hosts_clock() {
        let counted = Machine {
            icount: true,
            ..machine(Arch::Riscv64)
        };
        let line = line(&counted);
        for part in ["-icount shift=0,sleep=on", "clock=vm", "-seed 1"] {
            assert!(line.contains(part), "{line}");
        }
        assert!(!line.contains("base=utc"), "{line}");
    }

    #[test]
    fn a_quoted_line_survives_a_shell() {
        let words: Vec<OsString> = ["a b", "it's", "", "-x=1"].map(OsString::from).to_vec();
        assert_eq!(quote(&words), r"'a b' 'it'\''s' '' -x=1");
    }
}
