//! One case, as plain data: what runs in the guest, what runs on the host, who
//! reads the output.

use std::time::Duration;

/// Stands in an argument for the port of a web server on the host, at 10.0.2.2.
pub const WEB: &str = "{web}";

/// A case of a suite.
#[derive(Clone, Debug)]
pub struct Case {
    /// Unique in its suite, made of `[A-Za-z0-9._-]`: it names a log file.
    pub name: String,
    /// What happens.
    pub work: Work,
    /// The agent kills the case after this.
    pub timeout: Duration,
}

/// What a case consists of.
#[derive(Clone, Debug)]
pub enum Work {
    /// PASS once the agent speaks. Runs with the first guest of the suite.
    Boot,
    /// PASS once QEMU has gone by itself after the last case.
    PowerOff,
    /// Programs in the guest.
    Guest {
        /// Started first, in this order, and killed when the case is over.
        helpers: Vec<Process>,
        /// The program whose end ends the case.
        main: Process,
        /// How to read its output.
        dialect: Dialect,
    },
    /// A server in the guest and a client on the host. The client's output is what
    /// `dialect` reads.
    Host {
        /// The server; its `ready` rule says when the client may start.
        server: Process,
        /// Ports the client needs to reach.
        forwards: Vec<Forward>,
        /// The client.
        client: HostStep,
        /// How to read the client's output.
        dialect: Dialect,
    },
}

/// A program with its arguments. `{port}` and `{data}` in an argument stand for the
/// ports that the run found free; see [`Forward`].
#[derive(Clone, Debug)]
pub struct Process {
    /// Program and arguments; a program without a slash is looked up in `PATH`.
    pub argv: Vec<String>,
    /// `NAME=value` on top of the job's environment.
    pub env: Vec<String>,
    /// Working directory, `/tmp` where not given.
    pub dir: Option<String>,
    /// When it counts as started.
    pub ready: Ready,
}

/// When a helper or a server counts as started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// At once.
    Started,
    /// When something listens on this TCP port (a number or a placeholder).
    Tcp(String),
}

/// A port that leads from the host into the guest, the same number on both sides,
/// chosen free for the run, TCP and UDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forward {
    /// `{port}`.
    Port,
    /// `{data}`.
    Data,
}

impl Forward {
    /// What stands for it in an argument.
    pub fn placeholder(self) -> &'static str {
        match self {
            Forward::Port => "{port}",
            Forward::Data => "{data}",
        }
    }
}

/// A client on the host.
#[derive(Clone, Debug)]
pub struct HostStep {
    /// Which program of [`crate::image::HostTools`].
    pub tool: HostTool,
    /// Its arguments, with placeholders.
    pub args: Vec<String>,
}

/// Programs of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the programs are")]
pub enum HostTool {
    Iperf3,
    Netperf,
}

/// How to read a program's output. The readers are in `dialect/`.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialect {
    /// Exit code 0 passes; so must every text be in the output.
    Exit {
        /// Texts that must appear.
        expect: Vec<String>,
    },
    /// `ok` / `not ok` lines.
    Tap,
    /// LTP's lines and exit bits.
    Ltp,
    /// `iperf3 --json` output; asked for this many seconds.
    Iperf3 {
        /// Seconds asked for.
        seconds: u32,
    },
    /// A classic netperf table; asked for this many seconds.
    Netperf {
        /// `TCP_STREAM`, `TCP_RR`, ...
        test: &'static str,
        /// Seconds asked for.
        seconds: u32,
    },
}

impl Process {
    /// Splits `line` at blanks: fit for lines written in this source, which quote
    /// nothing.
    pub fn words(line: &str) -> Self {
        Self::argv(line.split_whitespace())
    }

    /// The program and its arguments as they are.
    pub fn argv<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        let argv = argv.into_iter().map(Into::into).collect();
        Process {
            argv,
            env: Vec::new(),
            dir: None,
            ready: Ready::Started,
        }
    }

    /// A shell script, run by the `sh` of the case's `PATH`.
    pub fn script(text: &str) -> Self {
        Self::argv(["sh", "-c", text])
    }

    /// Waits for a listener on `port`.
    pub fn listening(mut self, port: impl Into<String>) -> Self {
        self.ready = Ready::Tcp(port.into());
        self
    }
}

impl Case {
    /// A case of programs in the guest with a limit of `seconds`.
    pub fn guest(name: &str, seconds: u64, main: Process, dialect: Dialect) -> Self {
        let work = Work::Guest {
            helpers: Vec::new(),
            main,
            dialect,
        };
        Case {
            name: name.to_string(),
            work,
            timeout: Duration::from_secs(seconds),
        }
    }

    /// Adds a background process, started before the others are.
    pub fn with_helper(mut self, helper: Process) -> Self {
        if let Work::Guest { helpers, .. } = &mut self.work {
            helpers.push(helper);
        }
        self
    }

    /// Whether its output holds figures.
    pub fn measures(&self) -> bool {
        match &self.work {
            Work::Guest { dialect, .. } | Work::Host { dialect, .. } => {
                matches!(dialect, Dialect::Iperf3 { .. } | Dialect::Netperf { .. })
            }
            Work::Boot | Work::PowerOff => false,
        }
    }

    /// Whether it wants a web server on the host.
    pub fn wants_web(&self) -> bool {
        match &self.work {
            Work::Guest { main, .. } => main.argv.iter().any(|arg| arg.contains(WEB)),
            _ => false,
        }
    }

    /// Ports that have to lead into the guest for this case.
    pub fn forwards(&self) -> &[Forward] {
        match &self.work {
            Work::Host { forwards, .. } => forwards,
            _ => &[],
        }
    }
}
