//! Lines of text and what their pieces mean; how that looks is the theme's affair.

use crate::screen::{Attributes, Color};

/// What a piece of text means; the theme knows how that looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Ordinary text.
    #[default]
    Plain,
    /// Of less weight.
    Faint,
    /// A heading.
    Title,
    /// The name of a field.
    Key,
    /// A value that is text.
    Text,
    /// A value that is a number, true, false or nothing.
    Number,
    /// Well.
    Good,
    /// On its way, or worth a look.
    Changing,
    /// Wrong.
    Bad,
    /// Of the source with this number, told apart by colour.
    Source(u8),
    /// As its writer wanted it to look.
    Ansi(Look),
}

/// How a writer wanted text to look (SGR, ECMA-48 §8.3.117).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Its colour.
    pub fg: Color,
    /// The colour behind it.
    pub bg: Color,
    /// Bold, underlined and the like.
    pub attributes: Attributes,
}

/// A piece of text and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    /// The text, without control characters.
    pub text: String,
    /// What it means.
    pub tone: Tone,
}

/// A line of text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Its pieces, from left to right.
    pub spans: Vec<Span>,
}

impl Line {
    /// A line of one piece.
    pub fn of(tone: Tone, text: impl Into<String>) -> Self {
        Self { spans: vec![Span { text: text.into(), tone }] }
    }

    /// The line with one more piece at its end.
    #[must_use]
    pub fn with(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.spans.push(Span { text: text.into(), tone });
        self
    }

    /// Its text.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

/// Lines that can be read.
pub trait Lines {
    /// How many there are.
    fn count(&self) -> usize;

    /// The line of this number, counted from 0; an empty one beyond the end.
    fn line(&self, index: usize) -> Line;

    /// Its text alone.
    fn text(&self, index: usize) -> String {
        self.line(index).text()
    }
}

impl Lines for Vec<Line> {
    fn count(&self) -> usize {
        self.len()
    }

    fn line(&self, index: usize) -> Line {
        self.get(index).cloned().unwrap_or_default()
    }
}
