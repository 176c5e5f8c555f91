//! Every small byte sequence of the recorded table gives the screen, cursor, cells, history and replies it names.

use std::collections::BTreeMap;

use bathyscope::screen::{Attributes, Color, DefaultColors, Screen, Size, Underline};
use regex::bytes::Regex;
use serde::Deserialize;

use crate::screen_keys::unescape;

/// Probes that are answered otherwise on purpose.
const DIFFERENT: &[(&str, &str)] = &[(
    "wrap-pending-el",
    "EL after the last column is written keeps that character: grep and gcc send EL after each coloured word, and \
     erasing would eat the last letter of every full line. xterm.js and VTE keep it as well",
)];

#[derive(Deserialize)]
struct Probe {
    id: String,
    rows: u16,
    cols: u16,
    steps: Vec<Step>,
    screen: Option<Vec<String>>,
    cursor: Option<(u16, u16)>,
    history: Option<usize>,
    #[serde(default)]
    cells: Vec<Expected>,
    reply: Option<String>,
    reply_re: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Step {
    Feed(String),
    Resize((u16, u16)),
}

#[derive(Deserialize)]
struct Expected {
    r: u16,
    c: u16,
    fg: Option<String>,
    bg: Option<String>,
    #[serde(default)]
    has: String,
    #[serde(default)]
    hasnot: String,
}

#[test]
fn the_probe_table() {
    let probes: Vec<Probe> = serde_json::from_str(include_str!("../data/terminal/probes.json")).unwrap();
    assert_eq!(probes.len(), 86);
    let mut wrong = Vec::new();
    for probe in &probes {
        let differences = differences(probe);
        let excused = DIFFERENT.iter().any(|(id, _)| *id == probe.id);
        match (differences.is_empty(), excused) {
            (true, true) => wrong.push(format!("{}: listed as different but is as wanted", probe.id)),
            (false, false) => wrong.push(format!("{}: {}", probe.id, differences.join("; "))),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), probes.len(), wrong.join("\n"));
}

fn differences(probe: &Probe) -> Vec<String> {
    let mut screen = Screen::new(Size { columns: probe.cols, rows: probe.rows }, 1000);
    screen.set_default_colors(Some(DefaultColors { foreground: (220, 220, 220), background: (16, 16, 32) }));
    for step in &probe.steps {
        match step {
            Step::Feed(text) => screen.feed(&unescape(text)),
            Step::Resize((rows, columns)) => screen.resize(Size { columns: *columns, rows: *rows }),
        }
    }
    let mut wrong = Vec::new();
    let text = screen.text();
    if let Some(wanted) = &probe.screen
        && wanted.join("\n") != text.trim_end_matches('\n')
    {
        wrong.push(format!("screen {:?} instead of {wanted:?}", text.lines().collect::<Vec<_>>()));
    }
    let cursor = screen.cursor().map(|cursor| (cursor.row, cursor.column));
    if probe.cursor.is_some() && cursor != probe.cursor {
        wrong.push(format!("cursor {cursor:?} instead of {:?}", probe.cursor));
    }
    if probe.history.is_some_and(|history| history != screen.history()) {
        wrong.push(format!("history {} instead of {:?}", screen.history(), probe.history));
    }
    let replies = screen.take_replies();
    let reply = replies.escape_ascii().to_string();
    if probe.reply.as_ref().is_some_and(|wanted| wanted.as_bytes() != replies) {
        wrong.push(format!("reply {reply} instead of {:?}", probe.reply));
    }
    if probe
        .reply_re
        .as_ref()
        .is_some_and(|wanted| !Regex::new(wanted).expect("a pattern of the table").is_match(&replies))
    {
        wrong.push(format!("reply {reply} instead of {:?}", probe.reply_re));
    }
    let cells = cells(&screen);
    for expected in &probe.cells {
        let (fg, bg, has) = &cells[&(expected.r, expected.c)];
        let place = (expected.r, expected.c);
        if expected.fg.as_ref().is_some_and(|wanted| wanted != fg) {
            wrong.push(format!("{place:?} has foreground {fg} instead of {:?}", expected.fg));
        }
        if expected.bg.as_ref().is_some_and(|wanted| wanted != bg) {
            wrong.push(format!("{place:?} has background {bg} instead of {:?}", expected.bg));
        }
        for wanted in expected.has.split(',').filter(|name| !name.is_empty()) {
            if !has.contains(&wanted) {
                wrong.push(format!("{place:?} lacks {wanted}"));
            }
        }
        for unwanted in expected.hasnot.split(',').filter(|name| !name.is_empty()) {
            if has.contains(&unwanted) {
                wrong.push(format!("{place:?} has {unwanted}"));
            }
        }
    }
    wrong
}

type Looks = (String, String, Vec<&'static str>);

fn cells(screen: &Screen) -> BTreeMap<(u16, u16), Looks> {
    let mut cells = BTreeMap::new();
    screen.for_each_cell(|column, row, cell| {
        cells.insert((row, column), (name(cell.fg), name(cell.bg), names(cell.attributes)));
    });
    cells
}

fn name(color: Color) -> String {
    match color {
        Color::Default => "d".to_owned(),
        Color::Indexed(index) => format!("i{index}"),
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
    }
}

fn names(attributes: Attributes) -> Vec<&'static str> {
    let has = [
        ("bold", attributes.bold),
        ("dim", attributes.dim),
        ("italic", attributes.italic),
        ("underline", attributes.underline != Underline::None),
        ("inverse", attributes.inverse),
        ("hidden", attributes.hidden),
        ("strike", attributes.strike),
    ];
    has.into_iter().filter(|(_, has)| *has).map(|(name, _)| name).collect()
}
