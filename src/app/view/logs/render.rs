//! An entry of a log view as a line to read: time, source, then its text with what was looked for; it keeps nothing.

use super::entry::Entry;
use super::{Logs, json};
use crate::app::reader::{Line, Look, Span, Tone};
use crate::cluster::MarkKind;
use crate::screen::{Attributes, Color};

impl Logs {
    /// What stands on this row; nothing beyond the end.
    pub(super) fn rendered(&self, row: usize) -> Line {
        let Some((row, entry)) = self.store.rows().get(row).and_then(|row| Some((row, self.store.entry(row.entry)?)))
        else {
            return Line::default();
        };
        if row.part > 0 {
            let part = usize::try_from(row.part - 1).unwrap_or(usize::MAX);
            return json::unfolded(&entry.text).and_then(|lines| lines.into_iter().nth(part)).unwrap_or_default();
        }
        if let Some(kind) = entry.mark {
            return self.mark(entry, kind);
        }
        let mut line = Line::default();
        if let Some(time) = entry.time.filter(|_| self.shows_times) {
            line = line.with(Tone::Faint, format!("{time:.3} "));
        }
        if let Some((label, tone)) = self.label(entry) {
            line = line.with(tone, format!("{label} "));
        }
        let body = if entry.is_object() && self.shows_objects_readable { json::folded(&entry.text) } else { None };
        let body = body.unwrap_or_else(|| coloured(entry));
        line.spans.extend(self.highlighted(body).spans);
        line
    }

    fn label(&self, entry: &Entry) -> Option<(&str, Tone)> {
        let number = entry.source?;
        let label = self.sources.get(number).map(|source| source.label.as_str()).filter(|label| !label.is_empty())?;
        Some((label, Tone::Source(u8::try_from(number % 256).unwrap_or(0))))
    }

    fn mark(&self, entry: &Entry, kind: MarkKind) -> Line {
        let tone = match kind {
            MarkKind::Calm => Tone::Faint,
            MarkKind::Gap => Tone::Changing,
            MarkKind::Failure => Tone::Bad,
        };
        let mut line = Line::of(tone, "╌╌ ");
        let mut text = &*entry.text;
        if let Some((label, tone)) = self.label(entry) {
            line = line.with(tone, format!("{} ", label.trim_end()));
            // The label names the container already.
            let container = entry.source.and_then(|source| self.sources.get(source));
            let after = container.and_then(|source| text.strip_prefix(&*source.key.container));
            text = after.and_then(|after| after.strip_prefix(": ").or(after.strip_prefix(' '))).unwrap_or(text);
        }
        line.with(tone, text.to_owned())
    }

    /// The line with what the filter has found set off.
    fn highlighted(&self, line: Line) -> Line {
        if self.filter.is_open() {
            return line;
        }
        let found = self.filter.places_in(&line.text());
        if found.is_empty() {
            return line;
        }
        let attributes = Attributes { bold: true, ..Attributes::default() };
        let mark = Tone::Ansi(Look { fg: Color::Indexed(0), bg: Color::Indexed(3), attributes });
        let mut spans = Vec::new();
        let mut at = 0;
        for span in line.spans {
            let (start, end) = (at, at + span.text.len());
            let mut from = start;
            for place in &found {
                let (begins, ends) = (place.start.max(from), place.end.min(end));
                if begins >= ends {
                    continue;
                }
                push(&mut spans, &span.text[from - start..begins - start], span.tone);
                push(&mut spans, &span.text[begins - start..ends - start], mark);
                from = ends;
            }
            push(&mut spans, &span.text[from - start..], span.tone);
            at = end;
        }
        Line { spans }
    }
}

fn push(spans: &mut Vec<Span>, text: &str, tone: Tone) {
    if !text.is_empty() {
        spans.push(Span { text: text.to_owned(), tone });
    }
}

/// The text in the colours of its writer.
fn coloured(entry: &Entry) -> Line {
    if entry.changes.is_empty() {
        return Line::of(Tone::Plain, entry.text.to_string());
    }
    let mut spans = Vec::new();
    let (mut from, mut tone) = (0, Tone::Plain);
    for (at, look) in &entry.changes {
        let at = usize::try_from(*at).unwrap_or(usize::MAX).min(entry.text.len());
        push(&mut spans, &entry.text[from..at], tone);
        from = at;
        tone = if *look == Look::default() { Tone::Plain } else { Tone::Ansi(*look) };
    }
    push(&mut spans, &entry.text[from..], tone);
    Line { spans }
}
