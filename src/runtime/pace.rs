//! When the next frame is drawn: soon after something changed, never twice within one interval; it never draws.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest time between two frames.
pub(super) const FRAME: Duration = Duration::from_millis(10);
/// How long what lies ready is gathered before a frame that is due: what belongs together is shown together.
const GATHERED: Duration = Duration::from_millis(2);
/// How many ticks make a redraw when nothing but time has changed.
const TICKS_A_REDRAW: u32 = 10;

/// What has changed since the last frame, and when that was.
pub(super) struct Pace {
    dirty: bool,
    /// A key went to a session: what it does there comes back as output, and a frame before that would be one too many
    /// and hold the echo up.
    passed_on: bool,
    due: Instant,
    ticks: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { dirty: true, passed_on: false, due: Instant::now(), ticks: 0 }
    }
}

impl Pace {
    /// Something is to be seen.
    pub(super) fn changed(&mut self) {
        self.dirty = true;
    }

    /// A key went to a session and nothing more: seen with what comes of it, or with the next tick.
    pub(super) fn passed_on(&mut self) {
        self.passed_on = true;
    }

    /// Whether there is something to be seen.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// When the next frame may be drawn.
    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Whether a frame is to be drawn now.
    pub(super) fn is_due(&self) -> bool {
        self.dirty && Instant::now() >= self.due
    }

    /// Until when facts are taken in before a frame.
    pub(super) fn gathers_until(&self) -> Instant {
        self.due.max(Instant::now() + GATHERED)
    }

    /// What is to be drawn is not finished.
    pub(super) fn put_off(&mut self) {
        self.due = Instant::now() + FRAME;
    }

    /// A frame was drawn.
    pub(super) fn drawn(&mut self) {
        self.dirty = false;
        self.passed_on = false;
        self.due = Instant::now() + FRAME;
    }

    /// Time alone changes the screen about once a second.
    pub(super) fn tick(&mut self) {
        self.ticks += 1;
        self.dirty |= self.passed_on || self.ticks.is_multiple_of(TICKS_A_REDRAW);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn after_a_frame() -> Pace {
        let mut pace = Pace::default();
        assert!(pace.is_due(), "the first frame waits for nothing");
        pace.drawn();
        pace
    }

    #[tokio::test(start_paused = true)]
    async fn frames_are_an_interval_apart() {
        let mut pace = after_a_frame().await;
        pace.changed();
        assert!(!pace.is_due());
        tokio::time::advance(FRAME).await;
        assert!(pace.is_due());
        pace.put_off();
        assert!(!pace.is_due() && pace.is_dirty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_was_passed_on_is_shown_with_its_echo_or_the_next_tick() {
        let mut pace = after_a_frame().await;
        tokio::time::advance(FRAME).await;
        pace.passed_on();
        assert!(!pace.is_due(), "nothing is to be seen of it yet");
        pace.changed();
        assert!(pace.is_due(), "its echo waits for nothing");
        pace.drawn();
        tokio::time::advance(FRAME).await;
        pace.tick();
        assert!(!pace.is_due(), "it has been shown");
        pace.passed_on();
        pace.tick();
        assert!(pace.is_due(), "without an echo the tick shows it");
    }

    #[tokio::test(start_paused = true)]
    async fn facts_are_gathered_until_the_frame_and_a_little_while_at_least() {
        let mut pace = after_a_frame().await;
        assert_eq!(pace.gathers_until(), Instant::now() + FRAME);
        tokio::time::advance(Duration::from_secs(1)).await;
        pace.changed();
        assert_eq!(pace.gathers_until(), Instant::now() + GATHERED);
    }

    #[tokio::test(start_paused = true)]
    async fn time_alone_makes_a_frame_every_few_ticks() {
        let mut pace = after_a_frame().await;
        tokio::time::advance(FRAME).await;
        let frames = (0..3 * TICKS_A_REDRAW).filter(|_| {
            pace.tick();
            let due = pace.is_due();
            pace.dirty = false;
            due
        });
        assert_eq!(frames.count(), 3);
    }
}
