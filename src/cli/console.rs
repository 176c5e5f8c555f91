//! Opens the console on the user's terminal, on whatever contexts there are.

use std::future::Future;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use terminal_colorsaurus::{QueryOptions, color_palette};
use tokio::signal::unix::{SignalKind, signal};

use super::guarded::{AuditPlace, Guarded, guarded};
use super::{Arguments, Config, kubeconfig_contexts, told};
use crate::app::layout::Size;
use crate::app::navigator::PodScope;
use crate::app::{DefaultColors, LeaveKind, Level, Opening, Settings, State};
use crate::cluster::{Contexts, Problem};
use crate::runtime::tty::Tty;
use crate::runtime::{self, image_file, leaving_file};
use crate::ui::Theme;

/// How long a terminal may take to tell its colours; one that does not know the question is known by its next answer.
const COLORS_TIME: Duration = Duration::from_millis(300);

/// The console on the contexts of the user's kubeconfig.
pub(super) async fn on_kubeconfig(arguments: &Arguments, config: &Config) -> anyhow::Result<()> {
    let contexts = kubeconfig_contexts(arguments).await?;
    let audit = AuditPlace::chosen(arguments, config);
    let files = Files { images: image_file::usual_place(), leaving: leaving_file::usual_place() };
    open(Arc::new(contexts), audit, arguments, config, files, None).await
}

/// What is kept from one run to the next, and where.
#[derive(Default)]
pub(super) struct Files {
    /// The images used last.
    images: Option<PathBuf>,
    /// What becomes of what is left.
    leaving: Option<PathBuf>,
}

/// The console on these contexts; `greeting` is told first.
pub(super) async fn open(
    contexts: Arc<dyn Contexts>,
    audit: Option<AuditPlace>,
    arguments: &Arguments,
    config: &Config,
    files: Files,
    greeting: Option<(Level, String)>,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        std::io::stdout().is_terminal() && std::io::stdin().is_terminal(),
        "the console needs a terminal on standard input and output"
    );
    let current = contexts.current().context("no context is chosen; name one with --context")?;
    let all = contexts.list();
    let context = all.iter().find(|context| context.name == current).cloned().unwrap_or_default();
    let recent_images = files.images.as_deref().map(image_file::read).unwrap_or_default();
    let mut settings =
        Settings { images_file: files.images, leaving_file: files.leaving, ..config.settings(arguments) };
    let unread = recall_decisions(&mut settings, config).err();
    let contexts = guarded(contexts, &mut settings, audit)?;
    settings.terminal.colors = colors();
    let mouse = settings.mouse;
    let stop = stopped(arguments.test_panic)?;
    let (columns, rows) = crossterm::terminal::size().context("cannot learn the terminal's size")?;
    let named = arguments.namespace.iter().cloned().collect();
    let mut state = State::new(Opening {
        settings,
        keymap: config.keymap()?,
        contexts: all,
        scope: scope(arguments),
        context,
        named,
        now: Timestamp::now(),
        size: Size { columns, rows },
    });
    state.recent_images = recent_images;
    if let Some(problem) = unread {
        state.notices.problem(state.now, &problem);
    }
    if let Some((level, text)) = greeting {
        state.notices.push(state.now, level, text, Vec::new());
    }
    let theme = theme();
    let mut tty = Tty::take(mouse).context("cannot control the terminal")?;
    let guarded = Arc::<Guarded>::clone(&contexts);
    let ended = runtime::run(&mut tty.terminal, runtime::inputs::inputs(), stop, guarded, state, &theme).await;
    drop(tty);
    contexts.close();
    match ended?.first() {
        None => Ok(()),
        Some(problem) => Err(told(problem)),
    }
}

/// What was decided in earlier runs about what is left, where the configuration does not say it.
fn recall_decisions(settings: &mut Settings, config: &Config) -> Result<(), Problem> {
    let Some(file) = &settings.leaving_file else { return Ok(()) };
    let decided = leaving_file::read(file)?;
    for kind in LeaveKind::ALL.into_iter().filter(|kind| !config.on_leave.says(*kind)) {
        if let Some(leave) = decided.of(kind) {
            settings.on_leave.decide(kind, leave);
        }
    }
    Ok(())
}

/// The user's choice of colours.
pub(super) fn theme() -> Theme {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if no_colour { Theme::without_colour() } else { Theme::palette() }
}

/// The colours of the user's terminal, if it tells them: programs in panes ask whether the background is dark.
fn colors() -> Option<DefaultColors> {
    let mut options = QueryOptions::default();
    options.timeout = COLORS_TIME;
    let palette = color_palette(options).ok()?;
    Some(DefaultColors {
        foreground: palette.foreground.scale_to_8bit(),
        background: palette.background.scale_to_8bit(),
    })
}

fn scope(arguments: &Arguments) -> Option<PodScope> {
    match &arguments.namespace {
        _ if arguments.all_namespaces => Some(PodScope::All),
        Some(namespace) => Some(PodScope::Namespace(namespace.as_str().into())),
        None => None,
    }
}

/// Resolves when the system asks the program to end.
pub(super) fn stopped(panics: bool) -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut hang_up = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    Ok(async move {
        if panics {
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            panic!("asked for by --test-panic");
        }
        tokio::select! {
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}
