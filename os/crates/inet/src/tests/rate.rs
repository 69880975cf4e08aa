//! How fast, on this machine: `cargo test --release -p inet -- --ignored --nocapture rate`. Figures, not assertions.

use core::time::Duration;
use std::time::Instant as Clock;
use std::{println, vec};

use super::net::*;
use crate::*;

#[test]
#[ignore = "prints figures"]
fn rate() {
    for fast in [false, true] {
        let mut host = Host::over(1, fast);
        let (client, server) = established_local(&mut host, 80);
        let (block, mut buf) = (vec![1; 131_072], vec![0; 131_072]);
        let (mut got, total) = (0usize, 1usize << 28);
        let start = Clock::now();
        while got < total {
            let _ = host.stack.tcp_send(client, &block);
            host.stack.flush(host.now, &mut host.effects);
            host.effects.clear();
            got += host.stack.tcp_recv(server, &mut buf).unwrap_or(0);
            host.stack.flush(host.now, &mut host.effects);
            host.effects.clear();
            host.now = host.now + Duration::from_micros(100);
            host.stack.poll_timers(host.now);
        }
        let nanos = start.elapsed().as_nanos() as usize;
        println!("fast={fast}: bulk {} ns/KiB", nanos * 1024 / total);
        let start = Clock::now();
        let rounds = 50_000;
        for _ in 0..rounds {
            for (from, to) in [(client, server), (server, client)] {
                host.stack.tcp_send(from, &[1]).unwrap();
                host.stack.flush(host.now, &mut host.effects);
                host.effects.clear();
                host.stack.tcp_recv(to, &mut buf).unwrap();
                host.stack.flush(host.now, &mut host.effects);
                host.effects.clear();
            }
            host.now = host.now + Duration::from_micros(10);
        }
        println!(
            "fast={fast}: round trip {} ns",
            start.elapsed().as_nanos() / rounds
        );
        let listener = host.listen(lo(81), 16);
        let start = Clock::now();
        let rounds = 20_000;
        for _ in 0..rounds {
            let client = host.tcp();
            host.stack.tcp_connect(host.now, client, lo(81)).unwrap();
            host.stack.flush(host.now, &mut host.effects);
            let server = host.accept(listener).unwrap();
            host.stack.tcp_close(host.now, client, Linger::Background);
            host.stack.flush(host.now, &mut host.effects);
            host.stack.tcp_close(host.now, server, Linger::Background);
            host.stack.flush(host.now, &mut host.effects);
            host.effects.clear();
            host.now = host.now + Duration::from_millis(1);
        }
        println!(
            "fast={fast}: connect and close {} ns",
            start.elapsed().as_nanos() / rounds
        );
    }
    let mut host = Host::over(1, true);
    let (a, b) = (host.udp(lo(5000)), host.udp(lo(6000)));
    let meta = SendMeta {
        to: Some(lo(6000)),
        ..SendMeta::default()
    };
    for len in [1, 1400, 32_768] {
        let data = vec![1; len];
        let rounds = 100_000;
        let start = Clock::now();
        for _ in 0..rounds {
            host.stack.dgram_send(host.now, a, &meta, &data).unwrap();
            host.stack.flush(host.now, &mut host.effects);
            host.effects.clear();
            host.stack
                .dgram_recv(b, false, |arrival| assert_eq!(arrival.data.len(), len))
                .unwrap();
        }
        println!("udp {len}: {} ns", start.elapsed().as_nanos() / rounds);
    }
}
