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
pub mod places;
pub mod plain;
mod recordings;
pub mod replay;
pub mod report;
mod state_file;
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
use crate::app::{Message, State, copying, holds_frame, settle, update};
use crate::cluster::{Contexts, Problem};
use crate::ui::{Theme, cursor_style, draw};
use effects::{Effects, Fact};

/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(10);
/// The longest time facts are taken in before input is looked at and a frame may be drawn.
const BATCH: Duration = Duration::from_millis(8);
/// How often time passes for the console when nothing else happens: ages, waits and settled selections follow it.
const TICK: Duration = Duration::from_millis(100);
/// How many ticks make a redraw when nothing but time has changed.
const TICKS_A_REDRAW: u32 = 10;

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
            () = sleep_until(pace.due), if pace.dirty => None,
            fact = effects.next() => Some(fact),
            _ = ticks.tick() => {
                pace.tick();
                pace.dirty |= copying::moves_by_itself(&state);
                None
            }
        };
        let asked = update(&mut state, Message::Tick(Timestamp::now()));
        going &= effects.run_all(asked);
        let batch_ends = Instant::now() + BATCH;
        let mut next = fact;
        while let Some(fact) = next {
            pace.dirty = true;
            going &= take_in(&mut state, &mut effects, fact);
            if !going || Instant::now() >= batch_ends {
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
        pace.dirty |= !settled.is_empty();
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

/// Takes in one fact; false once the program is to end.
fn take_in(state: &mut State, effects: &mut Effects, fact: Fact) -> bool {
    let asked = match fact {
        Fact::Message(message) => update(state, message),
        Fact::Output(id, chunk) if chunk.is_past() => update(state, Message::Past(id, chunk.bytes().clone())),
        Fact::Output(id, chunk) => update(state, Message::Output(id, chunk.bytes().clone())),
        Fact::Opened(id, opened) => {
            effects.opened(id, opened);
            update(state, Message::Attached(id))
        }
    };
    effects.run_all(asked)
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

/// When the next frame is drawn.
struct Pace {
    dirty: bool,
    due: Instant,
    ticks: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { dirty: true, due: Instant::now(), ticks: 0 }
    }
}

impl Pace {
    fn is_due(&self) -> bool {
        self.dirty && Instant::now() >= self.due
    }

    /// What is to be drawn is not finished.
    fn put_off(&mut self) {
        self.due = Instant::now() + FRAME;
    }

    fn drawn(&mut self) {
        self.dirty = false;
        self.due = Instant::now() + FRAME;
    }

    /// Time alone changes the screen about once a second.
    fn tick(&mut self) {
        self.ticks += 1;
        self.dirty |= self.ticks.is_multiple_of(TICKS_A_REDRAW);
    }
}
