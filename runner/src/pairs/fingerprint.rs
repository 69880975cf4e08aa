//! What has to be equal for two figures to be comparable.

use serde::{Deserialize, Serialize};

use crate::report::Run;

/// Flags that change a figure, with or without a value of their own.
const CONDITIONS: &[&str] = &[
    "--smp",
    "--mem",
    "--virtio",
    "--seconds",
    "--append",
    "--image",
    "--nics",
];

/// The machine and the conditions of a figure.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Processor, memory and kernel of the host; under `--icount`, where the host's speed
    /// does not count, a word for that.
    pub host: String,
    /// QEMU's version line.
    pub qemu: String,
    /// `riscv64-glibc`.
    pub target: String,
    /// The flags that matter, as typed.
    pub flags: String,
}

impl Fingerprint {
    /// Of a run.
    pub fn of(run: &Run) -> Fingerprint {
        let mut flags = Vec::new();
        let mut words = run.command.split(' ').peekable();
        while let Some(word) = words.next() {
            if word == "--icount" {
                flags.push(word);
            } else if CONDITIONS.contains(&word) {
                flags.push(word);
                flags.extend(words.next());
            }
        }
        let counted = flags.contains(&"--icount");
        Fingerprint {
            host: match counted {
                true => "any: instructions are counted".to_string(),
                false => run.host.clone(),
            },
            qemu: run.qemu.clone(),
            target: run.target(),
            flags: flags.join(" "),
        }
    }

    /// Whether guest time counts instructions.
    pub fn is_counted(&self) -> bool {
        self.flags.split(' ').any(|word| word == "--icount")
    }

    /// What differs, in words; `None` where nothing does.
    pub fn difference(&self, other: &Fingerprint) -> Option<String> {
        let parts = [
            ("host", &self.host, &other.host),
            ("QEMU", &self.qemu, &other.qemu),
            ("target", &self.target, &other.target),
            ("flags", &self.flags, &other.flags),
        ];
        let shown = |text: &str| match text {
            "" => "none".to_string(),
            text => text.to_string(),
        };
        let differing: Vec<String> = parts
            .into_iter()
            .filter(|(_, one, two)| one != two)
            .map(|(what, one, two)| format!("{what}: {} / {}", shown(one), shown(two)))
            .collect();
        (!differing.is_empty()).then(|| differing.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(host: &str, flags: &str) -> Run {
        Run {
            arch: "riscv64".into(),
            libc: "glibc".into(),
            host: host.into(),
            command: format!(
                "cargo run -p runner -- --arch riscv64 --libc glibc {flags} --suite iperf3 --case lo-tcp"
            ),
            ..Run::default()
        }
    }

    #[test]
    fn other_machines_and_other_conditions_differ() {
        let of = |host: &str, flags: &str| Fingerprint::of(&run(host, flags));
        let plain = of("a", "");
        assert_eq!(plain.difference(&of("a", "--kernel linux")), None);
        assert_eq!(
            plain.difference(&of("b", "")).as_deref(),
            Some("host: a / b")
        );
        assert_eq!(
            plain.difference(&of("a", "--smp 2 --seconds 1")).as_deref(),
            Some("flags: none / --smp 2 --seconds 1")
        );
    }

    #[test]
    fn counted_figures_do_not_care_for_the_host() {
        let of = |host: &str| Fingerprint::of(&run(host, "--icount"));
        assert!(of("a").is_counted() && of("a").difference(&of("b")).is_none());
    }
}
