//! The list of forwarded ports as a view: a line for each, what went wrong with it below, and more where it was asked for;
//! the ports themselves live in [`crate::app::forwards`].

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::app::age::age;
use crate::app::forwards::{Forward, ForwardId, Forwards, Stage};
use crate::app::reader::{Line, Lines, Reader, Tone};
use crate::app::text::fit;

/// The columns before the target: where it listens, connections open and in all, bytes to the pod and from it.
const WIDTHS: [usize; 4] = [18, 9, 9, 10];
/// How far what belongs to a port is indented.
const INDENT: &str = "    ";

/// The list of forwarded ports.
#[derive(Debug, Default)]
pub struct Ports {
    lines: Vec<Line>,
    /// Which port each line is of, and which of its lines it is.
    of: Vec<Option<(ForwardId, usize)>>,
    /// Those of which all is shown.
    open: BTreeSet<ForwardId>,
    running: usize,
}

impl Ports {
    pub(super) fn lines(&self) -> &dyn Lines {
        &self.lines
    }

    pub(super) fn says(&self) -> Vec<String> {
        vec![match self.running {
            0 => "nothing is forwarded".to_owned(),
            count => format!("{count} forwarded"),
        }]
    }

    /// The forwarded port at a line.
    pub fn at(&self, line: usize) -> Option<ForwardId> {
        self.of.get(line).copied().flatten().map(|(id, _)| id)
    }

    /// Shows all of a port, or its line alone.
    pub fn toggle(&mut self, id: ForwardId) {
        if !self.open.remove(&id) {
            self.open.insert(id);
        }
    }

    /// Writes the list anew; the line that is pointed at is of the same port as before.
    pub(super) fn write(&mut self, forwards: &Forwards, now: Timestamp, reader: &mut Reader) {
        let pointed = reader.cursor().and_then(|line| self.of.get(line).copied().flatten());
        self.running = forwards.running().count();
        self.open.retain(|id| forwards.get(*id).is_some());
        let before = std::mem::take(&mut self.lines);
        self.of.clear();
        if forwards.iter().len() == 0 {
            self.push(None, Line::of(Tone::Faint, "no port is forwarded; f on a pod or container begins"));
        } else {
            self.push(None, Line::of(Tone::Title, columns(["  HERE", "CONNS", "SENT", "RECEIVED"]) + "TO"));
        }
        for forward in forwards.iter() {
            let more = if self.open.contains(&forward.id) { details(forward, now) } else { Vec::new() };
            let own = std::iter::once(row(forward)).chain(trouble(forward, now)).chain(more);
            for (index, line) in own.enumerate() {
                self.push(Some((forward.id, index)), line);
            }
        }
        if self.lines != before {
            reader.replaced();
        }
        let same = pointed.and_then(|(id, index)| {
            // Where it has fewer lines than before, its last one.
            self.of.iter().rposition(|of| of.is_some_and(|(other, at)| other == id && at <= index))
        });
        let last = self.lines.len() - 1;
        let wanted = same.unwrap_or_else(|| reader.cursor().unwrap_or(1).clamp(1.min(last), last));
        if reader.cursor() != Some(wanted) && last > 0 {
            reader.point_at(wanted, &self.lines);
        }
    }

    fn push(&mut self, of: Option<(ForwardId, usize)>, line: Line) {
        self.lines.push(line);
        self.of.push(of);
    }
}

fn columns(cells: [&str; 4]) -> String {
    cells.iter().zip(WIDTHS).map(|(cell, width)| fit(cell, width)).collect()
}

fn row(forward: &Forward) -> Line {
    let (mark, tone) = match forward.stage {
        Stage::Starting => ("◌ ", Tone::Changing),
        Stage::Listening => ("● ", Tone::Good),
        Stage::Waiting => ("! ", Tone::Changing),
        Stage::Ended => ("✗ ", Tone::Bad),
        Stage::Stopped => ("■ ", Tone::Faint),
    };
    let carried = &forward.carried;
    let cells = [
        &format!("{:<w$}", forward.address(), w = WIDTHS[0] - 2),
        &format!("{}/{}", carried.open, carried.total),
        &bytes(carried.sent),
        &bytes(carried.received),
    ];
    let [address, rest @ ..] = cells;
    let counts: String = rest.iter().zip(&WIDTHS[1..]).map(|(cell, width)| fit(cell, *width)).collect();
    let plain = if forward.is_running() { Tone::Plain } else { Tone::Faint };
    let line = Line::of(tone, mark).with(if forward.is_running() { Tone::Key } else { Tone::Faint }, address);
    let line = line.with(plain, counts).with(plain, forward.target());
    match &forward.leads_to {
        Some((pod, port)) => line.with(Tone::Faint, format!(" → {}:{port}", pod.name)),
        None => line,
    }
}

/// What is wrong with it, or was last.
fn trouble(forward: &Forward, now: Timestamp) -> Option<Line> {
    let (at, problem) = forward.problem.as_ref()?;
    let (tone, said) = match forward.stage {
        Stage::Waiting => (Tone::Changing, "tried again".to_owned()),
        Stage::Ended => (Tone::Bad, format!("over for {}", age(*at, now))),
        _ => (Tone::Faint, format!("{} ago", age(*at, now))),
    };
    Some(Line::of(tone, format!("{INDENT}{said}: {}", problem.headline())))
}

fn details(forward: &Forward, now: Timestamp) -> Vec<Line> {
    let stage = match forward.stage {
        Stage::Starting => "starting",
        Stage::Listening => "listening",
        Stage::Waiting => "listening; the pod cannot be reached now",
        Stage::Ended => "over",
        Stage::Stopped => "stopped",
    };
    let pod = forward.leads_to.as_ref().map(|(pod, port)| format!("port {port} of {}/{}", pod.namespace, pod.name));
    let hint = forward.problem.as_ref().map(|(_, problem)| problem.hint.clone());
    let facts = [
        ("state", format!("{stage}, begun {} ago", age(forward.since, now))),
        ("here", forward.local.join(", ")),
        ("pod", pod.unwrap_or_default()),
        ("context", forward.request.context.clone()),
        ("hint", hint.unwrap_or_default()),
    ];
    let told = facts.into_iter().filter(|(_, value)| !value.is_empty());
    told.map(|(name, value)| Line::of(Tone::Key, format!("{INDENT}{name:<8} ")).with(Tone::Plain, value)).collect()
}

/// So many bytes in as few letters as tell them: `512 B`, `1.4 kB`, `23 MB`.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut tenths = count / 100;
    let mut unit = 0;
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    let whole = tenths / 10;
    if whole < 10 { format!("{whole}.{} {}", tenths % 10, UNITS[unit]) } else { format!("{whole} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_in_few_letters() {
        let cases = [
            (0, "0 B"),
            (999, "999 B"),
            (1_450, "1.4 kB"),
            (23_900, "23 kB"),
            (999_999, "999 kB"),
            (1_000_000, "1.0 MB"),
            (u64::MAX, "18446 PB"),
        ];
        for (count, expected) in cases {
            assert_eq!(bytes(count), expected);
        }
    }
}
