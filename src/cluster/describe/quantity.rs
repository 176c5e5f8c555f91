//! Amounts of resources as the API writes them: read, added up and written again in its canonical form; no object is read.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

/// How an amount is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Form {
    /// `m`, nothing, `k`, `M` … powers of a thousand.
    #[default]
    Decimal,
    /// `Ki`, `Mi` … powers of 1024.
    Binary,
}

/// An amount in billionths, and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Amount {
    nanos: i128,
    form: Form,
}

const NANO: i128 = 1_000_000_000;
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/// Suffixes of powers of a thousand with their exponents of ten.
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];

impl Amount {
    /// Reads a quantity; nothing where it is none, or larger than anything real.
    pub(super) fn read(quantity: &Quantity) -> Option<Self> {
        Self::parse(&quantity.0)
    }

    fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '+' | '-')).unwrap_or(text.len());
        let (number, suffix) = text.split_at(end);
        if let Some(power) = BINARY.iter().position(|known| *known == suffix) {
            let scale = 1024_i128.checked_pow(u32::try_from(power).ok()? + 1)?;
            return Some(Self { nanos: scaled(number, scale.checked_mul(NANO)?)?, form: Form::Binary });
        }
        let exponent = match DECIMAL.iter().find(|(known, _)| *known == suffix) {
            Some((_, exponent)) => *exponent,
            None => suffix.strip_prefix(['e', 'E'])?.parse::<i32>().ok()?,
        };
        let scale = 10_i128.checked_pow(u32::try_from(exponent.checked_add(9)?).ok()?)?;
        Some(Self { nanos: scaled(number, scale)?, form: Form::Decimal })
    }

    /// The sum; the first of two that is more than nothing says how it is written.
    pub(super) fn plus(self, other: Self) -> Self {
        let form = if self.nanos == 0 { other.form } else { self.form };
        Self { nanos: self.nanos.saturating_add(other.nanos), form }
    }

    pub(super) fn is_zero(self) -> bool {
        self.nanos == 0
    }

    /// The larger one.
    pub(super) fn max(self, other: Self) -> Self {
        if other.nanos > self.nanos { other } else { self }
    }

    /// In thousandths, rounded up.
    pub(super) fn milli(self) -> i128 {
        rounded_up(self.nanos, NANO / 1000)
    }

    /// In whole units, rounded up.
    pub(super) fn whole(self) -> i128 {
        rounded_up(self.nanos, NANO)
    }
}

impl std::fmt::Display for Amount {
    /// The canonical form: the largest suffix that needs no fraction.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.nanos == 0 {
            return f.write_str("0");
        }
        if self.form == Form::Binary && self.nanos % NANO == 0 && (self.nanos / NANO).abs() >= 1024 {
            let (mut number, mut power) = (self.nanos / NANO, 0);
            while number % 1024 == 0 && power < BINARY.len() {
                number /= 1024;
                power += 1;
            }
            let suffix = power.checked_sub(1).and_then(|at| BINARY.get(at)).copied().unwrap_or_default();
            return write!(f, "{number}{suffix}");
        }
        let (mut number, mut at) = (self.nanos, 0);
        while number % 1000 == 0 && at + 1 < DECIMAL.len() {
            number /= 1000;
            at += 1;
        }
        write!(f, "{number}{}", DECIMAL[at].0)
    }
}

/// How much of `all` a part is, in whole percent, as kubectl cuts it; nothing of nothing is none of it.
pub(super) fn percent(part: i128, all: i128) -> i128 {
    if all == 0 { 0 } else { part.saturating_mul(100) / all }
}

fn rounded_up(nanos: i128, unit: i128) -> i128 {
    nanos.div_euclid(unit) + i128::from(nanos.rem_euclid(unit) != 0)
}

/// A decimal number times a scale.
fn scaled(number: &str, scale: i128) -> Option<i128> {
    let (negative, digits) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let part = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<u64>().ok().map(i128::from) };
    let fraction = &fraction[..fraction.len().min(12)];
    let places = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let sum = part(whole)?.checked_mul(scale)?.checked_add(part(fraction)?.checked_mul(scale)? / places)?;
    Some(if negative { -sum } else { sum })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(amounts: &[&str]) -> String {
        let amounts = amounts.iter().map(|text| Amount::parse(text).unwrap_or_else(|| panic!("{text}")));
        amounts.fold(Amount::default(), Amount::plus).to_string()
    }

    #[test]
    fn sums_are_written_as_the_api_writes_them() {
        for (amounts, expected) in [
            (&["100m", "900m"][..], "1"),
            (&["100m", "50m"], "150m"),
            (&["1.5"], "1500m"),
            (&["64Mi", "64Mi"], "128Mi"),
            (&["1Gi", "512Mi"], "1536Mi"),
            (&["1000"], "1k"),
            (&["1e3", "1"], "1001"),
            (&["1.5Gi"], "1536Mi"),
            (&["512"], "512"),
            (&[], "0"),
            (&["0", "1Mi"], "1Mi"),
        ] {
            assert_eq!(sum(amounts), expected, "{amounts:?}");
        }
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for text in ["", "abc", "1Zi", "--1", "1e99", "99999999999999999999999", "e3", "1.2.3", "+"] {
            assert_eq!(Amount::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn parts_are_rounded_up_and_percents_down() {
        let amount = Amount::parse("1500u").expect("an amount");
        assert_eq!((amount.milli(), amount.whole()), (2, 1));
        assert_eq!((percent(1, 3), percent(5, 0)), (33, 0));
    }
}
