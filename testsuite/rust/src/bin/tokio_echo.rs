//! An echo server on tokio with sixty clients, each with a timer, and a timeout that ends a wait.

use rust_programs::{check, done, same};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

async fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    let (mut from, mut to) = stream.split();
    tokio::io::copy(&mut from, &mut to).await?;
    to.shutdown().await
}

async fn visit(server: std::net::SocketAddr, number: u64) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(server).await?;
    let mut right = true;
    for round in 0..5u64 {
        sleep(Duration::from_millis((number * 7 + round) % 20)).await;
        let text = vec![(number + round) as u8; 3000];
        stream.write_all(&text).await?;
        let mut back = vec![0; text.len()];
        stream.read_exact(&mut back).await?;
        right &= back == text;
    }
    stream.shutdown().await?;
    let mut rest = Vec::new();
    right &= stream.read_to_end(&mut rest).await? == 0;
    Ok(right)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let server = listener.local_addr().expect("name");
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream));
        }
    });
    let clients: Vec<_> = (0..60)
        .map(|number| tokio::spawn(visit(server, number)))
        .collect();
    let mut right = 0;
    for client in clients {
        right += usize::from(matches!(client.await, Ok(Ok(true))));
    }
    same(right, 60, "sixty clients get back what they sent");

    let mut silent = TcpStream::connect(server).await.expect("connect");
    let begin = Instant::now();
    let mut byte = [0];
    check(
        timeout(Duration::from_millis(100), silent.read(&mut byte))
            .await
            .is_err(),
        "a wait runs out of time",
    );
    check(
        begin.elapsed() >= Duration::from_millis(100),
        "not before it is over",
    );
    silent.write_all(b"x").await.expect("write");
    same(
        timeout(Duration::from_secs(5), silent.read(&mut byte))
            .await
            .ok()
            .and_then(Result::ok),
        Some(1),
        "the stream still works",
    );
    accepting.abort();
    done()
}
