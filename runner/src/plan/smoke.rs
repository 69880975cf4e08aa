//! `smoke`: the guest boots, a shell and its applets work, the guest powers off.
//!
//! Each script checks itself and leaves with 0 only when all is as it should be.

use std::time::Duration;

use super::Options;
use super::case::{Case, Dialect, Process, Work};

const SCRIPTS: &[(&str, &str, &[&str])] = &[
    (
        "echo",
        "echo hello from the guest",
        &["hello from the guest"],
    ),
    (
        "uname",
        "uname -a && test \"$(uname -s)\" = Linux",
        &["Linux"],
    ),
    (
        "busybox-applets",
        "set -e; for a in true ls cat grep sed awk sort wc tr head; do busybox --list | grep -qx $a; done; busybox true; ! busybox false",
        &[],
    ),
    (
        "ls-proc",
        "set -e; ls /proc; ls /proc/self/fd; test -r /proc/meminfo; test -r /proc/cpuinfo; test -r /proc/mounts",
        &["meminfo", "self"],
    ),
    (
        "ls-dev",
        "set -e; ls -l /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /dev/console",
        &["/dev/null"],
    ),
    (
        "files",
        "set -e; mkdir -p /tmp/smoke; cd /tmp/smoke; echo one > a; echo two >> a; mv a b; ln -s b c; test \"$(cat c)\" = \"$(printf 'one\\ntwo')\"; rm b c; cd /; rmdir /tmp/smoke",
        &[],
    ),
    (
        "dd",
        "set -e; dd if=/dev/zero of=/tmp/zeros bs=4096 count=256; test \"$(wc -c < /tmp/zeros)\" = 1048576; rm /tmp/zeros",
        &["256+0 records out"],
    ),
    (
        "pipes",
        "set -e; test \"$(seq 1 1000 | grep 7 | sort -rn | head -n 1)\" = 997; yes | head -n 20000 | wc -l",
        &["20000"],
    ),
    (
        "processes",
        "set -e; for i in 1 2 3 4 5 6 7 8; do (exit $i) & done; wait; sleep 0.2 & kill $!; wait $! && exit 1; test $? -ge 128",
        &[],
    ),
    (
        "signals",
        "set -e; trap 'echo caught' USR1; kill -USR1 $$; sh -c 'kill -TERM $$' && exit 1; test $? -eq 143",
        &["caught"],
    ),
    (
        "date",
        "set -e; date -u; test \"$(date -u +%Y)\" -ge 2024",
        &[],
    ),
    (
        "sleep",
        "set -e; a=$(cut -d. -f1 /proc/uptime); sleep 1; b=$(cut -d. -f1 /proc/uptime); test $((b - a)) -ge 1",
        &[],
    ),
    (
        "overlay",
        "set -e; echo changed > /etc/smoke; test \"$(cat /etc/smoke)\" = changed; rm /etc/smoke; test ! -e /etc/smoke",
        &[],
    ),
    (
        "shm",
        "set -e; echo shared > /dev/shm/smoke; test \"$(cat /dev/shm/smoke)\" = shared; rm /dev/shm/smoke",
        &[],
    ),
    (
        "loopback",
        "ifconfig lo && ping -c 1 -W 3 127.0.0.1",
        &["127.0.0.1", " 0% packet loss"],
    ),
    (
        "gateway",
        "ifconfig eth0 && ping -c 1 -W 3 10.0.2.2",
        &["10.0.2.15", " 0% packet loss"],
    ),
];

/// The suite.
pub fn cases(_: &Options) -> Vec<Case> {
    let edge = |name: &str, work, seconds| Case {
        name: name.to_string(),
        work,
        timeout: Duration::from_secs(seconds),
    };
    let mut cases = vec![edge("boot", Work::Boot, 60)];
    cases.extend(SCRIPTS.iter().map(|(name, script, expect)| {
        let expect = expect.iter().map(|text| text.to_string()).collect();
        Case::guest(name, 30, Process::script(script), Dialect::Exit { expect })
    }));
    cases.push(edge("power-off", Work::PowerOff, 20));
    cases
}
