//! `ltp-net`: LTP's cases about sockets, run by LTP's own programs where a tree was brought, else by
//! ours of the same behaviour. Where neither is there a row says so.

use super::Options;
use super::case::{Case, Dialect, Process};
use crate::ltp::list::{self, Entry};

/// Starts a program of the tree `$1`, which is the rest of the arguments, as LTP's own runner does: in a
/// writable directory, with the tree's programs first. LTP scales its limits by these factors:
/// emulation is slow, and races are tried for a fifth of the time. A kernel without a configuration file is
/// not asked for one.
const START: &str = "export LTPROOT=$1 PATH=$1/testcases/bin:$PATH LTP_TIMEOUT_MUL=4 LTP_RUNTIME_MUL=0.2 LTP_COLORIZE_OUTPUT=0
[ -e /proc/config.gz ] || [ -e /boot/config-$(uname -r) ] || export KCONFIG_SKIP_CHECK=1
shift
[ -x $LTPROOT/testcases/bin/$1 ] || { echo \"$1: TCONF: this tree has no $1\"; exit 32; }
exec \"$@\"";

/// The suite.
pub fn cases(options: &Options) -> Vec<Case> {
    let case = |entry: &Entry| {
        let process = match (options.ltp, list::own(entry.name)) {
            (Some(root), _) => {
                let words = ["sh", "-c", START, "ltp", root];
                Process::argv(words.into_iter().chain(entry.command.iter().copied()))
            }
            (None, Some(own)) => {
                let mut process = Process::words(&format!("/opt/testsuite/{{libc}}/{own}"));
                process.env.push("CHECK_DIALECT=ltp".to_string());
                process
            }
            (None, None) => Process::script(&format!(
                "echo '{}: TCONF: needs LTP (--ltp DIR); no program of ours covers it'; exit 32",
                entry.name
            )),
        };
        Case::guest(entry.name, entry.seconds, process, Dialect::Ltp)
    };
    list::cases().iter().map(case).collect()
}
