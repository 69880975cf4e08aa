//! tokio's datagrams, UNIX sockets, `select!` and name lookup in one runtime.

use rust_programs::{check, done, same};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UdpSocket, UnixListener, UnixStream, lookup_host};
use tokio::sync::mpsc;
use tokio::time::{interval, sleep};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (one, two) = (
        UdpSocket::bind("127.0.0.1:0").await.expect("bind"),
        UdpSocket::bind("127.0.0.1:0").await.expect("bind"),
    );
    let to = two.local_addr().expect("name");
    let sending = tokio::spawn(async move {
        let mut tick = interval(Duration::from_millis(5));
        for number in 0..20u8 {
            tick.tick().await;
            one.send_to(&[number], to).await?;
        }
        std::io::Result::Ok(())
    });
    let (mut next, mut buffer) = (0, [0; 8]);
    let end = sleep(Duration::from_secs(10));
    tokio::pin!(end);
    while next < 20 {
        tokio::select! {
            () = &mut end => break,
            got = two.recv_from(&mut buffer) => {
                check(got.is_ok_and(|(length, _)| length == 1 && buffer[0] == next), "datagrams in order");
                next += 1;
            }
        }
    }
    same(next, 20, "twenty datagrams before the time was over");
    check(matches!(sending.await, Ok(Ok(()))), "all sent");

    let path = std::env::temp_dir().join(format!("tokio-{}", std::process::id()));
    let listener = UnixListener::bind(&path).expect("bind");
    let (lines, mut heard) = mpsc::channel(4);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        while stream.read_line(&mut line).await? > 0 {
            let _ = lines.send(std::mem::take(&mut line)).await;
        }
        stream.get_mut().write_all(b"bye").await
    });
    let mut client = UnixStream::connect(&path).await.expect("connect");
    client.write_all(b"one\ntwo\n").await.expect("write");
    client.shutdown().await.expect("shutdown");
    same(
        heard.recv().await.as_deref(),
        Some("one\n"),
        "the first line",
    );
    same(heard.recv().await.as_deref(), Some("two\n"), "the second");
    let mut rest = String::new();
    same(
        client.read_to_string(&mut rest).await.ok(),
        Some(3),
        "the answer after the end",
    );
    let _ = std::fs::remove_file(&path);

    let found = lookup_host("localhost:9")
        .await
        .map(|all| all.count())
        .unwrap_or(0);
    check(found > 0, "localhost by the blocking pool");
    done()
}
