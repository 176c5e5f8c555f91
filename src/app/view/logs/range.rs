//! How much of the past is wanted, as a person types it: `500` lines, `10m`, or `all`; pure.

use std::time::Duration;

use crate::cluster::LogRange;

/// What was typed; `None` if it is none of this.
pub fn read(typed: &str) -> Option<LogRange> {
    let typed = typed.trim();
    if typed.eq_ignore_ascii_case("all") {
        return Some(LogRange::default());
    }
    if let Ok(lines) = typed.parse::<u32>() {
        return Some(LogRange { tail: Some(lines), since: None });
    }
    let since: Duration = typed.parse::<jiff::SignedDuration>().ok()?.try_into().ok()?;
    (!since.is_zero()).then_some(LogRange { tail: None, since: Some(since) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_times_are_told_apart() {
        let since = |seconds| Some(LogRange { tail: None, since: Some(Duration::from_secs(seconds)) });
        assert_eq!(read("500"), Some(LogRange { tail: Some(500), since: None }));
        assert_eq!(read(" 10m "), since(600));
        assert_eq!(read("2h30m"), since(9000));
        assert_eq!(read("90s"), since(90));
        assert_eq!(read("all"), Some(LogRange::default()));
        for wrong in ["", "x", "-5m", "0s", "99999999999"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
