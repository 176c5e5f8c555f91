//! Getting and listing objects in every form clients ask for; it changes nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal, object as answer};
use super::call::{Call, Form};
use super::selector::Selector;
use super::table::{RowObject, column_definitions, entry_row, partial_metadata, row};
use crate::demo::object::text;
use crate::demo::resource::Resource;
use crate::demo::store::{Entry, Key, Page as Listed};

/// `includeObject`: what the rows of a Table carry.
pub(super) fn row_object(call: &Call) -> Result<RowObject, Refusal> {
    match call.query.text("includeObject") {
        "None" => Ok(RowObject::None),
        "" | "Metadata" => Ok(RowObject::Metadata),
        "Object" => Ok(RowObject::Object),
        other => Err(Refusal::bad_request(format!("unrecognized includeObject value: {other:?}"))),
    }
}

/// Both selectors of a request.
pub(super) fn selector(call: &Call, resource: &Resource) -> Result<Selector, Refusal> {
    let (labels, fields) = (call.query.text("labelSelector"), call.query.text("fieldSelector"));
    Selector::parse(resource, labels, fields)
}

/// The version a request names; 0 where it names none.
pub(super) fn version(call: &Call) -> Result<u64, Refusal> {
    let given = call.query.text("resourceVersion");
    if given.is_empty() {
        return Ok(0);
    }
    given
        .parse()
        .map_err(|_| Refusal::bad_request(format!("resourceVersion: Invalid value: {given:?}: must be a number")))
}

/// An object as its kind and group are asked for.
pub(super) fn presented(resource: &Resource, object: &Value) -> Value {
    if resource.group == "events.k8s.io" { grouped_event(object) } else { object.clone() }
}

/// An event of the core group as `events.k8s.io` words it.
fn grouped_event(event: &Value) -> Value {
    let mut other = json!({
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": event["metadata"],
        "eventTime": event["eventTime"],
        "deprecatedSource": event["source"],
        "deprecatedFirstTimestamp": event["firstTimestamp"],
        "deprecatedLastTimestamp": event["lastTimestamp"],
    });
    for (from, to) in [
        ("action", "action"),
        ("count", "deprecatedCount"),
        ("involvedObject", "regarding"),
        ("message", "note"),
        ("reason", "reason"),
        ("related", "related"),
        ("reportingComponent", "reportingController"),
        ("reportingInstance", "reportingInstance"),
        ("series", "series"),
        ("type", "type"),
    ] {
        if let Some(value) = event.get(from) {
            other[to] = value.clone();
        }
    }
    other
}

/// Answers with one object in the form that is wanted.
pub(super) fn one(call: &Call, code: u16, resource: &Resource, object: &Value) -> Result<Answer, Refusal> {
    Ok(match call.form()? {
        Form::Json => answer(code, &presented(resource, object)),
        Form::PartialMetadata => answer(code, &partial_metadata(object)),
        Form::Table => {
            let rows = [row(resource, object, row_object(call)?, Timestamp::now())];
            let metadata = json!({ "resourceVersion": text(object, "/metadata/resourceVersion") });
            answer(code, &table(&metadata, &column_definitions(resource), &rows))
        }
    })
}

/// A Table with these rows.
pub(super) fn table(metadata: &Value, columns: &Value, rows: &[Value]) -> Value {
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": columns,
        "rows": rows,
    })
}

/// `GET` of one object.
pub(super) fn get(call: &Call, resource: &Resource, namespace: &str, name: &str) -> Result<Answer, Refusal> {
    let object =
        call.server.store.get(resource.plural, namespace, name).ok_or_else(|| Refusal::not_found(resource, name))?;
    one(call, 200, resource, &object)
}

/// `GET` of a collection.
pub(super) fn list(call: &Call, resource: &Resource, namespace: &str) -> Result<Answer, Refusal> {
    let selector = selector(call, resource)?;
    let page = Page::parse(call)?;
    let within = (!namespace.is_empty()).then_some(namespace);
    let store = &call.server.store;
    // What is not selected from is cut before it is made into objects.
    let most = page.limit.filter(|_| selector.is_empty()).unwrap_or(usize::MAX);
    let found = store.page(resource.plural, within, page.version, page.after.as_ref(), most);
    let Listed { entries, rest, version } = found.map_err(|_| page.expired())?;
    let selected = |entry: &Entry| selector.is_empty() || selector.matches(resource, &entry.object());
    let matching = entries.into_iter().filter(selected);
    let mut shown: Vec<_> = matching.take(page.limit.map_or(usize::MAX, |limit| limit.saturating_add(1))).collect();
    let more = rest > 0 || page.limit.is_some_and(|limit| shown.len() > limit);
    shown.truncate(page.limit.unwrap_or(usize::MAX));
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if let (Some(last), true) = (shown.last(), more) {
        metadata["continue"] = json!(Page::token(version, last));
        if selector.is_empty() {
            metadata["remainingItemCount"] = json!(rest);
        }
    }
    let list = match call.form()? {
        Form::Json => {
            let items = shown.iter().map(|entry| {
                let mut item = presented(resource, &entry.object());
                if let Some(item) = item.as_object_mut() {
                    item.shift_remove("kind");
                    item.shift_remove("apiVersion");
                }
                item
            });
            json!({
                "kind": format!("{}List", resource.kind),
                "apiVersion": resource.api_version(),
                "metadata": metadata,
                "items": items.collect::<Vec<_>>(),
            })
        }
        Form::PartialMetadata => json!({
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "items": shown.iter().map(|entry| partial_metadata(&entry.object())).collect::<Vec<_>>(),
        }),
        Form::Table => {
            let (carry, now) = (row_object(call)?, Timestamp::now());
            let rows: Vec<Value> = shown.iter().map(|entry| entry_row(resource, entry, carry, now)).collect();
            table(&metadata, &column_definitions(resource), &rows)
        }
    };
    Ok(answer(200, &list))
}

/// Which part of a list is asked for, and of which version.
struct Page {
    limit: Option<usize>,
    version: Option<u64>,
    /// Namespace and name after which the page begins.
    after: Option<Key>,
}

impl Page {
    fn parse(call: &Call) -> Result<Self, Refusal> {
        let limit = call.query.number("limit").filter(|limit| *limit > 0);
        let token = call.query.text("continue");
        if token.is_empty() {
            return Ok(Self { limit, version: Self::exact_version(call)?, after: None });
        }
        let invalid =
            |why: &str| Refusal::bad_request(format!("invalid continue token: continue key is not valid: {why}"));
        let decoded = URL_SAFE_NO_PAD.decode(token).map_err(|error| invalid(&error.to_string()))?;
        let token: Value = serde_json::from_slice(&decoded).map_err(|error| invalid(&error.to_string()))?;
        let version = token["rv"].as_u64().ok_or_else(|| invalid("it names no version"))?;
        let start = token["start"].as_str().and_then(|start| start.split_once('/'));
        let (namespace, name) = start.ok_or_else(|| invalid("it names no object"))?;
        let after = Some((namespace.to_owned(), name.to_owned()));
        Ok(Self { limit, version: Some(version), after })
    }

    fn exact_version(call: &Call) -> Result<Option<u64>, Refusal> {
        let (wanted, current) = (version(call)?, call.server.store.version());
        if wanted > current {
            return Err(Refusal::version_too_large(wanted, current));
        }
        Ok((call.query.text("resourceVersionMatch") == "Exact").then_some(wanted))
    }

    fn token(version: u64, last: &Entry) -> String {
        let (namespace, name) = last.key();
        let start = format!("{namespace}/{name}");
        URL_SAFE_NO_PAD.encode(json!({ "v": "meta.k8s.io/v1", "rv": version, "start": start }).to_string())
    }

    fn expired(&self) -> Refusal {
        Refusal::expired(if self.after.is_some() {
            "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.".to_owned()
        } else {
            format!("The resourceVersion for the provided list is too old: {}", self.version.unwrap_or(0))
        })
    }
}
