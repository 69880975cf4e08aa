//! A threaded echo server on `TcpListener`, and ten clients at once. std::net.

use rust_programs::{check, done, same};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

fn serve(mut stream: TcpStream) -> std::io::Result<u64> {
    let mut copy = stream.try_clone()?;
    std::io::copy(&mut stream, &mut copy)
}

fn round(server: std::net::SocketAddr, number: u8) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(server)?;
    let sent: Vec<u8> = (0..50_000u32)
        .map(|i| (i as u8).wrapping_mul(number))
        .collect();
    let mut writer = stream.try_clone()?;
    let whole = sent.clone();
    let writing = thread::spawn(move || {
        writer.write_all(&whole)?;
        writer.shutdown(Shutdown::Write)
    });
    let mut received = Vec::new();
    stream.read_to_end(&mut received)?;
    let wrote = writing.join().is_ok_and(|result| result.is_ok());
    Ok(wrote && received == sent)
}

fn main() {
    for host in ["127.0.0.1:0", "[::1]:0"] {
        let listener = TcpListener::bind(host).expect("bind");
        let address = listener.local_addr().expect("address");
        let serving = thread::spawn(move || {
            let served: Vec<_> = listener
                .incoming()
                .take(10)
                .map(|stream| thread::spawn(move || serve(stream?)))
                .collect();
            served
                .into_iter()
                .all(|thread| matches!(thread.join(), Ok(Ok(50_000))))
        });
        let clients: Vec<_> = (1..=10)
            .map(|n| thread::spawn(move || round(address, n)))
            .collect();
        let right = clients
            .into_iter()
            .filter_map(|client| client.join().ok()?.ok())
            .filter(|good| *good)
            .count();
        same(
            right,
            10,
            &format!("ten clients of {host} get back what they sent"),
        );
        check(serving.join().unwrap_or(false), "the server saw every byte");
    }
    done()
}
