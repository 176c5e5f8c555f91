//! Reading and choosing text of a pane by keys, in the manner of vi: where the cursor is, what is chosen, what is searched.

use super::overlay::TextLine;
use crate::screen::{Match, Position, Screen, SelectionKind};

/// A way the cursor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// One cell to the left.
    Left,
    /// One cell to the right.
    Right,
    /// Rows down, up for negative numbers.
    Rows(i32),
    /// Half screens down, up for negative numbers.
    Halves(i32),
    /// The next word, or the one before.
    Word {
        /// Towards the end.
        forward: bool,
    },
    /// The first column.
    LineStart,
    /// The last character of the row.
    LineEnd,
    /// The oldest row.
    Top,
    /// The newest row.
    Bottom,
    /// The next prompt that the shell has marked, or the one before.
    Prompt {
        /// Towards the end.
        forward: bool,
    },
}

/// A search as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
struct Search {
    text: String,
    found: Vec<Match>,
    /// The match that the cursor is at.
    at: Option<usize>,
}

/// The cursor and what is chosen with it.
#[derive(Debug, Clone, PartialEq)]
pub struct CopyMode {
    cursor: Position,
    anchor: Option<(SelectionKind, Position)>,
    search: Search,
    /// The words of a search under edit.
    pub asking: Option<TextLine>,
}

impl CopyMode {
    /// Begins where the screen's cursor is, or at the end of the view.
    pub fn begin(screen: &Screen) -> Self {
        let last = screen.size().rows.saturating_sub(1);
        let cursor = screen.cursor().map_or_else(|| screen.position(0, last), |at| screen.position(at.column, at.row));
        Self { cursor, anchor: None, search: Search::default(), asking: None }
    }

    /// Where the cursor stands in the view.
    pub fn cursor_in_view(&self, screen: &Screen) -> Option<(u16, u16)> {
        Some((self.cursor.column, screen.row_in_view(self.cursor.row)?))
    }

    /// Whether text is being chosen.
    pub fn chooses(&self) -> bool {
        self.anchor.is_some()
    }

    /// Moves the cursor; the view follows it and what is chosen reaches to it. False if there is nowhere to go.
    pub fn go(&mut self, motion: Motion, screen: &mut Screen) -> bool {
        let (oldest, newest) = (screen.oldest_row(), screen.newest_row());
        let columns = screen.size().columns;
        let by_rows = |row: u64, rows: i64| row.saturating_add_signed(rows).clamp(oldest, newest);
        let half = i64::from(screen.size().rows / 2).max(1);
        let mut to = self.cursor;
        match motion {
            Motion::Left => to.column = to.column.saturating_sub(1),
            Motion::Right => to.column = (to.column + 1).min(columns.saturating_sub(1)),
            Motion::Rows(rows) => to.row = by_rows(to.row, i64::from(rows)),
            Motion::Halves(halves) => to.row = by_rows(to.row, i64::from(halves) * half),
            Motion::Word { forward } => to = screen.word_from(to, forward),
            Motion::LineStart => to.column = 0,
            Motion::LineEnd => to.column = screen.line_end(to.row),
            Motion::Top => to = Position { row: oldest, column: 0 },
            Motion::Bottom => to = Position { row: newest, column: 0 },
            Motion::Prompt { forward } => match screen.prompt_from(to.row, forward) {
                Some(row) => to = Position { row, column: 0 },
                None => return false,
            },
        }
        self.place(to, screen);
        true
    }

    fn place(&mut self, to: Position, screen: &mut Screen) {
        self.cursor = to;
        self.settle(screen);
    }

    /// Keeps the cursor in view and what is chosen up to date, whatever was printed meanwhile.
    pub fn settle(&mut self, screen: &mut Screen) {
        self.cursor.row = self.cursor.row.clamp(screen.oldest_row(), screen.newest_row());
        screen.reveal(self.cursor);
        match self.anchor {
            Some((kind, anchor)) => screen.select_between(kind, anchor, self.cursor),
            None => match self.search.at.and_then(|at| self.search.found.get(at)) {
                Some(found) if found.start == self.cursor => {
                    screen.select_between(SelectionKind::Simple, found.start, found.end);
                }
                _ => screen.clear_selection(),
            },
        }
    }

    /// Begins to choose by cell or by line, or lets go of what is chosen when it was begun the same way.
    pub fn choose(&mut self, kind: SelectionKind, screen: &mut Screen) {
        self.anchor = match self.anchor {
            Some((before, _)) if before == kind => None,
            Some((_, anchor)) => Some((kind, anchor)),
            None => Some((kind, self.cursor)),
        };
        self.settle(screen);
    }

    /// Searches for this text, backwards from the cursor: what was printed last is wanted first. False if it is nowhere.
    pub fn search(&mut self, text: String, screen: &mut Screen) -> bool {
        let found = screen.find(&text);
        let at = found.iter().rposition(|found| found.start < self.cursor).or_else(|| found.len().checked_sub(1));
        self.search = Search { text, found, at };
        self.show_match(screen)
    }

    /// Goes to the match before (older), or to the next one (newer), round and round. False if there is none.
    pub fn next_match(&mut self, older: bool, screen: &mut Screen) -> bool {
        if self.search.text.is_empty() {
            return false;
        }
        // Output may have come since.
        self.search.found = screen.find(&self.search.text);
        let found = &self.search.found;
        self.search.at = if older {
            found.iter().rposition(|found| found.start < self.cursor).or_else(|| found.len().checked_sub(1))
        } else {
            found.iter().position(|found| found.start > self.cursor).or((!found.is_empty()).then_some(0))
        };
        self.show_match(screen)
    }

    fn show_match(&mut self, screen: &mut Screen) -> bool {
        let Some(start) = self.search.at.and_then(|at| self.search.found.get(at)).map(|found| found.start) else {
            return false;
        };
        self.place(start, screen);
        true
    }

    /// Where the search stands: `3 of 17 "error"`.
    pub fn search_says(&self) -> Option<String> {
        let Search { text, found, at } = &self.search;
        match (text.is_empty(), at) {
            (true, _) => None,
            (false, Some(at)) => Some(format!("{} of {} “{text}”", at + 1, found.len())),
            (false, None) => Some(format!("“{text}” is nowhere")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Size;

    fn screen(rows: u16, text: &str) -> Screen {
        let mut screen = Screen::new(Size { columns: 20, rows }, 100);
        screen.feed(text.as_bytes());
        screen
    }

    #[test]
    fn text_is_chosen_from_where_it_began_to_the_cursor() {
        let mut screen = screen(3, "one two\r\nthree four\r\n$ ");
        let mut mode = CopyMode::begin(&screen);
        mode.go(Motion::Rows(-1), &mut screen);
        mode.go(Motion::LineStart, &mut screen);
        mode.go(Motion::Word { forward: true }, &mut screen);
        mode.choose(SelectionKind::Simple, &mut screen);
        mode.go(Motion::LineEnd, &mut screen);
        assert_eq!(screen.selected_text().as_deref(), Some("four"));
        mode.choose(SelectionKind::Line, &mut screen);
        mode.go(Motion::Rows(-1), &mut screen);
        assert_eq!(screen.selected_text().as_deref(), Some("one two\nthree four"));
        mode.choose(SelectionKind::Line, &mut screen);
        assert_eq!((screen.selected_text(), mode.chooses()), (None, false));
    }

    #[test]
    fn a_search_goes_from_the_newest_match_to_the_oldest_and_round() {
        let mut screen = screen(2, "error 1\r\nok\r\nerror 2\r\nok\r\n");
        let mut mode = CopyMode::begin(&screen);
        assert!(mode.search("error".to_owned(), &mut screen));
        assert_eq!(mode.search_says().as_deref(), Some("2 of 2 “error”"));
        assert_eq!(screen.selected_text().as_deref(), Some("error"));
        assert!(mode.next_match(true, &mut screen));
        assert_eq!(mode.cursor_in_view(&screen), Some((0, 0)), "the view follows");
        assert!(mode.next_match(true, &mut screen));
        assert_eq!(mode.search_says().as_deref(), Some("2 of 2 “error”"));
        screen.feed(b"error 3\r\n");
        assert!(mode.next_match(false, &mut screen));
        assert_eq!(mode.search_says().as_deref(), Some("3 of 3 “error”"));
        assert!(!mode.search("panic".to_owned(), &mut screen));
    }

    #[test]
    fn the_view_stays_at_the_cursor_while_output_comes() {
        let mut screen = screen(3, "here\r\n1\r\n2");
        let mut mode = CopyMode::begin(&screen);
        mode.go(Motion::Top, &mut screen);
        for _ in 0..20 {
            screen.feed(b"\r\nmore");
            mode.settle(&mut screen);
        }
        assert_eq!(screen.line_text(0), "here");
        screen.feed("\r\nmore".repeat(200).as_bytes());
        mode.settle(&mut screen);
        assert!(mode.cursor_in_view(&screen).is_some(), "what has left the history is let go of");
    }

    #[test]
    fn motions_stay_inside() {
        let mut screen = screen(3, "a");
        let mut mode = CopyMode::begin(&screen);
        for motion in [Motion::Left, Motion::Left, Motion::Rows(-9), Motion::Halves(9), Motion::Bottom] {
            assert!(mode.go(motion, &mut screen));
        }
        assert_eq!(mode.cursor_in_view(&screen), Some((0, 2)));
        assert!(!mode.go(Motion::Prompt { forward: false }, &mut screen), "no prompt was marked");
    }
}
