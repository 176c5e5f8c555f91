//! The list of nodes and the inspected one; the rows and their order are the navigator's.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr;

use super::Theme;
use super::inspector::{FACT_INDENT, fact, indented, wrapped};
use super::list::{AGE, Cells, empty, give_way, row_style};
use super::text::{clip, fit};
use crate::app::State;
use crate::app::age::age;
use crate::app::layout::first_shown;
use crate::app::navigator::Health;
use crate::app::nodes::NodeSort;
use crate::cluster::{NodeCondition, NodeDetail, NodeRow};

/// The widths of the columns for a width of the list; the name takes what is left, and zero is not shown.
struct Columns {
    name: usize,
    status: usize,
    roles: usize,
    age: usize,
    version: usize,
    ip: usize,
    os_image: usize,
    runtime: usize,
    kernel: usize,
}

impl Columns {
    fn new(width: u16) -> Self {
        let width = usize::from(width);
        let from = |least: usize, columns: usize| if width >= least { columns } else { 0 };
        let status = if width >= 80 { 26 } else { 16 };
        let (roles, mut version, ip) = (from(64, 15), if width >= 64 { 14 } else { 10 }, from(94, 16));
        let (os_image, runtime, kernel) = (from(140, 28), from(170, 22), from(190, 18));
        let mut age = AGE;
        let taken = 1 + status + roles + age + version + ip + os_image + runtime + kernel;
        let name = give_way(width.saturating_sub(taken), &mut [&mut version, &mut age]);
        Self { name, status, roles, age, version, ip, os_image, runtime, kernel }
    }
}

pub(super) fn list(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let nodes = &state.navigator.nodes;
    let columns = Columns::new(area.width);
    frame.buffer_mut().set_stringn(area.x, area.y, heading(state, &columns), usize::from(area.width), theme.faint);
    if nodes.rows.visible().len() == 0 {
        return empty(state, theme, frame, area, nodes.refused.as_ref(), nodes.rows.is_complete(), "nodes");
    }
    let height = usize::from(area.height - 1);
    let first = first_shown(nodes.rows.selected_index(), nodes.rows.visible().len(), height);
    for (line, (index, row)) in nodes.rows.visible().enumerate().skip(first).take(height).enumerate() {
        let selected = index == nodes.rows.selected_index();
        let style = row_style(state, theme, selected);
        let y = area.y + 1 + u16::try_from(line).unwrap_or(0);
        node(state, row, selected, &columns, frame, Rect { y, height: 1, ..area }, (style, health(row, theme)));
    }
}

fn health(row: &NodeRow, theme: &Theme) -> Style {
    match Health::of_node(row) {
        Health::Good => theme.good,
        Health::Changing => theme.changing,
        Health::Bad => theme.bad,
        Health::Done => theme.done,
    }
}

fn heading(state: &State, columns: &Columns) -> String {
    let (sort, reversed) = state.navigator.nodes.rows.sort();
    let arrow = if reversed { "▴" } else { "▾" };
    let marked = |title: &str, by: NodeSort, width: usize| {
        fit(&if by == sort { format!("{title}{arrow}") } else { title.to_owned() }, width)
    };
    [
        " ".to_owned(),
        marked("NAME", NodeSort::Name, columns.name),
        marked("STATUS", NodeSort::Status, columns.status),
        marked("ROLES", NodeSort::Roles, columns.roles),
        marked("AGE", NodeSort::Age, columns.age),
        marked("VERSION", NodeSort::Version, columns.version),
        fit("INTERNAL-IP", columns.ip),
        fit("OS-IMAGE", columns.os_image),
        fit("KERNEL-VERSION", columns.kernel),
        fit("CONTAINER-RUNTIME", columns.runtime),
    ]
    .concat()
}

fn node(
    state: &State,
    row: &NodeRow,
    selected: bool,
    columns: &Columns,
    frame: &mut Frame<'_>,
    area: Rect,
    (style, health): (Style, Style),
) {
    let mut cells = Cells::begin(frame.buffer_mut(), area, selected, style);
    cells.put_name(&row.name, columns.name, style);
    let mut put = |text: &str, width: usize, style: Style| cells.put(text, width, style);
    let or_none = |text: &str| if text.is_empty() { "<none>".to_owned() } else { text.to_owned() };
    put(&row.status, columns.status, style.patch(health));
    put(&or_none(&row.roles), columns.roles, style);
    put(&row.created.map(|created| age(created, state.now)).unwrap_or_default(), columns.age, style);
    put(&row.version, columns.version, style);
    put(&row.ip, columns.ip, style);
    put(&row.os_image, columns.os_image, style);
    put(&row.kernel, columns.kernel, style);
    put(&row.runtime, columns.runtime, style);
}

/// The inspected node's name.
pub(super) fn title(state: &State) -> String {
    state.navigator.nodes.inspected.name.as_deref().unwrap_or_default().to_owned()
}

pub(super) fn inspector(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let inspected = &state.navigator.nodes.inspected;
    let width = usize::from(area.width.saturating_sub(1));
    let mut lines = Vec::new();
    if inspected.gone {
        lines.push(Line::styled("this node is gone", theme.bad));
    }
    match &inspected.node {
        Some(node) => {
            if let Some(trouble) = &node.trouble {
                let grave = node.conditions.iter().any(NodeCondition::is_trouble) || !node.cordoned;
                lines.extend(wrapped(trouble, width, if grave { theme.bad } else { theme.changing }));
            }
            lines.extend(conditions(node, state, theme, width));
            lines.extend(debuggers(state, theme, width));
            lines.extend(facts(node, state, theme, width));
        }
        None if inspected.name.is_some() && !inspected.gone => lines.push(Line::styled("…", theme.faint)),
        None => {}
    }
    lines.truncate(usize::from(area.height));
    frame.render_widget(Paragraph::new(Text::from(lines)), indented(area));
}

/// The conditions that tell of trouble, each with its reason and since when.
fn conditions(node: &NodeDetail, state: &State, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let troubled = node.conditions.iter().filter(|condition| condition.is_trouble());
    troubled
        .map(|condition| {
            let since = condition.since.map(|since| format!("  {}", age(since, state.now))).unwrap_or_default();
            let room = width.saturating_sub(since.width());
            let mut text = clip(&format!("▪ {} {}", condition.kind, condition.status), room);
            if text.width() + 2 + condition.reason.width() <= room {
                text = format!("{text}  {}", condition.reason);
            }
            Line::from(vec![Span::styled(text, theme.bad), Span::styled(since, theme.faint)])
        })
        .collect()
}

/// The node debuggers that are there already.
fn debuggers(state: &State, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let found = state.navigator.nodes.inspected.debuggers();
    found
        .map(|pod| {
            let status = format!("  {}", pod.status);
            let room = width.saturating_sub(status.width()).max(12);
            // Their names begin and end alike on one node: the end tells them apart.
            let suffix = pod.key.name.rsplit('-').next().unwrap_or_default();
            let name = clip(&format!("⌁ {}/…{suffix}", pod.key.namespace), room);
            let style = if &*pod.status == "Running" { theme.good } else { theme.faint };
            Line::from(vec![Span::styled(name, theme.text), Span::styled(status, style)])
        })
        .collect()
}

fn facts(node: &NodeDetail, state: &State, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let inspected = &state.navigator.nodes.inspected;
    let mut facts: Vec<(&str, String)> = Vec::new();
    if node.cordoned {
        facts.push(("cordoned", "no new pods".to_owned()));
    }
    let room = width.saturating_sub(FACT_INDENT);
    facts.extend(node.taints.iter().map(|taint| ("taint", short_taint(taint, room).to_owned())));
    let pods = match (inspected.pod_count(), &inspected.pods_refused) {
        (Some(count), _) => count.to_string(),
        (None, Some(_)) => "you may not list pods of all namespaces".to_owned(),
        (None, None) => "…".to_owned(),
    };
    let most = node.resources.iter().find(|resource| resource.name == "pods");
    facts.push(("pods", most.map_or(pods.clone(), |most| format!("{pods} of {}", most.allocatable))));
    for resource in node.resources.iter().filter(|resource| resource.name != "pods") {
        let amount = if resource.allocatable == resource.capacity || resource.allocatable.is_empty() {
            resource.capacity.clone()
        } else {
            format!("{} of {}", readable(&resource.allocatable), readable(&resource.capacity))
        };
        let name = if resource.name == "ephemeral-storage" { "storage" } else { &resource.name };
        facts.push((name, amount));
    }
    facts.push(("kubelet", node.kubelet.clone()));
    facts.push(("runtime", node.runtime.clone()));
    facts.push(("platform", node.platform.clone()));
    facts.push(("os", node.os_image.clone()));
    facts.push(("kernel", node.kernel.clone()));
    facts.push(("ip", node.ip.clone()));
    facts.push(("age", node.created.map(|created| age(created, state.now)).unwrap_or_default()));
    facts.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| fact(name, value, theme, width)).collect()
}

/// A taint for so many columns: where there is no room for Kubernetes' own prefix, it is the part that says nothing.
fn short_taint(taint: &str, room: usize) -> &str {
    if taint.width() <= room { taint } else { taint.strip_prefix("node.kubernetes.io/").unwrap_or(taint) }
}

/// A quantity of bytes as a person reads it: `16284Mi` is `15.9Gi`. What is no such quantity stays as it is.
fn readable(quantity: &str) -> String {
    const UNITS: [(&str, u32); 5] = [("", 0), ("Ki", 1), ("Mi", 2), ("Gi", 3), ("Ti", 4)];
    let digits = quantity.find(|c: char| !c.is_ascii_digit()).unwrap_or(quantity.len());
    let unit = UNITS.iter().find(|(unit, _)| *unit == &quantity[digits..]);
    let (Some((_, power)), Ok(number)) = (unit, quantity[..digits].parse::<u64>()) else {
        return quantity.to_owned();
    };
    let Some(bytes) = number.checked_mul(1024_u64.pow(*power)).filter(|bytes| *bytes >= 1024) else {
        return quantity.to_owned();
    };
    let (unit, power) = UNITS.iter().rev().find(|(_, power)| bytes >= 1024_u64.pow(*power)).unwrap_or(&UNITS[0]);
    let tenths = u128::from(bytes) * 10 / u128::from(1024_u64.pow(*power));
    if tenths % 10 == 0 { format!("{}{unit}", tenths / 10) } else { format!("{}.{}{unit}", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::readable;

    #[test]
    fn quantities_of_bytes_are_short_and_others_stay() {
        for (quantity, short) in [
            ("16284Mi", "15.9Gi"),
            ("24581684Ki", "23.4Gi"),
            ("267847642337", "249.4Gi"),
            ("16384Mi", "16Gi"),
            ("92Gi", "92Gi"),
            ("4", "4"),
            ("3920m", "3920m"),
            ("", ""),
            ("99999999999999999999Ti", "99999999999999999999Ti"),
        ] {
            assert_eq!(readable(quantity), short, "{quantity}");
        }
    }
}
