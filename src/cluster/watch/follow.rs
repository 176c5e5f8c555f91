//! One watch and its reconnections, from a list's version on; it never lists and never reports to the listener itself.

use std::time::Duration;

use http::{HeaderValue, Request, header};
use jiff::Timestamp;
use kube::core::Status;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, timeout},
};

use super::{
    Lost, REFUSED_PAUSE, TABLE, WATCH_IDLE, WATCH_SECONDS,
    backoff::Backoff,
    lines::Lines,
    list::{Listed, Scope},
    rows::{Around, Columns, Interner, Kind},
    table::{EventHead, EventOf, EventTable},
};
use crate::cluster::{
    Cluster, Problem,
    listened::Unwanted,
    problem::Fault,
    request::{ANSWER_TIME, JSON, Target, decode},
};

/// A watch that ends sooner than this without a word was not wanted by the server.
pub(super) const TOO_SOON: Duration = Duration::from_secs(1);

/// What a watch tells.
pub(super) enum Signal<K: Kind> {
    /// The server is heard.
    Live,
    /// Something happened that shows no row: a bookmark.
    Heard,
    /// This row is new or changed.
    Row(K::Row),
    /// This row is gone.
    Gone(K::Key),
    /// The server is not heard.
    Lost(Lost),
    /// The server refuses the watch.
    Refused(Problem),
    /// Too old to go on from: list again. The watch has ended.
    Expired,
}

/// Which watch a signal is of.
pub(super) type From<K> = (usize, Signal<K>);

/// One watch of a list.
pub(super) struct Follower<'a, K: Kind> {
    cluster: Cluster,
    scope: Scope,
    version: String,
    plain: bool,
    names: &'a Interner,
    columns: Columns,
    at: usize,
    out: mpsc::Sender<From<K>>,
    backoff: Backoff,
    last_heard: Timestamp,
    /// Whether this connection brought a real event.
    eventful: bool,
}

impl<'a, K: Kind> Follower<'a, K> {
    pub(super) fn new(
        cluster: Cluster,
        scope: Scope,
        from: Listed,
        names: &'a Interner,
        at: usize,
        out: mpsc::Sender<From<K>>,
    ) -> Self {
        Self {
            cluster,
            scope,
            version: from.version,
            plain: from.plain,
            names,
            columns: Columns::default(),
            at,
            out,
            backoff: Backoff::default(),
            last_heard: Timestamp::now(),
            eventful: false,
        }
    }

    /// Watches until the version is too old to go on from, or nobody listens.
    pub(super) async fn run(mut self) {
        // The listener that is gone has nothing to be told.
        let _ = self.reconnect().await;
    }

    async fn reconnect(&mut self) -> Result<(), Unwanted> {
        loop {
            let opened = Instant::now();
            self.eventful = false;
            match self.once().await? {
                Ok(()) if opened.elapsed() >= TOO_SOON => {}
                // Not lost, but not in a hurry either: it might end each one after its first event.
                Ok(()) if self.eventful => sleep(TOO_SOON).await,
                Ok(()) => {
                    let why = "the server ends each watch at once".to_owned();
                    self.lost(why).await?;
                }
                Err(fault) if fault.is_expired() => return self.tell(Signal::Expired).await,
                Err(fault) if fault.code() == 406 && !self.plain => self.plain = true,
                Err(fault) if fault.code() == 403 => {
                    self.tell(Signal::Refused(fault.problem(format!("cannot watch {}", K::RESOURCE)))).await?;
                    sleep(REFUSED_PAUSE).await;
                    // What happened meanwhile is unknown.
                    return self.tell(Signal::Expired).await;
                }
                Err(fault) => self.lost(fault.why()).await?,
            }
        }
    }

    async fn tell(&self, signal: Signal<K>) -> Result<(), Unwanted> {
        self.out.send((self.at, signal)).await.map_err(|_| Unwanted)
    }

    async fn lost(&mut self, why: String) -> Result<(), Unwanted> {
        let delay = self.backoff.next();
        self.tell(Signal::Lost(Lost::new(Some(self.last_heard), delay, why))).await?;
        sleep(delay).await;
        Ok(())
    }

    fn request(&self) -> Result<Request<Vec<u8>>, Fault> {
        let mut target = watching(self.scope.target(K::RESOURCE)?);
        if !self.version.is_empty() {
            target = target.with("resourceVersion", &self.version);
        }
        if !self.plain {
            target = target.with("includeObject", "Metadata");
        }
        streamed(target, if self.plain { JSON } else { TABLE })
    }

    /// One connection, until it ends well (inner `Ok`) or not.
    async fn once(&mut self) -> Result<Result<(), Fault>, Unwanted> {
        let opened = match self.request() {
            Ok(request) => self.cluster.open(request, ANSWER_TIME).await,
            Err(fault) => Err(fault),
        };
        let response = match opened {
            Ok(response) => response,
            Err(fault) => return Ok(Err(fault)),
        };
        self.heard().await?;
        let mut lines = Lines::new(response.into_body());
        loop {
            match timeout(WATCH_IDLE, lines.next()).await {
                Err(_) => return Ok(Err(Fault::Silent(WATCH_IDLE))),
                Ok(Err(fault)) => return Ok(Err(fault)),
                Ok(Ok(None)) => {
                    self.last_heard = Timestamp::now();
                    return Ok(Ok(()));
                }
                Ok(Ok(Some(line))) => {
                    self.last_heard = Timestamp::now();
                    match self.event(&line) {
                        Err(fault) => return Ok(Err(fault)),
                        Ok(signals) => {
                            self.eventful = true;
                            self.backoff.reset();
                            for signal in signals {
                                self.tell(signal).await?;
                            }
                        }
                    }
                }
            }
        }
    }

    async fn heard(&mut self) -> Result<(), Unwanted> {
        self.last_heard = Timestamp::now();
        self.tell(Signal::Live).await
    }

    /// What one event says; the version it brings is remembered.
    fn event(&mut self, line: &[u8]) -> Result<Vec<Signal<K>>, Fault> {
        let head: EventHead<'_> = decode(line)?;
        if head.change == "ERROR" {
            return Err(Fault::Api(Box::new(decode::<EventOf<Status>>(line)?.object)));
        }
        let bookmark = head.change == "BOOKMARK";
        let gone = head.change == "DELETED";
        let signals = if bookmark {
            vec![Signal::Heard]
        } else if head.object.kind == "Table" {
            self.table(line, gone)?
        } else {
            self.plain = true;
            let around = Around { namespace: self.scope.namespace(), names: self.names, now: Timestamp::now() };
            let object = decode::<EventOf<K::Plain>>(line)?.object;
            let admitted = Some(object).filter(|object| self.scope.admits(K::controller(object)));
            let row = admitted.and_then(|object| K::from_plain(object, &around));
            row.map(|row| changed(row, gone)).into_iter().collect()
        };
        if bookmark && head.object.kind == "Table" {
            // The columns come with the first event only, and that may be a bookmark.
            self.remember_columns(&decode::<EventOf<EventTable<'_>>>(line)?.object);
        }
        if let Some(version) =
            head.object.metadata.map(|meta| meta.resource_version).filter(|version| !version.is_empty())
        {
            self.version = version;
        }
        Ok(signals)
    }

    fn remember_columns(&mut self, table: &EventTable<'_>) {
        if let Some(definitions) = table.column_definitions.as_ref().filter(|definitions| !definitions.is_empty()) {
            self.columns = Columns::find(definitions);
        }
    }

    fn table(&mut self, line: &[u8], gone: bool) -> Result<Vec<Signal<K>>, Fault> {
        let table = decode::<EventOf<EventTable<'_>>>(line)?.object;
        self.remember_columns(&table);
        let around = Around { namespace: self.scope.namespace(), names: self.names, now: Timestamp::now() };
        let rows = table.rows.unwrap_or_default();
        Ok(rows
            .iter()
            .filter(|row| self.scope.admits(row.controller()))
            .filter_map(|row| K::from_table(row, &self.columns, &around))
            .map(|row| changed(row, gone))
            .collect())
    }
}

fn changed<K: Kind>(row: K::Row, gone: bool) -> Signal<K> {
    if gone { Signal::Gone(K::key(&row)) } else { Signal::Row(row) }
}

/// The query every watch has.
pub(super) fn watching(target: Target) -> Target {
    target.with("watch", "true").with("allowWatchBookmarks", "true").with("timeoutSeconds", &WATCH_SECONDS.to_string())
}

/// A GET whose answer is not compressed: events would be held back until a block is full.
pub(super) fn streamed(target: Target, accept: &str) -> Result<Request<Vec<u8>>, Fault> {
    let mut request = target.get(accept)?;
    request.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(request)
}
