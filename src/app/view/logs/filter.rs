//! What a live filter lets through: a text, an expression, or what has neither; it keeps no lines.

use std::ops::Range;

use super::json;
use crate::screen::Pattern;

/// A filter as it was typed. `!` before it keeps what does not match.
#[derive(Debug, Clone, Default)]
pub(super) struct Filter {
    typed: String,
    pattern: Option<Pattern>,
    keeps_others: bool,
    expression: bool,
    /// What may stand across the parts of a readable object only.
    spans_parts: bool,
}

impl Filter {
    /// The filter for what was typed: the text as it is.
    pub(super) fn literal(typed: &str) -> Self {
        let (keeps_others, text) = parts(typed);
        Self { pattern: Pattern::literal(text), ..Self::new(typed, text, keeps_others) }
    }

    /// As an expression; `None` if it is none.
    pub(super) fn expression(typed: &str) -> Option<Self> {
        let (keeps_others, text) = parts(typed);
        let pattern = Pattern::expression(text).filter(|_| !text.is_empty())?;
        Some(Self { pattern: Some(pattern), expression: true, ..Self::new(typed, text, keeps_others) })
    }

    fn new(typed: &str, text: &str, keeps_others: bool) -> Self {
        let spans_parts = text.contains(['=', ' ', '.', '\\']);
        Self { typed: typed.to_owned(), keeps_others, spans_parts, ..Self::default() }
    }

    /// What was typed.
    pub(super) fn typed(&self) -> &str {
        &self.typed
    }

    /// Whether it is taken as a regular expression.
    pub(super) fn is_expression(&self) -> bool {
        self.expression
    }

    /// Whether it lets everything through.
    pub(super) fn is_open(&self) -> bool {
        self.pattern.is_none()
    }

    /// Whether what it looks for stands in a line, as it came or as it is shown.
    pub(super) fn finds(&self, text: &str, readable: bool) -> bool {
        let Some(pattern) = &self.pattern else { return true };
        pattern.is_in(text)
            || (readable && self.spans_parts && json::folded(text).is_some_and(|line| pattern.is_in(&line.text())))
    }

    /// Whether a line is shown.
    pub(super) fn lets_through(&self, text: &str, readable: bool) -> bool {
        self.is_open() || self.finds(text, readable) != self.keeps_others
    }

    /// What it has found in a text, in bytes.
    pub(super) fn places_in(&self, text: &str) -> Vec<Range<usize>> {
        match &self.pattern {
            Some(pattern) if !self.keeps_others => pattern.places_in(text),
            _ => Vec::new(),
        }
    }
}

fn parts(typed: &str) -> (bool, &str) {
    typed.strip_prefix('!').map_or((false, typed), |text| (true, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_expressions_and_what_has_neither() {
        let lets = |filter: &Filter, text: &str| filter.lets_through(text, true);
        assert!(lets(&Filter::literal(""), "x") && lets(&Filter::literal("!"), "x"));
        let literal = Filter::literal("a.c");
        assert!(lets(&literal, "xa.cx") && !lets(&literal, "abc"));
        let expression = Filter::expression("a.c").unwrap();
        assert!(lets(&expression, "ABC") && !lets(&expression, "ab"));
        let others = Filter::literal("!health");
        assert!(lets(&others, "GET /") && !lets(&others, "GET /health"));
        assert!(Filter::expression("(").is_none() && Filter::expression("").is_none());
        assert_eq!(expression.places_in("abc-abc"), [0..3, 4..7]);
        assert!(others.places_in("GET /").is_empty());
    }

    #[test]
    fn objects_are_found_by_what_is_shown_of_them() {
        let line = r#"{"msg":"paid","order":17}"#;
        assert!(Filter::literal("order=17").lets_through(line, true));
        assert!(!Filter::literal("order=17").lets_through(line, false));
        assert!(Filter::literal("\"order\":17").lets_through(line, true));
    }
}
