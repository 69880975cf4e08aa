//! Timeouts and sockets that do not wait: `set_read_timeout`, `set_nonblocking`, `connect_timeout`. std::net.

use rust_programs::{check, done, same};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    let address = listener.local_addr().expect("name");
    let mut client = TcpStream::connect_timeout(&address, Duration::from_secs(5)).expect("connect");
    let (mut server, from) = listener.accept().expect("accept");
    same(Some(from), client.local_addr().ok(), "accept says who");
    let mut buffer = [0; 8];

    server
        .set_read_timeout(Some(Duration::from_millis(120)))
        .expect("option");
    same(
        server.read_timeout().ok().flatten(),
        Some(Duration::from_millis(120)),
        "the timeout is kept",
    );
    let begin = Instant::now();
    let kind = server.read(&mut buffer).map_err(|error| error.kind());
    same(kind, Err(ErrorKind::WouldBlock), "a read runs out of time");
    check(
        begin.elapsed() >= Duration::from_millis(110),
        "not before it is over",
    );
    same(
        server
            .set_read_timeout(Some(Duration::ZERO))
            .map_err(|e| e.kind()),
        Err(ErrorKind::InvalidInput),
        "no zero",
    );
    server.set_read_timeout(None).expect("option");
    same(server.read_timeout().ok(), Some(None), "none again");

    client.set_nonblocking(true).expect("option");
    same(
        client.read(&mut buffer).map_err(|e| e.kind()),
        Err(ErrorKind::WouldBlock),
        "nothing to read",
    );
    server.write_all(b"now").expect("write");
    let deadline = Instant::now() + Duration::from_secs(5);
    let got = loop {
        match client.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < deadline => {
                std::thread::yield_now()
            }
            other => break other.ok(),
        }
    };
    same(got, Some(3), "then there is");
    listener.set_nonblocking(true).expect("option");
    same(
        listener.accept().map(|_| ()).map_err(|e| e.kind()),
        Err(ErrorKind::WouldBlock),
        "nobody to accept",
    );

    client.set_nodelay(true).expect("option");
    same(client.nodelay().ok(), Some(true), "nodelay");
    client.set_ttl(33).expect("option");
    same(client.ttl().ok(), Some(33), "time to live");
    same(
        client.take_error().ok().flatten().map(|e| e.kind()),
        None,
        "no error",
    );

    let udp = UdpSocket::bind("127.0.0.1:0").expect("bind");
    udp.set_read_timeout(Some(Duration::from_millis(50)))
        .expect("option");
    same(
        udp.recv(&mut buffer).map_err(|e| e.kind()),
        Err(ErrorKind::WouldBlock),
        "a datagram does not come",
    );
    drop(listener);
    let refused = TcpStream::connect_timeout(&address, Duration::from_secs(5))
        .map(|_| ())
        .map_err(|e| e.kind());
    same(refused, Err(ErrorKind::ConnectionRefused), "nobody listens");
    done()
}
