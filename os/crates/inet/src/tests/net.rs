//! Vocabulary: a host is a stack with its clock and its wakes; a wire carries frames between two hosts.

use core::net::{IpAddr, Ipv4Addr};
use core::time::Duration;
use std::collections::BTreeMap;
use std::vec::Vec;

use crate::*;

/// A stack, what it owes, and the time.
pub struct Host {
    pub stack: Stack,
    pub now: Instant,
    pub effects: Effects,
    /// Events per token since the last look.
    pub wakes: BTreeMap<u64, Ready>,
    pub nic: IfaceId,
    tokens: u64,
}

pub fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, d))
}

pub fn lo(port: u16) -> Endpoint {
    Endpoint::v4([127, 0, 0, 1], port)
}

impl Host {
    /// `10.0.0.number/24` on `eth0`, and lo.
    pub fn new(number: u8) -> Host {
        Host::with(
            number,
            Config {
                local_fast_path: false,
                ..Config::default()
            },
        )
    }

    /// As `new`; TCP over lo takes shared rings if `fast`.
    pub fn over(number: u8, fast: bool) -> Host {
        Host::with(
            number,
            Config {
                local_fast_path: fast,
                ..Config::default()
            },
        )
    }

    pub fn with(number: u8, config: Config) -> Host {
        let now = Instant::from_millis(1000);
        let mut stack = Stack::new(config, 0x5eed + u64::from(number));
        let lo = stack
            .add_interface("lo", IfaceKind::Loopback, 65_536, Quirks::default())
            .unwrap();
        stack.set_up(now, lo, true).unwrap();
        let kind = IfaceKind::Ethernet {
            mac: [2, 0, 0, 0, 0, number],
        };
        let nic = stack
            .add_interface("eth0", kind, 1500, Quirks::default())
            .unwrap();
        stack.set_up(now, nic, true).unwrap();
        stack
            .add_address(now, nic, Cidr::new(v4(10, 0, 0, number), 24).unwrap())
            .unwrap();
        let mut host = Host {
            stack,
            now,
            effects: Effects::new(),
            wakes: BTreeMap::new(),
            nic,
            tokens: 100,
        };
        host.flush();
        host.frames();
        host.wakes.clear();
        host
    }

    pub fn token(&mut self) -> u64 {
        self.tokens += 1;
        self.tokens
    }

    pub fn flush(&mut self) {
        self.stack.flush(self.now, &mut self.effects);
        for wake in self.effects.wake.drain(..) {
            *self.wakes.entry(wake.token).or_default() |= wake.events;
        }
    }

    /// What happened to the socket with `token` since the last look.
    pub fn woke(&mut self, token: u64) -> Ready {
        self.wakes.remove(&token).unwrap_or_default()
    }

    /// Takes every frame for the device.
    pub fn frames(&mut self) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        while let Some(frame) = self.stack.pop_frame(self.nic) {
            frames.push(frame.to_vec());
            self.stack.recycle_frame(frame);
        }
        self.effects.clear();
        frames
    }

    /// Time passes; timers run.
    pub fn wait(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(at) = self.effects.next_deadline.filter(|&at| at <= end) {
            self.now = self.now.max(at);
            self.stack.poll_timers(self.now);
            self.flush();
        }
        self.now = end;
    }

    pub fn tcp(&mut self) -> TcpId {
        let token = self.token();
        self.stack.tcp_open(false, token)
    }

    /// A listener on `local`.
    pub fn listen(&mut self, local: Endpoint, backlog: usize) -> TcpId {
        let id = self.tcp();
        self.stack
            .tcp_configure(id, |options| options.common.reuse_addr = true)
            .unwrap();
        self.stack.tcp_bind(id, local).unwrap();
        self.stack.tcp_listen(id, backlog).unwrap();
        id
    }

    pub fn connect(&mut self, peer: Endpoint) -> TcpId {
        let id = self.tcp();
        self.stack.tcp_connect(self.now, id, peer).unwrap();
        self.flush();
        id
    }

    pub fn accept(&mut self, listener: TcpId) -> Result<TcpId> {
        let token = self.token();
        self.stack
            .tcp_accept(listener, token)
            .map(|accepted| accepted.id)
    }

    pub fn send(&mut self, id: TcpId, data: &[u8]) -> Result<usize> {
        let sent = self.stack.tcp_send(id, data);
        self.flush();
        sent
    }

    pub fn recv(&mut self, id: TcpId) -> Result<Vec<u8>> {
        let mut buf = std::vec![0; 1 << 20];
        let len = self.stack.tcp_recv(id, &mut buf);
        self.flush();
        buf.truncate(len?);
        Ok(buf)
    }

    pub fn close(&mut self, id: TcpId) {
        self.stack.tcp_close(self.now, id, Linger::Background);
        self.flush();
    }

    pub fn shutdown(&mut self, id: TcpId, how: Shutdown) -> Result<()> {
        let done = self.stack.tcp_shutdown(self.now, id, how);
        self.flush();
        done
    }

    pub fn udp(&mut self, local: Endpoint) -> DgramId {
        let id = self.open(DgramKind::Udp, false);
        self.stack.dgram_bind(id, local).unwrap();
        id
    }

    pub fn open(&mut self, kind: DgramKind, v6: bool) -> DgramId {
        let token = self.token();
        self.stack.dgram_open(kind, v6, token)
    }

    pub fn send_to(&mut self, id: DgramId, to: Endpoint, data: &[u8]) -> Result<()> {
        let meta = SendMeta {
            to: Some(to),
            ..SendMeta::default()
        };
        let done = self.stack.dgram_send(self.now, id, &meta, data);
        self.flush();
        done
    }

    pub fn recv_from(&mut self, id: DgramId) -> Result<(Vec<u8>, Endpoint)> {
        self.stack
            .dgram_recv(id, false, |arrival| (arrival.data.to_vec(), arrival.from))
    }

    pub fn state(&self, id: TcpId) -> TcpState {
        self.stack.tcp_state(id)
    }
}

/// A perfect wire: carries frames until both hosts are silent.
pub fn exchange(a: &mut Host, b: &mut Host) {
    for _ in 0..10_000 {
        let (to_b, to_a) = (a.frames(), b.frames());
        if to_b.is_empty() && to_a.is_empty() {
            return;
        }
        to_b.iter()
            .for_each(|frame| b.stack.ingress(b.now, b.nic, frame));
        to_a.iter()
            .for_each(|frame| a.stack.ingress(a.now, a.nic, frame));
        a.flush();
        b.flush();
    }
    panic!("the hosts never fall silent");
}

/// Time passes for both, with the wire at work.
pub fn pass(a: &mut Host, b: &mut Host, by: Duration) {
    let end = a.now + by;
    loop {
        exchange(a, b);
        let next = [a.effects.next_deadline, b.effects.next_deadline]
            .into_iter()
            .flatten()
            .min();
        let Some(at) = next.filter(|&at| at <= end) else {
            break;
        };
        let at = at.max(a.now);
        for host in [&mut *a, &mut *b] {
            host.now = at;
            host.stack.poll_timers(at);
            host.flush();
        }
    }
    a.now = end;
    b.now = end;
}

/// Two hosts on a wire.
pub fn pair() -> (Host, Host) {
    (Host::new(1), Host::new(2))
}

/// A connection from `a` to a listener on `b`, accepted.
pub fn established(a: &mut Host, b: &mut Host, port: u16) -> (TcpId, TcpId) {
    let listener = b.listen(Endpoint::v4([0, 0, 0, 0], port), 8);
    let client = a.connect(Endpoint::v4([10, 0, 0, 2], port));
    exchange(a, b);
    let server = b.accept(listener).unwrap();
    assert_eq!(a.state(client), TcpState::Established);
    assert_eq!(b.state(server), TcpState::Established);
    b.close(listener);
    (client, server)
}

/// A connection of a host to itself.
pub fn established_local(host: &mut Host, port: u16) -> (TcpId, TcpId) {
    let listener = host.listen(lo(port), 8);
    let client = host.connect(lo(port));
    let server = host.accept(listener).unwrap();
    assert_eq!(host.state(client), TcpState::Established);
    host.close(listener);
    (client, server)
}

/// `usual` seeds from `first` on; `INET_SEEDS=1000` in the environment runs so many.
pub fn seeds(first: u64, usual: u64) -> core::ops::Range<u64> {
    let asked = std::env::var("INET_SEEDS")
        .ok()
        .and_then(|count| count.parse().ok());
    first..first + asked.unwrap_or(usual)
}
