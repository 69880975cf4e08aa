//! A seeded bad network between two hosts: loss, duplication, delay, reordering and damage under virtual time. Both sides send
//! at once; what arrives must be what was sent, to the last byte, and then end of stream. A failure leaves a pcap file.

use core::time::Duration;
use std::collections::BTreeMap;
use std::format;
use std::vec;
use std::vec::Vec;

use super::net::*;
use super::pcap::Capture;
use crate::rng::Rng;
use crate::*;

/// What the network does, in parts per thousand, and how long a frame takes, in microseconds.
#[derive(Clone, Copy, Debug)]
struct Weather {
    loss: u32,
    duplication: u32,
    damage: u32,
    delay: (u32, u32),
}

/// One side's program: writes `data`, reads `expected`, then closes.
struct Side {
    data: Vec<u8>,
    sent: usize,
    shut: bool,
    got: Vec<u8>,
    eof: bool,
}

impl Side {
    fn new(rng: &mut Rng, len: usize) -> Side {
        Side {
            data: (0..len).map(|_| rng.u32() as u8).collect(),
            sent: 0,
            shut: false,
            got: Vec::new(),
            eof: false,
        }
    }

    /// Does what a program may do now; sizes are random.
    fn step(&mut self, host: &mut Host, id: TcpId, rng: &mut Rng) {
        if self.sent < self.data.len() {
            let most = 1 + rng.below(20_000) as usize;
            let end = self.data.len().min(self.sent + most);
            match host.stack.tcp_send(id, &self.data[self.sent..end]) {
                Ok(n) => self.sent += n,
                Err(error) => assert_eq!(error, Error::WouldBlock),
            }
        } else if !self.shut {
            self.shut = true;
            host.stack
                .tcp_shutdown(host.now, id, Shutdown::Write)
                .unwrap();
        }
        let mut buf = vec![0; 1 + rng.below(30_000) as usize];
        match host.stack.tcp_recv(id, &mut buf) {
            Ok(0) => self.eof = true,
            Ok(n) => self.got.extend(&buf[..n]),
            Err(error) => assert_eq!(error, Error::WouldBlock),
        }
        host.flush();
    }
}

struct World {
    hosts: [Host; 2],
    rng: Rng,
    weather: Weather,
    /// Frames under way by arrival, with a serial number that keeps equal times apart.
    air: BTreeMap<(Instant, u64), (usize, Vec<u8>)>,
    serial: u64,
    now: Instant,
    capture: Capture,
}

impl World {
    fn launch(&mut self) {
        for from in 0..2 {
            for frame in self.hosts[from].frames() {
                self.capture.add(self.now, &frame);
                let copies = if self.rng.below(1000) < self.weather.duplication {
                    2
                } else {
                    1
                };
                for _ in 0..copies {
                    if self.rng.below(1000) < self.weather.loss {
                        continue;
                    }
                    let mut frame = frame.clone();
                    if self.rng.below(1000) < self.weather.damage {
                        let at = self.rng.below(frame.len() as u32) as usize;
                        frame[at] ^= 1 << self.rng.below(8);
                    }
                    let (low, high) = self.weather.delay;
                    let micros = low + self.rng.below(high - low + 1);
                    let arrival = self.now + Duration::from_micros(u64::from(micros));
                    self.serial += 1;
                    self.air.insert((arrival, self.serial), (1 - from, frame));
                }
            }
        }
    }

    /// Moves on to whatever happens next, at most `by` later.
    fn advance(&mut self, by: Duration) {
        let limit = self.now + by;
        let timers = self
            .hosts
            .iter()
            .filter_map(|host| host.effects.next_deadline);
        let arrival = self.air.keys().next().map(|&(at, _)| at);
        let next = timers
            .chain(arrival)
            .min()
            .unwrap_or(limit)
            .clamp(self.now, limit);
        self.now = next;
        for host in &mut self.hosts {
            host.now = next;
        }
        while let Some(entry) = self.air.first_entry().filter(|entry| entry.key().0 <= next) {
            let (to, frame) = entry.remove();
            let host = &mut self.hosts[to];
            host.stack.ingress(next, host.nic, &frame);
        }
        for host in &mut self.hosts {
            if host.effects.next_deadline.is_some_and(|at| at <= next) {
                host.stack.poll_timers(next);
            }
            host.flush();
        }
        self.launch();
    }
}

fn run(seed: u64, weather: Weather, bytes: usize) {
    let mut rng = Rng::new(seed);
    let mut world = World {
        hosts: [Host::new(1), Host::new(2)],
        rng: Rng::new(seed ^ 1),
        weather,
        air: BTreeMap::new(),
        serial: 0,
        now: Instant::from_millis(1000),
        capture: Capture::default(),
    };
    // ARP has no checksum: a damaged answer would be believed. It is not what is tried here.
    for (at, other) in [(0, 2), (1, 1)] {
        let host = &mut world.hosts[at];
        host.stack
            .add_neighbour(
                host.now,
                host.nic,
                v4(10, 0, 0, other),
                [2, 0, 0, 0, 0, other],
            )
            .unwrap();
    }
    let listener = world.hosts[1].listen(Endpoint::v4([0, 0, 0, 0], 80), 4);
    let to = Endpoint::v4([10, 0, 0, 2], 80);
    let (up, down) = (
        rng.below(bytes as u32) as usize,
        rng.below(bytes as u32) as usize,
    );
    let mut sides = [Side::new(&mut rng, up), Side::new(&mut rng, down)];
    let client = match seed % 2 {
        0 => world.hosts[0].connect(to),
        // The first bytes go with the SYN.
        _ => {
            for host in &mut world.hosts {
                host.stack.configure(|config| config.fast_open = 0x207);
            }
            world.hosts[1].stack.tcp_fast_listen(listener, 4).unwrap();
            let client = &mut world.hosts[0];
            let id = client.tcp();
            let room = client.stack.tcp_fast_room(id, to).unwrap();
            let first = room.min(up);
            let now = client.now;
            client
                .stack
                .tcp_connect_fast(now, id, to, &sides[0].data[..first])
                .unwrap();
            client.flush();
            sides[0].sent = first;
            id
        }
    };
    world.launch();
    let mut ids = [Some(client), None];
    let end = Instant::from_millis(3_600_000);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        while !sides.iter().all(|side| side.eof && side.shut) {
            assert!(
                world.now < end,
                "an hour has passed: {:?}",
                sides
                    .each_ref()
                    .map(|side| (side.sent, side.got.len(), side.eof))
            );
            world.advance(Duration::from_millis(20));
            if ids[1].is_none() {
                ids[1] = world.hosts[1].accept(listener).ok();
            }
            for at in 0..2 {
                if let Some(id) = ids[at]
                    && world.hosts[at].state(id).is_synchronized()
                    && !sides[at].eof | !sides[at].shut
                {
                    sides[at].step(&mut world.hosts[at], id, &mut rng);
                } else if let Some(id) = ids[at] {
                    assert_eq!(world.hosts[at].stack.tcp_take_error(id), None);
                    if world.hosts[at].state(id) == TcpState::Closed {
                        sides[at].step(&mut world.hosts[at], id, &mut rng);
                    }
                }
            }
            world.launch();
        }
        assert!(sides[0].got == sides[1].data, "upstream differs");
        assert!(sides[1].got == sides[0].data, "downstream differs");
    }));
    if let Err(panic) = outcome {
        let saved = world.capture.save(&format!("seed-{seed}"));
        std::eprintln!("seed {seed}, {weather:?}: capture in {saved:?}");
        std::panic::resume_unwind(panic);
    }
}

const FAIR: Weather = Weather {
    loss: 0,
    duplication: 0,
    damage: 0,
    delay: (100, 100),
};

#[test]
fn a_fair_network() {
    for seed in seeds(0, 20) {
        run(seed, FAIR, 300_000);
    }
}

#[test]
fn reordering() {
    for seed in seeds(10_000, 20) {
        run(
            seed,
            Weather {
                delay: (100, 3000),
                ..FAIR
            },
            100_000,
        );
    }
}

#[test]
fn loss() {
    for seed in seeds(20_000, 20) {
        run(
            seed,
            Weather {
                loss: 30,
                delay: (1000, 1000),
                ..FAIR
            },
            60_000,
        );
    }
}

#[test]
fn duplication() {
    for seed in seeds(30_000, 20) {
        run(
            seed,
            Weather {
                duplication: 300,
                delay: (100, 1500),
                ..FAIR
            },
            60_000,
        );
    }
}

#[test]
fn everything_at_once() {
    for seed in seeds(40_000, 40) {
        let weather = Weather {
            loss: 40,
            duplication: 40,
            damage: 20,
            delay: (100, 20_000),
        };
        run(seed, weather, 40_000);
    }
}
