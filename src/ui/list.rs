//! The list of namespaces or pods, and what all lists have in common; the rows and their order are the navigator's.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};
use unicode_width::UnicodeWidthStr as _;

use super::text::{clip, elide, fit};
use super::used::{cpu, memory};
use super::{Theme, nodes};
use crate::app::age::age;
use crate::app::layout::first_shown;
use crate::app::navigator::{Health, PodScope, PodSort};
use crate::app::{Connection, Focus, List, State};
use crate::cluster::metrics::PodUse;
use crate::cluster::{Liveness, NamespaceRow, PodRow, Problem};

/// The columns of the pod list for a width: heading and width; the name takes what is left.
struct Columns {
    namespace: usize,
    name: usize,
    ready: usize,
    status: usize,
    age: usize,
    cpu: usize,
    memory: usize,
    node: usize,
    ip: usize,
}

const READY: usize = 6;
const RESTARTS: usize = 4;
/// Below so many columns a name tells too little.
const LEAST_NAME: usize = 12;
pub(super) const AGE: usize = 6;

/// Writes the cells of one row from left to right, each with a blank behind it.
pub(super) struct Cells<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    x: u16,
}

impl<'a> Cells<'a> {
    /// Begins a row, with its mark if it is selected.
    pub(super) fn begin(buffer: &'a mut Buffer, area: Rect, selected: bool, style: Style) -> Self {
        buffer.set_string(area.x, area.y, if selected { "▸" } else { " " }, style);
        Self { buffer, area, x: area.x + 1 }
    }

    /// The next cell; none if its column has no width or the row is full.
    pub(super) fn put(&mut self, text: &str, width: usize, style: Style) {
        self.put_cut(text, width, style, clip);
    }

    /// The same for a name, which keeps its end: that is where the pods of one workload differ.
    pub(super) fn put_name(&mut self, name: &str, width: usize, style: Style) {
        self.put_cut(name, width, style, elide);
    }

    fn put_cut(&mut self, text: &str, width: usize, style: Style, shorten: fn(&str, usize) -> String) {
        if width == 0 || self.x >= self.area.right() {
            return;
        }
        let room = self.area.right() - self.x;
        let width = u16::try_from(width).unwrap_or(room).min(room);
        self.buffer.set_style(Rect { x: self.x, y: self.area.y, width, height: 1 }, style);
        let columns = usize::from(width) - 1;
        let cut;
        let text = if text.width() <= columns {
            text
        } else {
            cut = shorten(text, columns);
            &cut
        };
        self.buffer.set_stringn(self.x, self.area.y, text, columns, style);
        self.x += width;
    }
}

impl Columns {
    fn new(width: u16, all: bool, metrics: bool) -> Self {
        let width = usize::from(width);
        let namespace = if all { (width / 5).clamp(8, 24) } else { 0 };
        let node = if width >= 80 { 18 } else { 0 };
        let (cpu, memory) = if metrics && width >= 90 { (7, 8) } else { (0, 0) };
        let ip = if width >= 100 + cpu + memory { 16 } else { 0 };
        let status = if width >= 60 { 18 } else { 13 };
        let [mut ready, mut age] = [READY, AGE];
        let mut name = width.saturating_sub(1 + namespace + ready + status + RESTARTS + age + cpu + memory + node + ip);
        name = give_way(name, &mut [&mut age, &mut ready]);
        Self { namespace, name, ready, status, age, cpu, memory, node, ip }
    }
}

/// Columns that a name takes from others, one after the other, where it would have too few; how many it has then.
pub(super) fn give_way(mut name: usize, others: &mut [&mut usize]) -> usize {
    for other in others {
        if name < LEAST_NAME {
            name += std::mem::take(*other);
        }
    }
    name
}

pub(super) fn title(state: &State, theme: &Theme) -> Line<'static> {
    let navigator = &state.navigator;
    let (what, shown, total) = match navigator.list {
        List::Pods => ("pods", navigator.pods.visible().len(), navigator.pods.len()),
        List::Namespaces => ("namespaces", navigator.namespaces.visible().len(), navigator.namespaces.len()),
        List::Nodes => ("nodes", navigator.nodes.rows.visible().len(), navigator.nodes.rows.len()),
    };
    let style = if state.focus == Focus::List { theme.focused_title } else { theme.title };
    let filter = navigator.filter();
    let count = if filter.is_empty() { format!("{what} {total}") } else { format!("{what} {shown}/{total}") };
    let mut spans = vec![Span::styled(count, style)];
    if state.filtering || !filter.is_empty() {
        let cursor = if state.filtering { "▌" } else { "" };
        spans.push(Span::styled(format!("  /{filter}{cursor}"), theme.key));
    }
    Line::from(spans)
}

pub(super) fn draw(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    match state.navigator.list {
        List::Pods => pods(state, theme, frame, area),
        List::Namespaces => namespaces(state, theme, frame, area),
        List::Nodes => nodes::list(state, theme, frame, area),
    }
}

fn pods(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let rows = &state.navigator.pods;
    let one_namespace = matches!(state.navigator.scope, PodScope::Namespace(_) | PodScope::Owner(_));
    let columns = Columns::new(area.width, !one_namespace, state.metrics.are_known(state.now));
    let heading = heading(state, &columns);
    frame.buffer_mut().set_stringn(area.x, area.y, heading, usize::from(area.width), theme.faint);
    if rows.visible().len() == 0 {
        return empty(state, theme, frame, area, state.navigator.pods_refused.as_ref(), rows.is_complete(), "pods");
    }
    let height = usize::from(area.height - 1);
    let first = first_shown(rows.selected_index(), rows.visible().len(), height);
    for (line, (index, row)) in rows.visible().enumerate().skip(first).take(height).enumerate() {
        let y = area.y + 1 + u16::try_from(line).unwrap_or(0);
        let style = row_style(state, theme, index == rows.selected_index());
        let health = match Health::of(row) {
            Health::Good => theme.good,
            Health::Changing => theme.changing,
            Health::Bad => theme.bad,
            Health::Done => theme.done,
        };
        pod(state, row, &columns, frame, Rect { y, height: 1, ..area }, (style, health));
    }
}

fn heading(state: &State, columns: &Columns) -> String {
    let (sort, reversed) = state.navigator.pods.sort();
    let arrow = if reversed { "▴" } else { "▾" };
    let marked = |title: &str, by: PodSort, width: usize| {
        fit(&if by == sort { format!("{title}{arrow}") } else { title.to_owned() }, width)
    };
    let mut heading = String::from(" ");
    heading += &fit("NAMESPACE", columns.namespace);
    heading += &marked("NAME", PodSort::Name, columns.name);
    heading += &fit("READY", columns.ready);
    heading += &marked("STATUS", PodSort::Status, columns.status);
    heading += &marked("⟳", PodSort::Restarts, RESTARTS);
    heading += &marked("AGE", PodSort::Age, columns.age);
    heading += &fit("CPU", columns.cpu);
    heading += &fit("MEMORY", columns.memory);
    heading += &fit("IP", columns.ip);
    heading += &marked("NODE", PodSort::Node, columns.node);
    heading
}

/// How a row is shown, selected or not.
pub(super) fn row_style(state: &State, theme: &Theme, selected: bool) -> Style {
    match (selected, state.focus) {
        (true, Focus::List) => theme.selected,
        (true, _) => theme.selected_elsewhere,
        (false, _) => theme.text,
    }
}

fn pod(
    state: &State,
    row: &PodRow,
    columns: &Columns,
    frame: &mut Frame<'_>,
    area: Rect,
    (style, health): (Style, Style),
) {
    let selected = state.navigator.pods.selected() == Some(&row.key);
    let mut cells = Cells::begin(frame.buffer_mut(), area, selected, style);
    cells.put(&row.key.namespace, columns.namespace, style);
    cells.put_name(&row.key.name, columns.name, style);
    let mut put = |text: &str, width: usize, style: Style| cells.put(text, width, style);
    put(&row.ready, columns.ready, style);
    put(&row.status, columns.status, if style == Style::new() { health } else { style.patch(health) });
    put(&row.restarts.to_string(), RESTARTS, style);
    put(&row.created.map(|created| age(created, state.now)).unwrap_or_default(), columns.age, style);
    let used = state.metrics.of(&row.key, state.now).map(PodUse::total);
    put(&used.map(|used| cpu(used.cpu)).unwrap_or_default(), columns.cpu, style);
    put(&used.map(|used| memory(used.memory)).unwrap_or_default(), columns.memory, style);
    put(&row.ip, columns.ip, style);
    put(&row.node, columns.node, style);
}

fn namespaces(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let rows = &state.navigator.namespaces;
    let name = usize::from(area.width).saturating_sub(1 + 14 + AGE);
    let heading = format!(" {}{}{}", fit("NAME", name), fit("STATUS", 14), fit("AGE", AGE));
    frame.buffer_mut().set_stringn(area.x, area.y, heading, usize::from(area.width), theme.faint);
    if rows.visible().len() == 0 {
        let refused = state.navigator.namespaces_refused.as_ref();
        return empty(state, theme, frame, area, refused, rows.is_complete(), "namespaces");
    }
    let height = usize::from(area.height - 1);
    let first = first_shown(rows.selected_index(), rows.visible().len(), height);
    for (line, (index, row)) in rows.visible().enumerate().skip(first).take(height).enumerate() {
        let selected = index == rows.selected_index();
        let y = area.y + 1 + u16::try_from(line).unwrap_or(0);
        let text = namespace(state, row, selected, name);
        let style = row_style(state, theme, selected);
        frame.buffer_mut().set_stringn(area.x, y, text, usize::from(area.width), style);
    }
}

fn namespace(state: &State, row: &NamespaceRow, selected: bool, name: usize) -> String {
    let mark = if selected { "▸" } else { " " };
    let age = row.created.map(|created| age(created, state.now)).unwrap_or_default();
    format!("{mark}{}{}{}", fit(&row.name, name), fit(&row.status, 14), fit(&age, AGE))
}

/// Why there is nothing to show.
pub(super) fn empty(
    state: &State,
    theme: &Theme,
    frame: &mut Frame<'_>,
    area: Rect,
    refused: Option<&Problem>,
    complete: bool,
    what: &str,
) {
    let silent = match state.navigator.liveness() {
        Some(Liveness::Stale { why, .. }) => Some(why),
        _ => None,
    };
    let (text, style) = match (&state.connection, refused, silent) {
        (Connection::Failed(problem), _, _) | (_, Some(problem), _) => (problem.lines(), theme.bad),
        (_, None, Some(why)) => (why.clone(), theme.bad),
        (Connection::Connecting, None, None) => (format!("connecting to {} …", state.context.name), theme.faint),
        (Connection::Connected, None, None) if !complete => (format!("loading {what} …"), theme.faint),
        _ if !state.navigator.filter().is_empty() => {
            ("nothing matches the filter; Esc clears it".to_owned(), theme.faint)
        }
        _ if state.navigator.list == List::Nodes => ("this cluster has no nodes".to_owned(), theme.faint),
        _ if matches!(state.navigator.scope, PodScope::Node(_)) && state.navigator.list == List::Pods => {
            ("no pods on this node".to_owned(), theme.faint)
        }
        _ if matches!(state.navigator.scope, PodScope::Owner(_)) && state.navigator.list == List::Pods => {
            ("it has no pods now; Esc goes back".to_owned(), theme.faint)
        }
        _ => (format!("no {what} here; 0 lists those of all namespaces"), theme.faint),
    };
    let area = Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height - 1 };
    frame.render_widget(Paragraph::new(text).style(style).wrap(Wrap { trim: true }), area);
}
