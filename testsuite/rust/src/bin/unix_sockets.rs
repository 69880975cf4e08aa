//! `UnixListener`, `UnixStream`, `UnixDatagram`: by path, by abstract name, as a pair. std::os::unix::net.

use rust_programs::{check, done, same};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::thread;

fn main() {
    let directory = std::env::temp_dir().join(format!("rust-unix-{}", std::process::id()));
    std::fs::create_dir(&directory).expect("directory");
    let path = directory.join("socket");
    let listener = UnixListener::bind(&path).expect("bind");
    check(UnixListener::bind(&path).is_err(), "a path is bound once");
    let server = thread::spawn(move || -> std::io::Result<String> {
        let (stream, _) = listener.accept()?;
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line)?;
        (&stream).write_all(line.to_uppercase().as_bytes())?;
        Ok(line)
    });
    let mut client = UnixStream::connect(&path).expect("connect");
    same(
        client
            .peer_addr()
            .ok()
            .and_then(|name| name.as_pathname().map(|p| p == path)),
        Some(true),
        "the peer's path",
    );
    client.write_all(b"a line\n").expect("write");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("read");
    same(answer.as_str(), "A LINE\n", "the answer");
    same(
        server.join().ok().and_then(Result::ok).as_deref(),
        Some("a line\n"),
        "what the server saw",
    );

    let name =
        SocketAddr::from_abstract_name(format!("rust-{}", std::process::id())).expect("name");
    let abstract_one = UnixListener::bind_addr(&name).expect("bind");
    check(UnixStream::connect_addr(&name).is_ok(), "an abstract name");
    drop(abstract_one);
    check(
        UnixStream::connect_addr(&name).is_err(),
        "is gone with its socket",
    );

    let (one, two) = UnixDatagram::pair().expect("pair");
    let mut buffer = [0; 16];
    same(one.send(b"datagram").ok(), Some(8), "a pair's send");
    same(two.recv(&mut buffer).ok(), Some(8), "and receive");
    let receiver = UnixDatagram::bind(directory.join("datagrams")).expect("bind");
    let sender = UnixDatagram::unbound().expect("socket");
    same(
        sender.send_to(b"to", directory.join("datagrams")).ok(),
        Some(2),
        "to a path",
    );
    let (length, from) = receiver.recv_from(&mut buffer).expect("receive");
    check(
        length == 2 && from.is_unnamed(),
        "from nobody in particular",
    );
    std::fs::remove_dir_all(&directory).expect("clean");
    done()
}
