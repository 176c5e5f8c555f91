//! The form of forwarded ports on screen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::super::Theme;
use super::super::text::{clip, fit, wrap};
use super::{boxed, line};
use crate::app::layout::{centred, first_shown};
use crate::app::overlay::{PortForm, PortRow};
use crate::cluster::PortOwner;

const FOOT: &str = "⏎ forward · Space several · digits port here · Esc";
const WIDTH: u16 = 90;
/// What a line of the other port begins with.
const OTHER: &str = "another port  ";

pub(super) fn draw(form: &PortForm, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let width = WIDTH.min(area.width);
    let notes = notes(form, theme, usize::from(width.saturating_sub(4)));
    let others = usize::from(form.takes_other());
    let wanted = form.rows.len() + others + notes.len() + 3;
    let outline = centred(area, width, u16::try_from(wanted).unwrap_or(u16::MAX).min(area.height));
    let inside = boxed(theme, frame, outline, &clip(&form.title(), usize::from(width.saturating_sub(6))), FOOT);
    let below = others + notes.len();
    let room = usize::from(inside.height).saturating_sub(below + 1);
    let head =
        if form.rows.is_empty() { String::new() } else { columns(["", "PORT", "NAME", "OF", "HERE"], inside.width) };
    frame.buffer_mut().set_stringn(inside.x, inside.y, head, usize::from(inside.width), theme.faint);
    let first = first_shown(form.selected, form.rows.len(), room);
    let mut y = inside.y + 1;
    for (index, row) in form.rows.iter().enumerate().skip(first).take(room) {
        let style = if index == form.selected { theme.selected } else { theme.text };
        let text = of_row(row, inside.width);
        frame.buffer_mut().set_stringn(
            inside.x,
            y,
            fit(&text, usize::from(inside.width)),
            usize::from(inside.width),
            style,
        );
        y += 1;
    }
    if form.takes_other() {
        let here = form.selected >= form.rows.len();
        let style = if here { theme.key } else { theme.text };
        frame.buffer_mut().set_stringn(inside.x, y, OTHER, usize::from(inside.width), style);
        let at = u16::try_from(OTHER.len()).unwrap_or(0).min(inside.width);
        let rest = Rect { x: inside.x + at, y, width: inside.width - at, height: 1 };
        if here {
            line(&form.other, theme, frame, rest);
        } else {
            let text = form.other.text();
            let text = if text.is_empty() { "8080, 9000:8080, :8080 or a name" } else { text };
            frame.buffer_mut().set_stringn(rest.x, y, text, usize::from(rest.width), theme.faint);
        }
        y += 1;
    }
    let rest = Rect { y, height: inside.bottom().saturating_sub(y), ..inside };
    frame.render_widget(Paragraph::new(notes), rest);
}

fn of_row(row: &PortRow, width: u16) -> String {
    let of = match &row.offer.of {
        PortOwner::Container(name) => format!("container {name}"),
        PortOwner::Service { .. } => row.offer.target.words(),
    };
    let local = match row.local.text() {
        "" | "0" => "any free",
        text => text,
    };
    let mark = if row.marked { "✓" } else { "" };
    columns([mark, &row.offer.number.to_string(), &row.offer.name, &of, local], width)
}

fn columns([mark, port, name, of, here]: [&str; 5], width: u16) -> String {
    let room = usize::from(width).saturating_sub(2 + 7 + 16 + 9).max(8);
    format!("{}{}{}{}{here}", fit(mark, 2), fit(port, 7), fit(name, 16), fit(of, room))
}

/// What is to be known below the ports.
fn notes(form: &PortForm, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut notes = vec![Line::default()];
    let mut say = |text: &str, style| {
        notes.extend(wrap(text, width).into_iter().map(|text| Line::from(Span::styled(text, style))));
    };
    if form.reading {
        say(
            if form.eager { "reading the ports; the first one is forwarded then" } else { "reading the ports…" },
            theme.faint,
        );
    }
    if let Some(mistake) = &form.mistake {
        say(mistake, theme.bad);
    }
    if let Some(problem) = &form.problem {
        say(&problem.to_string(), theme.changing);
    }
    if !form.reading && form.rows.is_empty() && form.problem.is_none() && form.mistake.is_none() {
        let text = if form.takes_other() {
            "no container of the pod declares a port and no Service selects it: name one"
        } else {
            "the namespace has no Service with a TCP port"
        };
        say(text, theme.faint);
    }
    if let Ok(requests) = form.requests().as_ref().map(Vec::as_slice) {
        let several = requests.len() > 1;
        if several {
            say(&format!("{} ports are forwarded", requests.len()), theme.faint);
        }
    }
    notes
}
