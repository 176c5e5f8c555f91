//! Finding text on a screen and in its history; it never moves the view by itself.

use super::Screen;
use super::selection::Position;
use super::view::NO_TEXT;

/// The most matches given; more are of no use to a person.
const MATCHES_MAX: usize = 10_000;

/// A place where the text was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// Its first cell.
    pub start: Position,
    /// Its last cell.
    pub end: Position,
}

impl Screen {
    /// Every place where `text` is found, oldest first, also across wrapped rows. Capitals matter when `text` has
    /// any. At most the newest 10,000.
    pub fn find(&self, text: &str) -> Vec<Match> {
        self.find_since(text, 0)
    }

    /// As [`Screen::find`], in the rows from this one on (see [`Position::row`]).
    pub fn find_since(&self, text: &str, since: u64) -> Vec<Match> {
        let exact = text.chars().any(char::is_uppercase);
        let fold = |character: char| {
            if exact { character } else { character.to_lowercase().next().unwrap_or(character) }
        };
        let wanted: Vec<char> = text.chars().map(fold).collect();
        let mut found = Vec::new();
        let first = self.emulator.first_row();
        let mut line: Vec<(char, Position)> = Vec::new();
        for row in since.max(first - self.history() as u64)..first + u64::from(self.size.rows) {
            let Some(cells) = self.emulator.row(row) else {
                continue;
            };
            cells.visit(self.size.columns, &mut |column, base, _, _, _| {
                if base != NO_TEXT {
                    line.push((fold(base), Position { row, column }));
                }
            });
            if !cells.is_wrapped() || line.len() > MATCHES_MAX {
                matches_in(&line, &wanted, &mut found);
                line.clear();
            }
        }
        matches_in(&line, &wanted, &mut found);
        let surplus = found.len().saturating_sub(MATCHES_MAX);
        found.drain(..surplus);
        found
    }

    /// Scrolls the view, as little as possible, so that a position is in it.
    pub fn reveal(&mut self, position: Position) {
        let first = self.emulator.first_row();
        let top = first - self.offset as u64;
        let bottom = top + u64::from(self.size.rows) - 1;
        let new_top = if position.row < top {
            position.row
        } else if position.row > bottom {
            position.row - (u64::from(self.size.rows) - 1)
        } else {
            return;
        };
        let offset = usize::try_from(first.saturating_sub(new_top)).unwrap_or(usize::MAX);
        self.offset = offset.min(self.history());
    }
}

fn matches_in(line: &[(char, Position)], wanted: &[char], found: &mut Vec<Match>) {
    if wanted.is_empty() {
        return;
    }
    let mut at = 0;
    while let Some(window) = line.get(at..at + wanted.len()) {
        if window.iter().map(|(character, _)| character).eq(wanted) {
            found.push(Match { start: window[0].1, end: window[wanted.len() - 1].1 });
            at += wanted.len();
        } else {
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    #[test]
    fn text_is_found_in_history_across_rows_and_revealed() {
        let mut screen = Screen::new(Size { columns: 20, rows: 4 }, 5000);
        screen.feed(b"a line in which the NEEDLE is wrapped\r\n");
        for _ in 0..3000 {
            screen.feed(b"hay\r\n");
        }
        screen.feed(b"needle");
        assert_eq!(screen.find("NEEDLE").len(), 1);
        let found = screen.find("needle");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].start.column, found[0].end.column), (0, 5));
        assert_eq!(found[0].start.row + 1, found[0].end.row + 1);
        screen.reveal(found[0].start);
        assert!(screen.line_text(0).contains("NEEDLE"), "{}", screen.text());
        screen.reveal(found[1].start);
        assert_eq!(screen.scrolled(), 0);
        assert_eq!(screen.find("which the NEEDLE is wr").len(), 1);
        assert_eq!(screen.find("").len(), 0);
    }
}
