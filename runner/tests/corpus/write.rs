//! Writes the serial logs of the corpus: each a short story of a guest or a console
//! gone wrong, as the bytes that would arrive on the host.
//!
//! Called by tests/corpus.rs, which compares what is written here with the files in
//! the repository; `cargo test -p runner --test corpus -- --ignored` writes them
//! anew. All records carry [`NONCE`]: the fake QEMU puts the boot's own in its place.
//!
//! ```text
//! Log::boot(2).begin(0).out(0, "Linux\n").end(0, "exit 0").begin(1)...bye()
//! ```

use protocol::record::{Payload, encode};

/// The nonce of every record in the corpus, but the forged ones.
pub const NONCE: u32 = 0x5eed_0001;

/// The name of each file, without `.log`, and its bytes.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let mut stories = records();
    stories.extend(guests());
    stories.extend(figures());
    stories
        .into_iter()
        .map(|(name, log)| (name, log.bytes))
        .collect()
}

/// A serial log in the making.
#[derive(Default)]
struct Log {
    bytes: Vec<u8>,
    seq: u32,
}

const OUTPUT: &str = "Linux sockeye 6.0 riscv64\n";

impl Log {
    /// Firmware, a kernel, and the agent's first word about so many cases.
    fn boot(cases: usize) -> Self {
        Log::default()
            .text("OpenSBI v1.1\r\n[    0.000001] a kernel\r\n")
            .say(&format!("hello {cases}"))
    }

    /// Both cases, as they should be.
    fn good() -> Self {
        Log::boot(2).pass(0).pass(1).bye()
    }

    fn pass(self, case: usize) -> Self {
        self.begin(case).out(case, OUTPUT).end(case, "exit 0")
    }

    fn begin(self, case: usize) -> Self {
        self.say(&format!("begin {case}"))
    }

    fn end(self, case: usize, how: &str) -> Self {
        self.say(&format!("end {case} {how} 12"))
    }

    fn bye(self) -> Self {
        self.say("bye")
    }

    /// Output, in as many records as it takes, each written once.
    fn out(mut self, case: usize, text: &str) -> Self {
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let mut payload = Payload::new();
            payload.push(format!("out {case} ").as_bytes());
            let taken = payload.push(rest);
            self.bytes.extend(line(NONCE, self.seq, &payload));
            self.seq += 1;
            rest = &rest[taken..];
        }
        self
    }

    /// A record, written twice as the agent does.
    fn say(mut self, words: &str) -> Self {
        let bytes = record(NONCE, self.seq, words);
        self.bytes.extend(&bytes);
        self.bytes.extend(&bytes);
        self.seq += 1;
        self
    }

    /// Raw bytes of the console.
    fn text(self, text: &str) -> Self {
        self.raw(text.as_bytes())
    }

    fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// A record that was sent and never arrived.
    fn lose(mut self) -> Self {
        self.seq += 1;
        self
    }

    /// A record whose copies `spoil` spoils; the copy's number is its argument.
    fn spoilt(mut self, words: &str, spoil: impl Fn(usize, Vec<u8>) -> Vec<u8>) -> Self {
        for copy in 0..2 {
            self.bytes
                .extend(spoil(copy, record(NONCE, self.seq, words)));
        }
        self.seq += 1;
        self
    }
}

fn record(nonce: u32, seq: u32, words: &str) -> Vec<u8> {
    let mut payload = Payload::new();
    payload.push(words.as_bytes());
    line(nonce, seq, &payload)
}

fn line(nonce: u32, seq: u32, payload: &Payload) -> Vec<u8> {
    encode(nonce, seq, payload).as_bytes().to_vec()
}

/// The first `at` bytes, then a kernel line over the rest.
fn cut(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut cut = bytes[..at].to_vec();
    cut.extend_from_slice(b"[    1.5] eth0: link up\r\n");
    cut
}

/// A kernel line of its own between two halves.
fn split(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut split = cut(bytes, at);
    split.extend_from_slice(&bytes[at..]);
    split
}

/// What a console does to records.
fn records() -> Vec<(&'static str, Log)> {
    let first_torn = |words: &'static str| {
        move |log: Log| {
            log.spoilt(words, |copy, bytes| match copy {
                0 => cut(&bytes, 25),
                _ => bytes,
            })
        }
    };
    let torn_copies = [
        "begin 0",
        "end 0 exit 0 12",
        "begin 1",
        "end 1 exit 0 12",
        "bye",
    ]
    .into_iter()
    .fold(Log::boot(2), |log, words| {
        let log = first_torn(words)(log);
        match words {
            "begin 0" => log.out(0, OUTPUT),
            "begin 1" => log.out(1, OUTPUT),
            _ => log,
        }
    });
    let interleaved = Log::boot(2)
        .begin(0)
        .out(0, OUTPUT)
        .spoilt("end 0 exit 0 12", |copy, bytes| match copy {
            0 => split(&bytes, 17),
            _ => bytes,
        })
        .pass(1)
        .bye();
    let glued = Log::boot(2)
        .text("[    1.2] virtio-net: half a kernel li")
        .raw(record(NONCE, 1, "begin 0").trim_ascii_start())
        .lose()
        .out(0, OUTPUT)
        .text("a program's line without its end, ")
        .raw(b"[    1.3] and the kernel's in it ")
        .raw(record(NONCE, 3, "end 0 exit 0 12").trim_ascii_start())
        .lose()
        .pass(1)
        .bye();
    let noise: Vec<u8> = (0..4096u32)
        .map(|at| {
            let byte = (at.wrapping_mul(2_654_435_761) >> 13) as u8;
            // What no noise holds by chance: a whole mark.
            if byte == b'@' { b'?' } else { byte }
        })
        .collect();
    let endings = Log::good().bytes;
    let mut turn = 0;
    let mut mixed = Vec::new();
    for byte in endings {
        if byte == b'\n' {
            turn += 1;
            let ending: &[u8] = [&b"\r\n"[..], b"\n", b"\n\r", b"\r\r\n"][turn % 4];
            mixed.extend_from_slice(ending);
        } else {
            mixed.push(byte);
        }
    }
    vec![
        ("good", Log::good()),
        ("torn-first-copies", torn_copies),
        (
            "torn-both-copies",
            Log::boot(2)
                .begin(0)
                .out(0, OUTPUT)
                .spoilt("end 0 exit 0 12", |_, bytes| cut(&bytes, 30))
                .pass(1)
                .bye(),
        ),
        ("interleaved-halves", interleaved),
        (
            "interleaved-output",
            Log::boot(2)
                .begin(0)
                .raw(&split(&record(NONCE, 2, "out 0 Linux sockeye"), 40))
                .lose()
                .end(0, "exit 0")
                .pass(1)
                .bye(),
        ),
        ("glued-to-text", glued),
        (
            "lost-end",
            Log::boot(2).begin(0).out(0, OUTPUT).lose().pass(1).bye(),
        ),
        (
            "lost-begin",
            Log::boot(2)
                .pass(0)
                .lose()
                .out(1, OUTPUT)
                .end(1, "exit 0")
                .bye(),
        ),
        (
            "half-a-record",
            Log::boot(2)
                .pass(0)
                .begin(1)
                .raw(&record(NONCE, 7, "end 1 exit 0 12")[..30]),
        ),
        (
            "duplicates",
            Log::default().raw(
                &Log::good()
                    .bytes
                    .split_inclusive(|&b| b == b'\n')
                    .flat_map(|line| line.repeat(3))
                    .collect::<Vec<_>>(),
            ),
        ),
        (
            "late-duplicate",
            Log::boot(2)
                .pass(0)
                .begin(1)
                .out(1, OUTPUT)
                // What was on its way since the first case, and another word with the same number.
                .raw(&record(NONCE, 3, "end 0 exit 0 12"))
                .raw(&record(NONCE, 2, "end 1 exit 1 12"))
                .end(1, "exit 0")
                .bye(),
        ),
        (
            "out-of-order",
            Log::boot(2)
                .raw(&record(NONCE, 3, "end 0 exit 0 12"))
                .raw(&record(NONCE, 1, "begin 0"))
                .raw(&record(NONCE, 2, "out 0 Linux"))
                .lose()
                .lose()
                .lose()
                .pass(1)
                .bye(),
        ),
        (
            "binary-noise",
            Log::boot(2)
                .raw(&noise)
                .pass(0)
                .raw(&noise[..977])
                .pass(1)
                .raw(b"\x1b[2J\x00\x00\xff\xfe\x07@R1 \xf0\x28\x8c\x28")
                .bye(),
        ),
        ("crlf-mix", Log::default().raw(&mixed)),
        (
            "endless-line",
            Log::boot(2)
                .begin(0)
                .raw(&b"x".repeat(40_000))
                .out(0, OUTPUT)
                .end(0, "exit 0")
                .pass(1)
                .bye(),
        ),
        (
            "forged-nonce",
            Log::boot(2)
                .begin(0)
                .raw(&record(0x0bad_cafe, 2, "out 0 Linux"))
                .raw(&record(0x0bad_cafe, 3, "end 0 exit 0 12"))
                .raw(&record(0x0bad_cafe, 4, "bye"))
                .out(0, "not what was asked for\n")
                .end(0, "exit 1")
                .pass(1)
                .bye(),
        ),
        (
            "forged-checksum",
            Log::boot(2)
                .begin(0)
                .text("\n@R1 5eed0001 000002 00f 00000000 end 0 exit 0 12\n")
                .out(0, "not what was asked for\n")
                .end(0, "exit 1")
                .pass(1)
                .bye(),
        ),
        (
            "unknown-number",
            Log::boot(2)
                .say("begin 7")
                .say("end 7 exit 0 12")
                .pass(0)
                .pass(1)
                .bye(),
        ),
        (
            "unknown-word",
            Log::boot(2)
                .say("applaud 0")
                .say("end 0 magic 0 12")
                .pass(0)
                .pass(1)
                .bye(),
        ),
        (
            "end-of-another",
            Log::boot(2)
                .begin(0)
                .out(0, OUTPUT)
                .end(1, "exit 0")
                .pass(1)
                .bye(),
        ),
    ]
}

/// What guests and QEMU do.
fn guests() -> Vec<(&'static str, Log)> {
    let panic = "[    1.5] kernel panicked at os/src/net/rx.rs:7:3: index out of bounds\r\n\
                 [    1.5]   3: sockeye::net::rx\r\n";
    vec![
        ("silence", Log::default()),
        (
            "no-agent",
            Log::default().text("OpenSBI v1.1\r\n[    0.000001] a kernel\r\n[    0.2] no init\r\n"),
        ),
        ("panic-mid-case", Log::boot(2).begin(0).text(panic)),
        (
            "panic-then-all-well",
            Log::boot(2)
                .begin(0)
                .text(panic)
                .out(0, OUTPUT)
                .end(0, "exit 0")
                .pass(1)
                .bye(),
        ),
        (
            "panic-after-pass",
            Log::boot(2)
                .pass(0)
                .pass(1)
                .text("[PANIC] in the idle loop\n"),
        ),
        (
            "panic-in-a-programs-words",
            Log::boot(2)
                .begin(0)
                .out(
                    0,
                    "Linux\nthread 'main' panicked at src/main.rs:1:1\nKernel panic - not syncing\n",
                )
                .end(0, "exit 0")
                .pass(1)
                .bye(),
        ),
        (
            "agent-dies",
            Log::boot(2)
                .begin(0)
                .text("[    1.5] pid 1 ended with SIGSEGV\r\n"),
        ),
        (
            "fails-and-powers-off",
            Log::boot(2)
                .begin(0)
                .out(0, "uname: not implemented\n")
                .end(0, "exit 1")
                .pass(1)
                .bye(),
        ),
        ("powers-off-mid-case", Log::boot(2).begin(0).out(0, OUTPUT)),
        ("no-bye", Log::boot(2).pass(0).pass(1)),
        ("restarts", Log::boot(2).begin(0).raw(&Log::boot(2).bytes)),
        ("qemu-killed", Log::boot(2).begin(0).out(0, OUTPUT)),
        ("qemu-fails-at-the-end", Log::boot(2).pass(0).bye()),
        (
            "disk-full",
            Log::boot(2)
                .begin(0)
                .out(0, "sh: write error: No space left on device\n")
                .end(0, "exit 1")
                .pass(1)
                .bye(),
        ),
        (
            "cannot-start",
            Log::boot(2)
                .begin(0)
                .say("end 0 broken 2 1")
                .pass(1)
                .bye(),
        ),
        (
            "timeout",
            Log::boot(2)
                .begin(0)
                .out(0, OUTPUT)
                .say("end 0 timeout 0 30000")
                .pass(1)
                .bye(),
        ),
    ]
}

/// What iperf3 says, and what counts as a figure. Three seconds are asked for.
fn figures() -> Vec<(&'static str, Log)> {
    let document = |bytes: &str, seconds: &str, rate: &str| {
        format!(
            "{{\"start\":{{\"test_start\":{{\"protocol\":\"TCP\"}}}},\n\"end\":{{\"sum_received\":\
             {{\"bytes\":{bytes},\"seconds\":{seconds},\"bits_per_second\":{rate}}}}}}}\n"
        )
    };
    let case = |text: &str| {
        Log::boot(1)
            .begin(0)
            .say("ready 0")
            .out(0, text)
            .end(0, "exit 0")
            .bye()
    };
    let good = document("375000000", "3.0", "1000000000.0");
    let long = format!(
        "{{\"start\":{{\"test_start\":{{\"protocol\":\"TCP\"}},\"cookie\":\"{}\"}},{}",
        "c".repeat(400),
        &good[good.find("\"end\"").unwrap_or(0)..]
    );
    // The middle one of the records that carry the document is lost.
    let mut torn = Log::boot(1).begin(0);
    torn = torn.out(0, &long[..150]);
    torn = torn.lose().out(0, &long[300..]).end(0, "exit 0").bye();
    vec![
        ("iperf3-good", case(&good)),
        ("iperf3-corrupt", case(&good[..good.len() - 40])),
        ("iperf3-lost-piece", torn),
        ("iperf3-no-json", case("iperf3: parameter error\n")),
        ("iperf3-absurd", case(&document("1", "3.0", "1e999"))),
        (
            "iperf3-short",
            case(&document("125000000", "1.0", "1000000000.0")),
        ),
        ("iperf3-zero", case(&document("0", "3.0", "0"))),
        (
            "iperf3-error",
            Log::boot(1)
                .begin(0)
                .out(
                    0,
                    "{\"error\":\"unable to connect to server: Connection refused\"}\n",
                )
                .end(0, "exit 1")
                .bye(),
        ),
    ]
}
