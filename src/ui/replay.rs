//! A recording on screen: its terminal in the middle, or as much of it as there is room for, and below it how far it is.

use std::time::Duration;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::Theme;
use super::text::clip;
use crate::app::layout::centred;
use crate::app::replay::{KEYS, Player};

/// Rows below the recording.
const BELOW: u16 = 2;

/// Draws one frame.
pub fn draw(player: &Player, theme: &Theme, frame: &mut Frame<'_>) {
    let whole = frame.area();
    let Some(height) = whole.height.checked_sub(BELOW).filter(|height| *height > 0 && whole.width >= 20) else {
        frame.render_widget(Paragraph::new("too small"), whole);
        return;
    };
    draw_screen(player, theme, frame, Rect { height, ..whole });
    draw_progress(player, theme, frame, Rect { y: whole.y + height, height: 1, ..whole });
    draw_line(player, theme, frame, Rect { y: whole.y + height + 1, height: 1, ..whole });
    super::safe::make_safe(frame.buffer_mut());
}

fn draw_screen(player: &Player, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let screen = player.screen();
    let size = screen.size();
    let place = centred(area, size.columns, size.rows);
    let framed = Rect::new(place.x.saturating_sub(1), place.y.saturating_sub(1), place.width + 2, place.height + 2);
    if area.intersection(framed) == framed && place.x > area.x && place.y > area.y {
        frame.render_widget(Block::bordered().border_style(theme.rule), framed);
    }
    let all = Rect::new(0, 0, size.columns, size.rows);
    let mut painted = Buffer::empty(all);
    super::pane::paint(screen, 0, theme, &mut painted, all);
    let cursor = screen.cursor();
    // Where there is no room for all of it, the part with the cursor is what matters.
    let (column, row) = cursor.map_or((0, 0), |cursor| (cursor.column, cursor.row));
    let left = first_in_view(column, size.columns, place.width);
    let top = first_in_view(row, size.rows, place.height);
    let buffer = frame.buffer_mut();
    for y in 0..place.height {
        for x in 0..place.width {
            let cell = &painted[(left + x, top + y)];
            let target = &mut buffer[(place.x + x, place.y + y)];
            target.clone_from(cell);
            if x + 1 == place.width && cell.symbol().width() > 1 {
                target.set_symbol(" ");
            }
        }
    }
    if let Some(cursor) = cursor.filter(|_| player.prompt().is_none()) {
        let at = Position::new(place.x + cursor.column.saturating_sub(left), place.y + cursor.row.saturating_sub(top));
        if place.contains(at) {
            frame.set_cursor_position(at);
        }
    }
}

/// The first column (or row) to show of `total`, so that `wanted` is among the `shown`.
fn first_in_view(wanted: u16, total: u16, shown: u16) -> u16 {
    (wanted + 1).saturating_sub(shown).min(total.saturating_sub(shown))
}

fn draw_progress(player: &Player, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let state = if player.is_busy() {
        "…"
    } else if player.is_playing() {
        "▶"
    } else {
        "‖"
    };
    let time = match player.length() {
        Some(length) => format!("{} / {}", clock(player.clock(), length), clock(length, length)),
        None => clock(player.clock(), player.clock()),
    };
    let left = format!(" {state} {time} ");
    let title = player.header().title.clone().unwrap_or_default();
    let room = usize::from(area.width);
    let right = format!(" {}x  {} ", speed(player.speed()), clip(&title, room / 3));
    let bar = room.saturating_sub(left.width() + right.width());
    let done = match player.length() {
        Some(length) if !length.is_zero() => share(bar, player.clock(), length),
        _ => 0,
    };
    let mut cells: Vec<(&str, bool)> =
        (0..bar).map(|index| if index < done { ("━", true) } else { ("─", false) }).collect();
    for marker in player.markers() {
        let length = player.length().unwrap_or_default();
        if let Some(cell) = cells.get_mut(share(bar.saturating_sub(1), marker.at, length)) {
            cell.0 = "◆";
        }
    }
    let mut line = Line::from(Span::styled(left, theme.title));
    for (symbol, done) in cells {
        line.push_span(Span::styled(symbol, if done { theme.key } else { theme.rule }));
    }
    line.push_span(Span::styled(right, theme.text));
    frame.render_widget(Paragraph::new(line), area);
}

/// How many of `all` cells `part` of `whole` takes.
fn share(all: usize, part: Duration, whole: Duration) -> usize {
    let whole = whole.as_millis().max(1);
    let cells = part.as_millis().min(whole) * all as u128 / whole;
    usize::try_from(cells).unwrap_or(all)
}

/// A time as minutes and seconds, with hours where the recording has any.
fn clock(time: Duration, length: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if length.as_secs() >= 3600 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

fn speed(speed: f64) -> String {
    let text = format!("{speed:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The last row: the text being typed, what there is to tell, or the keys.
fn draw_line(player: &Player, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let room = usize::from(area.width);
    if let Some(prompt) = player.prompt() {
        let mark = if prompt.backwards { "?" } else { "/" };
        frame.render_widget(Paragraph::new(format!(" {mark}{}", prompt.line.text())), area);
        let before = 2 + prompt.line.before_cursor().width();
        let x = area.x + u16::try_from(before.min(room.saturating_sub(1))).unwrap_or(0);
        frame.set_cursor_position(Position::new(x, area.y));
        return;
    }
    if let Some(told) = player.told() {
        frame.render_widget(Paragraph::new(Line::styled(format!(" {}", clip(&told, room - 1)), theme.changing)), area);
        return;
    }
    let mut line = Line::from(" ");
    for (key, what) in KEYS {
        let first = line.width() == 1;
        if line.width() + key.width() + what.width() + 4 > room {
            continue;
        }
        if !first {
            line.push_span(Span::styled(" · ", theme.rule));
        }
        line.push_span(Span::styled(key, theme.key));
        line.push_span(Span::styled(format!(" {what}"), theme.text));
    }
    frame.render_widget(Paragraph::new(line), area);
}
