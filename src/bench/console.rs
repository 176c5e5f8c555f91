//! The console as a person sees it from outside: its rows, its marker, its prompt; it measures nothing.

use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant};

use anyhow::ensure;

use super::Plan;
use super::target::{Scratch, Target};
use super::terminal::{SIZE, Terminal};
use crate::screen::Screen;

/// How long anything may take before it counts as not coming.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Where the title of the pods is.
const TITLE: u16 = 1;

/// Starts the console with these words behind what tells it the cluster.
pub(super) fn start(plan: &Plan, target: &Target, scratch: &Scratch, words: &[&str]) -> anyhow::Result<Terminal> {
    let mut all = vec![plan.program.clone().into_os_string()];
    all.extend(target.arguments());
    all.extend(words.iter().map(OsString::from));
    start_words(plan, &all, scratch, target.is_demo())
}

/// Starts a console as `words` have it, without the user's configuration. On a cluster that is not ours the audit log
/// stays where the user has it.
pub(super) fn start_words(
    plan: &Plan,
    words: &[OsString],
    scratch: &Scratch,
    hidden: bool,
) -> anyhow::Result<Terminal> {
    let place = scratch.file("user");
    let mut variables: Vec<(&str, &OsStr)> = vec![("XDG_CONFIG_HOME", place.as_os_str())];
    if hidden {
        variables.push(("XDG_STATE_HOME", place.as_os_str()));
    }
    Terminal::start(&plan.stage, words, &variables)
}

/// How many pods the title says there are.
pub(super) fn pods(screen: &Screen) -> Option<usize> {
    pods_in(&screen.line_text(TITLE))
}

fn pods_in(title: &str) -> Option<usize> {
    let word = title.trim_start_matches(['─', ' ']).strip_prefix("pods ")?.split_whitespace().next()?;
    word.rsplit('/').next()?.parse().ok()
}

/// What the filter in the title holds while it is typed.
pub(super) fn shows_filter(screen: &Screen, text: &str) -> bool {
    screen.line_text(TITLE).contains(&format!(" /{text}▌"))
}

/// The row that is chosen, as far as it does not change by itself.
pub(super) fn chosen(screen: &Screen) -> Option<String> {
    let line = (TITLE + 1..SIZE.rows).map(|row| screen.line_text(row)).find(|line| line.starts_with('▸'))?;
    Some(line.split_whitespace().take(2).collect::<Vec<_>>().join(" "))
}

/// Whether all lists are there and being watched.
pub(super) fn is_live(screen: &Screen) -> bool {
    screen.line_text(0).contains("● live")
}

/// Whether a shell waits for a command.
pub(super) fn has_prompt(screen: &Screen) -> bool {
    (TITLE + 1..SIZE.rows).chain(0..=TITLE).any(|row| is_prompt(&screen.line_text(row)))
}

/// How many shells wait for a command, side by side or below each other.
pub(super) fn prompts(screen: &Screen) -> usize {
    let rows = (0..SIZE.rows).map(|row| screen.line_text(row));
    rows.map(|row| row.split('│').filter(|part| is_prompt(part)).count()).sum()
}

fn is_prompt(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with(" #") || line.ends_with(" $") || line == "#" || line == "$"
}

/// Waits until the pods are live and their number has not grown for `quiet`.
pub(super) fn settle(console: &mut Terminal, quiet: Duration) -> anyhow::Result<Settled> {
    let began = Instant::now();
    let (mut first, mut reached, mut most, mut live) = (None, began, 0, false);
    while first.is_none() || !live || reached.elapsed() < quiet {
        ensure!(began.elapsed() < PATIENCE, "the pods did not come:\n{}", console.screen().text().trim_end());
        console.watch(Duration::from_millis(50), |at, screen| {
            live = is_live(screen);
            if first.is_none() && chosen(screen).is_some() {
                first = Some(at);
            }
            if let Some(count) = pods(screen).filter(|count| *count > most) {
                (most, reached) = (count, at);
            }
        });
    }
    Ok(Settled { pods: most, first: first.unwrap_or(reached), reached })
}

/// A console that has loaded its list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settled {
    /// How many pods there are.
    pub(super) pods: usize,
    /// When the first row was there.
    pub(super) first: Instant,
    /// When the last one was.
    pub(super) reached: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_says_how_many_pods_there_are() {
        assert_eq!(pods_in("─ pods 2032 ─────"), Some(2032));
        assert_eq!(pods_in("─ pods 1018/2032  /w▌ ──"), Some(2032));
        assert_eq!(pods_in("─ nodes 3 ──"), None);
    }

    #[test]
    fn prompts_are_known() {
        assert!(is_prompt("/ #   ") && is_prompt("~ $ ") && is_prompt("#"));
        assert!(!is_prompt("NAME▾   READY") && !is_prompt(""));
    }

    #[test]
    fn what_the_console_shows_is_found() {
        let mut screen = Screen::new(SIZE, 0);
        screen.feed(
            " bathy  demo      ● live\r\n─ pods 3  /ab▌ ──\r\n NAMESPACE NAME\r\n▸demo   chatty   1/1\r\n".as_bytes(),
        );
        assert!(is_live(&screen) && shows_filter(&screen, "ab") && !shows_filter(&screen, "a"));
        assert_eq!(chosen(&screen).as_deref(), Some("▸demo chatty"));
        assert!(!has_prompt(&screen));
    }
}
