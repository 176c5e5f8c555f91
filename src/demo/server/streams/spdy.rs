//! SPDY/3.1 as far as kubectl and the kubelet speak it: streams within one connection, no flow control; it knows no ports.

mod headers;

use std::collections::HashMap;
use std::io;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use headers::{Packer, Unpacker};

/// How many pieces wait in each direction; more holds the connection up.
const QUEUE: usize = 16;

/// How many streams a client may have open at once.
const MOST_STREAMS: usize = 512;

/// The largest control frame that is read, in bytes.
const LARGEST_CONTROL: usize = 16 << 10;

/// How much of a data frame is handed on at once, in bytes.
const PIECE: usize = 32 << 10;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const FIN: u8 = 1;
const REFUSED_STREAM: u32 = 3;

/// A stream that the client opened.
pub(super) struct Stream {
    /// What it is for; names in lower case.
    pub(super) headers: HashMap<String, String>,
    /// What the client sends; ends when it has said that there is no more.
    pub(super) input: mpsc::Receiver<Bytes>,
    /// What the client gets.
    pub(super) output: Output,
    /// Cancelled once the client wants no more of the stream.
    pub(super) reset: CancellationToken,
}

/// The server's direction of a stream.
#[derive(Debug, Clone)]
pub(super) struct Output {
    id: u32,
    frames: mpsc::Sender<Frame>,
}

/// The connection is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone;

impl Output {
    /// Sends a piece.
    pub(super) async fn send(&self, bytes: Bytes) -> Result<(), Gone> {
        self.frames.send(Frame::Data(self.id, bytes, false)).await.map_err(|_| Gone)
    }

    /// Says that there is no more.
    pub(super) async fn finish(&self) -> Result<(), Gone> {
        self.frames.send(Frame::Data(self.id, Bytes::new(), true)).await.map_err(|_| Gone)
    }
}

/// What the server sends.
#[derive(Debug)]
enum Frame {
    Reply(u32),
    Data(u32, Bytes, bool),
    Refuse(u32),
    Ping(u32),
}

/// Speaks SPDY on this connection until it ends, or until nobody takes its streams any more and all was sent.
pub(super) async fn serve<T>(io: T, streams: mpsc::Sender<Stream>) -> io::Result<()>
where
    T: AsyncRead + AsyncWrite + Send + 'static,
{
    let (from, to) = tokio::io::split(io);
    let (send, frames) = mpsc::channel(QUEUE);
    let reader = Reader { from, streams, frames: send, open: HashMap::new(), unpacker: Unpacker::new() };
    tokio::select! {
        read = reader.run() => read,
        written = write(to, frames) => written,
    }
}

async fn write(mut to: impl AsyncWrite + Unpin, mut frames: mpsc::Receiver<Frame>) -> io::Result<()> {
    let mut packer = Packer::new()?;
    while let Some(frame) = frames.recv().await {
        let bytes = match frame {
            Frame::Reply(id) => control(SYN_REPLY, &[&id.to_be_bytes()[..], &packer.no_headers()?].concat()),
            Frame::Refuse(id) => control(RST_STREAM, &[id.to_be_bytes(), REFUSED_STREAM.to_be_bytes()].concat()),
            Frame::Ping(id) => control(PING, &id.to_be_bytes()),
            Frame::Data(id, bytes, last) => data(id, &bytes, last),
        };
        to.write_all(&bytes).await?;
        to.flush().await?;
    }
    Ok(())
}

/// The version of a control frame with its first bit set, its type, no flags, its length.
fn control(kind: u16, payload: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(payload.len() + 8);
    frame.put_u16(0x8003);
    frame.put_u16(kind);
    frame.put_u8(0);
    frame.put_uint(payload.len() as u64, 3);
    frame.put_slice(payload);
    frame.freeze()
}

fn data(id: u32, bytes: &[u8], last: bool) -> Bytes {
    let mut frame = BytesMut::with_capacity(bytes.len() + 8);
    frame.put_u32(id);
    frame.put_u8(if last { FIN } else { 0 });
    frame.put_uint(bytes.len() as u64, 3);
    frame.put_slice(bytes);
    frame.freeze()
}

/// The client's direction of a stream that is open.
struct Open {
    input: mpsc::Sender<Bytes>,
    reset: CancellationToken,
}

struct Reader<T> {
    from: T,
    streams: mpsc::Sender<Stream>,
    frames: mpsc::Sender<Frame>,
    open: HashMap<u32, Open>,
    unpacker: Unpacker,
}

impl<T: AsyncRead + Unpin> Reader<T> {
    async fn run(mut self) -> io::Result<()> {
        loop {
            let first = match self.from.read_u32().await {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                first => first?,
            };
            let flags_and_length = self.from.read_u32().await?;
            let [flags, length @ ..] = flags_and_length.to_be_bytes();
            let length = length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            if first >> 31 == 0 {
                self.data(first, length, flags & FIN != 0).await?;
                continue;
            }
            if length > LARGEST_CONTROL {
                return Err(invalid("a control frame is too large"));
            }
            let mut payload = vec![0; length];
            self.from.read_exact(&mut payload).await?;
            let kind = u16::try_from(first & 0xffff).unwrap_or(0);
            if !self.control(kind, flags, &payload).await? {
                return Ok(());
            }
        }
    }

    /// Hands the bytes of a data frame on as they come; those of a stream that is not open are passed over.
    async fn data(&mut self, id: u32, mut length: usize, last: bool) -> io::Result<()> {
        while length > 0 {
            let mut piece = BytesMut::zeroed(length.min(PIECE));
            self.from.read_exact(&mut piece).await?;
            length -= piece.len();
            if let Some(open) = self.open.get(&id)
                && open.input.send(piece.freeze()).await.is_err()
            {
                self.open.remove(&id);
            }
        }
        if last {
            self.open.remove(&id);
        }
        Ok(())
    }

    /// Whether to go on.
    async fn control(&mut self, kind: u16, flags: u8, payload: &[u8]) -> io::Result<bool> {
        let id = |at: usize| -> io::Result<u32> {
            let four = payload.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            four.map(u32::from_be_bytes).ok_or_else(|| invalid("a control frame is too short"))
        };
        match kind {
            SYN_STREAM => {
                let id = id(0)? & 0x7fff_ffff;
                // the blocks of all streams are one compressed text, so each must be read
                let block = payload.get(10..).ok_or_else(|| invalid("a stream has no headers"))?;
                let headers = self.unpacker.headers(block)?;
                if self.open.len() >= MOST_STREAMS {
                    return Ok(self.frames.send(Frame::Refuse(id)).await.is_ok());
                }
                let (send, input) = mpsc::channel(QUEUE);
                let reset = CancellationToken::new();
                let output = Output { id, frames: self.frames.clone() };
                let stream = Stream { headers, input, output, reset: reset.clone() };
                if flags & FIN == 0 {
                    self.open.insert(id, Open { input: send, reset });
                }
                Ok(self.frames.send(Frame::Reply(id)).await.is_ok() && self.streams.send(stream).await.is_ok())
            }
            RST_STREAM => {
                if let Some(open) = self.open.remove(&(id(0)? & 0x7fff_ffff)) {
                    open.reset.cancel();
                }
                Ok(true)
            }
            PING => Ok(self.frames.send(Frame::Ping(id(0)?)).await.is_ok()),
            _ => Ok(true),
        }
    }
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_stream_is_opened_carried_and_closed() {
        let (mut near, far) = tokio::io::duplex(1 << 16);
        let (send, mut streams) = mpsc::channel(4);
        let served = tokio::spawn(serve(far, send));
        let block = headers::pack_for_test(&[("streamtype", "data"), ("port", "80")]);
        let open = [&1_u32.to_be_bytes()[..], &[0; 6], &block].concat();
        near.write_all(&control(SYN_STREAM, &open)).await.unwrap();
        near.write_all(&data(1, b"ping", false)).await.unwrap();
        near.write_all(&data(1, b"", true)).await.unwrap();
        near.write_all(&control(PING, &7_u32.to_be_bytes())).await.unwrap();
        let mut stream = streams.recv().await.unwrap();
        assert_eq!(stream.headers["port"], "80");
        assert_eq!(stream.input.recv().await.unwrap(), "ping");
        assert!(stream.input.recv().await.is_none());
        stream.output.send(Bytes::from_static(b"pong")).await.unwrap();
        stream.output.finish().await.unwrap();
        let mut kinds = Vec::new();
        for _ in 0..4 {
            let (first, rest) = (near.read_u32().await.unwrap(), near.read_u32().await.unwrap());
            let mut payload = vec![0; rest as usize & 0x00ff_ffff];
            near.read_exact(&mut payload).await.unwrap();
            kinds.push((first, rest >> 24, payload));
        }
        assert_eq!((kinds[0].0, &kinds[0].2[..4]), (0x8003_0002, &[0, 0, 0, 1][..]));
        assert_eq!(kinds[1], (0x8003_0006, 0, vec![0, 0, 0, 7]));
        assert_eq!(kinds[2], (1, 0, b"pong".to_vec()));
        assert_eq!(kinds[3], (1, 1, Vec::new()));
        drop(near);
        served.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn nonsense_ends_the_connection_and_nothing_else() {
        for nonsense in [vec![0xff; 64], control(SYN_STREAM, &[0; 12]).to_vec(), control(PING, b"").to_vec()] {
            let (mut near, far) = tokio::io::duplex(1 << 16);
            let (send, _streams) = mpsc::channel(4);
            let served = tokio::spawn(serve(far, send));
            near.write_all(&nonsense).await.unwrap();
            assert!(served.await.unwrap().is_err());
        }
    }
}
