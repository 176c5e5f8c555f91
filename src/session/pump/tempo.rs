//! How fast the output of a session is taken while a person works elsewhere; it holds no byte and looks into none.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Who has not done anything for so long reads, or is away.
const AT_WORK: Duration = Duration::from_secs(2);
/// So many bytes that come without a pause are a flood.
const FLOOD: usize = 64 * 1024;
/// How long a flood then waits: it goes at 4 MB a second, which leaves the machine to the person, and is more than anybody
/// reads. What waits fills the buffers on the way until the far end waits, too.
const WAIT: Duration = Duration::from_millis(16);

/// When a person last did something, shared by all who give way to them.
#[derive(Debug, Clone, Default)]
pub struct Attention(Arc<Mutex<Option<Instant>>>);

impl Attention {
    /// They do something now.
    pub fn given(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_given(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| at.elapsed() < AT_WORK)
    }
}

/// The pace of one session.
#[derive(Debug)]
pub(super) struct Tempo {
    /// A person does something, wherever that is.
    anywhere: Attention,
    /// They type into this session.
    here: Attention,
    /// How much came without a pause, and when the last of it did.
    taken: usize,
    last: Option<Instant>,
}

impl Tempo {
    pub(super) fn new(anywhere: Attention, here: Attention) -> Self {
        Self { anywhere, here, taken: 0, last: None }
    }

    /// Counts what was taken; waits if it is part of a flood that is to give way.
    pub(super) async fn took(&mut self, bytes: usize) {
        if self.last.is_none_or(|last| last.elapsed() > WAIT) {
            self.taken = 0;
        }
        self.taken += bytes;
        if self.taken >= FLOOD {
            self.taken = 0;
            if self.anywhere.is_given() && !self.here.is_given() {
                sleep(WAIT).await;
            }
        }
        self.last = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long a megabyte takes, in pieces that come at once.
    async fn a_megabyte(tempo: &mut Tempo) -> Duration {
        let began = Instant::now();
        for _ in 0..1024 {
            tempo.took(1024).await;
        }
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_gives_way_to_a_person_who_works_elsewhere() {
        let (anywhere, here) = (Attention::default(), Attention::default());
        let mut tempo = Tempo::new(anywhere.clone(), here.clone());
        assert_eq!(a_megabyte(&mut tempo).await, Duration::ZERO, "nobody is there");
        anywhere.given();
        let slowed = a_megabyte(&mut tempo).await;
        assert!(slowed > Duration::from_millis(200) && slowed < Duration::from_millis(300), "{slowed:?}");
        here.given();
        assert_eq!(a_megabyte(&mut tempo).await, Duration::ZERO, "they wait for this one");
        tokio::time::advance(AT_WORK).await;
        assert_eq!(a_megabyte(&mut tempo).await, Duration::ZERO, "they do nothing any more");
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_with_pauses_is_no_flood() {
        let anywhere = Attention::default();
        let mut tempo = Tempo::new(anywhere.clone(), Attention::default());
        let mut waited = Duration::ZERO;
        for _ in 0..20 {
            anywhere.given();
            let began = Instant::now();
            tempo.took(60 * 1024).await;
            waited += began.elapsed();
            tokio::time::advance(WAIT * 2).await;
        }
        assert_eq!(waited, Duration::ZERO);
    }
}
