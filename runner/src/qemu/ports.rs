//! Host ports that lead into the guest, chosen free for each boot.
//!
//! A port has the same number on both sides, so that a protocol which names its
//! own ports (netperf's data connection) works through the forwarding. Between the
//! moment a port is found free and the moment QEMU binds it another program may
//! take it: QEMU then says so and `exec` asks for new ones.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use crate::plan::Forward;

/// How often to look for a number that is free for TCP and UDP both.
const ATTEMPTS: usize = 100;

/// The ports of one boot.
#[derive(Clone, Debug, Default)]
pub struct Ports {
    chosen: HashMap<&'static str, u16>,
    forwarded: Vec<u16>,
    done: Option<u16>,
}

impl Ports {
    /// Finds a port for each of `forwards`, and one for "the host is done" where
    /// there is any.
    pub fn reserve(forwards: &[Forward]) -> io::Result<Ports> {
        let mut ports = Ports::default();
        // Held until all are found, so that none is found twice.
        let mut held = Vec::new();
        for forward in forwards {
            if !ports.chosen.contains_key(forward.placeholder()) {
                let (port, sockets) = free_port()?;
                held.push(sockets);
                ports.chosen.insert(forward.placeholder(), port);
                ports.forwarded.push(port);
            }
        }
        if !ports.chosen.is_empty() {
            ports.done = Some(free_port()?.0);
        }
        Ok(ports)
    }

    /// Names a port of the host that leads nowhere, for arguments.
    pub fn name(&mut self, placeholder: &'static str, port: u16) {
        self.chosen.insert(placeholder, port);
    }

    /// Values of the placeholders.
    pub fn placeholders(&self) -> &HashMap<&'static str, u16> {
        &self.chosen
    }

    /// Where the agent listens for "the host is done".
    pub fn done(&self) -> Option<u16> {
        self.done
    }

    /// `,hostfwd=...` for each, in a fixed order.
    pub(super) fn hostfwd(&self) -> String {
        let mut numbers = self.forwarded.clone();
        numbers.sort_unstable();
        let forwarded = numbers.iter().flat_map(|port| {
            ["tcp", "udp"].map(|protocol| format!(",hostfwd={protocol}:127.0.0.1:{port}-:{port}"))
        });
        let done = self
            .done
            .iter()
            .map(|port| format!(",hostfwd=tcp:127.0.0.1:{port}-:{port}"));
        forwarded.chain(done).collect()
    }
}

fn free_port() -> io::Result<(u16, (TcpListener, UdpSocket))> {
    for _ in 0..ATTEMPTS {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = tcp.local_addr()?.port();
        if let Ok(udp) = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)) {
            return Ok((port, (tcp, udp)));
        }
    }
    Err(io::Error::other(
        "no port of this host is free for TCP and UDP both",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_appear_in_the_option() {
        let ports =
            Ports::reserve(&[Forward::Port, Forward::Data, Forward::Port]).expect("free ports");
        let mut numbers: Vec<u16> = ports.placeholders().values().copied().collect();
        numbers.push(ports.done().expect("a done port"));
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 3);
        assert_eq!(ports.hostfwd().matches("hostfwd=").count(), 5);
        assert_eq!(Ports::reserve(&[]).expect("nothing").hostfwd(), "");
    }
}
