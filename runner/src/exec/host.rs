//! A client on the host that drives a server in the guest.

use std::fs::File;
use std::io::{Read, Seek};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::child;
use crate::image::HostTools;
use crate::job::fill;
use crate::plan::{HostStep, HostTool};
use crate::qemu::Ports;

/// What the client came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostOutput {
    /// Its exit code; `None` where a signal or the time limit ended it.
    pub code: Option<i32>,
    /// What it printed, stderr included.
    pub text: String,
}

/// A running client. Its output goes to an unnamed file, so that it never waits for
/// a reader; dropping it kills it, and it does not outlive the runner.
pub struct HostClient {
    /// The case it belongs to.
    pub index: usize,
    child: Child,
    output: File,
    limit: Instant,
}

impl HostClient {
    /// Starts `step` of case `index`; it is killed at `limit`.
    pub fn start(
        index: usize,
        step: &HostStep,
        tools: Option<&HostTools>,
        ports: &Ports,
        limit: Instant,
    ) -> anyhow::Result<Self> {
        let tools = tools.context("this run has no host programs")?;
        let program = match step.tool {
            HostTool::Iperf3 => &tools.iperf3,
            HostTool::Netperf => &tools.netperf,
        };
        let output = tempfile::tempfile().context("no room for the client's output")?;
        let mut command = Command::new(program);
        command
            .args(step.args.iter().map(|arg| fill(arg, ports.placeholders())))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?);
        child::tie(&mut command);
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(HostClient {
            index,
            child,
            output,
            limit,
        })
    }

    /// Its output once it has ended.
    pub fn poll(&mut self, now: Instant) -> Option<HostOutput> {
        let code = match self.child.try_wait() {
            Ok(Some(status)) => status.code(),
            Ok(None) if now < self.limit => return None,
            _ => {
                self.stop();
                None
            }
        };
        let mut bytes = Vec::new();
        let read = self
            .output
            .rewind()
            .and_then(|()| self.output.read_to_end(&mut bytes));
        let text = match read {
            Ok(_) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => format!("the client's output cannot be read: {error}"),
        };
        Some(HostOutput { code, text })
    }

    fn stop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            if let Some(pid) = Pid::from_raw(self.child.id() as i32) {
                let _ = kill_process_group(pid, Signal::KILL);
            }
            let _ = self.child.wait();
        }
    }
}

impl Drop for HostClient {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Tells the agent that the client has finished, by connecting to its port. The
/// agent needs no byte; keep the connection until the case is over.
pub fn tell_done(port: u16) -> Option<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_secs(2)).ok()
}
