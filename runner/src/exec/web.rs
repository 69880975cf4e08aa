//! A small web server on the host, for programs in the guest that want one: slirp leads
//! 10.0.2.2 to the host's loopback.
//!
//! Started by `dispatch` for a boot with a case whose arguments name [`crate::plan::WEB`];
//! ends with the value. `GET /hello` is a line, `GET /bytes/N` is N bytes, anything sent to
//! `/count` is counted. Connections are kept alive; a thread each.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How long a connection may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// The longest head of a request, and the most bytes that may be asked for.
const LONGEST_HEAD: u64 = 16 * 1024;
const MOST: u64 = 1 << 30;

/// A server that runs until dropped.
pub struct Web {
    port: u16,
    over: Arc<AtomicBool>,
}

impl Web {
    /// Starts one on a free port of the loopback interface.
    ///
    /// # Errors
    /// The host has no port.
    pub fn start() -> io::Result<Web> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if seen.load(Ordering::Relaxed) {
                    break;
                }
                if let Ok(stream) = stream {
                    // A client that goes away is no error of ours.
                    thread::spawn(move || drop(serve(&stream)));
                }
            }
        });
        Ok(Web { port, over })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Wakes the thread, which then sees that it is over.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

/// A request's head.
struct Head {
    method: String,
    path: String,
    length: u64,
    expects: bool,
    closes: bool,
}

/// Answers requests until the client leaves.
fn serve(stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut from = BufReader::new(stream);
    while let Some(head) = head(&mut from)? {
        if head.expects {
            to(stream, b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let counted = io::copy(&mut (&mut from).take(head.length), &mut io::sink())?;
        let asked = head.path.strip_prefix("/bytes/");
        let bytes = asked.and_then(|n| n.parse().ok()).filter(|n| *n <= MOST);
        match (head.path.as_str(), bytes) {
            ("/hello", _) => answer(stream, &head, "200 OK", b"hello from the host\n")?,
            ("/count", _) => {
                let text = format!("{counted} bytes\n");
                answer(stream, &head, "200 OK", text.as_bytes())?;
            }
            (_, Some(bytes)) => {
                begin(stream, "200 OK", bytes)?;
                if head.method != "HEAD" {
                    io::copy(&mut io::repeat(b'x').take(bytes), &mut &*stream)?;
                }
            }
            _ => answer(stream, &head, "404 Not Found", b"not here\n")?,
        }
        if head.closes {
            break;
        }
    }
    stream.shutdown(Shutdown::Write)
}

/// The next head; `None` where the client has left.
fn head(from: &mut BufReader<&TcpStream>) -> io::Result<Option<Head>> {
    let mut lines = from.by_ref().take(LONGEST_HEAD);
    let mut line = String::new();
    if lines.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_string);
    let mut head = Head {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        length: 0,
        expects: false,
        closes: line.contains("HTTP/1.0"),
    };
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line)? == 0 || line.trim().is_empty() {
            return Ok(Some(head));
        }
        let line = line.to_ascii_lowercase();
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        match (name, value.trim()) {
            ("content-length", value) => head.length = value.parse().unwrap_or(0),
            ("expect", "100-continue") => head.expects = true,
            ("connection", "close") => head.closes = true,
            _ => {}
        }
    }
}

fn answer(stream: &TcpStream, head: &Head, status: &str, body: &[u8]) -> io::Result<()> {
    begin(stream, status, body.len() as u64)?;
    match head.method.as_str() {
        "HEAD" => Ok(()),
        _ => to(stream, body),
    }
}

fn begin(stream: &TcpStream, status: &str, length: u64) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n"
    );
    to(stream, head.as_bytes())
}

fn to(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(request: &str) -> String {
        let web = Web::start().expect("a server");
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, web.port())).expect("connected");
        stream.write_all(request.as_bytes()).expect("asked");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("answered");
        text
    }

    #[test]
    fn two_requests_in_one_connection() {
        let text = ask(
            "POST /count HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcdGET /hello HTTP/1.1\r\nConnection: close\r\n\r\n",
        );
        assert!(text.contains("\r\n\r\n4 bytes\n"), "{text}");
        assert!(text.ends_with("hello from the host\n"), "{text}");
    }

    #[test]
    fn bytes_a_head_and_what_is_not_there() {
        let text = ask("GET /bytes/3 HTTP/1.0\r\n\r\n");
        assert!(text.ends_with("\r\n\r\nxxx"), "{text}");
        let text = ask("HEAD /bytes/3 HTTP/1.0\r\n\r\n");
        assert!(
            text.contains("Length: 3\r\n") && text.ends_with("\r\n\r\n"),
            "{text}"
        );
        for path in ["/none", "/bytes/x", "/bytes/99999999999"] {
            let text = ask(&format!("GET {path} HTTP/1.0\r\n\r\n"));
            assert!(text.starts_with("HTTP/1.1 404"), "{path}: {text}");
        }
    }
}
