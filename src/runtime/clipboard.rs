//! The user's clipboard: through their terminal (OSC 52), which works over ssh, and through a tool of this machine where
//! there is one. It only ever writes.

use std::future::Future;
use std::process::Stdio;
use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::tty;
use crate::app::Message;
use crate::cluster::Problem;

/// The most bytes of text that go through the terminal: terminals take about 100,000 bytes of base64 at once.
const LONGEST: usize = 74_000;
/// The most bytes of text that are given to a tool.
const LONGEST_FOR_TOOL: usize = 16 * 1024 * 1024;
/// How long a tool may take.
const TOOL_TIME: Duration = Duration::from_secs(3);

/// Copies a text; what comes back tells where it went. Called between two frames, whose sequences must stay whole; only
/// what comes back may run beside them.
pub(super) fn copy(text: String) -> impl Future<Output = Message> + Send + 'static {
    let fits = text.len() <= LONGEST;
    let terminal = fits && tty::write_through(&sequence(&text));
    async move {
        let tool = if text.len() <= LONGEST_FOR_TOOL { with_tool(&text).await } else { None };
        match tool {
            None if !fits => Message::Failed(Problem::new(
                "not copied",
                format!(
                    "{} bytes are more than a terminal takes ({LONGEST}), and no clipboard tool took them",
                    text.len()
                ),
                "copy less at once, or save what the pane has shown to a file",
            )),
            tool => said(&measure(&text), terminal, tool),
        }
    }
}

/// How much a text is: `3 lines`, `12 characters`.
fn measure(text: &str) -> String {
    let (count, what) = match text.lines().count() {
        0 | 1 => (text.chars().count(), "character"),
        lines => (lines, "line"),
    };
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// The sequence that asks a terminal to put this text on the clipboard (xterm's OSC 52).
fn sequence(text: &str) -> Vec<u8> {
    format!("\x1b]52;c;{}\x07", STANDARD.encode(text)).into_bytes()
}

fn said(much: &str, terminal: bool, tool: Option<&str>) -> Message {
    match (terminal, tool) {
        // Terminals do not answer; some have it switched off.
        (true, None) => {
            Message::Done(format!("{much} copied if your terminal allows OSC 52; no clipboard tool is here"))
        }
        (true, Some(tool)) => Message::Done(format!("{much} copied with {tool} and through your terminal")),
        (false, Some(tool)) => Message::Done(format!("{much} copied with {tool}")),
        (false, None) => Message::Failed(Problem::new(
            "not copied",
            "there is no terminal to copy through, and no tool for it",
            "install wl-copy, xclip or xsel",
        )),
    }
}

/// The tools of the session that is there, the likeliest first.
fn tools(has: impl Fn(&str) -> bool) -> Vec<(&'static str, &'static [&'static str])> {
    let mut tools: Vec<(&str, &[&str])> = Vec::new();
    if cfg!(target_os = "macos") {
        tools.push(("pbcopy", &[]));
    }
    if has("WAYLAND_DISPLAY") {
        tools.push(("wl-copy", &[]));
    }
    if has("DISPLAY") {
        tools.push(("xclip", &["-selection", "clipboard"]));
        tools.push(("xsel", &["--clipboard", "--input"]));
    }
    tools
}

/// Feeds the text to the first tool that takes it.
async fn with_tool(text: &str) -> Option<&'static str> {
    let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    for (tool, arguments) in tools(has) {
        if feed(tool, arguments, text).await {
            return Some(tool);
        }
    }
    None
}

async fn feed(tool: &str, arguments: &[&str], text: &str) -> bool {
    let child = Command::new(tool)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let Ok(mut child) = child else { return false };
    let fed = async {
        let mut stdin = child.stdin.take()?;
        stdin.write_all(text.as_bytes()).await.ok()?;
        drop(stdin);
        // The tools leave a process of their own behind, which holds the text.
        child.wait().await.ok().filter(std::process::ExitStatus::success)
    };
    matches!(tokio::time::timeout(TOOL_TIME, fed).await, Ok(Some(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_reaches_the_terminal_encoded() {
        assert_eq!(sequence("kubectl debug\x1b[2J"), b"\x1b]52;c;a3ViZWN0bCBkZWJ1ZxtbMko=\x07");
    }

    #[test]
    fn tools_follow_the_session() {
        let names = |of: &str| -> Vec<&str> {
            let found = tools(|name| name == of);
            found.into_iter().map(|(tool, _)| tool).filter(|tool| *tool != "pbcopy").collect()
        };
        assert_eq!(names("WAYLAND_DISPLAY"), ["wl-copy"]);
        assert_eq!(names("DISPLAY"), ["xclip", "xsel"]);
        assert!(names("").is_empty());
    }

    #[tokio::test]
    async fn a_tool_is_fed_and_a_missing_or_failing_one_is_passed_over() {
        let file = std::env::temp_dir().join(format!("bathy-clipboard-{}", std::process::id()));
        let script = format!("cat > '{}'", file.display());
        assert!(feed("sh", &["-c", &script], "a b\n").await);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "a b\n");
        std::fs::remove_file(&file).unwrap();
        assert!(!feed("no-such-tool-of-bathy", &[], "x").await);
        assert!(!feed("sh", &["-c", "cat >/dev/null; exit 3"], "x").await);
    }

    #[test]
    fn what_was_copied_is_measured() {
        assert_eq!(
            ["", "x", "h\u{e9}h\u{e9}", "a\nb\n"].map(measure),
            ["0 characters", "1 character", "4 characters", "2 lines"]
        );
        let Message::Done(told) = said("2 lines", true, None) else { panic!("failed") };
        assert!(told.contains("OSC 52") && told.len() < 78, "{told}");
        assert!(matches!(said("2 lines", false, None), Message::Failed(_)));
    }

    #[tokio::test]
    async fn too_much_is_not_copied() {
        assert!(matches!(copy("x".repeat(LONGEST_FOR_TOOL + 1)).await, Message::Failed(_)));
    }
}
