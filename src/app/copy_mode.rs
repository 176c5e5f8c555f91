//! Reading and choosing text of a pane by keys, in the manner of vi: where the cursor is, what is chosen, what is searched.

mod search;

use super::overlay::TextLine;
use crate::screen::{Match, Position, Screen, SelectionKind};
use search::Search;

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
    /// Whole screens down, up for negative numbers.
    Pages(i32),
    /// The next word, or the one before.
    Word {
        /// Towards the end.
        forward: bool,
    },
    /// The end of the word.
    WordEnd,
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

/// The words of a search under edit.
#[derive(Debug, Clone, Default)]
pub struct Asking {
    /// What is typed.
    pub line: TextLine,
    /// Whether it looks upwards, for what is older.
    pub older: bool,
}

/// The cursor and what is chosen with it.
#[derive(Debug, Clone)]
pub struct CopyMode {
    cursor: Position,
    anchor: Option<(SelectionKind, Position)>,
    search: Option<Search>,
    /// The words of a search under edit.
    pub asking: Option<Asking>,
    /// The width and the screen that rows are counted on: with others they have other numbers.
    counted_on: (u16, bool),
}

fn counted_on(screen: &Screen) -> (u16, bool) {
    (screen.size().columns, screen.modes().alt_screen)
}

impl CopyMode {
    /// Begins where the screen's cursor is, or at the end of the view; from now on the view stays put.
    pub fn begin(screen: &mut Screen) -> Self {
        screen.hold_view(true);
        screen.clear_selection();
        let last = screen.size().rows.saturating_sub(1);
        let cursor = screen.cursor().map_or_else(|| screen.position(0, last), |at| screen.position(at.column, at.row));
        Self { cursor, anchor: None, search: None, asking: None, counted_on: counted_on(screen) }
    }

    /// Shows the present again, with nothing chosen.
    pub fn end(screen: &mut Screen) {
        screen.hold_view(false);
        screen.clear_selection();
        screen.scroll_to_bottom();
    }

    /// Where the cursor stands.
    pub fn cursor(&self) -> Position {
        self.cursor
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
        let by_rows = |row: u64, rows: i64| row.saturating_add_signed(rows).clamp(oldest, newest);
        let rows = i64::from(screen.size().rows);
        let mut to = self.cursor;
        match motion {
            Motion::Left => to.column = to.column.saturating_sub(1),
            Motion::Right => to = screen.character_after(to),
            Motion::Rows(by) => to.row = by_rows(to.row, i64::from(by)),
            Motion::Halves(by) => to.row = by_rows(to.row, i64::from(by) * (rows / 2).max(1)),
            Motion::Pages(by) => to.row = by_rows(to.row, i64::from(by) * (rows - 2).max(1)),
            Motion::Word { forward } => to = screen.word_from(to, forward),
            Motion::WordEnd => to = screen.word_end_from(to),
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

    /// Scrolls the view back by so many rows, or forward; the cursor stays at its place in the view.
    pub fn scroll(&mut self, lines: i32, screen: &mut Screen) {
        let before = screen.position(0, 0).row;
        screen.scroll(lines);
        let moved = before.cast_signed() - screen.position(0, 0).row.cast_signed();
        let to = Position { row: self.cursor.row.saturating_add_signed(-moved), ..self.cursor };
        self.place(to, screen);
    }

    /// Keeps the cursor in view and what is chosen up to date, whatever was printed meanwhile.
    pub fn settle(&mut self, screen: &mut Screen) {
        if self.counted_on != counted_on(screen) {
            self.counted_on = counted_on(screen);
            self.anchor = None;
            if let Some(search) = &mut self.search {
                search.restart(screen);
            }
        }
        if let Some(place) = self.search.as_mut().and_then(|search| search.step(screen)) {
            self.cursor = place;
        }
        self.cursor.row = self.cursor.row.clamp(screen.oldest_row(), screen.newest_row());
        self.cursor.column = self.cursor.column.min(screen.size().columns.saturating_sub(1));
        // What is printed there meanwhile may be wide.
        self.cursor = screen.character_at(self.cursor);
        screen.reveal(self.cursor);
        match self.anchor {
            Some((kind, anchor)) => screen.select_between(kind, anchor, self.cursor),
            None => screen.clear_selection(),
        }
    }

    /// Begins to choose by cell, line or block, or lets go of what is chosen when it was begun the same way.
    pub fn choose(&mut self, kind: SelectionKind, screen: &mut Screen) {
        self.anchor = match self.anchor {
            Some((before, _)) if before == kind => None,
            Some((_, anchor)) => Some((kind, anchor)),
            None => Some((kind, self.cursor)),
        };
        self.settle(screen);
    }

    /// Chooses from one position to another, where the cursor goes; nothing if `kind` is `None`.
    pub fn choose_between(&mut self, kind: Option<SelectionKind>, anchor: Position, to: Position, screen: &mut Screen) {
        self.anchor = kind.map(|kind| (kind, anchor));
        self.place(to, screen);
    }

    /// Goes to the other end of what is chosen.
    pub fn swap_ends(&mut self, screen: &mut Screen) {
        if let Some((_, anchor)) = &mut self.anchor {
            std::mem::swap(anchor, &mut self.cursor);
            self.settle(screen);
        }
    }

    /// Searches for this text from the cursor on, upwards for what is older; an empty one lets go of the search.
    pub fn search(&mut self, text: String, older: bool, screen: &mut Screen) {
        self.search = (!text.is_empty()).then(|| Search::new(text, older, screen));
        self.next_match(true, screen);
    }

    /// What was searched for last.
    pub fn searched(&self) -> Option<&str> {
        self.search.as_ref().map(Search::text)
    }

    /// Goes to the next match in the direction of the search, or in the other one, round and round; where that needs
    /// more steps than one, [`CopyMode::settle`] takes them. False if nothing was searched for.
    pub fn next_match(&mut self, onwards: bool, screen: &mut Screen) -> bool {
        let Some(search) = &mut self.search else { return false };
        search.want(search.older == onwards, self.cursor);
        self.settle(screen);
        true
    }

    /// Whether a search has more to look at.
    pub fn is_busy(&self, screen: &Screen) -> bool {
        self.search.as_ref().is_some_and(|search| search.goes_on(screen))
    }

    /// The matches in view, the one under the cursor told from the others.
    pub fn matches_in_view(&self, screen: &Screen) -> Vec<(Match, bool)> {
        let Some(search) = &self.search else { return Vec::new() };
        let top = screen.position(0, 0).row;
        let current = search.current(self.cursor);
        let rows = top..=top + u64::from(screen.size().rows) - 1;
        search.matches_in(rows).map(|found| (found, Some(found) == current)).collect()
    }

    /// Where it stands, for the pane's header: `copy 120/4000 · choosing lines · 3 of 17 “error”`.
    pub fn says(&self, screen: &Screen) -> String {
        let oldest = screen.oldest_row();
        let (row, rows) = (self.cursor.row.saturating_sub(oldest) + 1, screen.newest_row() - oldest + 1);
        let chosen = self.anchor.map(|(kind, _)| match kind {
            SelectionKind::Simple => " · choosing",
            SelectionKind::Word => " · choosing words",
            SelectionKind::Line => " · choosing lines",
            SelectionKind::Block => " · choosing a block",
        });
        let search = self.search.as_ref().map(|search| format!(" · {}", search.says(self.cursor, screen)));
        format!("copy {row}/{rows}{}{}", chosen.unwrap_or_default(), search.unwrap_or_default())
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
        let mut mode = CopyMode::begin(&mut screen);
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

    fn search_says(mode: &CopyMode, screen: &Screen) -> String {
        let says = mode.says(screen);
        says.split_once(" · ").map(|(_, rest)| rest.to_owned()).unwrap_or_default()
    }

    #[test]
    fn a_search_upwards_goes_from_the_newest_match_to_the_oldest_and_round() {
        let mut screen = screen(2, "error 1\r\nok\r\nerror 2\r\nok\r\n");
        let mut mode = CopyMode::begin(&mut screen);
        mode.search("error".to_owned(), true, &mut screen);
        assert_eq!(search_says(&mode, &screen), "2 of 2 “error”");
        assert_eq!(mode.cursor_in_view(&screen), Some((0, 0)), "the view follows");
        let in_view = mode.matches_in_view(&screen);
        assert_eq!((in_view.len(), in_view[0].1), (1, true));
        assert!(mode.next_match(true, &mut screen));
        assert_eq!(search_says(&mode, &screen), "1 of 2 “error”");
        assert!(mode.next_match(true, &mut screen));
        assert_eq!(search_says(&mode, &screen), "2 of 2 “error” · went round");
        screen.feed(b"error 3\r\n");
        assert!(mode.next_match(false, &mut screen));
        assert_eq!(search_says(&mode, &screen), "3 of 3 “error”");
        mode.go(Motion::Top, &mut screen);
        mode.search("ERROR".to_owned(), false, &mut screen);
        assert_eq!(search_says(&mode, &screen), "“ERROR” is nowhere");
        mode.search(r"error [13]".to_owned(), false, &mut screen);
        assert_eq!(search_says(&mode, &screen), "2 of 2 /error [13]/");
        mode.search(String::new(), false, &mut screen);
        assert!(!mode.next_match(true, &mut screen) && mode.searched().is_none());
    }

    #[test]
    fn matches_leave_with_the_history_and_come_with_output() {
        let mut screen = screen(3, &"error\r\n".repeat(50));
        let mut mode = CopyMode::begin(&mut screen);
        mode.search("error".to_owned(), true, &mut screen);
        assert_eq!(search_says(&mode, &screen), "50 of 50 “error”");
        screen.feed("fine\r\n".repeat(60).as_bytes());
        screen.feed(b"error");
        mode.settle(&mut screen);
        let kept = screen.find("error").len();
        assert!(search_says(&mode, &screen).ends_with(&format!("of {kept} “error”")), "{}", mode.says(&screen));
        screen.feed(b"\x1b[2K\x1b[3J");
        mode.settle(&mut screen);
        assert_eq!(search_says(&mode, &screen), "“error” is nowhere");
    }

    #[test]
    fn a_huge_history_is_searched_in_steps() {
        let mut screen = Screen::new(Size { columns: 200, rows: 3 }, 60_000);
        screen.feed(b"needle\r\n");
        for _ in 0..40 {
            screen.feed(format!("{}\r\n", "hay ".repeat(48)).repeat(1_000).as_bytes());
        }
        let mut mode = CopyMode::begin(&mut screen);
        mode.search("needle".to_owned(), true, &mut screen);
        assert!(mode.is_busy(&screen) && search_says(&mode, &screen) == "looking for “needle” …");
        let steps = (0..20).take_while(|_| {
            mode.settle(&mut screen);
            mode.is_busy(&screen)
        });
        assert!((1..20).contains(&steps.count()));
        assert_eq!(search_says(&mode, &screen), "1 of 1 “needle”");
        assert_eq!(screen.line_text(0), "needle");
    }

    #[test]
    fn the_view_stays_put_while_output_comes() {
        let mut screen = screen(3, "here\r\n1\r\n2");
        let mut mode = CopyMode::begin(&mut screen);
        for _ in 0..20 {
            screen.feed(b"\r\nmore");
            mode.settle(&mut screen);
        }
        assert_eq!((screen.line_text(0).as_str(), screen.line_text(2).as_str()), ("here", "2"));
        screen.feed("\r\nmore".repeat(200).as_bytes());
        mode.settle(&mut screen);
        assert!(mode.cursor_in_view(&screen).is_some(), "what has left the history is let go of");
        CopyMode::end(&mut screen);
        assert_eq!(screen.scrolled(), 0);
        screen.feed(b"\r\nmore");
        assert_eq!(screen.scrolled(), 0);
    }

    #[test]
    fn another_width_or_screen_lets_go_of_what_was_chosen() {
        let mut screen = screen(3, "one\r\ntwo");
        let mut mode = CopyMode::begin(&mut screen);
        mode.search("o".to_owned(), true, &mut screen);
        mode.choose(SelectionKind::Line, &mut screen);
        screen.feed(b"\x1b[?1049hpager");
        mode.settle(&mut screen);
        assert_eq!((screen.selected_text(), mode.chooses()), (None, false));
        assert_eq!(search_says(&mode, &screen), "“o” is nowhere");
        mode.choose(SelectionKind::Block, &mut screen);
        screen.resize(Size { columns: 7, rows: 3 });
        mode.settle(&mut screen);
        assert!(!mode.chooses() && mode.cursor_in_view(&screen).is_some());
    }

    #[test]
    fn the_ends_of_what_is_chosen_change_places() {
        let mut screen = screen(3, "one two");
        let mut mode = CopyMode::begin(&mut screen);
        mode.choose(SelectionKind::Simple, &mut screen);
        mode.go(Motion::Word { forward: false }, &mut screen);
        mode.swap_ends(&mut screen);
        assert_eq!(mode.cursor_in_view(&screen), Some((7, 0)));
        mode.go(Motion::Left, &mut screen);
        mode.swap_ends(&mut screen);
        mode.go(Motion::LineStart, &mut screen);
        assert_eq!(screen.selected_text().as_deref(), Some("one two"));
    }

    #[test]
    fn motions_stay_inside() {
        let mut screen = screen(3, "a");
        let mut mode = CopyMode::begin(&mut screen);
        for motion in [Motion::Left, Motion::Left, Motion::Rows(-9), Motion::Halves(9), Motion::Bottom] {
            assert!(mode.go(motion, &mut screen));
        }
        assert_eq!(mode.cursor_in_view(&screen), Some((0, 2)));
        assert!(!mode.go(Motion::Prompt { forward: false }, &mut screen), "no prompt was marked");
    }
}
