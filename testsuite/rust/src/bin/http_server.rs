//! An HTTP/1.1 server on blocking sockets, a thread a connection, as small examples of kernels and unikernels have it; clients
//! ask for pages, several on one connection, and for one that is missing. RFC 9112.

use rust_programs::{check, done, same};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

const PAGE: &str = "<html><head><title>Hello</title></head><body>Hello over TCP</body></html>";

fn answer(stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut keep = true;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            keep &= !header.eq_ignore_ascii_case("connection: close\r\n");
            if header.trim().is_empty() {
                break;
            }
        }
        let (status, body) = match request.split(' ').nth(1) {
            Some("/") => ("200 OK", PAGE.to_string()),
            Some("/long") => ("200 OK", PAGE.repeat(2000)),
            _ => ("404 Not Found", String::new()),
        };
        write!(
            writer,
            "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )?;
        if !keep {
            return Ok(());
        }
    }
}

/// Status and body of one request on `stream`.
fn get(
    stream: &mut BufReader<TcpStream>,
    path: &str,
    last: bool,
) -> std::io::Result<(String, String)> {
    let end = if last { "Connection: close\r\n" } else { "" };
    write!(
        stream.get_mut(),
        "GET {path} HTTP/1.1\r\nHost: here\r\n{end}\r\n"
    )?;
    let (mut status, mut length) = (String::new(), 0);
    stream.read_line(&mut status)?;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header)?;
        if let Some(text) = header.strip_prefix("Content-Length: ") {
            length = text.trim().parse().unwrap_or(0);
        }
        if header.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((
        status.trim().to_string(),
        String::from_utf8_lossy(&body).into_owned(),
    ))
}

fn visit(server: SocketAddr) -> std::io::Result<bool> {
    let mut stream = BufReader::new(TcpStream::connect(server)?);
    let first = get(&mut stream, "/", false)?;
    let long = get(&mut stream, "/long", false)?;
    let missing = get(&mut stream, "/nothing", true)?;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest)?;
    Ok(first == ("HTTP/1.1 200 OK".to_string(), PAGE.to_string())
        && long.1.len() == PAGE.len() * 2000
        && missing.0.ends_with("404 Not Found")
        && rest.is_empty())
}

fn main() {
    let listener = TcpListener::bind("0.0.0.0:0").expect("bind");
    let port = listener.local_addr().expect("name").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || answer(stream));
        }
    });
    let server = SocketAddr::from(([127, 0, 0, 1], port));
    let visitors: Vec<_> = (0..8)
        .map(|_| thread::spawn(move || visit(server)))
        .collect();
    let content = visitors
        .into_iter()
        .filter_map(|visitor| visitor.join().ok()?.ok())
        .filter(|good| *good)
        .count();
    same(
        content,
        8,
        "eight visitors, three pages each on one connection",
    );
    check(visit(server).unwrap_or(false), "and one more");
    done()
}
