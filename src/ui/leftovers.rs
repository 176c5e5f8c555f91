//! The view of what debugging left: a table of what there is, and in words what can be done about the selected row.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::Theme;
use super::overlay::boxed;
use super::text::{clip, elide, fit};
use crate::app::State;
use crate::app::age::age;
use crate::app::layout::first_shown;
use crate::app::navigator::PodScope;
use crate::app::overlay::Leftovers;
use crate::cluster::{Found, Leftover, LeftoverKind};

/// Lines below the table that tell of the selected row.
const NOTE: u16 = 3;
/// The narrowest a name gets before another column goes.
const NAME: usize = 24;
/// Between two columns.
const GAP: usize = 2;

pub(super) fn draw(view: &Leftovers, state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let place = match (&view.found, &state.navigator.scope) {
        (Some(Ok(Found { namespaces: Some(names), .. })), _) => names.join(", "),
        (_, PodScope::Namespace(name)) if view.here => name.to_string(),
        (_, PodScope::Owner(chain)) if view.here => chain.namespace.to_string(),
        _ => "all namespaces".to_owned(),
    };
    let whose = if view.only.is_some() { ", mine" } else { "" };
    let rows = view.rows();
    let count = if rows.is_empty() { String::new() } else { format!(" · {}", rows.len()) };
    let room = usize::from(area.width.saturating_sub(4));
    let title = format!(
        "{}{count}",
        clip(&format!("leftovers of debugging · {place}{whose}"), room.saturating_sub(count.width()))
    );
    let foot = foot(room, view.only.is_some());
    let area = boxed(theme, frame, area, &title, &foot);
    let say = |text: String, style: Style, frame: &mut Frame<'_>| {
        frame.render_widget(Paragraph::new(text).style(style).wrap(Wrap { trim: true }), area);
    };
    let found = match &view.found {
        None => return say("looking …".to_owned(), theme.faint, frame),
        Some(Err(problem)) => return say(problem.lines(), theme.bad, frame),
        Some(Ok(found)) => found,
    };
    if rows.is_empty() {
        let mut text = match (view.only.is_some(), found.leftovers.len()) {
            (true, 1..) => "nothing here bears your name; m shows everybody's".to_owned(),
            _ => "debugging has left nothing here".to_owned(),
        };
        for problem in &found.refused {
            text += "\n";
            text += &problem.headline();
        }
        return say(text, theme.faint, frame);
    }
    let columns = Columns::of(&rows, state, usize::from(area.width));
    let full = usize::from(area.height.saturating_sub(1 + NOTE));
    // The line that says so takes the place of a row.
    let height = if rows.len() > full || !view.marked.is_empty() { full.saturating_sub(1) } else { full };
    let buffer = frame.buffer_mut();
    buffer.set_stringn(
        area.x,
        area.y,
        columns.line("  ", &HEADINGS.map(ToOwned::to_owned)),
        usize::from(area.width),
        theme.faint,
    );
    let first = first_shown(view.selected, rows.len(), height);
    for (line, (index, row)) in rows.iter().enumerate().skip(first).take(height).enumerate() {
        let style = match index == view.selected {
            true => theme.selected,
            false if row.kind.is_pod() || row.kind.is_running_debugger() => theme.text,
            false => theme.faint,
        };
        let mark = if view.is_marked(row) { "● " } else { "  " };
        let y = area.y + 1 + u16::try_from(line).unwrap_or(0);
        buffer.set_stringn(area.x, y, columns.line(mark, &cells(row, state)), usize::from(area.width), style);
    }
    let below = rows.len().saturating_sub(first + height);
    if let Some(text) = hidden(first, below, view.marked.len()) {
        let y = area.y + 1 + u16::try_from(height.min(rows.len())).unwrap_or(0);
        buffer.set_stringn(area.x, y, format!("  {text}"), usize::from(area.width), theme.key);
    }
    let note_height = NOTE.min(area.height.saturating_sub(2));
    let note = Rect { y: area.bottom().saturating_sub(note_height), height: note_height, ..area };
    if let Some(selected) = view.selected() {
        let mut text = advice(selected);
        if let Some(refused) = found.refused.first() {
            text = format!("{text}\n{}", refused.headline());
        }
        frame.render_widget(Paragraph::new(text).style(theme.faint).wrap(Wrap { trim: true }), note);
    }
}

/// The keys in the frame, as many as fit; of the others the help of `x` tells.
fn foot(width: usize, only: bool) -> String {
    let whose = if only { "m everybody" } else { "m mine" };
    // In their order, with what goes first where there is no room.
    let mut keys = vec![
        ("space mark", 2),
        ("* all", 6),
        ("d delete", 1),
        ("e end", 1),
        ("a attach", 3),
        (whose, 4),
        ("n namespace", 5),
        ("Esc close", 0),
    ];
    loop {
        let text = keys.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(" · ");
        let Some(last) = keys.iter().map(|(_, spare)| *spare).max().filter(|_| text.width() > width) else {
            return text;
        };
        keys.retain(|(_, spare)| *spare < last);
    }
}

/// Where the rows in view stand among all, and how many are marked.
fn hidden(above: usize, below: usize, marked: usize) -> Option<String> {
    let said = [(above, "↑", "more"), (below, "↓", "more"), (marked, "●", "marked")];
    let said: Vec<String> = said
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, sign, word)| format!("{sign} {count} {word}"))
        .collect();
    (!said.is_empty()).then(|| said.join("  "))
}

const HEADINGS: [&str; 8] = ["KIND", "NAMESPACE", "NAME", "STATE", "AGE", "OWNER", "NODE", "IMAGE"];
const NAMESPACE: usize = 1;
const NAME_AT: usize = 2;
/// The columns that go first where there is no room, the first to go first.
const SPARE: [usize; 4] = [7, 6, 5, 4];
/// The narrowest a namespace gets: which one a pod is in must be seen.
const NAMESPACE_LEAST: usize = 12;
/// The widest each column gets where the names still want room.
const WIDEST: [usize; 8] = [9, 20, 253, 20, 6, 12, 24, 40];

fn cells(row: &Leftover, state: &State) -> [String; 8] {
    let (kind, name) = match &row.kind {
        LeftoverKind::Copy { .. } => ("copy", row.pod.name.to_string()),
        LeftoverKind::NodeDebugger => ("node", row.pod.name.to_string()),
        LeftoverKind::Ephemeral { container, .. } => ("debugger", format!("{}/{container}", row.pod.name)),
    };
    let doubt = if row.certain { "" } else { "?" };
    [
        format!("{kind}{doubt}"),
        row.pod.namespace.to_string(),
        name,
        row.state.clone(),
        row.created.map(|created| age(created, state.now)).unwrap_or_default(),
        row.owner.clone().unwrap_or_default(),
        row.node.clone(),
        row.image.clone(),
    ]
}

/// How wide each column is; 0 where it is not shown.
struct Columns([usize; 8]);

impl Columns {
    fn of(rows: &[&Leftover], state: &State, width: usize) -> Self {
        let mut widths = HEADINGS.map(UnicodeWidthStr::width);
        for row in rows {
            for (widest, cell) in widths.iter_mut().zip(cells(row, state)) {
                *widest = (*widest).max(cell.width());
            }
        }
        for (column, widest) in widths.iter_mut().zip(WIDEST) {
            *column = (*column).min(widest);
        }
        // One namespace is said in the note of the selected row as well.
        if rows.iter().all(|row| row.pod.namespace == rows[0].pod.namespace) {
            widths[NAMESPACE] = 0;
        }
        if rows.iter().all(|row| row.owner.is_none()) {
            widths[5] = 0;
        }
        let wanted = widths[NAME_AT];
        let others = |widths: &[usize; 8]| {
            let shown = widths.iter().enumerate().filter(|(at, width)| *at != NAME_AT && **width > 0);
            shown.map(|(_, width)| width + GAP).sum::<usize>() + 2
        };
        for (step, spare) in SPARE.into_iter().enumerate() {
            // Node and image are only shown where the names are whole all the same.
            let enough = if step < 2 { wanted } else { wanted.min(NAME) };
            if others(&widths) + enough <= width {
                break;
            }
            if step == SPARE.len() - 1 {
                widths[NAMESPACE] = widths[NAMESPACE].min(NAMESPACE_LEAST);
                if others(&widths) + enough <= width {
                    break;
                }
            }
            widths[spare] = 0;
        }
        widths[NAME_AT] = wanted.min(width.saturating_sub(others(&widths)));
        Self(widths)
    }

    fn line(&self, mark: &str, cells: &[String; 8]) -> String {
        let mut line = mark.to_owned();
        for (at, (cell, width)) in cells.iter().zip(self.0).enumerate().filter(|(_, (_, width))| *width > 0) {
            // A name's end tells as much as its beginning.
            let cell = if at == NAME_AT { elide(cell, width) } else { clip(cell, width) };
            line.push_str(&fit(&cell, width + GAP));
        }
        line
    }
}

/// What the selected row is, in full, and what can be done about it.
fn advice(row: &Leftover) -> String {
    let by = row.owner.as_ref().map(|owner| format!(", made by {owner}")).unwrap_or_default();
    let at = format!("{}/{}", row.pod.namespace, row.pod.name);
    match &row.kind {
        LeftoverKind::Copy { of: Some(of) } => format!("{at}: a copy of {of}{by}; d deletes it"),
        LeftoverKind::Copy { of: None } if !row.certain => {
            format!("{at}: looks like a copy that kubectl debug made (it leaves no mark); d deletes it")
        }
        LeftoverKind::Copy { of: None } => format!("{at}: a copy{by}; d deletes it"),
        LeftoverKind::NodeDebugger if row.certain => format!("{at}: a debugger of node {}{by}; d deletes it", row.node),
        LeftoverKind::NodeDebugger => format!("{at}: looks like a debugger of node {}; d deletes it", row.node),
        LeftoverKind::Ephemeral { container, running: true } => {
            format!("{at}/{container}{by}: a attaches, e ends it; once ended it stays listed until its pod goes")
        }
        LeftoverKind::Ephemeral { container, running: false } => {
            format!("{at}/{container}{by}: does not run and cannot be removed: Kubernetes keeps it until its pod goes")
        }
    }
}
