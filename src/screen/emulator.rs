//! The library's terminal with our guards round it: bounded replies, titles, stacks and history, and the few places
//! mended where it differs from a real terminal. It never passes anything of the remote on raw.

mod cursor;
mod handler;
mod kitty;
mod palette;
mod parked;
mod prompts;
mod seam;

use std::ops::Range;

use alacritty_terminal::event::VoidListener;
use alacritty_terminal::grid::{Dimensions, Row};
use alacritty_terminal::index::Line;
use alacritty_terminal::term::cell::Cell as GridCell;
use alacritty_terminal::term::{Config, Osc52, Term, TermMode};

use super::cell::is_printable;
use super::history::{History, StoredRow};
use super::lexer::Setting;
use super::modes::Modes;
use super::replies::Replies;
use super::{ScreenNotice, Size};
use kitty::KittyStack;
pub use palette::DefaultColors;
use prompts::Prompts;

/// Rows of history that stay in the grid when the older ones move into the compact store.
const GRID_KEEPS: usize = 200;

/// Rows that gather in the grid beyond those before they are moved.
const GRID_GATHERS: usize = 400;

/// What the grid may hold for a moment: one operation can scroll a whole screen off.
const GRID_LIMIT: usize = GRID_KEEPS + GRID_GATHERS + super::ROWS_MAX as usize;

/// The longest title kept, in characters.
const TITLE_MAX: usize = 200;

/// The most titles pushed on the stack.
const TITLES_MAX: usize = 16;

/// A terminal and what it has to say.
pub(super) struct Emulator {
    term: Term<VoidListener>,
    /// The margins, top included and bottom not; the library keeps its own copy to itself.
    margins: Range<usize>,
    pub(super) replies: Replies,
    notices: Vec<ScreenNotice>,
    title: Option<String>,
    titles: Vec<Option<String>>,
    kitty: KittyStack,
    synchronized: bool,
    history: History,
    /// Rows of history that stay in the grid.
    grid_keeps: usize,
    colors: Option<DefaultColors>,
    prompts: Prompts,
    pub(super) clipboard_allowed: bool,
    /// What the program wants copied, in base64.
    pub(super) clipboard: Option<Vec<u8>>,
    /// The program chose the cursor's shape.
    cursor_chosen: bool,
}

impl Emulator {
    pub(super) fn new(size: Size, scrollback: usize) -> Emulator {
        let grid_keeps = GRID_KEEPS.min(scrollback);
        let config = Config {
            scrolling_history: GRID_LIMIT,
            kitty_keyboard: false,
            osc52: Osc52::Disabled,
            ..Config::default()
        };
        Emulator {
            term: Term::new(config, &Cells::from(size), VoidListener),
            margins: 0..usize::from(size.rows),
            replies: Replies::default(),
            notices: Vec::new(),
            title: None,
            titles: Vec::new(),
            kitty: KittyStack::default(),
            synchronized: false,
            history: History::new(scrollback - grid_keeps),
            grid_keeps,
            colors: None,
            prompts: Prompts::default(),
            clipboard_allowed: false,
            clipboard: None,
            cursor_chosen: false,
        }
    }

    /// Takes a new size. Lines that only scrolled off because others were wrapped come back when there is room.
    pub(super) fn resize(&mut self, size: Size) {
        self.keep_prompts(|emulator| emulator.rewrap(size));
        self.margins = 0..usize::from(size.rows);
        self.spill();
    }

    fn rewrap(&mut self, size: Size) {
        let (old_columns, old_history) = (self.term.columns(), self.term.history_size());
        let cells = Cells::from(size);
        if cells.columns < old_columns {
            self.make_room(old_columns.div_ceil(cells.columns));
        }
        self.term.resize(cells);
        if cells.columns < old_columns {
            let scrolled = self.term.history_size().saturating_sub(old_history);
            let free = self.blank_rows_below_cursor().min(scrolled);
            if free > 0 {
                self.term.resize(Cells { rows: cells.rows + free, ..cells });
                self.term.resize(cells);
            }
        }
        if cells.columns != old_columns {
            self.history.reflow(cells.columns);
        }
    }

    /// Lets the grid hold what its rows become when each is wrapped into so many: it drops what is beyond its limit.
    fn make_room(&mut self, wrapped_into: usize) {
        let parked = self.park_alt_screen();
        let rows = self.term.history_size() + self.term.screen_lines();
        // A wide character that does not fit leaves up to half of a row blank.
        self.term.grid_mut().update_history(GRID_LIMIT.max(2 * wrapped_into * rows));
        if let Some(parked) = parked {
            self.unpark_alt_screen(parked);
        }
    }

    fn blank_rows_below_cursor(&self) -> usize {
        let grid = self.term.grid();
        let below = usize::try_from(grid.cursor.point.line.0).unwrap_or(0) + 1;
        (below..self.term.screen_lines()).rev().take_while(|row| grid[line(*row)].is_clear()).count()
    }

    /// Moves old rows of the grid's history into the store, whole lines at a time where lines are not endless.
    fn spill(&mut self) {
        let rows = self.term.history_size();
        if rows < self.grid_keeps + GRID_GATHERS || self.on_alt_screen() {
            return;
        }
        let at_least = rows - self.grid_keeps;
        let mut moved: Vec<StoredRow> =
            (0..at_least).map(|index| StoredRow::of(self.grid_history_row(index))).collect();
        while moved.last().is_some_and(|row| row.wrapped) && moved.len() < rows {
            moved.push(StoredRow::of(self.grid_history_row(moved.len())));
        }
        let left = rows - moved.len();
        for row in moved {
            self.history.push(row);
        }
        let grid = self.term.grid_mut();
        grid.update_history(left);
        grid.update_history(GRID_LIMIT);
    }

    /// Row `index` of the grid's history, counted from the oldest.
    fn grid_history_row(&self, index: usize) -> &Row<GridCell> {
        &self.term.grid()[self.term.topmost_line() + index]
    }

    pub(super) fn on_alt_screen(&self) -> bool {
        self.term.mode().contains(TermMode::ALT_SCREEN)
    }

    /// The number of the first row of the screen itself, counting every row that has ever scrolled off.
    pub(super) fn first_row(&self) -> u64 {
        self.history.evicted() + (self.history.len() + self.term.history_size()) as u64
    }

    /// How many rows lie above the screen; none on the alternate screen.
    pub(super) fn history_size(&self) -> usize {
        if self.on_alt_screen() { 0 } else { self.history.len() + self.term.history_size() }
    }

    /// The row of this number, of the screen or its history.
    pub(super) fn row(&self, number: u64) -> Option<RowRef<'_>> {
        let first = self.first_row();
        if let Some(below) = number.checked_sub(first) {
            let row = usize::try_from(below).ok().filter(|row| *row < self.term.screen_lines())?;
            return Some(RowRef::Grid(&self.term.grid()[line(row)]));
        }
        if self.on_alt_screen() {
            return None;
        }
        let above = usize::try_from(first - number).ok()?;
        if above <= self.term.history_size() {
            return Some(RowRef::Grid(self.grid_history_row(self.term.history_size() - above)));
        }
        let index = usize::try_from(number.checked_sub(self.history.evicted())?).ok()?;
        self.history.get(index).map(RowRef::Stored)
    }

    /// Bytes the compact store holds, about.
    pub(super) fn stored_bytes(&self) -> usize {
        self.history.bytes()
    }

    /// Bytes that both grids and the compact store hold, about; combining marks and links in the grids come on top.
    pub(super) fn held_bytes(&self) -> usize {
        let rows = 2 * self.term.screen_lines() + self.term.history_size();
        rows * self.term.columns() * size_of::<GridCell>() + self.history.bytes()
    }

    pub(super) fn term(&self) -> &Term<VoidListener> {
        &self.term
    }

    /// The margins, counted from the first row; the bottom is not included.
    pub(super) fn margins(&self) -> Range<usize> {
        self.margins.clone()
    }

    pub(super) fn modes(&self) -> Modes {
        Modes::new(*self.term.mode(), self.kitty.flags(self.on_alt_screen()), self.synchronized)
    }

    pub(super) fn cursor_chosen(&self) -> bool {
        self.cursor_chosen
    }

    pub(super) fn end_synchronized(&mut self) {
        self.synchronized = false;
    }

    pub(super) fn set_default_colors(&mut self, colors: Option<DefaultColors>) {
        self.colors = colors;
    }

    pub(super) fn default_colors(&self) -> Option<DefaultColors> {
        self.colors
    }

    pub(super) fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    pub(super) fn take_notices(&mut self) -> Vec<ScreenNotice> {
        std::mem::take(&mut self.notices)
    }

    /// Notes something once, however often it happens before it is taken.
    pub(super) fn notice(&mut self, notice: ScreenNotice) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    fn change_title(&mut self, title: Option<&str>) {
        let clean: Option<String> = title.map(|title| {
            title.chars().filter(|c| is_printable(*c)).take(TITLE_MAX).collect::<String>().trim().to_owned()
        });
        let title = clean.filter(|title| !title.is_empty());
        if self.title != title {
            self.title = title;
            self.notice(ScreenNotice::TitleChanged);
        }
    }

    /// XTVERSION.
    pub(super) fn report_version(&mut self) {
        self.replies.version();
    }

    /// DECRQSS.
    pub(super) fn report_setting(&mut self, setting: Setting) {
        match setting {
            Setting::Rendition => self.replies.rendition(&self.term.grid().cursor.template),
            Setting::Margins => self.replies.margins(self.margins.start + 1, self.margins.end),
            Setting::CursorStyle => self.replies.cursor_style(self.term.cursor_style()),
            Setting::Unknown => self.replies.unknown_setting(),
        }
    }
}

/// A row of the grid or of the store.
#[derive(Clone, Copy)]
pub(super) enum RowRef<'a> {
    Grid(&'a Row<GridCell>),
    Stored(&'a StoredRow),
}

fn line(row: usize) -> Line {
    Line(i32::try_from(row).unwrap_or(i32::MAX))
}

/// The size as the library takes it.
#[derive(Clone, Copy)]
struct Cells {
    columns: usize,
    rows: usize,
}

impl From<Size> for Cells {
    fn from(size: Size) -> Cells {
        Cells { columns: usize::from(size.columns), rows: usize::from(size.rows) }
    }
}

impl Dimensions for Cells {
    fn total_lines(&self) -> usize {
        self.rows
    }

    fn screen_lines(&self) -> usize {
        self.rows
    }

    fn columns(&self) -> usize {
        self.columns
    }
}
