//! The web server of the walk-through: each request leaves a file under `/app/requests`.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::UnixListener;

use super::{root, say, shares_network};
use crate::demo::listen::listen;
use crate::demo::sandbox::port_socket;

/// No request's head is longer.
const LONGEST_HEAD: usize = 16 * 1024;

/// Serves until it is told to end.
pub(super) async fn run(port: u16) -> io::Result<()> {
    let directory = root().join("app/requests");
    std::fs::create_dir_all(&directory)?;
    serve(port, move |number, line| {
        let now = Timestamp::now();
        let name = now.strftime("%Y%m%dT%H%M%SZ");
        let path = directory.join(format!("{name}-{number:04}.txt"));
        let written = std::fs::write(&path, format!("{line}\n"));
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match written {
            Ok(()) => (200, format!("Hello from the pod. This was request {number}, kept in /app/requests/{file}\n")),
            Err(error) => (500, format!("cannot keep the request: {error}\n")),
        }
    })
    .await
}

/// Answers every request with what `answer` says of it: (its number, its first line) → (status, body).
pub(super) async fn serve(port: u16, mut answer: impl FnMut(u64, &str) -> (u16, String)) -> io::Result<()> {
    let mut number = 0;
    let mut answered = |line: &str| {
        number += 1;
        let (status, body) = answer(number, line);
        say(&format!("{} {line} {status}", Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ")));
        (status, body)
    };
    if shares_network() {
        let path = port_socket(&root(), port);
        let listener = UnixListener::bind(&path)?;
        say(&format!("Server running at {}", path.display()));
        loop {
            let (stream, _) = listener.accept().await?;
            talk(stream, &mut answered).await;
        }
    }
    let listener = listen((Ipv4Addr::UNSPECIFIED, port).into())?;
    say(&format!("Server running at http://0.0.0.0:{port}/"));
    loop {
        let (stream, _) = listener.accept().await?;
        talk(stream, &mut answered).await;
    }
}

/// One request, one answer. One at a time, and nobody may hold the others up for long.
async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &mut impl FnMut(&str) -> (u16, String)) {
    let head = tokio::time::timeout(Duration::from_secs(5), read_head(&mut stream)).await;
    let Ok(Ok(line)) = head else { return };
    let (status, body) = answer(&line);
    let reason = if status == 200 { "OK" } else { "Internal Server Error" };
    let length = body.len();
    let reply = format!(
        "HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    // a client that does not read its answer has its own reasons
    let _ = tokio::time::timeout(Duration::from_secs(5), async {
        stream.write_all(reply.as_bytes()).await?;
        stream.shutdown().await
    })
    .await;
}

/// The first line of a request, once its whole head is there.
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if head.len() > LONGEST_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line: String = String::from_utf8_lossy(line).chars().filter(|c| !c.is_control()).collect();
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_is_answered_and_the_connection_closed() {
        let (mut near, far) = tokio::io::duplex(4096);
        near.write_all(b"GET /orders HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        talk(far, &mut |line| (200, format!("saw {line}"))).await;
        let mut reply = String::new();
        near.read_to_string(&mut reply).await.unwrap();
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
        assert!(reply.ends_with("\r\n\r\nsaw GET /orders HTTP/1.1"), "{reply}");
    }

    #[tokio::test]
    async fn a_head_without_end_is_given_up() {
        let mut endless = tokio::io::repeat(b'x');
        assert!(read_head(&mut endless).await.is_err());
    }
}
