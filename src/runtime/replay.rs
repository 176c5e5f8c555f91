//! The loop that plays a recording: keys, time and the file's events go in, frames come out; what they mean is the player's.

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use crossterm::event::Event;
use futures::{FutureExt as _, Stream, StreamExt as _};
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::time::{Instant, sleep_until};

use crate::app::replay::{Need, Player};
use crate::session::recording::{Batch, Ending, Reader, Survey, survey};
use crate::ui::{Theme, draw_replay};

/// The time between two frames while something moves.
const FRAME: Duration = Duration::from_millis(16);
/// How much of the file is read at once, in bytes.
const PIECE: u64 = 256 * 1024;

/// Looks over a whole file in a thread of its own, for as long as somebody waits for it.
#[derive(Debug)]
struct Surveyor {
    wanted: Arc<AtomicBool>,
    result: tokio::sync::oneshot::Receiver<Survey>,
}

impl Surveyor {
    fn begin(file: PathBuf, idle_limit: Option<Duration>) -> Self {
        let wanted = Arc::new(AtomicBool::new(true));
        let (sender, result) = tokio::sync::oneshot::channel();
        let still_wanted = Arc::clone(&wanted);
        tokio::task::spawn_blocking(move || {
            let Ok(mut reader) = Reader::open(&file, idle_limit) else { return };
            if let Some(found) = survey(&mut reader, || still_wanted.load(Ordering::Relaxed)) {
                // Nobody waits once the player is left.
                let _ = sender.send(found);
            }
        });
        Self { wanted, result }
    }
}

impl Drop for Surveyor {
    fn drop(&mut self) {
        self.wanted.store(false, Ordering::Relaxed);
    }
}

/// Plays a file on the terminal until it is left, the input ends or `stop` resolves.
///
/// # Errors
/// When the file is no recording, or the terminal cannot be written to or read from.
pub async fn run<B>(
    terminal: &mut Terminal<B>,
    inputs: impl Stream<Item = io::Result<Event>>,
    stop: impl Future<Output = ()>,
    recording: Recording,
    theme: &Theme,
) -> anyhow::Result<()>
where
    B: Backend,
    B::Error: Send + Sync + 'static,
{
    let Recording { file, mut reader, idle_limit, speed } = recording;
    let mut player = Player::new(reader.header().clone(), reader.first(), speed);
    let mut surveyor = Some(Surveyor::begin(file, idle_limit));
    let mut inputs = pin!(inputs);
    let mut stop = pin!(stop.fuse());
    let mut last = Instant::now();
    let mut next_frame = last;
    let mut dirty = true;
    loop {
        if dirty && Instant::now() >= next_frame {
            terminal.draw(|frame| draw_replay(&player, theme, frame)).context("cannot draw on the terminal")?;
            next_frame = Instant::now() + FRAME;
            dirty = false;
        }
        let needs = player.needs();
        let input = match needs {
            Need::Quit => return Ok(()),
            Need::Events(place) => {
                player.take(read(&mut reader, place));
                None
            }
            Need::Work => {
                player.work();
                None
            }
            Need::Time | Need::Nothing => {
                tokio::select! {
                    biased;
                    () = &mut stop => return Ok(()),
                    input = inputs.next() => Some(input),
                    Some(found) = surveyed(&mut surveyor) => {
                        player.surveyed(found);
                        dirty = true;
                        None
                    }
                    () = sleep_until(next_frame), if dirty || needs == Need::Time => None,
                }
            }
        };
        let now = Instant::now();
        player.passed(now - last);
        last = now;
        dirty |= needs != Need::Nothing;
        // Keys are heard also while there is much to play.
        let mut next = input.or_else(|| inputs.next().now_or_never());
        while let Some(input) = next {
            dirty = true;
            let Some(event) = input else { return Ok(()) };
            match event.context("cannot read the terminal")? {
                Event::Key(key) => player.pressed(&key),
                Event::Paste(text) => player.pasted(&text),
                _ => {}
            }
            next = inputs.next().now_or_never();
        }
        if stop.as_mut().now_or_never().is_some() {
            return Ok(());
        }
    }
}

/// A recording that can be played.
#[derive(Debug)]
pub struct Recording {
    file: PathBuf,
    reader: Reader,
    idle_limit: Option<Duration>,
    speed: f64,
}

impl Recording {
    /// Opens a file, to be played at this speed, with pauses of at most so long.
    ///
    /// # Errors
    /// Why it cannot be played.
    pub fn open(file: PathBuf, idle_limit: Option<Duration>, speed: f64) -> Result<Self, String> {
        let reader = Reader::open(&file, idle_limit)?;
        Ok(Self { file, reader, idle_limit, speed })
    }

    /// Plays all of it at once, without a terminal; what it shows at the end comes back as text, what has scrolled off
    /// included, and how it ended.
    pub fn last_words(mut self, scrollback: usize) -> (String, Ending) {
        use crate::app::layout::Size;
        use crate::session::recording::PlayedKind;

        let header = self.reader.header();
        let mut screen = crate::app::replay::blank(Size { columns: header.columns, rows: header.rows }, scrollback);
        loop {
            let batch = self.reader.read(PIECE);
            for event in batch.events {
                match event.kind {
                    PlayedKind::Output(text) => screen.feed(text.as_bytes()),
                    PlayedKind::Resized(columns, rows) => screen.resize(Size { columns, rows }),
                    PlayedKind::Marked(_) | PlayedKind::Other => {}
                }
            }
            if let Some(ending) = batch.ending {
                return (screen.transcript(), ending);
            }
        }
    }
}

/// What the look at the whole file has found, once; never again after that.
async fn surveyed(surveyor: &mut Option<Surveyor>) -> Option<Survey> {
    let Some(waiting) = surveyor else { return std::future::pending().await };
    let found = (&mut waiting.result).await.ok();
    *surveyor = None;
    found
}

fn read(reader: &mut Reader, place: Option<crate::session::recording::Place>) -> Batch {
    match place.map_or(Ok(()), |place| reader.go_to(place)) {
        Ok(()) => reader.read(PIECE),
        Err(error) => {
            let ending = Ending::Broken { line: 1, why: error.to_string() };
            Batch { events: Vec::new(), ending: Some(ending) }
        }
    }
}
