//! Opens the console on the user's terminal, on whatever contexts there are.

use std::future::Future;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use crossterm::event::EventStream;
use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};

use super::{Arguments, Config, told};
use crate::app::layout::Size;
use crate::app::navigator::PodScope;
use crate::app::{Level, Opening, Settings, State};
use crate::cluster::{Contexts, KubeconfigContexts, KubeconfigOptions};
use crate::runtime::tty::Tty;
use crate::runtime::{self, image_file};
use crate::ui::Theme;

/// The console on the contexts of the user's kubeconfig.
pub(super) async fn on_kubeconfig(arguments: &Arguments, config: &Config) -> anyhow::Result<()> {
    let contexts = KubeconfigContexts::load(KubeconfigOptions {
        file: arguments.kubeconfig.clone(),
        context: arguments.context.clone(),
        namespace: arguments.namespace.clone(),
        impersonate: arguments.impersonate.clone(),
        impersonate_groups: arguments.impersonate_groups.clone(),
    })
    .map_err(|problem| told(&problem))?;
    // A credential plugin that talks to the person does so before the screen opens.
    if let Some(current) = contexts.current()
        && contexts.needs_login(&current).is_some()
    {
        contexts.login(&current).await.map_err(|problem| told(&problem))?;
    }
    open(Arc::new(contexts), arguments, config, image_file::usual_place(), None).await
}

/// The console on these contexts; `images_file` keeps the images used last, `greeting` is told first.
pub(super) async fn open(
    contexts: Arc<dyn Contexts>,
    arguments: &Arguments,
    config: &Config,
    images_file: Option<PathBuf>,
    greeting: Option<(Level, String)>,
) -> anyhow::Result<()> {
    anyhow::ensure!(
        std::io::stdout().is_terminal() && std::io::stdin().is_terminal(),
        "the console needs a terminal on standard input and output"
    );
    let current = contexts.current().context("no context is chosen; name one with --context")?;
    let all = contexts.list();
    let context = all.iter().find(|context| context.name == current).cloned().unwrap_or_default();
    let recent_images = images_file.as_deref().map(image_file::read).unwrap_or_default();
    let settings = Settings { images_file, ..config.settings(arguments) };
    let mouse = settings.mouse;
    let stop = stopped(arguments.test_panic)?;
    let (columns, rows) = crossterm::terminal::size().context("cannot learn the terminal's size")?;
    let named = arguments.namespace.iter().cloned().chain(config.namespaces_of(&current)).collect();
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
    if let Some((level, text)) = greeting {
        state.notices.push(state.now, level, text, Vec::new());
    }
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let theme = if no_colour { Theme::without_colour() } else { Theme::palette() };
    let mut tty = Tty::take(mouse).context("cannot control the terminal")?;
    let ended = runtime::run(&mut tty.terminal, EventStream::new(), stop, contexts, state, &theme).await;
    drop(tty);
    match ended?.first() {
        None => Ok(()),
        Some(problem) => Err(told(problem)),
    }
}

fn scope(arguments: &Arguments) -> Option<PodScope> {
    match &arguments.namespace {
        _ if arguments.all_namespaces => Some(PodScope::All),
        Some(namespace) => Some(PodScope::Namespace(namespace.as_str().into())),
        None => None,
    }
}

/// Resolves when the system asks the program to end.
fn stopped(panics: bool) -> anyhow::Result<impl Future<Output = ()>> {
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
