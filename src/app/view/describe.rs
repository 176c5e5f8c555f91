//! An object described: its findings and facts laid out as lines, ages going on; what is told of it is made elsewhere.

use jiff::Timestamp;
use unicode_width::UnicodeWidthStr;

use crate::app::age::age;
use crate::app::reader::{Line, Lines, Reader, Span, Tone};
use crate::cluster::ObjectKey;
use crate::cluster::describe::{Cell, Description, Entry, Standing};

/// Blanks between two columns, as kubectl leaves them.
const GAP: usize = 2;

/// The view of an object described.
#[derive(Debug)]
pub struct Describe {
    key: ObjectKey,
    description: Option<Box<Description>>,
    /// It was there and is no more; what it was stays to be read.
    gone: bool,
    lines: Vec<Line>,
    /// The moment that the ages are told of.
    laid_out: Option<Timestamp>,
}

impl Describe {
    pub(super) fn new(key: ObjectKey) -> Self {
        Self { key, description: None, gone: false, lines: Vec::new(), laid_out: None }
    }

    pub(super) fn lines(&self) -> &dyn Lines {
        &self.lines
    }

    pub(super) fn title(&self) -> String {
        self.key.name.to_string()
    }

    pub(super) fn says(&self) -> Vec<String> {
        let gone = self.gone.then(|| "it is gone; this is what it was".to_owned());
        gone.into_iter().chain([self.key.kind.kind.to_owned()]).collect()
    }

    /// What controls the object, where that can be described itself.
    pub fn owner(&self) -> Option<&ObjectKey> {
        self.description.as_ref().and_then(|description| description.owner.as_ref())
    }

    pub(super) fn take(&mut self, description: Option<Box<Description>>, reader: &mut Reader) {
        self.gone = description.is_none();
        if description.is_some() {
            self.description = description;
            self.laid_out = None;
        } else if self.description.is_none() {
            self.lines = vec![Line::of(Tone::Changing, format!("there is no {}", self.key.words()))];
            reader.replaced();
        }
    }

    /// Lets ages go on; lays out what has come.
    pub(super) fn settle(&mut self, now: Timestamp, reader: &mut Reader) {
        let Some(description) = &self.description else { return };
        if self.laid_out.is_some_and(|then| then.as_second() == now.as_second()) {
            return;
        }
        self.laid_out = Some(now);
        let lines = lay_out(description, now);
        if lines != self.lines {
            self.lines = lines;
            reader.replaced();
        }
    }
}

/// The findings, then the facts, with an empty line between them.
fn lay_out(description: &Description, now: Timestamp) -> Vec<Line> {
    let mut lines = columns(&description.findings, now);
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines.extend(columns(&description.facts, now));
    lines
}

/// Entries with their columns under each other: a column is as wide as the widest of it in the entries that follow each
/// other and have it.
fn columns(entries: &[Entry], now: Timestamp) -> Vec<Line> {
    let texts: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            let mut texts = entry.texts(now, age);
            if let Some(first) = texts.first_mut() {
                first.insert_str(0, &"  ".repeat(entry.depth));
            }
            texts
        })
        .collect();
    let widths = widths(&texts);
    entries.iter().zip(texts).zip(widths).map(|((entry, texts), widths)| line(entry, texts, &widths)).collect()
}

/// How wide each column of each entry is, all but the last of it.
fn widths(texts: &[Vec<String>]) -> Vec<Vec<usize>> {
    let mut widths: Vec<Vec<usize>> = texts.iter().map(|texts| vec![0; texts.len().saturating_sub(1)]).collect();
    let most = widths.iter().map(Vec::len).max().unwrap_or(0);
    for column in 0..most {
        let mut from = 0;
        while from < texts.len() {
            let run = widths[from..].iter().take_while(|widths| widths.len() > column).count();
            let widest = texts[from..from + run].iter().map(|texts| texts[column].width()).max().unwrap_or(0);
            for widths in &mut widths[from..from + run] {
                widths[column] = widest + GAP;
            }
            from += run.max(1);
        }
    }
    widths
}

fn line(entry: &Entry, texts: Vec<String>, widths: &[usize]) -> Line {
    let alone = entry.cells.len() == 1;
    let mut spans = Vec::with_capacity(texts.len());
    for (index, (cell, mut text)) in entry.cells.iter().zip(texts).enumerate() {
        if let Some(width) = widths.get(index) {
            text.push_str(&" ".repeat(width.saturating_sub(text.width())));
        }
        let tone = match cell {
            Cell::Name(_) if alone && entry.depth == 0 => Tone::Title,
            Cell::Name(_) => Tone::Key,
            Cell::Heading(_) | Cell::State(Standing::Faint, _) => Tone::Faint,
            Cell::Text(_) | Cell::Ages(_) => Tone::Plain,
            Cell::State(Standing::Good, _) => Tone::Good,
            Cell::State(Standing::Changing, _) => Tone::Changing,
            Cell::State(Standing::Bad, _) => Tone::Bad,
        };
        spans.push(Span { text, tone });
    }
    Line { spans }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::describe::Piece;

    fn entry(depth: usize, name: &str, value: Option<Cell>) -> Entry {
        Entry { depth, cells: [Cell::Name(name.to_owned())].into_iter().chain(value).collect() }
    }

    fn description() -> Box<Description> {
        let text = |text: &str| Some(Cell::Text(text.to_owned()));
        let since = Piece::Since(Timestamp::UNIX_EPOCH);
        Box::new(Description {
            findings: vec![entry(0, "Trouble:", text("no node takes it"))],
            facts: vec![
                entry(0, "Name:", text("api-0")),
                entry(0, "Service Account:", text("default")),
                entry(0, "Containers:", None),
                entry(1, "app:", None),
                entry(2, "Image:", text("api:1")),
                entry(2, "State:", Some(Cell::State(Standing::Good, "Running".to_owned()))),
                entry(3, "Started:", Some(Cell::Ages(vec![since]))),
            ],
            owner: None,
        })
    }

    #[test]
    fn columns_stand_under_each_other_as_far_as_they_go() {
        let mut view = Describe::new(ObjectKey::node("x".into()));
        let mut reader = Reader::new(false, false);
        view.take(Some(description()), &mut reader);
        view.settle(Timestamp::from_second(180).unwrap(), &mut reader);
        let text: Vec<String> = view.lines.iter().map(Line::text).collect();
        assert_eq!(
            text,
            [
                "Trouble:  no node takes it",
                "",
                "Name:             api-0",
                "Service Account:  default",
                "Containers:",
                "  app:",
                "    Image:      api:1",
                "    State:      Running",
                "      Started:  3m",
            ]
        );
        view.settle(Timestamp::from_second(60).unwrap(), &mut reader);
        assert!(view.lines.last().unwrap().text().ends_with("60s"), "ages go on");
    }

    #[test]
    fn what_is_gone_can_still_be_read() {
        let mut view = Describe::new(ObjectKey::node("x".into()));
        let mut reader = Reader::new(false, false);
        view.take(None, &mut reader);
        assert_eq!(view.lines[0].text(), "there is no node x");
        view.take(Some(description()), &mut reader);
        view.settle(Timestamp::UNIX_EPOCH, &mut reader);
        view.take(None, &mut reader);
        assert_eq!((view.lines.len(), view.says()[0].as_str()), (9, "it is gone; this is what it was"));
    }
}
