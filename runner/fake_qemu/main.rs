//! A QEMU that boots nothing: it reads the job disk from its command line, as the
//! agent would, and tells the story that `FAKE_QEMU` names.
//!
//! Used by tests/stories.rs and tests/corpus.rs.

mod replay;

use std::io::{Write, stdout};
use std::net::TcpListener;
use std::thread::sleep;
use std::time::Duration;
use std::{env, fs, process};

use protocol::job::{Header, Reader, SECTOR, Tag, VERSION};
use protocol::record::{Payload, encode};

fn main() {
    let args: Vec<String> = env::args().collect();
    if args.iter().any(|arg| arg == "--version") {
        println!("QEMU emulator version 0.0.0 (fake)");
        return;
    }
    let mut story = env::var("FAKE_QEMU").unwrap_or_default();
    if let Some(pid_file) = env::var_os("FAKE_QEMU_PID") {
        fs::write(pid_file, process::id().to_string()).expect("the pid file");
    }
    if story == "as-the-kernel-says" {
        story = fs::read_to_string(kernel(&args)).expect("a kernel");
    }
    if story == "replay" {
        // The guest after a dead one is a good one.
        match replay::is_first() {
            true => replay::run(&job_disk(&args)),
            false => story.clear(),
        }
    }
    match story.as_str() {
        "exits-at-once" => {
            eprintln!("qemu-system-riscv64: -device virtio-blk-device: no such bus");
            process::exit(1);
        }
        "asserts" => {
            eprintln!("ERROR:../hw/virtio/virtio.c:1234: assertion failed");
            process::abort();
        }
        "silent" => forever(),
        // Another program was quicker, once or always.
        "port-taken-once" if !replay::is_first() => {}
        "port-taken" | "port-taken-once" => {
            assert!(args.iter().any(|arg| arg.contains("hostfwd")));
            eprintln!(
                "qemu-system-riscv64: -netdev user: Could not set up host forwarding rule 'tcp:127.0.0.1:1-:1'"
            );
            process::exit(1);
        }
        _ => {}
    }
    // A dump with a packet in it, where one is asked for.
    let dump = args.iter().find(|arg| arg.starts_with("filter-dump"));
    if let Some(file) = dump.and_then(|arg| arg.split("file=").nth(1)) {
        fs::write(file, [0; 100]).expect("the dump");
    }
    print!("OpenSBI v1.1\r\n[    0.000001] a kernel\r\n");
    if let Some(rest) = story.strip_prefix("contest") {
        contest(rest);
    }
    if story == "panics-at-boot" {
        print!("kernel panicked at os/src/main.rs:1:1: no root\r\n");
        forever();
    }
    if story == "chatters-for-ever" {
        loop {
            println!("[    1.0] still here");
            sleep(Duration::from_millis(50));
        }
    }
    guest(&story, &job_disk(&args));
}

/// A kernel that runs a contest's image by itself, without a job disk.
fn contest(how: &str) -> ! {
    print!("#### OS COMP TEST GROUP START iperf-musl ####\r\n");
    print!("====== iperf BASIC_TCP begin ======\r\n");
    print!("[  5]   0.00-2.00   sec  93.8 MBytes   796 Mbits/sec       receiver\r\n");
    print!("====== iperf BASIC_TCP end: success ======\r\n");
    print!("#### OS COMP TEST GROUP END iperf-musl ####\r\n");
    print!("#### OS COMP TEST GROUP START ltp-musl ####\r\nRUN LTP CASE accept01\r\n");
    match how {
        "" => print!(
            "a.c:1: TPASS: x\r\nFAIL LTP CASE accept01 : 0\r\n#### OS COMP TEST GROUP END ltp-musl ####\r\n"
        ),
        "-panics" => {
            print!("[ 9.1] Kernel panic - not syncing: Attempted to kill init!\r\n");
            stdout().flush().expect("a console");
            forever();
        }
        "-talks-of-panic" => print!(
            "a.c:1: TINFO: this may end in a kernel panic\r\na.c:1: TPASS: x\r\nFAIL LTP CASE accept01 : 0\r\nRUN LTP CASE bind01\r\nFAIL LTP CASE bind01 : 0\r\n#### OS COMP TEST GROUP END ltp-musl ####\r\n"
        ),
        // The second C library's server finds its port taken by the first's, which answers.
        "-twice" => print!(
            "FAIL LTP CASE accept01 : 0\r\n#### OS COMP TEST GROUP END ltp-musl ####\r\n\
             #### OS COMP TEST GROUP START iperf-glibc ####\r\n\
             iperf3: error - unable to start listener for connections: Address in use\r\n\
             ====== iperf BASIC_TCP begin ======\r\n\
             [  5]   0.00-2.00   sec  187 MBytes  1.5 Gbits/sec       receiver\r\n\
             ====== iperf BASIC_TCP end: success ======\r\n\
             #### OS COMP TEST GROUP END iperf-glibc ####\r\n"
        ),
        // An END that the kernel wrote into.
        "-tears" => print!(
            "a.c:1: TPASS: x\r\nSummary:\r\npassed   1\r\nFAIL LTP CASE accept01 : 0\r\n\
             #### OS COMP TEST[ 1.0] eth0: up\r\n#### OS COMP TEST GROUP START netperf-musl ####\r\n\
             ====== netperf TCP_RR begin ======\r\n32768 32768 64 64 1.00 4035.96\r\n\
             ====== netperf TCP_RR end: success ======\r\n#### OS COMP TEST GROUP END netperf-musl ####\r\n"
        ),
        // Powers off in the middle.
        _ => {}
    }
    stdout().flush().expect("a console");
    process::exit(0);
}

/// What the agent would do, and what the story makes of it.
fn guest(story: &str, disk: &[u8]) {
    let header = Header::parse(&disk[..SECTOR]).expect("a job");
    let body = &disk[SECTOR..SECTOR + header.length];
    header.check(body).expect("an intact job");
    let mut out = Records {
        nonce: header.nonce,
        seq: 0,
        tear: story,
    };
    let cases = Reader::new(body)
        .filter(|entry| entry.tag == Tag::Case)
        .count();
    match story {
        // An agent of a kernel built before, or after, this runner.
        "is-foreign" => return out.report("hello 0 99"),
        "counts-no-versions" => out.report(&format!("hello {cases}")),
        _ => out.report(&format!("hello {cases} {VERSION}")),
    }
    let mut index = 0;
    let mut name = String::new();
    let mut serves = false;
    let mut done_port = None;
    for entry in Reader::new(body) {
        match entry.tag {
            Tag::Case => {
                name = String::from_utf8_lossy(entry.value()).into_owned();
                index += 1;
                serves = false;
            }
            Tag::DonePort => {
                let text = String::from_utf8_lossy(entry.value());
                let port: u16 = text.parse().expect("a port");
                done_port = Some(TcpListener::bind(("127.0.0.1", port)).expect("the port"));
            }
            Tag::Serve => serves = true,
            Tag::Run if serves => serve(story, index - 1, done_port.as_ref(), &mut out),
            Tag::Run => case(story, index - 1, &name, &mut out),
            _ => {}
        }
    }
    match story {
        "no-bye" => return,
        "panics-after-pass" => {
            println!("[PANIC] in the idle loop");
            forever();
        }
        _ => {}
    }
    out.report("bye");
    if story == "never-powers-off" {
        forever();
    }
}

/// A case whose client is on the host. No address of a guest leads here, so the port
/// on which the agent hears that the client has finished is the host's own.
fn serve(story: &str, index: usize, done: Option<&TcpListener>, out: &mut Records<'_>) {
    out.report(&format!("begin {index}"));
    out.report(&format!("ready {index}"));
    if story == "serves-for-ever" {
        forever();
    }
    let _connection = done.expect("a port for the host's end").accept();
    out.report(&format!("end {index} served 0 12"));
}

fn case(story: &str, index: usize, name: &str, out: &mut Records<'_>) {
    out.report(&format!("begin {index} {name}"));
    // Stories of one case tell it of `uname`.
    if name == "uname" {
        match story {
            "fails" => return out.report(&format!("end {index} exit 1 5")),
            "times-out" => return out.report(&format!("end {index} timeout 0 30000")),
            "cannot-start" => return out.report(&format!("end {index} broken 2 1")),
            "is-killed" => return out.report(&format!("end {index} signal 11 1")),
            "loses-the-end" => return out.skip(),
            "panics" => {
                println!("[    1.5] kernel panicked at os/src/net/mod.rs:7:3: index out of bounds");
                println!("[    1.5]   3: sockeye::net::rx");
                forever();
            }
            "hangs" => forever(),
            "powers-off-early" => process::exit(0),
            "dies" => process::abort(),
            "floods" => loop {
                let _ = stdout().write_all(&[b'x'; 65536]);
            },
            "fills-the-disk" => {
                for line in 0..20_000 {
                    println!("[{line:>8}] a kernel with much to say");
                }
                forever();
            }
            "restarts" => {
                out.seq = 0;
                out.report("hello 1");
            }
            _ => {}
        }
    }
    if story == "measures" {
        out.once(&format!("out {index} {}", measurement()));
        return out.report(&format!("end {index} exit 0 12"));
    }
    if story == "ltp" {
        let (code, line) = match name {
            "accept02" => (1, "accept02.c:1: TFAIL: wrong"),
            "accept03" => (32, "accept03.c:1: TCONF: not here"),
            _ => (0, "a.c:1: TPASS: right"),
        };
        out.once(&format!("out {index} {line}\n"));
        return out.report(&format!("end {index} exit {code} 12"));
    }
    let output = "Linux sockeye\nhello from the guest\n/dev/null meminfo self 256+0 records out\n20000\ncaught\n\
                  127.0.0.1 10.0.2.15 0% packet loss\n";
    out.once(&format!("out {index} {output}"));
    out.report(&format!("end {index} exit 0 12"));
}

/// What iperf3 says on a kernel whose file holds its speed in Mbit/s; each boot is off by up to 0.5 %.
fn measurement() -> String {
    let args: Vec<String> = env::args().collect();
    let speed: f64 = fs::read_to_string(kernel(&args))
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .expect("a kernel file with a number");
    let luck = f64::from(process::id().wrapping_mul(0x9e37_79b9) >> 16) / 65536.0;
    let rate = speed * 1e6 * (0.995 + 0.01 * luck);
    format!(
        r#"{{"end":{{"sum_received":{{"bytes":1000,"seconds":3.0,"bits_per_second":{rate}}}}}}}"#
    )
}

/// The kernel's file.
fn kernel(args: &[String]) -> &str {
    let at = args.iter().position(|arg| arg == "-kernel");
    &args[at.expect("a kernel") + 1]
}

struct Records<'a> {
    nonce: u32,
    seq: u32,
    tear: &'a str,
}

impl Records<'_> {
    fn report(&mut self, text: &str) {
        self.write(
            text,
            self.tear == "tears-first-copies" || self.tear == "tears-all",
        );
        self.write(text, self.tear == "tears-all");
        self.seq += 1;
    }

    fn once(&mut self, text: &str) {
        self.write(text, false);
        self.seq += 1;
    }

    fn skip(&mut self) {
        self.seq += 1;
    }

    fn write(&self, text: &str, torn: bool) {
        let mut payload = Payload::new();
        payload.push(text.as_bytes());
        let line = encode(self.nonce, self.seq, &payload);
        let bytes = line.as_bytes();
        let mut out = stdout();
        let written = match torn {
            true => out
                .write_all(&bytes[..25])
                .and_then(|()| out.write_all(b"[ 1.0] eth0: up\r\n")),
            false => out.write_all(bytes),
        };
        written.and_then(|()| out.flush()).expect("a console");
    }
}

fn job_disk(args: &[String]) -> Vec<u8> {
    let drive = args
        .iter()
        .find(|arg| arg.contains("id=x1"))
        .expect("a second drive");
    let file = drive
        .split(',')
        .find_map(|part| part.strip_prefix("file="))
        .expect("its file");
    fs::read(file).expect("a job disk")
}

fn forever() -> ! {
    let _ = stdout().flush();
    loop {
        sleep(Duration::from_secs(1));
    }
}
