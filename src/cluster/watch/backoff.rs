//! How long to wait before the next try; it never forgets failures for an answer that is not a real event.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// Doubling pauses from half a second to half a minute, a fifth up or down so that clients do not march in step.
#[derive(Debug, Default)]
pub(in crate::cluster) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The pause after one more failure.
    pub(in crate::cluster) fn next(&mut self) -> Duration {
        let doubled = FIRST.saturating_mul(1u32.checked_shl(self.failures).unwrap_or(u32::MAX)).min(LONGEST);
        self.failures = self.failures.saturating_add(1).min(16);
        doubled.mul_f64(rand::random_range(0.8..1.2)).min(LONGEST)
    }

    /// A real event came: the next failure is the first again.
    pub(in crate::cluster) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_to_half_a_minute_and_start_again() {
        let mut backoff = Backoff::default();
        assert!(backoff.next() <= FIRST.mul_f64(1.2));
        let pauses: Vec<Duration> = (0..40).map(|_| backoff.next()).collect();
        assert!(pauses[0] >= FIRST.mul_f64(1.6));
        assert!(pauses[39] <= LONGEST && pauses[39] >= LONGEST.mul_f64(0.8));
        backoff.reset();
        assert!(backoff.next() <= FIRST.mul_f64(1.2));
    }
}
