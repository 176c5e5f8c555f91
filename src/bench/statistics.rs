//! Percentiles of measured times; it never measures.

use std::time::Duration;

/// Times that were measured one after another.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Takes one more.
    pub fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The smallest sample that at least `percent` % of all samples do not exceed (the nearest-rank percentile): it is
    /// always one that was measured. `None` without samples.
    pub fn percentile(&self, percent: usize) -> Option<Duration> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent.min(100)).div_ceil(100).max(1);
        sorted.get(rank - 1).copied()
    }

    /// What one takes on average.
    pub fn mean(&self) -> Option<Duration> {
        let count = u32::try_from(self.0.len()).ok().filter(|count| *count > 0)?;
        Some(self.0.iter().sum::<Duration>() / count)
    }

    /// Half of the samples are not longer.
    pub fn median(&self) -> Option<Duration> {
        self.percentile(50)
    }

    /// Every sample as it was taken, of a few: `61, 58, 64 ms`.
    pub fn each(&self) -> String {
        let each: Vec<_> = self.0.iter().map(|sample| format!("{:.0}", milliseconds(*sample))).collect();
        format!("{} ms", each.join(", "))
    }

    /// The spread in words: `p50 1.2 ms, p90 2.0 ms, p99 3.0 ms, max 9.1 ms, 200 samples`.
    pub fn spread(&self) -> String {
        let at = |percent| milliseconds(self.percentile(percent).unwrap_or_default());
        format!(
            "p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, max {:.1} ms, {} samples",
            at(50),
            at(90),
            at(99),
            at(100),
            self.0.len()
        )
    }
}

/// A time in milliseconds with its fraction.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(times: impl IntoIterator<Item = u64>) -> Samples {
        Samples(times.into_iter().map(Duration::from_millis).collect())
    }

    #[test]
    fn percentiles_are_nearest_ranks_whatever_the_order() {
        let hundred = samples((1..=100).rev());
        for (percent, wanted) in [(0, 1), (1, 1), (50, 50), (90, 90), (99, 99), (100, 100), (250, 100)] {
            assert_eq!(hundred.percentile(percent), Some(Duration::from_millis(wanted)), "{percent} %");
        }
        // 99 % of ten are all ten: the worst counts.
        assert_eq!(samples([7, 1, 2, 3, 4, 5, 6, 90, 8, 9]).percentile(99), Some(Duration::from_millis(90)));
        assert_eq!(samples([3, 1, 2]).median(), Some(Duration::from_millis(2)));
        assert_eq!(samples([5]).percentile(99), Some(Duration::from_millis(5)));
        assert_eq!(samples([3, 1, 8]).mean(), Some(Duration::from_millis(4)));
    }

    #[test]
    fn nothing_measured_has_no_percentile() {
        assert_eq!(samples([]).percentile(99), None);
        assert_eq!(samples([]).mean(), None);
        assert!(samples([]).is_empty());
    }
}
