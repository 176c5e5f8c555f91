//! Moves one session's bytes between its transport and the console, bounded both ways; it never looks into them.

mod queue;
mod tempo;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::queue::InputQueue;
pub use self::queue::{Full, INPUT_LIMIT};
pub use self::tempo::Attention;
use self::tempo::Tempo;
use super::{End, Incoming, Link, Outgoing, SessionId, Transport};

/// How many bytes of one session's output may wait unread.
pub const UNREAD_LIMIT: usize = 256 * 1024;
/// The largest piece of output handed over at once, so that a drawing loop keeps its pace.
const CHUNK_LIMIT: usize = 32 * 1024;

/// What a session reports.
#[derive(Debug)]
pub enum SessionUpdate {
    /// Bytes to show.
    Output(Chunk),
    /// The connection broke or stands again; in its place between the output.
    Link(Link),
    /// The last update of a session; exactly one comes.
    Ended(End),
}

/// A piece of output. While it is held its bytes count against [`UNREAD_LIMIT`]; dropping it lets the session go on.
#[derive(Debug)]
pub struct Chunk {
    bytes: Bytes,
    past: bool,
    _permit: OwnedSemaphorePermit,
}

impl Chunk {
    /// The bytes, at most 32 KiB.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Whether this was printed earlier and comes from a log, so that no question in it is answered any more.
    pub fn is_past(&self) -> bool {
        self.past
    }
}

/// The console's end of a running session. Dropping it detaches.
#[derive(Debug)]
pub struct SessionHandle {
    queue: Arc<InputQueue>,
    typed: Attention,
    stop: CancellationToken,
    _detach_on_drop: DropGuard,
}

impl SessionHandle {
    /// Sends bytes to the far end's standard input; what comes after its end or the session's is dropped.
    ///
    /// # Errors
    /// [`Full`] while 256 KiB wait already; nothing of `bytes` was taken then.
    pub fn input(&self, bytes: Bytes) -> Result<(), Full> {
        self.queue.push_input(bytes)
    }

    /// A person types into this session: what it prints gives way to nobody. Its terminal's own answers are none of
    /// their doing.
    pub fn attended(&self) {
        self.typed.given();
    }

    /// Tells the far end its terminal's size, after the input given before; only the newest of several is sent.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.queue.push_resize(columns, rows);
    }

    /// Tells the size twice, one cell larger first: a shell draws its prompt again when its terminal changes, as kubectl
    /// knows.
    pub fn redraw(&self, columns: u16, rows: u16) {
        self.queue.push_redraw(columns, rows);
    }

    /// Ends the far end's standard input; its output goes on.
    pub fn close_input(&self) {
        self.queue.close_input();
    }

    /// Lets go of the stream; the process may go on. The session reports [`End::Detached`].
    pub fn detach(&self) {
        self.stop.cancel();
    }
}

/// Starts moving bytes. `past` (what was printed before) is reported first, under the same bound. While `person` has the
/// attention of somebody who does not type into this session, a flood of it gives way to them.
///
/// Must be called within a tokio runtime.
pub fn spawn(
    id: SessionId,
    transport: Transport,
    past: Option<Bytes>,
    updates: mpsc::UnboundedSender<(SessionId, SessionUpdate)>,
    person: Attention,
) -> SessionHandle {
    let typed = Attention::default();
    let tempo = Tempo::new(person, typed.clone());
    let queue = Arc::new(InputQueue::default());
    let stop = CancellationToken::new();
    let Transport { incoming, outgoing } = transport;
    let writer_stop = stop.clone();
    let writer_queue = Arc::clone(&queue);
    tokio::spawn(async move {
        tokio::select! {
            () = write(&writer_queue, &outgoing) => {}
            () = writer_stop.cancelled() => {}
        }
        writer_queue.finish();
    });
    let reader_stop = stop.clone();
    tokio::spawn(async move {
        let mut reader = Reader { id, updates, unread: Arc::new(Semaphore::new(UNREAD_LIMIT)), tempo };
        let end = tokio::select! {
            biased;
            () = reader_stop.cancelled() => Some(End::Detached),
            end = reader.read(incoming, past) => end,
        };
        if let Some(end) = end {
            // Nobody listening means that the console is closing.
            let _ = reader.updates.send((id, SessionUpdate::Ended(end)));
        }
        reader_stop.cancel();
    });
    SessionHandle { queue, typed, _detach_on_drop: stop.clone().drop_guard(), stop }
}

struct Reader {
    id: SessionId,
    updates: mpsc::UnboundedSender<(SessionId, SessionUpdate)>,
    unread: Arc<Semaphore>,
    tempo: Tempo,
}

impl Reader {
    /// Hands output over until the stream ends; `None` once nobody listens.
    async fn read(&mut self, mut incoming: mpsc::Receiver<Incoming>, past: Option<Bytes>) -> Option<End> {
        if let Some(past) = past {
            self.hand_over(past, true).await?;
        }
        while let Some(next) = incoming.recv().await {
            match next {
                Incoming::Output(bytes) | Incoming::ErrorOutput(bytes) => self.hand_over(bytes, false).await?,
                Incoming::Past(bytes) => self.hand_over(bytes, true).await?,
                Incoming::Link(link) => self.updates.send((self.id, SessionUpdate::Link(link))).ok()?,
                Incoming::Ended(end) => return Some(end),
            }
        }
        Some(End::Lost { reason: "the stream stopped without saying why".to_owned() })
    }

    async fn hand_over(&mut self, mut bytes: Bytes, past: bool) -> Option<()> {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(CHUNK_LIMIT));
            let length = piece.len();
            let size = u32::try_from(length).ok()?;
            let permit = Arc::clone(&self.unread).acquire_many_owned(size).await.ok()?;
            let chunk = Chunk { bytes: piece, past, _permit: permit };
            self.updates.send((self.id, SessionUpdate::Output(chunk))).ok()?;
            if !past {
                self.tempo.took(length).await;
            }
        }
        Some(())
    }
}

async fn write(queue: &InputQueue, outgoing: &mpsc::Sender<Outgoing>) {
    loop {
        queue.filled().await;
        // The place is taken before the item is, so that a resize waiting for it can still be replaced by a newer one.
        let Ok(place) = outgoing.reserve().await else {
            return;
        };
        if let Some(item) = queue.pop() {
            place.send(item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{queue::INPUT_PIECES, *};

    const ID: SessionId = SessionId(7);

    struct Bench {
        handle: SessionHandle,
        far_output: mpsc::Sender<Incoming>,
        far_input: mpsc::Receiver<Outgoing>,
        updates: mpsc::UnboundedReceiver<(SessionId, SessionUpdate)>,
    }

    fn bench(past: Option<&'static str>, outgoing_places: usize) -> Bench {
        let (far_output, incoming) = mpsc::channel(4);
        let (outgoing, far_input) = mpsc::channel(outgoing_places);
        let (sender, updates) = mpsc::unbounded_channel();
        let past = past.map(|text| Bytes::from_static(text.as_bytes()));
        let handle = spawn(ID, Transport { incoming, outgoing }, past, sender, Attention::default());
        Bench { handle, far_output, far_input, updates }
    }

    async fn next_text(bench: &mut Bench) -> String {
        match bench.updates.recv().await {
            Some((ID, SessionUpdate::Output(chunk))) => String::from_utf8_lossy(chunk.bytes()).into_owned(),
            other => panic!("no output but {other:?}"),
        }
    }

    async fn next_end(bench: &mut Bench) -> End {
        match bench.updates.recv().await {
            Some((ID, SessionUpdate::Ended(end))) => end,
            other => panic!("no end but {other:?}"),
        }
    }

    #[tokio::test]
    async fn the_past_comes_first_and_the_end_last() {
        let mut bench = bench(Some("before\n"), 4);
        bench.far_output.send(Incoming::Output(Bytes::from_static(b"now\n"))).await.unwrap();
        bench.far_output.send(Incoming::Ended(End::Exited { code: 3 })).await.unwrap();
        assert_eq!(next_text(&mut bench).await, "before\n");
        assert_eq!(next_text(&mut bench).await, "now\n");
        assert_eq!(next_end(&mut bench).await, End::Exited { code: 3 });
        assert!(bench.updates.recv().await.is_none());
    }

    #[tokio::test]
    async fn a_stream_that_just_stops_is_lost() {
        let mut bench = bench(None, 4);
        drop(std::mem::replace(&mut bench.far_output, mpsc::channel(1).0));
        assert!(matches!(next_end(&mut bench).await, End::Lost { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_waits_for_its_reader_and_input_does_not() {
        let mut bench = bench(None, 4);
        let far_output = bench.far_output.clone();
        let flood = tokio::spawn(async move {
            let mut sent = 0;
            while sent < 4 * UNREAD_LIMIT {
                far_output.send(Incoming::Output(Bytes::from(vec![b'x'; 50_000]))).await.unwrap();
                sent += 50_000;
            }
        });
        bench.handle.input(Bytes::from_static(b"\x03")).unwrap();
        assert_eq!(bench.far_input.recv().await, Some(Outgoing::Input(Bytes::from_static(b"\x03"))));
        // Paused time moves only once every task waits: by then all that may be queued is queued.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert!(!flood.is_finished());
        let mut held = Vec::new();
        while let Ok((_, SessionUpdate::Output(chunk))) = bench.updates.try_recv() {
            held.push(chunk);
        }
        let unread: usize = held.iter().map(|chunk| chunk.bytes().len()).sum();
        assert!(unread <= UNREAD_LIMIT && unread > UNREAD_LIMIT - CHUNK_LIMIT, "{unread} bytes are queued");
        drop(held);
        while !flood.is_finished() {
            let _ = next_text(&mut bench).await;
        }
    }

    #[tokio::test]
    async fn resizes_keep_their_order_with_input_and_only_the_newest_is_sent() {
        let mut bench = bench(None, 1);
        bench.handle.resize(80, 24);
        bench.handle.resize(81, 25);
        bench.handle.input(Bytes::from_static(b"a")).unwrap();
        bench.handle.resize(10, 10);
        bench.handle.resize(90, 30);
        bench.handle.close_input();
        bench.handle.input(Bytes::from_static(b"after the end")).unwrap();
        let mut seen = Vec::new();
        while seen.last() != Some(&Outgoing::CloseInput) {
            seen.push(bench.far_input.recv().await.expect("more"));
        }
        assert_eq!(
            seen,
            [
                Outgoing::Resize { columns: 81, rows: 25 },
                Outgoing::Input(Bytes::from_static(b"a")),
                Outgoing::Resize { columns: 90, rows: 30 },
                Outgoing::CloseInput,
            ]
        );
    }

    #[tokio::test]
    async fn input_nobody_reads_is_bounded() {
        let bench = bench(None, 1);
        let paste = Bytes::from(vec![b'x'; INPUT_LIMIT / 2]);
        let mut taken = 0;
        while bench.handle.input(paste.clone()).is_ok() {
            taken += 1;
            assert!(taken <= 8, "the queue has no bound");
        }
        let tiny = self::bench(None, 1);
        let mut taken = 0;
        while tiny.handle.input(Bytes::from_static(b"x")).is_ok() {
            taken += 1;
            assert!(taken <= 2 * INPUT_PIECES, "the queue has no bound");
        }
    }

    #[tokio::test]
    async fn detaching_says_so_and_closes_the_transport() {
        let mut bench = bench(None, 4);
        bench.handle.detach();
        assert_eq!(next_end(&mut bench).await, End::Detached);
        bench.far_output.closed().await;
        assert_eq!(bench.far_input.recv().await, None);
    }

    #[tokio::test]
    async fn dropping_the_handle_closes_the_transport() {
        let Bench { handle, far_output, .. } = bench(None, 4);
        drop(handle);
        far_output.closed().await;
    }
}
