//! The first line: where we are and whether what is shown is true.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Theme;
use crate::app::age::age;
use crate::app::navigator::PodScope;
use crate::app::{Connection, List, State, namespace_for_node_debugger};
use crate::cluster::{Liveness, Owner, OwnerChain};

pub(super) fn draw(state: &State, theme: &Theme, frame: &mut Frame<'_>, area: Rect) {
    let scope = match (&state.navigator.list, &state.navigator.scope) {
        (List::Namespaces, _) => "namespaces".to_owned(),
        (List::Nodes, _) => "nodes".to_owned(),
        (List::Pods, PodScope::All) => "all namespaces".to_owned(),
        (List::Pods, PodScope::Namespace(name)) => name.to_string(),
        (List::Pods, PodScope::Node(name)) => format!("node/{name}"),
        (List::Pods, PodScope::Owner(chain)) => owner(chain),
    };
    let context = &state.context.name;
    let protected = state.settings.is_protected(context);
    let mut left = Line::from(vec![
        Span::styled(" bathy ", theme.brand),
        Span::styled(format!(" {context}"), if protected { theme.guarded } else { theme.title }),
    ]);
    for (word, style, is_so) in
        [("protected ", theme.guarded, protected), ("read-only", theme.changing, state.settings.is_read_only(context))]
    {
        if is_so {
            left.push_span(Span::styled(format!(" {word}"), style));
        }
    }
    left.push_span(Span::styled(" › ", theme.rule));
    left.push_span(Span::styled(scope, theme.title));
    if state.navigator.list == List::Nodes {
        // A debugger's pod has to be somewhere, and it is no choice of the node's.
        let namespace = namespace_for_node_debugger(state);
        left.push_span(Span::styled(format!("  debuggers in {namespace}"), theme.faint));
    }
    let connection = connection(state, theme);
    let user = Span::styled(format!("   {} ", state.context.user), theme.faint);
    let mut right = vec![connection];
    let wide_enough = left.width() + right[0].width() + user.width() < usize::from(area.width);
    if wide_enough && !state.context.user.is_empty() {
        right.push(user);
    }
    if state.sessions.iter().any(|session| session.recording.running().is_some()) {
        right.push(Span::styled("[rec] ", theme.bad));
    }
    let right = Line::from(right);
    let left_width = area.width.saturating_sub(u16::try_from(right.width() + 1).unwrap_or(area.width));
    frame.render_widget(Paragraph::new(right).alignment(Alignment::Right), area);
    frame.render_widget(Paragraph::new(left), Rect { width: left_width, ..area });
}

/// An owner as its pods' scope: where it is and what.
fn owner(chain: &OwnerChain) -> String {
    let top = chain.top().map(Owner::words).unwrap_or_default();
    format!("{} › {top}", chain.namespace)
}

fn connection(state: &State, theme: &Theme) -> Span<'static> {
    match &state.connection {
        Connection::Connecting => Span::styled("◌ connecting ", theme.changing),
        Connection::Failed(_) => Span::styled("✗ not connected ", theme.bad),
        Connection::Connected if state.navigator.refused().is_some() => Span::styled("✗ refused ", theme.bad),
        Connection::Connected => match state.navigator.liveness() {
            None | Some(Liveness::Connecting) => Span::styled("◌ loading ", theme.changing),
            Some(Liveness::Live) => Span::styled("● live ", theme.good),
            Some(Liveness::Stale { since, retry_at, .. }) => {
                Span::styled(format!("{} ", stale(*since, *retry_at, state.now)), theme.bad)
            }
        },
    }
}

fn stale(since: Option<Timestamp>, retry_at: Timestamp, now: Timestamp) -> String {
    let stale = match since {
        Some(since) => format!("○ stale since {}", age(since, now)),
        None => "○ no answer".to_owned(),
    };
    let wait = retry_at.as_second() - now.as_second();
    if wait > 0 { format!("{stale}, next try in {wait}s") } else { format!("{stale}, trying") }
}
