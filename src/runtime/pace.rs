//! When the next frame is drawn: soon after something changed, never twice within one interval; it never draws.

use std::time::Duration;

use tokio::time::Instant;

/// The shortest time between two frames.
const FRAME: Duration = Duration::from_millis(10);
/// The shortest time before a frame that no key asked for: a flood makes fewer of them, and a key seldom comes so soon
/// after one that it has to wait.
const UNASKED: Duration = Duration::from_millis(20);
/// What comes so soon after a key that went to a session may be its echo, and after a stream stands its prompt, even from
/// the other side of the world: a person waits for it.
const AWAITED: Duration = Duration::from_millis(500);
/// How long what lies ready is gathered before a frame that is due: what belongs together is shown together.
const GATHERED: Duration = Duration::from_millis(2);
/// How many ticks make a redraw when nothing but time has changed.
const TICKS_A_REDRAW: u32 = 10;

/// What has changed since the last frame, and when that was.
pub(super) struct Pace {
    dirty: bool,
    /// A key has changed what is to be seen.
    asked: bool,
    /// A key went to a session: what it does there comes back as output, and a frame before that would be one too many
    /// and hold the echo up.
    passed_on: bool,
    /// Until when an echo or a prompt is waited for, whatever else is drawn meanwhile.
    awaited_until: Option<Instant>,
    began: Instant,
    /// When the last frame was drawn, if one was.
    last: Option<Instant>,
    ticks: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            dirty: true,
            asked: false,
            passed_on: false,
            awaited_until: None,
            began: Instant::now(),
            last: None,
            ticks: 0,
        }
    }
}

impl Pace {
    /// A key has changed what is to be seen.
    pub(super) fn asked(&mut self) {
        self.dirty = true;
        self.asked = true;
    }

    /// Something is to be seen that no key has changed, or not at once.
    pub(super) fn changed(&mut self) {
        self.dirty = true;
    }

    /// A key went to a session and nothing more: seen with what comes of it, or with the next tick.
    pub(super) fn passed_on(&mut self) {
        self.passed_on = true;
        self.awaits();
    }

    /// A person waits for what a session prints next.
    pub(super) fn awaits(&mut self) {
        self.awaited_until = Some(Instant::now() + AWAITED);
    }

    /// Whether there is something to be seen.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// When the next frame may be drawn.
    pub(super) fn due(&self) -> Instant {
        let awaited = self.asked || self.awaited_until.is_some_and(|until| Instant::now() < until);
        let apart = if awaited { FRAME } else { UNASKED };
        self.last.map_or(self.began, |last| last + apart)
    }

    /// Whether a frame is to be drawn now.
    pub(super) fn is_due(&self) -> bool {
        self.dirty && Instant::now() >= self.due()
    }

    /// Whether facts that were taken in since then are enough for a frame.
    pub(super) fn is_gathered(&self, since: Instant) -> bool {
        Instant::now() >= self.due().max(since + GATHERED)
    }

    /// What is to be drawn is not finished.
    pub(super) fn put_off(&mut self) {
        self.last = Some(Instant::now());
    }

    /// A frame was drawn.
    pub(super) fn drawn(&mut self) {
        (self.dirty, self.asked, self.passed_on) = (false, false, false);
        self.last = Some(Instant::now());
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

    fn after_a_frame() -> Pace {
        let mut pace = Pace::default();
        assert!(pace.is_due(), "the first frame waits for nothing");
        pace.drawn();
        pace
    }

    #[test]
    fn the_first_frame_waits_for_nothing_on_a_clock_that_goes_on() {
        assert!(Pace::default().is_due());
    }

    #[tokio::test(start_paused = true)]
    async fn frames_are_an_interval_apart() {
        let mut pace = after_a_frame();
        pace.changed();
        tokio::time::advance(FRAME).await;
        assert!(!pace.is_due(), "nobody waits for it");
        pace.asked();
        assert!(pace.is_due());
        pace.drawn();
        pace.asked();
        assert!(!pace.is_due());
        tokio::time::advance(FRAME).await;
        assert!(pace.is_due());
        pace.put_off();
        assert!(!pace.is_due() && pace.is_dirty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_was_passed_on_is_shown_with_its_echo_or_the_next_tick() {
        let mut pace = after_a_frame();
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
    async fn an_echo_is_awaited_whatever_is_drawn_before_it() {
        let mut pace = after_a_frame();
        pace.passed_on();
        tokio::time::advance(UNASKED).await;
        pace.changed();
        assert!(pace.is_due(), "something else is to be seen");
        pace.drawn();
        tokio::time::advance(FRAME).await;
        pace.changed();
        assert!(pace.is_due(), "this may be the echo");
        pace.drawn();
        tokio::time::advance(AWAITED).await;
        pace.changed();
        pace.drawn();
        tokio::time::advance(FRAME).await;
        pace.changed();
        assert!(!pace.is_due(), "nobody waits any more");
    }

    #[tokio::test(start_paused = true)]
    async fn facts_are_gathered_until_the_frame_and_a_little_while_at_least() {
        let mut pace = after_a_frame();
        let since = Instant::now();
        pace.changed();
        tokio::time::advance(FRAME).await;
        assert!(!pace.is_gathered(since));
        pace.asked();
        assert!(pace.is_gathered(since), "a key waits no longer than it must");
        let since = Instant::now();
        assert!(!pace.is_gathered(since));
        tokio::time::advance(GATHERED).await;
        assert!(pace.is_gathered(since));
    }

    #[tokio::test(start_paused = true)]
    async fn time_alone_makes_a_frame_every_few_ticks() {
        let mut pace = after_a_frame();
        tokio::time::advance(UNASKED).await;
        let frames = (0..3 * TICKS_A_REDRAW).filter(|_| {
            pace.tick();
            let due = pace.is_due();
            pace.dirty = false;
            due
        });
        assert_eq!(frames.count(), 3);
    }
}
