//! `ToSocketAddrs`: literals, pairs, names of /etc/hosts, and what is none. std::net.

use rust_programs::{check, done, same};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};

fn main() {
    let first = |text: &str| text.to_socket_addrs().ok().and_then(|mut all| all.next());
    same(
        first("127.0.0.1:80"),
        Some(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 80)),
        "an IPv4 literal",
    );
    same(
        first("[::1]:443"),
        Some(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), 443)),
        "an IPv6 literal",
    );
    let all: Vec<SocketAddr> = ("localhost", 8080)
        .to_socket_addrs()
        .map(Iterator::collect)
        .unwrap_or_default();
    check(!all.is_empty(), "localhost has an address");
    check(
        all.iter()
            .all(|address| address.ip().is_loopback() && address.port() == 8080),
        "which is loopback",
    );
    check(first("localhost").is_none(), "a port is needed");
    check(
        first("no-such-name.invalid:1").is_none(),
        "a name that is none",
    );
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind");
    let port = listener.local_addr().expect("name").port();
    let nobody = SocketAddr::new(IpAddr::from([127, 0, 0, 77]), port);
    let good = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
    check(
        TcpStream::connect(&[nobody, good][..]).is_ok(),
        "connect tries one after the other",
    );
    done()
}
