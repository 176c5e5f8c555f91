//! Watches: changes as a stream of JSON lines, with bookmarks, resumption and 410 in the stream; it keeps no history.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, stream};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::answer::{Answer, FieldError, Refusal, streamed};
use super::call::{Call, Form};
use super::read;
use super::selector::Selector;
use super::table::{RowObject, column_definitions, partial_metadata, row};
use crate::demo::object::text;
use crate::demo::resource::Resource;
use crate::demo::store::{Change, ChangeKind, Entry, Expired, Watch};

/// How long a watch lasts that says nothing of it.
const DEFAULT_LENGTH: Duration = Duration::from_secs(30 * 60);

/// How often a quiet watch hears that it is up to date.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);

/// `GET` of a collection with `watch=true`.
pub(super) fn watch(call: &Call, resource: &'static Resource, namespace: &str) -> Result<Answer, Refusal> {
    let selector = read::selector(call, resource)?;
    let (from, store) = (read::version(call)?, &call.server.store);
    let initial = call.query.flag("sendInitialEvents");
    if initial && call.query.text("resourceVersionMatch") != "NotOlderThan" {
        let list_options = Resource { kind: "ListOptions", group: "meta.k8s.io", ..resource.clone() };
        let error = FieldError::forbidden(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        );
        return Err(Refusal::invalid(&list_options, "", &[error]));
    }
    let within = (!namespace.is_empty()).then_some(namespace);
    let (existing, start) = if initial || from == 0 {
        let now = store.page(resource.plural, within, None, None, usize::MAX);
        now.map(|page| (page.entries, page.version)).map_err(|expired| too_old(from, expired))?
    } else {
        (Vec::new(), from)
    };
    let words = Words { resource, form: call.form()?, carry: read::row_object(call)?, columns_are_known: false };
    let seconds = call.query.number("timeoutSeconds").filter(|seconds| *seconds > 0);
    let now = Instant::now();
    let (watch, refused) = match store.watch_all(resource.plural, start) {
        Ok(watch) => (Some(watch), None),
        Err(expired) if call.server.faults.answers_gone_at_once() => {
            return Err(too_old(from, expired));
        }
        Err(expired) => (None, Some(too_old(from, expired))),
    };
    let feed = Feed {
        watch,
        refused,
        existing: existing.into_iter(),
        initial_end: initial.then_some(start),
        words,
        selector,
        namespace: namespace.to_owned(),
        bookmarks: call.query.flag("allowWatchBookmarks"),
        bookmark_at: now + BOOKMARK_EVERY,
        end: now + seconds.map_or(DEFAULT_LENGTH, Duration::from_secs),
    };
    Ok(streamed("application/json", feed.lines()))
}

fn too_old(from: u64, expired: Expired) -> Refusal {
    Refusal::expired(format!("too old resource version: {from} ({})", expired.oldest))
}

/// Everything one watch still has to say.
struct Feed {
    watch: Option<Watch>,
    refused: Option<Refusal>,
    existing: std::vec::IntoIter<Entry>,
    /// The version of the initial events, until their end was said.
    initial_end: Option<u64>,
    words: Words,
    selector: Selector,
    namespace: String,
    bookmarks: bool,
    bookmark_at: Instant,
    end: Instant,
}

impl Feed {
    fn lines(self) -> impl Stream<Item = Bytes> + Send + 'static {
        stream::unfold(self, |mut feed| async move {
            let line = feed.next().await?;
            Some((line, feed))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        if let Some(refusal) = self.refused.take() {
            return Some(line("ERROR", &refusal.status()));
        }
        for object in self.existing.by_ref().map(|entry| entry.object()) {
            if self.selector.matches(self.words.resource, &object) {
                return Some(self.words.event("ADDED", &object));
            }
        }
        if let Some(version) = self.initial_end.take()
            && self.bookmarks
        {
            return Some(self.words.bookmark(version, true));
        }
        loop {
            let watch = self.watch.as_mut()?;
            tokio::select! {
                biased;
                change = watch.next() => match change? {
                    Ok(change) => {
                        if let Some(line) = self.change(&change) {
                            return Some(line);
                        }
                    }
                    Err(expired) => {
                        let seen = watch.version();
                        self.watch = None;
                        return Some(line("ERROR", &too_old(seen, expired).status()));
                    }
                },
                () = sleep_until(self.end) => {
                    let version = watch.version();
                    self.watch = None;
                    return self.bookmarks.then(|| self.words.bookmark(version, false));
                }
                () = sleep_until(self.bookmark_at), if self.bookmarks => {
                    self.bookmark_at += BOOKMARK_EVERY;
                    let version = watch.version();
                    return Some(self.words.bookmark(version, false));
                }
            }
        }
    }

    /// The change as whoever selects sees it: what comes into their sight is new, what leaves it is gone.
    fn change(&mut self, change: &Change) -> Option<Bytes> {
        let resource = self.words.resource;
        if !self.namespace.is_empty() && text(&change.object, "/metadata/namespace") != self.namespace {
            return None;
        }
        let matched = |object: &Arc<Value>| self.selector.matches(resource, object);
        let before = change.before.as_ref().is_some_and(matched);
        let after = change.kind != ChangeKind::Deleted && matched(&change.object);
        match (before, after) {
            (false, true) => Some(self.words.event("ADDED", &change.object)),
            (true, true) => Some(self.words.event("MODIFIED", &change.object)),
            (true, false) => Some(self.words.event("DELETED", &change.object)),
            (false, false) => None,
        }
    }
}

/// How events are worded for one watch.
struct Words {
    resource: &'static Resource,
    form: Form,
    carry: RowObject,
    /// Columns are named in the first event only.
    columns_are_known: bool,
}

impl Words {
    fn event(&mut self, kind: &str, object: &Value) -> Bytes {
        let object = match self.form {
            Form::Json => read::presented(self.resource, object),
            Form::PartialMetadata => partial_metadata(object),
            Form::Table => {
                let metadata = json!({ "resourceVersion": text(object, "/metadata/resourceVersion") });
                let rows = [row(self.resource, object, self.carry, Timestamp::now())];
                let columns = if self.columns_are_known { Value::Null } else { column_definitions(self.resource) };
                self.columns_are_known = true;
                read::table(&metadata, &columns, &rows)
            }
        };
        line(kind, &object)
    }

    fn bookmark(&mut self, version: u64, ends_initial_events: bool) -> Bytes {
        let mut metadata = json!({ "resourceVersion": version.to_string(), "creationTimestamp": null });
        if ends_initial_events {
            metadata["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
        }
        let object = json!({
            "kind": self.resource.kind,
            "apiVersion": self.resource.api_version(),
            "metadata": metadata,
        });
        self.event("BOOKMARK", &object)
    }
}

fn line(kind: &str, object: &Value) -> Bytes {
    let mut line = json!({ "type": kind, "object": object }).to_string();
    line.push('\n');
    line.into()
}
