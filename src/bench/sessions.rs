//! Rows of a debugger in a pane, beside the same with kubectl where there is one; it debugs only the pod it was given.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::browsing::put_keys;
use super::console::{self, PATIENCE, chosen, has_prompt, prompts};
use super::keys::{self, KEYS};
use super::target::{Scratch, Target, is_there};
use super::terminal::Terminal;
use super::{Bound, Figures, Plan, Row, Samples, Unit, milliseconds, panes};

/// How many debuggers are started for the time until their prompt.
const PROMPTS: usize = 5;
/// How many keys are typed for their echo.
const ECHOES: usize = 200;
/// How long an echo may take longer than over kubectl, in milliseconds.
const ECHO: f64 = 3.0;
/// How long the large output may take.
const OUTPUT: Duration = Duration::from_secs(300);

/// What the same took with kubectl.
#[derive(Debug, Default)]
struct Kubectl {
    prompt: Samples,
    echo: Option<Samples>,
    /// Through tmux.
    output: Option<Duration>,
}

pub(super) fn measure(figures: &mut Figures<'_>, scratch: &Scratch) -> anyhow::Result<()> {
    let plan = figures.plan;
    let target = Target::new(plan, scratch, 0)?;
    let (namespace, pod) = match &plan.pod {
        Some((namespace, pod)) => (namespace.as_str(), pod.as_str()),
        None if target.is_demo() => ("demo", "nonroot"),
        None => bail!("no pod was named that may be debugged; name one with --pod NAMESPACE/POD"),
    };
    let kubectl = beside(figures, &target, namespace, pod)?;

    let mut prompts = Samples::default();
    let mut debugged = || -> anyhow::Result<Terminal> {
        let (console, took) = debugged(plan, &target, scratch, namespace, pod)?;
        prompts.push(took);
        Ok(console)
    };
    for _ in 1..rounds(figures) {
        leave(&mut debugged()?);
    }
    let mut console = debugged()?;
    // Means: a cluster may be quick or slow to tell that a container runs, from one start to the next.
    let bound = kubectl.prompt.mean().map(|theirs| Bound::AtMost(milliseconds(theirs)));
    let note = format!("means; here {}; bound: kubectl debug -it, {}", prompts.each(), kubectl.prompt.each());
    figures.put(Row::Debugger, prompts.mean().map(milliseconds), Unit::Milliseconds, bound, note);
    let outcome = in_pane(figures, &mut console, &kubectl);
    // Whatever happened, no debugger of ours goes on.
    leave(&mut console);
    outcome
}

/// How often a debugger is started.
fn rounds(figures: &Figures<'_>) -> usize {
    if figures.wants(Row::Debugger) { PROMPTS } else { 1 }
}

/// A console with a debugger beside a pod, and how long its prompt took from the key `e` on.
fn debugged(
    plan: &Plan,
    target: &Target,
    scratch: &Scratch,
    namespace: &str,
    pod: &str,
) -> anyhow::Result<(Terminal, Duration)> {
    let mut console = console::start(plan, target, scratch, &["-n", namespace, "--image", &plan.image])?;
    console::settle(&mut console, Duration::from_millis(500))?;
    console.send(&format!("/{pod}\r"))?;
    let wanted = format!("▸{pod} ");
    console.wait("the pod", PATIENCE, |screen| chosen(screen).is_some_and(|row| row.starts_with(&wanted)))?;
    // The others are wanted back, to go up and down among.
    console.watch(Duration::from_millis(300), |_, _| {});
    console.send("\x1b")?;
    console.watch(Duration::from_millis(500), |_, _| {});
    let typed = console.send("e")?;
    let shown = console.wait("the prompt", PATIENCE, has_prompt)?;
    Ok((console, shown - typed))
}

fn in_pane(figures: &mut Figures<'_>, console: &mut Terminal, kubectl: &Kubectl) -> anyhow::Result<()> {
    if figures.wants(Row::Echo) {
        let ours = keys::echoes(console, ECHOES)?;
        let theirs = kubectl.echo.as_ref();
        let more = ours.median().zip(theirs.and_then(Samples::median));
        let more = more.map(|(ours, theirs)| milliseconds(ours) - milliseconds(theirs));
        let note =
            format!("medians; here {}; kubectl {}", ours.spread(), theirs.map_or("–".to_owned(), Samples::spread));
        figures.put(Row::Echo, more, Unit::Milliseconds, Some(Bound::AtMost(ECHO)), note);
    }
    if figures.wants(Row::Throughput) {
        let megabytes = figures.plan.megabytes;
        let took = keys::flood(console, megabytes, OUTPUT)?;
        let speed = |took: Duration| f64::from(megabytes) / took.as_secs_f64();
        let bound = kubectl.output.map(|theirs| Bound::AtLeast(speed(theirs)));
        let note = format!("{megabytes} MB; bound: kubectl attach in tmux");
        figures.put(Row::Throughput, Some(speed(took)), Unit::MegabytesASecond, bound, note);
    }
    if figures.wants(Row::KeysFlood) {
        if console::pods(console.screen()).is_some_and(|pods| pods > 1) {
            flooded(figures, console)?;
        } else {
            let note = "there is one pod alone, and nothing to go to; give the namespace another one";
            figures.put(Row::KeysFlood, None, Unit::Milliseconds, None, note);
        }
    }
    if figures.wants(Row::Frame) {
        panes::measure(figures, console)?;
    }
    Ok(())
}

/// Goes up and down in the list while the pane below it is flooded; the flood is over afterwards.
fn flooded(figures: &mut Figures<'_>, console: &mut Terminal) -> anyhow::Result<()> {
    console.send("yes 0123456789abcdefghijklmnopqrstuvwxyz\r")?;
    console.wait("the flood", PATIENCE, |screen| screen.text().matches("qrstuvwxyz\n0123").count() > 3)?;
    console.send("\x1d")?;
    console.send("b")?;
    console.wait("the list's keys", PATIENCE, |screen| screen.text().contains("e debug"))?;
    let samples = keys::moves(console, KEYS);
    // Back into the pane, to stop it.
    console.send("\t")?;
    console.wait("the pane's keys", PATIENCE, |screen| screen.text().contains("every key goes to the shell"))?;
    put_keys(figures, Row::KeysFlood, &samples?);
    console.send("\x03")?;
    console.wait("the prompt after the flood", PATIENCE, |screen| prompts(screen) == 1)?;
    Ok(())
}

/// Ends the shell of a terminal, and with it the debugger.
fn leave(terminal: &mut Terminal) {
    for keys in ["\x03", "\x15", "exit\r"] {
        // Without the program there is nothing to type into, and nothing more that can be done.
        let _ = terminal.send(keys);
        terminal.watch(Duration::from_millis(500), |_, _| {});
    }
}

/// Does the same with kubectl, as far as it is wanted and there is one.
fn beside(figures: &Figures<'_>, target: &Target, namespace: &str, pod: &str) -> anyhow::Result<Kubectl> {
    let mut taken = Kubectl::default();
    if !is_there("kubectl") {
        return Ok(taken);
    }
    let plan = figures.plan;
    let mut debug = vec![OsString::from("kubectl")];
    debug.extend(target.arguments());
    let words = ["debug", "-it", "-n", namespace, pod, "--profile=general", "--image", &plan.image];
    debug.extend(words.map(OsString::from));
    if figures.wants(Row::Debugger) || figures.wants(Row::Echo) {
        for _ in 0..rounds(figures) {
            let mut terminal = Terminal::start(&plan.stage, &debug, &[])?;
            let shown = kubectl_prompt(&mut terminal)?;
            taken.prompt.push(shown - terminal.started());
            if figures.wants(Row::Echo) && taken.echo.is_none() {
                taken.echo = Some(keys::echoes(&mut terminal, ECHOES)?);
            }
            leave(&mut terminal);
        }
    }
    if figures.wants(Row::Throughput) && is_there("tmux") {
        let server = format!("bathy-bench-{}", std::process::id());
        let mut words: Vec<OsString> = ["tmux", "-L", &server, "-f", "/dev/null", "new-session"].map(Into::into).into();
        words.extend(debug);
        let mut terminal = Terminal::start(&plan.stage, &words, &[])?;
        let took = kubectl_prompt(&mut terminal).and_then(|_| keys::flood(&mut terminal, plan.megabytes, OUTPUT));
        leave(&mut terminal);
        let ended = Command::new("tmux").args(["-L", &server, "kill-server"]).stderr(Stdio::null()).status();
        ended.context("cannot end tmux")?;
        taken.output = Some(took?);
    }
    Ok(taken)
}

/// How long the prompt may come after kubectl has said that it may be missing.
const LATE: Duration = Duration::from_millis(300);

/// Waits for the prompt of `kubectl debug`. It may lose the first one; a person then presses Enter, and so does this.
fn kubectl_prompt(terminal: &mut Terminal) -> anyhow::Result<Instant> {
    let asks = |screen: &crate::screen::Screen| screen.text().contains("try pressing enter");
    let shown = terminal.wait("kubectl's prompt", PATIENCE, |screen| has_prompt(screen) || asks(screen))?;
    if has_prompt(terminal.screen()) {
        return Ok(shown);
    }
    if let Ok(late) = terminal.wait("kubectl's prompt", LATE, has_prompt) {
        return Ok(late);
    }
    terminal.send("\r")?;
    terminal.wait("kubectl's prompt", PATIENCE, has_prompt)
}
