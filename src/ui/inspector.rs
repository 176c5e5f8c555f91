//! The selected pod (or node, drawn by its own file): what it is, its containers, and in one sentence what is wrong with it.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::Paragraph;

use super::text::{clip, elide, fit, wrap};
use super::{Theme, nodes, used};
use crate::app::age::age;
use crate::app::rights::missing;
use crate::app::{Focus, List, State};
use crate::cluster::{ContainerDetail, ContainerKind, ContainerState, Debuggers, PodDetail, PodRight};

pub(super) fn title(state: &State, theme: &Theme, columns: usize) -> Line<'static> {
    let style = if state.focus == Focus::Containers { theme.focused_title } else { theme.title };
    let name = match state.navigator.list {
        List::Nodes => nodes::title(state),
        _ => state.navigator.inspected.key.as_ref().map(|key| key.name.to_string()).unwrap_or_default(),
    };
    if name.is_empty() { Line::default() } else { Line::from(Span::styled(elide(&name, columns), style)) }
}

pub(super) fn draw(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    if state.navigator.list == List::Nodes {
        return nodes::inspector(state, theme, frame, area);
    }
    let inspected = &state.navigator.inspected;
    let Some(pod) = &inspected.pod else {
        let text = match (&inspected.key, inspected.gone) {
            (None, _) => "",
            (Some(_), true) => "this pod is gone",
            (Some(_), false) => "…",
        };
        frame.render_widget(Paragraph::new(text).style(theme.faint), indented(area));
        return;
    };
    let width = usize::from(area.width.saturating_sub(1));
    let mut lines = Vec::new();
    if inspected.gone {
        lines.push(Line::styled("this pod is gone", theme.bad));
    }
    if let Some(trouble) = &pod.trouble {
        lines.extend(wrapped(trouble, width, theme.bad));
    }
    let mut selected_line = 0;
    for (index, container) in pod.containers.iter().enumerate() {
        let selected = inspected.container_index() == Some(index);
        if selected {
            selected_line = lines.len();
        }
        let style = match (selected, state.focus) {
            (true, Focus::Containers) => theme.selected,
            (true, _) if pod.containers.len() > 1 => theme.selected_elsewhere,
            _ => theme.text,
        };
        let pointed = selected && state.focus == Focus::Containers;
        lines.push(container_line(container, pointed, theme, style, width));
        if container.kind != ContainerKind::Ephemeral || selected {
            lines.push(Line::styled(clip(&format!("   {}", container.image), width), theme.faint));
        }
        if let Some((text, scarce)) = used::of(container, state) {
            let style = if scarce { theme.changing } else { theme.faint };
            lines.push(Line::styled(clip(&format!("   {text}"), width), style));
        }
        if let Some(more) = state_message(container).filter(|_| selected) {
            lines.extend(wrapped(&format!("   {more}"), width, theme.faint));
        }
    }
    lines.extend(missing_rights(state, theme, width));
    lines.extend(facts(pod, state, theme, width));
    let height = usize::from(area.height);
    let first = (selected_line + 2).saturating_sub(height);
    let shown: Vec<Line<'_>> = lines.into_iter().skip(first).take(height).collect();
    frame.render_widget(Paragraph::new(Text::from(shown)), indented(area));
}

pub(super) fn indented(area: Rect) -> Rect {
    Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area }
}

/// A few lines of a text that may be long.
pub(super) fn wrapped(text: &str, width: usize, style: Style) -> impl Iterator<Item = Line<'static>> {
    const MOST: usize = 5;
    wrap(text, width).into_iter().take(MOST).map(move |line| Line::styled(line, style))
}

fn container_line(
    container: &ContainerDetail,
    pointed: bool,
    theme: &Theme,
    style: Style,
    width: usize,
) -> Line<'static> {
    let mark = match container.kind {
        _ if pointed => "▸ ",
        ContainerKind::Init => "◦ ",
        ContainerKind::Sidecar => "▫ ",
        ContainerKind::Regular => "▪ ",
        ContainerKind::Ephemeral => "⌁ ",
    };
    let (word, health) = state_word(&container.state, theme);
    let user = container
        .user
        .map(|(uid, gid)| if uid == gid { format!("  uid {uid}") } else { format!("  uid {uid} gid {gid}") });
    let restarts = (container.restarts > 0).then(|| format!("  ⟳{}", container.restarts));
    let target = container.target.as_ref().map(|target| format!("  → {target}"));
    let rest: String = [user, restarts, target].into_iter().flatten().collect();
    let kind = match container.kind {
        ContainerKind::Init => "  init",
        ContainerKind::Sidecar => "  sidecar",
        ContainerKind::Regular | ContainerKind::Ephemeral => "",
    };
    let name = clip(&container.name, width.saturating_sub(word.chars().count() + 6).max(8));
    Line::from(vec![
        Span::styled(format!("{mark}{name}"), style),
        Span::styled(format!("  {word}"), health),
        Span::styled(format!("{kind}{rest}"), theme.faint),
    ])
}

fn state_word(state: &ContainerState, theme: &Theme) -> (String, Style) {
    match state {
        ContainerState::Running { .. } => ("running".to_owned(), theme.good),
        ContainerState::Waiting { reason, .. } if reason.is_empty() => ("waiting".to_owned(), theme.changing),
        ContainerState::Waiting { reason, .. } => {
            let starting = matches!(reason.as_str(), "ContainerCreating" | "PodInitializing");
            (reason.clone(), if starting { theme.changing } else { theme.bad })
        }
        ContainerState::Terminated { code: 0, .. } => ("ended".to_owned(), theme.done),
        ContainerState::Terminated { code, reason, .. } => (format!("{reason} ({code})"), theme.bad),
        ContainerState::Unknown => ("no status yet".to_owned(), theme.faint),
    }
}

fn state_message(container: &ContainerDetail) -> Option<&str> {
    match &container.state {
        ContainerState::Waiting { message, .. } | ContainerState::Terminated { message, .. } => Some(message.as_str()),
        ContainerState::Running { .. } | ContainerState::Unknown => None,
    }
    .filter(|message| !message.is_empty())
}

/// What the user may not do here, as far as the API was asked: all of it, each resource once.
fn missing_rights(state: &State, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut resources: Vec<(String, Vec<String>)> = Vec::new();
    for right in missing(state, &PodRight::ALL) {
        let right = right.to_string();
        let (verb, resource) = right.split_once(' ').unwrap_or((&right, ""));
        match resources.iter_mut().find(|(known, _)| known == resource) {
            Some((_, verbs)) => verbs.push(verb.to_owned()),
            None => resources.push((resource.to_owned(), vec![verb.to_owned()])),
        }
    }
    if resources.is_empty() {
        return Vec::new();
    }
    let words: Vec<String> =
        resources.into_iter().map(|(resource, verbs)| format!("{} {resource}", verbs.join("/"))).collect();
    let lines = wrap(&format!("you may not {}", words.join(", ")), width);
    lines.into_iter().map(|line| Line::styled(line, theme.changing)).collect()
}

/// What ephemeral containers the pod carries already.
fn carried(pod: &PodDetail) -> Option<String> {
    let Debuggers { running, ended, stuck, starting } = pod.debuggers();
    let said = [(running, "running"), (starting, "starting"), (stuck, "stuck"), (ended, "ended")]
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect::<Vec<_>>()
        .join(", ");
    let stay = if ended + stuck > 0 { " (stay until the pod goes)" } else { "" };
    (!said.is_empty()).then(|| format!("{said}{stay}"))
}

fn facts(pod: &PodDetail, state: &State, theme: &Theme, width: usize) -> Vec<Line<'static>> {
    let mut facts = vec![("phase", pod.phase.clone())];
    if let Some(since) = pod.deleting {
        facts.push(("deleting", format!("for {}", age(since, state.now))));
    }
    facts.push(("node", pod.node.clone()));
    facts.push(("ip", pod.ip.clone()));
    if let Some((kind, name)) = &pod.owner {
        facts.push(("owner", format!("{kind}/{name}")));
    }
    facts.push(("account", pod.service_account.clone()));
    if let Some(carried) = carried(pod) {
        facts.push(("debuggers", carried));
    }
    for forward in state.forwards.to_pod(&state.context.name, &pod.key).take(MOST_FORWARDS) {
        let to = forward.leads_to.as_ref().map_or(0, |(_, port)| *port);
        facts.push(("forward", format!("{} → {to}", forward.address())));
    }
    if pod.share_processes {
        facts.push(("processes", "shared by its containers".to_owned()));
    }
    if let Some(created) = pod.created {
        facts.push(("age", age(created, state.now)));
    }
    facts.extend(pod.labels.iter().take(6).map(|(name, value)| ("label", format!("{name}={value}"))));
    facts
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| fact(name, &value, theme, width))
        .collect()
}

/// How many of its forwarded ports are named.
const MOST_FORWARDS: usize = 4;

/// How far the value of a fact stands from the left.
pub(super) const FACT_INDENT: usize = 10;

/// A line that tells one thing under its name.
pub(super) fn fact(name: &str, value: &str, theme: &Theme, width: usize) -> Line<'static> {
    Line::from(vec![
        Span::styled(fit(name, FACT_INDENT - 1) + " ", theme.faint),
        Span::styled(clip(value, width.saturating_sub(FACT_INDENT)), theme.text),
    ])
}
