//! The standard streams of one process: into its log and to everyone attached, and from them; it starts nothing.

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::io::unix::AsyncFd;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

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

/// The work of moving a process's output; to be finished once the process has ended.
#[derive(Debug)]
pub(super) struct Pump {
    readers: JoinSet<()>,
    clients: Arc<Mutex<Clients>>,
    log: Option<Arc<Log>>,
}

impl Console {
    /// Starts to move bytes. `once`: see `stdinOnce` of a container.
    pub(super) fn new(ends: Ends, log: Option<Arc<Log>>, once: bool) -> io::Result<(Arc<Self>, Pump)> {
        let clients = Arc::new(Mutex::new(Clients::default()));
        let mut readers = JoinSet::new();
        let (input, terminal) = match ends {
            Ends::Terminal(terminal) => {
                let terminal = Arc::new(nonblocking(terminal)?);
                readers.spawn(read(Arc::clone(&terminal), Arc::clone(&clients), log.clone(), false));
                (Some(Arc::clone(&terminal)), Some(terminal))
            }
            Ends::Pipes { input, output, errors } => {
                let (output, errors) = (nonblocking(output)?, nonblocking(errors)?);
                readers.spawn(read(Arc::new(output), Arc::clone(&clients), log.clone(), false));
                readers.spawn(read(Arc::new(errors), Arc::clone(&clients), log.clone(), true));
                (input.map(nonblocking).transpose()?.map(Arc::new), None)
            }
        };
        let input = input.map(|descriptor| {
            let (sender, receiver) = mpsc::channel(QUEUE);
            tokio::spawn(write(descriptor, receiver));
            sender
        });
        let console = Self { clients: Arc::clone(&clients), input: Mutex::new(input), terminal, once };
        Ok((Arc::new(console), Pump { readers, clients, log }))
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
    /// Moves what is left once the process has ended, then tells all who are attached.
    pub(super) async fn finish(mut self, exit: Exit) {
        // what the process had written is read at once; a background process may hold the stream open for ever
        let rest = async { while self.readers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_WORDS, rest).await;
        self.readers.abort_all();
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

/// Reads until the end; a terminal's end is an error (EIO).
async fn read(descriptor: Arc<AsyncFd<OwnedFd>>, clients: Arc<Mutex<Clients>>, log: Option<Arc<Log>>, errors: bool) {
    loop {
        let Ok(mut ready) = descriptor.readable().await else {
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
                let piece = piece.freeze();
                if let Some(log) = &log {
                    log.append(errors, &piece);
                }
                let output = if errors { Output::Stderr(piece) } else { Output::Stdout(piece) };
                hand_out(&clients, &output).await;
            }
        }
    }
}

/// Gives a piece to everyone attached; whoever is slow slows the process, up to a limit.
async fn hand_out(clients: &Mutex<Clients>, output: &Output) {
    let senders: Vec<_> = lock(clients).attached.iter().map(|client| client.output.clone()).collect();
    for sender in senders {
        let sent = tokio::time::timeout(PATIENCE, sender.send(output.clone())).await;
        if !matches!(sent, Ok(Ok(()))) {
            lock(clients).attached.retain(|client| !client.output.same_channel(&sender));
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
