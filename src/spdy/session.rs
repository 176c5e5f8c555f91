//! One connection: frames read and written, streams handed out as the peer opens them, or opened on the peer's side.

use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader, copy, sink};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::frame::{Away, Frame, Head, INITIAL_WINDOW_SIZE, Reset};
use super::header::{Folder, Headers, Malformed, Unfolder};
use super::side::Side;
use super::stream::{Gone, Outlet, Stream};
use super::table::{Destination, Table};

/// How many frames without bytes wait to be written; then whoever causes more of them waits.
const CONTROL_QUEUE: usize = 64;

/// How many DATA frames wait to be written, of all streams together.
const DATA_QUEUE: usize = 8;

/// How much is read from the connection at once, in bytes.
const PIECE: usize = 16 << 10;

/// After so long without a word the peer is asked for one: writing is what shows that it is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// How long a peer that broke the protocol has to read why.
const GOODBYE: Duration = Duration::from_secs(2);

/// Serves a connection: the streams that the peer opens, and what has to be driven for them to move. It ends when the
/// connection does; the error is for the log.
pub(crate) fn serve<R, W>(reader: R, writer: W) -> (mpsc::Receiver<Stream>, impl Future<Output = io::Result<()>>)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (opened, streams) = mpsc::channel(1);
    let (_, driver) = connection(Side::Server, Some(opened), reader, writer);
    (streams, driver)
}

/// Begins a connection as its client: what opens streams, and what has to be driven for them to move. It ends when the
/// connection does, and all streams with it; the error says why.
pub(crate) fn connect<R, W>(reader: R, writer: W) -> (Opener, impl Future<Output = io::Result<()>>)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (outlet, driver) = connection(Side::Client, None, reader, writer);
    (Opener { outlet, order: Mutex::new(()) }, driver)
}

/// Opens streams on the peer's side.
#[derive(Debug)]
pub(crate) struct Opener {
    outlet: Outlet,
    /// Held while a stream gets its number and is announced: numbers have to reach the peer in their order.
    order: Mutex<()>,
}

impl Opener {
    /// Opens a stream and waits until the peer has taken it.
    pub(crate) async fn open(&self, headers: Headers) -> Result<Stream, Gone> {
        let place = self.outlet.control.reserve().await.map_err(|_| Gone)?;
        let opened = {
            let _ordered = self.order.lock().unwrap_or_else(PoisonError::into_inner);
            let begun = self.outlet.table.begin();
            if let Some((id, _)) = &begun {
                place.send(Frame::SynStream { stream: *id, fin: false, headers });
            }
            begun
        };
        let (id, opened) = opened.ok_or(Gone)?;
        let (accepted, reset) = (opened.accepted.clone(), opened.reset.clone());
        let stream = Stream::new(id, Headers::default(), opened, self.outlet.clone());
        tokio::select! {
            () = accepted.cancelled() => Ok(stream),
            () = reset.cancelled() => Err(Gone),
        }
    }

    /// Whether the connection has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.outlet.control.is_closed()
    }

    /// Whether nothing is read from the connection because a stream's reader takes nothing, and has not for a while.
    pub(crate) fn is_held_up(&self) -> bool {
        self.outlet.table.hold.is_long()
    }
}

fn connection<R, W>(
    side: Side,
    opened: Option<mpsc::Sender<Stream>>,
    reader: R,
    writer: W,
) -> (Outlet, impl Future<Output = io::Result<()>>)
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (control, control_queue) = mpsc::channel(CONTROL_QUEUE);
    let (data, data_queue) = mpsc::channel(DATA_QUEUE);
    let table = Arc::new(Table::new(side));
    let outlet = Outlet { table: Arc::clone(&table), control, data };
    let reader = BufReader::with_capacity(PIECE, reader);
    let receiver = Receiver { reader, unfolder: Unfolder::new(), outlet: outlet.clone(), opened };
    let sender = send(writer, Arc::clone(&table), control_queue, data_queue);
    let driver = async move {
        let ended = run(receiver, sender).await;
        table.end();
        ended
    };
    (outlet, driver)
}

async fn run<R: AsyncRead + Unpin>(
    mut receiver: Receiver<R>,
    sender: impl Future<Output = io::Result<()>>,
) -> io::Result<()> {
    let mut sender = pin!(sender);
    let ended = tokio::select! {
        ended = receiver.run() => ended,
        failed = &mut sender => return failed,
    };
    let malformed = match ended {
        Ok(()) => return Ok(()),
        Err(End::Lost(error)) => return Err(error),
        Err(End::Malformed(malformed)) => malformed,
    };
    let last = receiver.outlet.table.last();
    let away = Away::ProtocolError;
    let farewell = async {
        let away = Frame::GoAway { last, away };
        // the sender ends after it
        if receiver.outlet.control.send(away).await.is_ok() && sender.await.is_ok() {
            // closing while bytes wait to be read could take the farewell away from the peer
            let _ = copy(&mut receiver.reader, &mut sink()).await;
        }
    };
    let _ = timeout(GOODBYE, farewell).await;
    Err(io::Error::new(io::ErrorKind::InvalidData, format!("the other side broke SPDY: {malformed}")))
}

/// Writes what the queues hold until a GOAWAY was written.
async fn send<W: AsyncWrite + Unpin>(
    mut writer: W,
    table: Arc<Table>,
    mut control: mpsc::Receiver<Frame>,
    mut data: mpsc::Receiver<Frame>,
) -> io::Result<()> {
    let mut folder = Folder::new()?;
    let mut wire = Vec::new();
    let mut ping = if table.side() == Side::Client { 1 } else { 2 };
    loop {
        let frames = tokio::select! {
            biased;
            Some(frame) = control.recv() => vec![frame],
            due = table.due() => due
                .into_iter()
                .map(|(stream, bytes)| Frame::WindowUpdate { stream, bytes })
                .collect(),
            Some(frame) = data.recv() => vec![frame],
            () = sleep(KEEP_ALIVE) => {
                let due = Frame::Ping(ping);
                ping = if ping > u32::MAX - 2 { ping % 2 + 2 } else { ping + 2 };
                vec![due]
            }
        };
        wire.clear();
        for frame in &frames {
            frame.write(&mut folder, &mut wire)?;
        }
        writer.write_all(&wire).await?;
        if matches!(frames[..], [Frame::GoAway { .. }]) {
            return writer.shutdown().await;
        }
        if control.is_empty() && data.is_empty() {
            writer.flush().await?;
        }
    }
}

/// Why nothing more is read.
enum End {
    Lost(io::Error),
    Malformed(Malformed),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl From<Malformed> for End {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// The reading half.
struct Receiver<R> {
    reader: BufReader<R>,
    unfolder: Unfolder,
    outlet: Outlet,
    /// Takes the streams that the peer opens; `None` where it may open none.
    opened: Option<mpsc::Sender<Stream>>,
}

impl<R: AsyncRead + Unpin> Receiver<R> {
    /// Reads until the peer closes the connection.
    async fn run(&mut self) -> Result<(), End> {
        let mut piece = vec![0; PIECE];
        loop {
            let mut head = [0; Head::LENGTH];
            match self.reader.read_exact(&mut head).await {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
                read => read?,
            };
            match Head::read(head)? {
                Head::Data { stream, fin, length } => {
                    self.data(stream, length, &mut piece).await?;
                    if fin {
                        self.outlet.table.peer_is_done(stream);
                    }
                }
                Head::Control { kind, flags, length } => {
                    // at most as long as a piece
                    let payload = &mut piece[..length as usize];
                    self.reader.read_exact(payload).await?;
                    if let Some(frame) = Frame::read(kind, flags, payload, &mut self.unfolder)? {
                        self.control(frame).await?;
                    }
                }
            }
        }
    }

    /// Reads what a stream carries, a piece at a time. A stream whose reader is slow and whose client heeds no windows
    /// holds up the whole connection, as there is nothing else that would hold up the client.
    async fn data(&mut self, stream: u32, length: u32, piece: &mut [u8]) -> Result<(), End> {
        let table = Arc::clone(&self.outlet.table);
        let mut pipe = match table.destination(stream) {
            Destination::Pipe(pipe) => Some(pipe),
            Destination::Nowhere => None,
            Destination::Wrong(reset) => {
                self.outlet.reset(stream, reset).await;
                None
            }
        };
        let mut left = length as usize;
        while left > 0 {
            let wanted = left.min(piece.len());
            let read = self.reader.read(&mut piece[..wanted]).await?;
            if read == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            left -= read;
            table.received(read);
            if let Some(into) = &mut pipe {
                let _held_up = table.hold.begin();
                if into.write_all(&piece[..read]).await.is_err() {
                    // nobody reads on; the peer may say the rest all the same
                    pipe = None;
                }
            }
            if pipe.is_none() {
                table.consumed(stream, read);
            }
        }
        if let Some(pipe) = pipe {
            table.give_back(stream, pipe);
        }
        Ok(())
    }

    async fn control(&mut self, frame: Frame) -> Result<(), End> {
        let table = &self.outlet.table;
        match frame {
            Frame::SynStream { stream, fin, headers } => {
                self.open(stream, fin, headers).await?;
            }
            Frame::SynReply { stream, fin, .. } => {
                if !table.accepted(stream) {
                    return Err(Malformed("a reply to a stream that nobody opened").into());
                }
                if fin {
                    table.peer_is_done(stream);
                }
            }
            Frame::RstStream { stream, .. } => {
                table.remove(stream);
            }
            Frame::Settings(settings) => {
                for (id, value) in settings {
                    if id == INITIAL_WINDOW_SIZE {
                        table.set_initial(value)?;
                    }
                }
            }
            // Ours that come back are answers.
            Frame::Ping(id) if !table.side().owns(id) => self.outlet.say(Frame::Ping(id)).await,
            Frame::Headers { stream, fin: true, .. } => table.peer_is_done(stream),
            Frame::WindowUpdate { stream, bytes } => {
                if let Some(reset) = table.grant(stream, bytes)? {
                    self.outlet.reset(stream, reset).await;
                }
            }
            // a peer that goes away closes the connection when its streams are done
            Frame::Ping(_) | Frame::Headers { .. } | Frame::GoAway { .. } | Frame::Data { .. } => {}
        }
        Ok(())
    }

    async fn open(&mut self, stream: u32, fin: bool, headers: Headers) -> Result<(), Malformed> {
        let Some(takes) = &self.opened else {
            return Err(Malformed("a stream that was not asked for"));
        };
        let Some(opened) = self.outlet.table.open(stream)? else {
            self.outlet.reset(stream, Reset::Refused).await;
            return Ok(());
        };
        if fin {
            self.outlet.table.peer_is_done(stream);
        }
        let stream = Stream::new(stream, headers, opened, self.outlet.clone());
        // whoever does not take streams any more is about to drop this too
        let _ = takes.send(stream).await;
        Ok(())
    }
}
