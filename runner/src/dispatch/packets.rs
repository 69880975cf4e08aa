//! Packets of the network card, for who looks into a failure.
//!
//! Called by `dispatch` around each boot and at a suite's end. A guest without figures is
//! recorded unasked, and the file stays where a case did not pass. A guest that measures is
//! not: QEMU writes each packet to the file between two steps of the guest, which figures
//! would have to pay for, on every machine in another way. So a measured case that failed is
//! run once more with the dump on. That is for its packets alone: what it comes to the second
//! time is a note, and the first verdict stands.
//!
//! Only what crosses the card is seen. A case that talks over lo leaves nothing here and is
//! not run again: `tcpdump -i lo` in a guest's shell shows its packets.

use std::fs;

use super::one_target::OneTarget;
use crate::exec::{Finished, News};
use crate::outcome::{Exit, Status};
use crate::plan::{Case, Selection};
use crate::qemu::Dump;

/// Bytes kept of each packet of a case that measures: headers, and how what they carry begins.
const LONGEST: u32 = 256;

/// The most cases of one suite that are run again.
const MOST: usize = 4;

/// What a guest is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Verdicts.
    Judge,
    /// Packets of cases that have their verdicts.
    Packets,
}

impl Purpose {
    /// The name of a file that both kinds of boots leave.
    pub fn file(self, name: &str) -> String {
        match self {
            Purpose::Judge => name.to_string(),
            Purpose::Packets => format!("again-{name}"),
        }
    }
}

impl OneTarget<'_> {
    /// What the next guest's card is dumped to.
    pub(super) fn dump(&self, purpose: Purpose, cases: &[&Case]) -> Option<Dump> {
        let again = purpose == Purpose::Packets;
        let free = !self.args.icount && !cases.iter().any(|case| case.measures());
        (again || self.args.pcap || free).then(|| Dump {
            file: self.dir.path().join(format!("boot-{}.pcap", self.boots)),
            longest: again.then_some(LONGEST),
        })
    }

    /// What was recorded unasked stays where it is `wanted` and there is any.
    pub(super) fn keep_packets(&mut self, dump: &Dump, wanted: bool) -> anyhow::Result<()> {
        if self.args.pcap {
            return Ok(());
        }
        // pcap's own header, of 24 bytes, is no packet.
        let any = fs::metadata(&dump.file).is_ok_and(|meta| meta.len() > 24);
        if wanted && any {
            let cut = dump
                .longest
                .map_or(String::new(), |n| format!(", {n} bytes of each"));
            return self.note(format!(
                "the card's packets are in {}{cut}",
                dump.file.display()
            ));
        }
        // An emulator that died at once wrote none.
        let _ = fs::remove_file(&dump.file);
        Ok(())
    }

    /// Runs measured cases of `selection` that failed once more, for their packets.
    pub(super) fn record_again(
        &mut self,
        selection: &Selection,
        cut: &dyn Fn() -> Option<Exit>,
    ) -> anyhow::Result<()> {
        let name = |case: &Case| format!("{}/{}", selection.suite, case.name);
        let failed = |case: &&Case| {
            use Status::{Broken, Crash, Fail, Timeout};
            let status = self.dir.status(&name(case));
            matches!(status, Some(Fail | Broken | Crash | Timeout))
        };
        let crosses = |case: &&Case| case.measures() && !case.forwards().is_empty();
        let cases = selection.cases.iter().filter(crosses).filter(failed);
        let cases: Vec<&Case> = cases.take(MOST).collect();
        // With --pcap they are there already; a person with a debugger waits for no second guest.
        if cases.is_empty() || self.args.pcap || self.args.guest.gdb || cut().is_some() {
            return Ok(());
        }
        let names: Vec<String> = cases.iter().map(|case| name(case)).collect();
        let name = |at: usize| names[at].clone();
        self.boot(Purpose::Packets, &cases, &name, &mut |_| {}, cut)?;
        Ok(())
    }

    /// Hears about cases that run again.
    pub(super) fn tell_again(
        &mut self,
        news: News,
        name: &dyn Fn(usize) -> String,
    ) -> anyhow::Result<()> {
        match news {
            News::Began(index) => {
                self.ui.began(&name(index));
                Ok(())
            }
            News::Finished(Finished {
                index,
                verdict,
                log,
                ..
            }) => {
                let (name, status) = (name(index), verdict.status.name());
                self.dir.case_log(&format!("{name}.again"), &log)?;
                self.note(format!(
                    "{name}, run again for its packets: {status} {}",
                    verdict.detail
                ))
            }
            News::Note(note) => self.note(note),
            News::Booted(_) | News::Tick => {
                self.ui.tick();
                Ok(())
            }
        }
    }
}
