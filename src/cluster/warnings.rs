//! What an API server remarks about requests that it grants: its `Warning` headers; it never stops anything.

use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, header};

use super::text::cleaned;

/// How many different warnings are kept of one run; an admission chain has a handful.
const MOST: usize = 64;

/// The warnings heard so far, each once. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Warnings {
    heard: Arc<Mutex<Heard>>,
}

#[derive(Debug, Default)]
struct Heard {
    all: Vec<String>,
    taken: usize,
}

impl Warnings {
    /// The warnings that came since this was asked last; one that was heard before does not come again.
    pub fn take(&self) -> Vec<String> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = heard.all[heard.taken..].to_vec();
        heard.taken = heard.all.len();
        fresh
    }

    pub(super) fn heard(&self, headers: &HeaderMap) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let values = headers.get_all(header::WARNING).iter().filter_map(|value| value.to_str().ok());
        for warning in values.filter_map(text).map(|warning| cleaned(&warning)) {
            if heard.all.len() < MOST && !warning.is_empty() && !heard.all.contains(&warning) {
                heard.all.push(warning);
            }
        }
    }
}

/// The text of `299 - "text"` (RFC 7234, 5.5), with its escapes undone.
fn text(value: &str) -> Option<String> {
    let rest = value.trim_start().strip_prefix("299 ")?;
    let (_, quoted) = rest.split_once(" \"").or_else(|| Some(("", rest.strip_prefix('"')?)))?;
    let mut text = String::new();
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Some(text),
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::WARNING, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn each_warning_is_told_once() {
        let warnings = Warnings::default();
        warnings.heard(&headers(&[r#"299 - "would violate \"baseline\" \\ x""#, r#"299 - "second""#]));
        assert_eq!(warnings.take(), [r#"would violate "baseline" \ x"#, "second"]);
        warnings.clone().heard(&headers(&[r#"299 - "second""#, r#"299 kube "third" "Sun, 22 Nov 2026""#]));
        assert_eq!(warnings.take(), ["third"]);
        assert!(warnings.take().is_empty());
    }

    #[test]
    fn other_codes_and_broken_values_are_passed_over() {
        let warnings = Warnings::default();
        warnings.heard(&headers(&[r#"110 - "stale""#, "299", r#"299 - "open"#, "299 - bare", r#"299 - """#]));
        assert!(warnings.take().is_empty());
    }

    #[test]
    fn a_flood_is_cut() {
        let warnings = Warnings::default();
        let mut headers = HeaderMap::new();
        for number in 0..1000 {
            headers.append(header::WARNING, HeaderValue::from_str(&format!("299 - \"{number}\"")).unwrap());
        }
        warnings.heard(&headers);
        assert_eq!(warnings.take().len(), MOST);
    }
}
