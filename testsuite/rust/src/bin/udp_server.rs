//! A UDP server that answers each datagram with a word and the datagram, as small examples of kernels and unikernels have it,
//! until one says it is the last. std::net.

use rust_programs::{done, same};
use std::net::UdpSocket;
use std::thread;
use std::time::Duration;

fn serve(socket: UdpSocket) -> std::io::Result<usize> {
    let mut buffer = [0; 1500];
    let mut served = 0;
    loop {
        let (length, peer) = socket.recv_from(&mut buffer)?;
        let mut answer = b"received: ".to_vec();
        answer.extend_from_slice(&buffer[..length]);
        socket.send_to(&answer, peer)?;
        served += 1;
        if &buffer[..length] == b"last" {
            return Ok(served);
        }
    }
}

fn main() {
    let server = UdpSocket::bind("0.0.0.0:0").expect("bind");
    let port = server.local_addr().expect("name").port();
    let serving = thread::spawn(move || serve(server));
    let clients: Vec<UdpSocket> = (0..5)
        .map(|_| UdpSocket::bind("127.0.0.1:0").expect("bind"))
        .collect();
    let mut right = 0;
    for round in 0..20 {
        for (number, client) in clients.iter().enumerate() {
            client
                .set_read_timeout(Some(Duration::from_secs(5)))
                .expect("option");
            let text = if (round, number) == (19, 4) {
                "last".to_string()
            } else {
                format!("{round}/{number}")
            };
            client
                .send_to(text.as_bytes(), ("127.0.0.1", port))
                .expect("send");
            let mut buffer = [0; 1500];
            let got = client
                .recv_from(&mut buffer)
                .map(|(length, from)| (buffer[..length].to_vec(), from.port()));
            right +=
                usize::from(got.ok() == Some((format!("received: {text}").into_bytes(), port)));
        }
    }
    same(right, 100, "a hundred answers");
    same(
        serving.join().ok().and_then(Result::ok),
        Some(100),
        "a hundred questions",
    );
    done()
}
