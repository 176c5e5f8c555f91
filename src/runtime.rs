//! The select loop: facts in, effects out, frames at a pace; it decides nothing that the state could decide.

pub mod audit;
mod clipboard;
mod effects;
mod forms;
pub mod forward;
mod forwards;
pub mod image_file;
pub mod inputs;
mod launch;
pub mod leaving_file;
mod pace;
pub mod places;
pub mod plain;
mod recordings;
pub mod replay;
pub mod report;
mod state_file;
mod tellers;
pub mod text_file;
pub mod tty;
mod views;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use crossterm::event::Event;
use futures::{FutureExt as _, Stream, StreamExt as _};
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::app::layout::Size;
use crate::app::{Effect, Message, State, copying, holds_frame, settle, update};
use crate::cluster::{Contexts, Problem};
use crate::ui::{Theme, cursor_style, draw};
use effects::{Effects, Fact};
use pace::Pace;

/// How often time passes for the console when nothing else happens: ages, waits and settled selections follow it.
const TICK: Duration = Duration::from_millis(100);

/// Runs the console until it quits, the input ends or `stop` resolves. What went wrong after the last frame comes back.
///
/// # Errors
/// When the user's terminal cannot be written to or read from.
pub async fn run<B>(
    terminal: &mut Terminal<B>,
    inputs: impl Stream<Item = io::Result<Event>>,
    stop: impl Future<Output = ()>,
    contexts: Arc<dyn Contexts>,
    mut state: State,
    theme: &Theme,
) -> anyhow::Result<Vec<Problem>>
where
    B: Backend,
    B::Error: Send + Sync + 'static,
{
    let mut inputs = pin!(inputs);
    let mut stop = pin!(stop.fuse());
    let mut effects = Effects::new(contexts);
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut pace = Pace::default();

    let opening = crate::app::open(&mut state);
    let mut going = effects.run_all(opening);
    while going {
        let fact = tokio::select! {
            biased;
            () = &mut stop => Some(Fact::Message(Message::Stop)),
            input = inputs.next() => match input {
                Some(input) => Some(Fact::Message(read(input.context("cannot read the terminal")?))),
                None => Some(Fact::Message(Message::Stop)),
            },
            () = sleep_until(pace.due()), if pace.is_dirty() => None,
            _ = ticks.tick() => {
                pace.tick();
                if copying::moves_by_itself(&state) {
                    pace.changed();
                }
                None
            }
            fact = effects.next() => Some(fact),
        };
        let asked = update(&mut state, Message::Tick(Timestamp::now()));
        going &= effects.run_all(asked);
        let since = Instant::now();
        let mut next = fact;
        while let Some(fact) = next {
            let typed = is_typed(&fact);
            if matches!(fact, Fact::Opened(..)) {
                pace.awaits();
            }
            let asked = take_in(&mut state, &mut effects, fact);
            if typed {
                effects.attended(&asked);
            }
            let passed_on = !asked.is_empty() && asked.iter().all(|effect| matches!(effect, Effect::Input(..)));
            going &= effects.run_all(asked);
            if typed && passed_on {
                pace.passed_on();
            } else if typed {
                pace.asked();
            } else {
                pace.changed();
            }
            if !going || pace.is_gathered(since) {
                break;
            }
            next = match inputs.next().now_or_never() {
                Some(Some(input)) => Some(Fact::Message(read(input.context("cannot read the terminal")?))),
                Some(None) => Some(Fact::Message(Message::Stop)),
                None => effects.ready(),
            };
        }
        if pace.is_due()
            && let Ok(size) = terminal.size()
            && (size.width, size.height) != (state.size.columns, state.size.rows)
        {
            // The terminal is as large as it says, whether or not its event has come.
            let asked = update(&mut state, Message::Resized(Size { columns: size.width, rows: size.height }));
            going &= effects.run_all(asked);
        }
        let settled = settle(&mut state);
        if !settled.is_empty() {
            pace.changed();
        }
        going &= effects.run_all(settled);
        if pace.is_due() && holds_frame(&state) {
            pace.put_off();
        } else if pace.is_due() {
            terminal.draw(|frame| draw(&state, theme, frame)).context("cannot draw on the terminal")?;
            tty::shape_cursor(cursor_style(&state));
            pace.drawn();
        }
    }
    Ok(effects.finish().await)
}

/// Whether a fact is something a person did.
fn is_typed(fact: &Fact) -> bool {
    matches!(fact, Fact::Message(Message::Key(_) | Message::Mouse(_) | Message::Paste(_) | Message::Resized(_)))
}

/// Takes in one fact; what it asks for comes back.
fn take_in(state: &mut State, effects: &mut Effects, fact: Fact) -> Vec<Effect> {
    match fact {
        Fact::Message(message) => update(state, message),
        Fact::Output(id, chunk) if chunk.is_past() => update(state, Message::Past(id, chunk.bytes().clone())),
        Fact::Output(id, chunk) => update(state, Message::Output(id, chunk.bytes().clone())),
        Fact::Opened(id, opened) => {
            effects.opened(id, opened);
            update(state, Message::Attached(id))
        }
    }
}

/// What an event of the user's terminal means to the console.
fn read(event: Event) -> Message {
    match event {
        Event::Key(key) => Message::Key(key),
        Event::Mouse(mouse) => Message::Mouse(mouse),
        Event::Paste(text) => Message::Paste(text),
        Event::Resize(columns, rows) => Message::Resized(Size { columns, rows }),
        Event::FocusGained => Message::Focus(true),
        Event::FocusLost => Message::Focus(false),
    }
}
