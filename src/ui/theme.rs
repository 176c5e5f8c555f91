//! The styles by what they mean; colours of the user's own palette, or none at all where they want none.

use ratatui::style::{Color, Modifier, Style};

/// Named styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Ordinary text.
    pub text: Style,
    /// Text that explains or is of no use now.
    pub faint: Style,
    /// Rules and separators.
    pub rule: Style,
    /// Titles.
    pub title: Style,
    /// The title of what has the focus.
    pub focused_title: Style,
    /// The name of the program.
    pub brand: Style,
    /// Keys in hints.
    pub key: Style,
    /// The selected row where the focus is.
    pub selected: Style,
    /// The selected row elsewhere.
    pub selected_elsewhere: Style,
    /// Well.
    pub good: Style,
    /// On its way, or worth a look.
    pub changing: Style,
    /// Wrong.
    pub bad: Style,
    /// Ended as it should.
    pub done: Style,
    /// What a search has found.
    pub found: Style,
    /// The one of them that the cursor is on.
    pub found_here: Style,
    /// A value that is text.
    pub string: Style,
    /// A value that is a number, true, false or nothing.
    pub number: Style,
    /// Whether colours may be used at all.
    pub has_colours: bool,
    /// A context in which care is taken.
    pub guarded: Style,
}

impl Theme {
    /// Colours from the terminal's own palette; readable on dark and light grounds.
    pub fn palette() -> Self {
        let plain = Style::new();
        Self {
            text: plain,
            faint: plain.fg(Color::DarkGray),
            rule: plain.fg(Color::DarkGray),
            title: plain.add_modifier(Modifier::BOLD),
            focused_title: plain.fg(Color::Cyan).add_modifier(Modifier::BOLD),
            brand: plain.fg(Color::Cyan).add_modifier(Modifier::BOLD),
            key: plain.fg(Color::Cyan),
            selected: plain.add_modifier(Modifier::REVERSED),
            selected_elsewhere: plain.add_modifier(Modifier::BOLD),
            good: plain.fg(Color::Green),
            changing: plain.fg(Color::Yellow),
            bad: plain.fg(Color::Red),
            done: plain.fg(Color::DarkGray),
            found: plain.fg(Color::Black).bg(Color::Yellow),
            found_here: plain.fg(Color::Black).bg(Color::Cyan).add_modifier(Modifier::BOLD),
            string: plain.fg(Color::Green),
            number: plain.fg(Color::Magenta),
            has_colours: true,
            guarded: plain.fg(Color::Red).add_modifier(Modifier::BOLD | Modifier::REVERSED),
        }
    }

    /// No colours: bold, faint and reversed alone (<https://no-color.org>).
    pub fn without_colour() -> Self {
        let plain = Style::new();
        let (bold, dim) = (plain.add_modifier(Modifier::BOLD), plain.add_modifier(Modifier::DIM));
        Self {
            text: plain,
            faint: dim,
            rule: dim,
            title: bold,
            focused_title: bold.add_modifier(Modifier::UNDERLINED),
            brand: bold,
            key: bold,
            selected: plain.add_modifier(Modifier::REVERSED),
            selected_elsewhere: bold,
            good: plain,
            changing: plain,
            bad: bold,
            done: dim,
            found: plain.add_modifier(Modifier::UNDERLINED),
            found_here: plain.add_modifier(Modifier::UNDERLINED | Modifier::REVERSED),
            string: plain,
            number: plain,
            has_colours: false,
            guarded: bold.add_modifier(Modifier::REVERSED),
        }
    }
}
