//! The standard streams of one process: into its log and to everyone attached, and from them; it starts nothing.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::io::unix::AsyncFd;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::log::Log;
use crate::demo::node::{Exit, Output, Streams};

/// So many pieces wait for one attached client.
const QUEUE: usize = 64;

/// A client that reads nothing for so long while its queue is full is let go, so that it holds nobody else up.
const PATIENCE: Duration = Duration::from_secs(10);

/// One read from a process is at most this long.
const PIECE: usize = 32 << 10;

/// What background processes have left to say once the process itself has ended.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Our ends of a process's standard streams.
#[derive(Debug)]
pub(super) enum Ends {
    /// The controlling end of its terminal.
    Terminal(OwnedFd),
    /// Pipes; no input where nobody asked for one.
    Pipes { input: Option<OwnedFd>, output: OwnedFd, errors: OwnedFd },
}

/// Pipes for a process: (our ends, its ends).
pub(super) fn pipes(with_input: bool) -> io::Result<(Ends, Vec<OwnedFd>)> {
    let (output, their_output) = io::pipe()?;
    let (errors, their_errors) = io::pipe()?;
    let (their_input, input) = if with_input {
        let (theirs, ours) = io::pipe()?;
        (OwnedFd::from(theirs), Some(OwnedFd::from(ours)))
    } else {
        (OwnedFd::from(std::fs::File::open("/dev/null")?), None)
    };
    let ends = Ends::Pipes { input, output: output.into(), errors: errors.into() };
    Ok((ends, vec![their_input, their_output.into(), their_errors.into()]))
}

/// A process's streams, shared by all who are attached. Dropped with the process.
#[derive(Debug)]
pub(super) struct Console {
    clients: Arc<Mutex<Clients>>,
    input: Mutex<Option<mpsc::Sender<Bytes>>>,
    terminal: Option<Arc<AsyncFd<OwnedFd>>>,
    /// Its input ends with the first client that was attached.
    once: bool,
}

#[derive(Debug, Default)]
struct Clients {
    ended: bool,
    attached: Vec<Client>,
}

#[derive(Debug)]
struct Client {
    output: mpsc::Sender<Output>,
    exit: oneshot::Sender<Exit>,
}

/// The work of moving a process's output; to be started once those are attached who are to hear all of it, and to be
/// finished once the process has ended.
#[derive(Debug)]
pub(super) struct Pump {
    /// Those that have not begun.
    waiting: Vec<Reader>,
    readers: JoinSet<()>,
    /// Whether the process has ended.
    ended: watch::Sender<bool>,
    clients: Arc<Mutex<Clients>>,
    log: Option<Arc<Log>>,
}

/// One stream of a process, on its way into the log and to everyone attached.
#[derive(Debug)]
struct Reader {
    descriptor: Arc<AsyncFd<OwnedFd>>,
    clients: Arc<Mutex<Clients>>,
    log: Option<Arc<Log>>,
    errors: bool,
    ended: watch::Receiver<bool>,
}

impl Console {
    /// Begins with the input; output waits for the pump. `once`: see `stdinOnce` of a container.
    pub(super) fn new(ends: Ends, log: Option<Arc<Log>>, once: bool) -> io::Result<(Arc<Self>, Pump)> {
        let clients = Arc::new(Mutex::new(Clients::default()));
        let mut waiting = Vec::new();
        let (ended, seen) = watch::channel(false);
        let mut read = |descriptor: Arc<AsyncFd<OwnedFd>>, errors| {
            let (clients, log, ended) = (Arc::clone(&clients), log.clone(), seen.clone());
            waiting.push(Reader { descriptor, clients, log, errors, ended });
        };
        let (input, terminal) = match ends {
            Ends::Terminal(terminal) => {
                let terminal = Arc::new(nonblocking(terminal)?);
                read(Arc::clone(&terminal), false);
                (Some(Arc::clone(&terminal)), Some(terminal))
            }
            Ends::Pipes { input, output, errors } => {
                let (output, errors) = (nonblocking(output)?, nonblocking(errors)?);
                read(Arc::new(output), false);
                read(Arc::new(errors), true);
                (input.map(nonblocking).transpose()?.map(Arc::new), None)
            }
        };
        let input = input.map(|descriptor| {
            let (sender, receiver) = mpsc::channel(QUEUE);
            tokio::spawn(write(descriptor, receiver));
            sender
        });
        let console = Self { clients: Arc::clone(&clients), input: Mutex::new(input), terminal, once };
        Ok((Arc::new(console), Pump { waiting, readers: JoinSet::new(), ended, clients, log }))
    }

    /// Joins those who are attached. The end of one client's input is the process's only if it is to be (`once`).
    pub(super) fn attach(self: &Arc<Self>) -> Streams {
        let (output, output_receiver) = mpsc::channel(QUEUE);
        let (input_sender, mut input) = mpsc::channel::<Bytes>(QUEUE);
        let (resize_sender, mut resize) = mpsc::channel(4);
        let (exit, exit_receiver) = oneshot::channel();
        {
            let mut clients = lock(&self.clients);
            if clients.ended {
                let _ = exit.send(Exit::Finished);
            } else {
                clients.attached.push(Client { output, exit });
            }
        }
        // apart, so that a process that does not read its input can still be resized
        let console = Arc::clone(self);
        tokio::spawn(async move {
            while let Some((columns, rows)) = resize.recv().await {
                console.resize(columns, rows);
            }
        });
        let console = Arc::clone(self);
        tokio::spawn(async move {
            while let Some(data) = input.recv().await {
                console.give(data).await;
            }
            if console.once {
                lock(&console.input).take();
            }
        });
        Streams { input: input_sender, output: output_receiver, resize: resize_sender, exit: exit_receiver }
    }

    async fn give(&self, data: Bytes) {
        let input = lock(&self.input).clone();
        if let Some(input) = input {
            // a process that has closed its input hears no more
            let _ = input.send(data).await;
        }
    }

    /// Tells the terminal its size, if there is one.
    fn resize(&self, columns: u16, rows: u16) {
        if let Some(terminal) = &self.terminal {
            let size = Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 };
            // fails only when the terminal is gone, and then nobody sees its size
            let _ = tcsetwinsize(terminal.get_ref().as_fd(), size);
        }
    }
}

impl Pump {
    /// Begins to move the output.
    pub(super) fn start(&mut self) {
        for reader in self.waiting.drain(..) {
            self.readers.spawn(reader.run());
        }
    }

    /// Moves what is left once the process has ended, then tells all who are attached.
    pub(super) async fn finish(mut self, exit: Exit) {
        self.start();
        self.ended.send_replace(true);
        while self.readers.join_next().await.is_some() {}
        if let Some(log) = &self.log {
            log.end();
        }
        let attached = {
            let mut clients = lock(&self.clients);
            clients.ended = true;
            std::mem::take(&mut clients.attached)
        };
        for client in attached {
            drop(client.output);
            let _ = client.exit.send(exit.clone());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn nonblocking(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    rustix::io::ioctl_fionbio(&descriptor, true)?;
    #[expect(
        deprecated,
        reason = "what makes it unsound is a type whose descriptor changes or is closed; an OwnedFd's does neither"
    )]
    AsyncFd::new(descriptor)
}

impl Reader {
    /// Reads until the end; a terminal's end is an error (EIO). A background process may hold the stream open for ever:
    /// what the process itself had written before it ended is moved, however long that takes, and what the others say
    /// shortly after.
    async fn run(mut self) {
        let mut owed = 0;
        let mut last_words: Option<Instant> = None;
        loop {
            let ready = tokio::select! {
                biased;
                () = tokio::time::sleep_until(last_words.unwrap_or_else(Instant::now)), if last_words.is_some() && owed == 0 => return,
                _ = self.ended.wait_for(|ended| *ended), if last_words.is_none() => {
                    owed = rustix::io::ioctl_fionread(self.descriptor.get_ref()).unwrap_or(0);
                    last_words = Some(Instant::now() + LAST_WORDS);
                    continue;
                }
                ready = self.descriptor.readable() => ready,
            };
            let Ok(mut ready) = ready else {
                return;
            };
            let mut piece = BytesMut::zeroed(PIECE);
            let got = ready.try_io(|descriptor| Ok(rustix::io::read(descriptor.get_ref(), &mut piece[..])?));
            match got {
                Err(_) => {} // not ready after all
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Ok(0) | Err(_)) => return,
                Ok(Ok(length)) => {
                    piece.truncate(length);
                    self.hand_out(piece.freeze()).await;
                    owed = owed.saturating_sub(length as u64);
                }
            }
        }
    }

    /// Into the log and to everyone attached; whoever is slow slows the process, up to a limit.
    async fn hand_out(&self, piece: Bytes) {
        if let Some(log) = &self.log {
            log.append(self.errors, &piece);
        }
        let output = if self.errors { Output::Stderr(piece) } else { Output::Stdout(piece) };
        let senders: Vec<_> = lock(&self.clients).attached.iter().map(|client| client.output.clone()).collect();
        for sender in senders {
            let sent = tokio::time::timeout(PATIENCE, sender.send(output.clone())).await;
            if !matches!(sent, Ok(Ok(()))) {
                lock(&self.clients).attached.retain(|client| !client.output.same_channel(&sender));
            }
        }
    }
}

/// Writes what comes, until the channel is closed: then the process reads the end of its input.
async fn write(descriptor: Arc<AsyncFd<OwnedFd>>, mut data: mpsc::Receiver<Bytes>) {
    while let Some(mut piece) = data.recv().await {
        while !piece.is_empty() {
            let Ok(mut ready) = descriptor.writable().await else {
                return;
            };
            match ready.try_io(|descriptor| Ok(rustix::io::write(descriptor.get_ref(), &piece)?)) {
                Err(_) => {}
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(_)) => return,
                Ok(Ok(length)) => drop(piece.split_to(length)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_written_before_anybody_is_attached_waits_for_the_first() {
        let (ends, theirs) = pipes(false).unwrap();
        rustix::io::write(&theirs[1], b"first").unwrap();
        let (console, mut pump) = Console::new(ends, None, false).unwrap();
        // Whoever starts a process may be held up before it attaches.
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        let mut streams = console.attach();
        pump.start();
        let said = tokio::time::timeout(PATIENCE, streams.output.recv()).await;
        assert!(matches!(&said, Ok(Some(Output::Stdout(piece))) if piece == "first"), "{said:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_written_before_the_end_reaches_a_client_that_is_late() {
        let (ends, theirs) = pipes(false).unwrap();
        let (console, mut pump) = Console::new(ends, None, false).unwrap();
        let mut streams = console.attach();
        pump.start();
        // The client's queue is full …
        for piece in 1..=QUEUE {
            rustix::io::write(&theirs[1], b".").unwrap();
            while streams.output.len() < piece {
                tokio::task::yield_now().await;
            }
        }
        // … when the process says its last and ends; something else holds its streams open.
        rustix::io::write(&theirs[1], b"last").unwrap();
        let finished = tokio::spawn(pump.finish(Exit::Finished));
        tokio::time::sleep(LAST_WORDS * 4).await;
        let mut said = Vec::new();
        while let Some(Output::Stdout(piece)) = streams.output.recv().await {
            said.extend_from_slice(&piece);
        }
        finished.await.unwrap();
        assert!(said.ends_with(b".last"), "{}", String::from_utf8_lossy(&said));
    }
}
