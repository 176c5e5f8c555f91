//! Durations worded as kubectl words ages; it never asks what time it is.

use jiff::Timestamp;

/// The time from `since` to `now` as `kubectl get` prints it: `42s`, `7m30s`, `21m`, `3h12m`, `2d4h`, `12d`, `1y30d`.
///
/// The rule is apimachinery's `duration.HumanDuration`: two units while the larger one is small, one after that.
pub fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - since.as_second();
    if seconds < 0 {
        return "0s".to_owned();
    }
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |large: i64, large_unit: char, small: i64, small_unit: char| {
        if small == 0 { format!("{large}{large_unit}") } else { format!("{large}{large_unit}{small}{small_unit}") }
    };
    match seconds {
        0..120 => format!("{seconds}s"),
        120..600 => two(minutes, 'm', seconds % 60, 's'),
        600..10_800 => format!("{minutes}m"),
        10_800..28_800 => two(hours, 'h', minutes % 60, 'm'),
        28_800..172_800 => format!("{hours}h"),
        172_800..691_200 => two(days, 'd', hours % 24, 'h'),
        691_200..63_072_000 => format!("{days}d"),
        63_072_000..252_288_000 => two(days / 365, 'y', days % 365, 'd'),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worded_as_kubectl_words_it() {
        let at = |second| Timestamp::from_second(second).expect("in range");
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (450, "7m30s"),
            (1_260, "21m"),
            (10_799, "179m"),
            (11_520, "3h12m"),
            (50_000, "13h"),
            (187_200, "2d4h"),
            (1_036_800, "12d"),
            (63_072_000, "2y"),
            (65_664_000, "2y30d"),
        ] {
            assert_eq!(age(at(0), at(seconds)), text);
        }
        assert_eq!(age(at(10), at(0)), "0s");
    }
}
