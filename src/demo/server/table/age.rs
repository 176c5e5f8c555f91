//! Lengths of time as `kubectl get` prints them; it asks no clock.

use jiff::Timestamp;

/// How long ago that was; `<unknown>` if no time is given.
pub(super) fn since(time: &str, now: Timestamp) -> String {
    match time.parse::<Timestamp>() {
        Ok(then) => words(now.duration_since(then).as_secs()),
        Err(_) => "<unknown>".to_owned(),
    }
}

/// How long something takes.
pub(super) fn duration(time: jiff::SignedDuration) -> String {
    words(time.as_secs())
}

/// Two units at most, and only one where that says enough.
fn words(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let one = |unit: i64, letter: char| format!("{}{letter}", seconds / unit);
    let two = |unit: i64, letter: char, below: i64, small: char| {
        let rest = seconds % unit / below;
        if rest == 0 { one(unit, letter) } else { format!("{}{rest}{small}", one(unit, letter)) }
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1..=0 => "0s".to_owned(),
        1..120 => format!("{seconds}s"),
        120..600 => two(MINUTE, 'm', 1, 's'),
        600..10_800 => one(MINUTE, 'm'),
        10_800..28_800 => two(HOUR, 'h', MINUTE, 'm'),
        28_800..172_800 => one(HOUR, 'h'),
        172_800..691_200 => two(DAY, 'd', HOUR, 'h'),
        691_200..63_072_000 => one(DAY, 'd'),
        63_072_000..252_288_000 => two(YEAR, 'y', DAY, 'd'),
        _ => one(YEAR, 'y'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_the_units_that_matter() {
        for (seconds, said) in [
            (-5, "<invalid>"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (287, "4m47s"),
            (600, "10m"),
            (3 * 3600 - 1, "179m"),
            (3 * 3600 + 61, "3h1m"),
            (9 * 3600, "9h"),
            (47 * 3600, "47h"),
            (50 * 3600, "2d2h"),
            (9 * 86400, "9d"),
            (800 * 86400, "2y70d"),
            (9 * 365 * 86400, "9y"),
        ] {
            assert_eq!(words(seconds), said, "{seconds}");
        }
    }
}
