//! A session that outlasts its connections: a cut one is made anew while the container runs, and what was printed
//! meanwhile comes from the log. It keeps no input for later and never attaches to another life of a container.

mod life;

use std::{collections::VecDeque, pin::pin, time::Duration};

use bytes::Bytes;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, sleep},
};

use self::life::{Life, life};
use super::{
    super::{
        Cluster, ContainerKey, LogOptions, Problem,
        streams::{Shape, Success},
        watch::Backoff,
    },
    joined::{Before, Past, preceded},
};
use crate::session::{
    End, Incoming, Link, Outgoing, Transport,
    join::{Shown, between, plain, with_carriage_returns},
};

/// How long a cut connection is tried again.
const GIVE_UP: Duration = Duration::from_secs(5 * 60);
/// The longest pause between two tries: somebody sits and waits.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long a stream that has just been opened may take to say that there is nothing to attach to.
const REFUSAL: Duration = Duration::from_millis(50);
/// Pieces that may wait in each direction, beside those of the connection itself.
const PLACES: usize = 1;
/// How much of an ended container's log is looked through for what was not shown yet.
const LAST_WORDS: usize = 16 * 1024 * 1024;

impl Cluster {
    /// As [`Cluster::attach_joined`], and attached again by itself when the connection breaks: the transport says so by
    /// [`Incoming::Link`]. It ends when the container has, is gone, or could not be reached for five minutes.
    ///
    /// # Errors
    /// As [`Cluster::attach`].
    pub async fn attach_lasting(
        &self,
        container: &ContainerKey,
        tty: bool,
        stdin: bool,
    ) -> Result<(Transport, Bytes), Problem> {
        let (transport, past) = self.joined(container, shape(tty, stdin)).await?;
        let mut shown = Shown::default();
        shown.push(&past);
        shown.tear();
        let (output, incoming) = mpsc::channel(PLACES);
        let (outgoing, input) = mpsc::channel(PLACES);
        let lasting = Lasting {
            cluster: self.clone(),
            container: container.clone(),
            tty,
            stdin,
            output,
            near: Near { input, size: None, closed: false },
            shown,
            last: Instant::now(),
            life: None,
            known: Some(tokio::spawn(present_life(self.clone(), container.clone()))),
        };
        tokio::spawn(lasting.run(transport));
        Ok((Transport { incoming, outgoing }, past))
    }
}

fn shape(tty: bool, stdin: bool) -> Shape {
    Shape { stdin, tty, apart: false, success: Success::FinishedIfSaid }
}

struct Lasting {
    cluster: Cluster,
    container: ContainerKey,
    tty: bool,
    stdin: bool,
    output: mpsc::Sender<Incoming>,
    near: Near,
    shown: Shown,
    /// When the last of it came.
    last: Instant,
    /// Which life of the container the session belongs to, once that is known.
    life: Option<String>,
    /// Finds that out. A container has to be known before another one can be told from it.
    known: Option<JoinHandle<Option<String>>>,
}

async fn present_life(cluster: Cluster, container: ContainerKey) -> Option<String> {
    life::id(&cluster.pod(&container.pod).await.ok()?, &container.container)
}

/// The end that input comes from, and what a new connection has to be told.
struct Near {
    input: mpsc::Receiver<Outgoing>,
    size: Option<(u16, u16)>,
    closed: bool,
}

/// How a connection ended for the one who relays.
enum Stop {
    Ended(End),
    /// Nobody listens any more.
    Unwanted,
}

/// What came of a try.
enum Try {
    Attached(Transport, Past),
    /// It will not come back: what was still to be shown, and the end.
    Over(Bytes, End),
    Failed(String),
}

impl Lasting {
    async fn run(mut self, mut transport: Transport) {
        loop {
            let stop = self.relay(&mut transport).await;
            drop(transport);
            transport = match stop {
                Stop::Unwanted => return,
                Stop::Ended(End::Lost { reason }) => match self.mend(reason).await {
                    Ok(transport) => transport,
                    Err(Stop::Unwanted) => return,
                    Err(Stop::Ended(end)) => return self.end(end).await,
                },
                Stop::Ended(end) => return self.end(end).await,
            };
        }
    }

    async fn end(self, end: End) {
        // A consumer that is gone needs no end.
        let _ = self.output.send(Incoming::Ended(end)).await;
    }

    async fn tell(&self, link: Link) -> Result<(), Stop> {
        self.output.send(Incoming::Link(link)).await.map_err(|_| Stop::Unwanted)
    }

    /// Moves bytes both ways until the connection ends; output that nobody takes holds no input up.
    async fn relay(&mut self, transport: &mut Transport) -> Stop {
        let Self { output, near, shown, last, .. } = self;
        let Transport { incoming, outgoing } = transport;
        let mut sent = Sent::default();
        let mut heard = false;
        let outward = async {
            loop {
                let item = tokio::select! {
                    item = incoming.recv() => item,
                    () = output.closed() => return Stop::Unwanted,
                };
                match item {
                    Some(Incoming::Output(bytes) | Incoming::ErrorOutput(bytes) | Incoming::Past(bytes)) => {
                        shown.push(&bytes);
                        *last = Instant::now();
                        heard = true;
                        if output.send(Incoming::Output(bytes)).await.is_err() {
                            return Stop::Unwanted;
                        }
                    }
                    Some(Incoming::Link(_)) => {}
                    // What stood has failed between the server and the node: whether the container runs on is seen.
                    Some(Incoming::Ended(End::Failed { reason })) if heard => return Stop::Ended(End::Lost { reason }),
                    Some(Incoming::Ended(end)) => return Stop::Ended(end),
                    None => {
                        return Stop::Ended(End::Lost { reason: "the stream stopped without saying why".to_owned() });
                    }
                }
            }
        };
        let stop = tokio::select! {
            biased;
            stop = outward => stop,
            // It ends only with the connection, whose reader then says why.
            () = near.forward(outgoing, &mut sent) => std::future::pending().await,
        };
        if matches!(stop, Stop::Ended(End::Lost { .. })) && sent.lost_input(outgoing) {
            return match output.send(Incoming::Link(Link::Unsent)).await {
                Ok(()) => stop,
                Err(_) => Stop::Unwanted,
            };
        }
        stop
    }

    /// Tries to attach again until that succeeds or is of no use.
    async fn mend(&mut self, mut reason: String) -> Result<Transport, Stop> {
        let cut = Instant::now();
        let mut backoff = Backoff::default();
        if let Some(known) = self.known.take() {
            // What was not answered before the cut may be said of another life.
            if known.is_finished() {
                self.life = known.await.ok().flatten();
            } else {
                known.abort();
            }
        }
        loop {
            let pause = backoff.next().min(LONGEST_PAUSE);
            if cut.elapsed() + pause > GIVE_UP {
                let reason = format!("{reason}; tried again for {} minutes", GIVE_UP.as_secs() / 60);
                return Err(Stop::Ended(End::Lost { reason }));
            }
            self.tell(Link::Cut { reason: reason.clone(), retry_in: pause }).await?;
            let tried = {
                let Self { cluster, container, tty, stdin, output, near, shown, last, life, .. } = &mut *self;
                let again = Again { cluster, container, tty: *tty, stdin: *stdin, shown, last: *last, life };
                let mut tried = pin!(async move {
                    sleep(pause).await;
                    again.attach().await
                });
                loop {
                    tokio::select! {
                        biased;
                        () = output.closed() => return Err(Stop::Unwanted),
                        refused = near.refuse() => if refused {
                            output.send(Incoming::Link(Link::Unsent)).await.map_err(|_| Stop::Unwanted)?;
                        },
                        tried = &mut tried => break tried,
                    }
                }
            };
            match tried {
                Try::Attached(transport, past) => {
                    self.tell(Link::Restored { whole: past.whole }).await?;
                    if !past.whole {
                        self.shown = Shown::default();
                    }
                    self.show(past.bytes).await?;
                    if !past.met {
                        self.shown.tear();
                    }
                    self.near.greet(&transport).await;
                    return Ok(transport);
                }
                Try::Over(rest, end) => {
                    self.show(rest).await?;
                    return Err(Stop::Ended(end));
                }
                Try::Failed(why) => reason = why,
            }
        }
    }

    async fn show(&mut self, bytes: Bytes) -> Result<(), Stop> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.shown.push(&bytes);
        self.last = Instant::now();
        self.output.send(Incoming::Past(bytes)).await.map_err(|_| Stop::Unwanted)
    }
}

/// What a try needs.
struct Again<'a> {
    cluster: &'a Cluster,
    container: &'a ContainerKey,
    tty: bool,
    stdin: bool,
    shown: &'a Shown,
    last: Instant,
    life: &'a mut Option<String>,
}

impl Again<'_> {
    async fn attach(self) -> Try {
        match self.cluster.pod_as_it_is(&self.container.pod).await {
            Ok(pod) => match life(&pod, &self.container.container, self.life.as_deref()) {
                Life::Ended { code, before } => return self.over(code, before).await,
                Life::Running(id) => *self.life = id,
                Life::Unknown => {}
            },
            Err(fault) if fault.code() == 404 => {
                let end = End::Lost { reason: "the pod is gone".to_owned() };
                return Try::Over(Bytes::new(), end);
            }
            // Whoever may attach need not be allowed to read the pod.
            Err(fault) => tracing::debug!(why = fault.why(), "whether the container runs is unknown"),
        }
        let transport = match self.cluster.attach_as(self.container, shape(self.tty, self.stdin)).await {
            Ok(transport) => transport,
            Err(problem) => return Try::Failed(problem.why),
        };
        let before = Before { shown: self.shown, last: self.last };
        let (mut transport, past) = self.cluster.with_past(self.container, self.tty, transport, Some(before)).await;
        // A server that asks the node only now says by the stream that it could not attach.
        match tokio::time::timeout(REFUSAL, transport.incoming.recv()).await {
            Ok(Some(Incoming::Ended(End::Failed { reason } | End::Lost { reason }))) => Try::Failed(reason),
            Ok(Some(first)) => Try::Attached(preceded(vec![first], transport), past),
            Ok(None) => Try::Failed("the stream stopped without saying why".to_owned()),
            Err(_) => Try::Attached(transport, past),
        }
    }

    /// The container has ended: what was not shown of its log, and its exit code.
    async fn over(self, code: i32, before: bool) -> Try {
        let options = LogOptions { previous: before, ..LogOptions::default() };
        let rest = match self.cluster.log_end(self.container, options, LAST_WORDS).await {
            Ok(log) => {
                let log = plain(&log);
                let part = between(Some(self.shown), &log, &[]).unwrap_or(0..0);
                let bare = !self.tty || self.shown.has_bare_line_feeds();
                if bare {
                    Bytes::copy_from_slice(&log[part])
                } else {
                    with_carriage_returns(Some(self.shown), &log[part], &[])
                }
            }
            Err(_) => Bytes::new(),
        };
        Try::Over(rest, End::Exited { code })
    }
}

impl Near {
    /// Hands input on until the connection takes no more.
    async fn forward(&mut self, outgoing: &mpsc::Sender<Outgoing>, sent: &mut Sent) {
        loop {
            // The place comes first: what is taken from the input is not lost while it waits for one.
            let Ok(place) = outgoing.reserve().await else { return };
            let Some(item) = self.input.recv().await else {
                return std::future::pending().await;
            };
            self.note(&item);
            sent.push(&item);
            place.send(item);
        }
    }

    /// Takes in what comes while there is no connection; true if it was input, which is not sent.
    async fn refuse(&mut self) -> bool {
        match self.input.recv().await {
            Some(item) => {
                self.note(&item);
                matches!(item, Outgoing::Input(_))
            }
            None => std::future::pending().await,
        }
    }

    fn note(&mut self, item: &Outgoing) {
        match item {
            Outgoing::Resize { columns, rows } => self.size = Some((*columns, *rows)),
            Outgoing::CloseInput => self.closed = true,
            Outgoing::Input(_) => {}
        }
    }

    /// Tells a new connection what the old one knew; one column and row more first, so that the screen is drawn again.
    async fn greet(&self, transport: &Transport) {
        let mut items = Vec::new();
        if let Some((columns, rows)) = self.size {
            let larger = Outgoing::Resize { columns: columns.saturating_add(1), rows: rows.saturating_add(1) };
            items.extend([larger, Outgoing::Resize { columns, rows }]);
        }
        items.extend(self.closed.then_some(Outgoing::CloseInput));
        for item in items {
            // A connection that is cut already says so itself.
            let _ = transport.outgoing.send(item).await;
        }
    }
}

/// Which of the items handed to a connection were input; the newest last.
#[derive(Default)]
struct Sent(VecDeque<bool>);

impl Sent {
    fn push(&mut self, item: &Outgoing) {
        if self.0.len() == 64 {
            self.0.pop_front();
        }
        self.0.push_back(matches!(item, Outgoing::Input(_)));
    }

    /// Whether input among them was not taken up by the connection when it broke.
    fn lost_input(&self, outgoing: &mpsc::Sender<Outgoing>) -> bool {
        let waiting = outgoing.max_capacity() - outgoing.capacity();
        self.0.iter().rev().take(waiting).any(|input| *input)
    }
}
