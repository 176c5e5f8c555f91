//! Events at the end of a description, in kubectl's words; they are read elsewhere.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Event;
use serde::Deserialize;
use serde_json::Value;

use super::description::{Cell, Page, Piece, Standing, said, standing};
use super::surroundings::Read;
use super::workload::cannot;

/// The events, the one that was told last at the end.
pub(super) fn events(page: &mut Page, events: Option<&Read<Vec<Value>>>) {
    let events = match events {
        None => return,
        Some(Err(problem)) => return page.cell(0, "Events", cannot(problem)),
        Some(Ok(events)) => events,
    };
    let mut events: Vec<Event> = events.iter().filter_map(|event| Event::deserialize(event).ok()).collect();
    if events.is_empty() {
        return page.field(0, "Events", "<none>");
    }
    // Times of one second come in two precisions: what has the finer one, the scheduler's, came first.
    events.sort_by_key(|event| (last(event).map(Timestamp::as_second), event.last_timestamp.is_some()));
    page.group(0, "Events");
    page.underlined(1, &["Type", "Reason", "Age", "From", "Message"]);
    for event in &events {
        let how = |text: Option<&String>| {
            let text = text.map_or("", String::as_str);
            if event.type_.as_deref() == Some("Warning") { standing(Standing::Bad, text) } else { said(text) }
        };
        let source = event.source.as_ref().and_then(|source| source.component.as_deref());
        let source = source.filter(|source| !source.is_empty()).or(event.reporting_component.as_deref());
        let message = event.message.as_deref().unwrap_or_default().trim();
        let message = match event.involved_object.field_path.as_deref().filter(|path| !path.is_empty()) {
            Some(path) => format!("{path}: {message}"),
            None => message.to_owned(),
        };
        page.row(
            1,
            vec![
                how(event.type_.as_ref()),
                how(event.reason.as_ref()),
                Cell::Ages(ages(event)),
                said(source.unwrap_or_default()),
                said(message),
            ],
        );
    }
}

/// When it was told last.
fn last(event: &Event) -> Option<Timestamp> {
    let observed = event.series.as_ref().and_then(|series| series.last_observed_time.as_ref()).map(|time| time.0);
    let last = event.last_timestamp.as_ref().map(|time| time.0);
    observed.or(last).or_else(|| first(event))
}

fn first(event: &Event) -> Option<Timestamp> {
    let first = event.first_timestamp.as_ref().map(|time| time.0);
    event.event_time.as_ref().map(|time| time.0).or(first)
}

/// `5m`, or `3m (x4 over 10m)` of what was told more than once.
fn ages(event: &Event) -> Vec<Piece> {
    let first = Piece::since(first(event));
    let several = |last: Option<Timestamp>, count: i32, first: Piece| {
        let words = |words: String| Piece::Words(words);
        vec![Piece::since(last), words(format!(" (x{count} over ")), first, words(")".to_owned())]
    };
    match (&event.series, event.count) {
        (Some(series), _) => {
            let last = series.last_observed_time.as_ref().map(|time| time.0);
            several(last, series.count.unwrap_or_default(), first)
        }
        (None, Some(count)) if count > 1 => several(event.last_timestamp.as_ref().map(|time| time.0), count, first),
        _ => vec![first],
    }
}
