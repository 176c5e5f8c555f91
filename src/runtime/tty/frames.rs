//! What the console draws on: every frame leaves in one piece, marked as such for the terminal; it knows no widget.

use std::io::{self, Write};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{self, BeginSynchronizedUpdate, Clear, EndSynchronizedUpdate};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// A terminal that is written to frame by frame. A frame begins with the first thing that is drawn and ends with the
/// flush behind it; between the two nothing is sent that shows half of it. DEC private mode 2026 (synchronized output)
/// keeps terminals that know it from showing what has come before the rest has; others ignore it.
#[derive(Debug)]
pub struct Frames<W: Write> {
    /// Its own flushes, behind each move of the cursor and what it clears, are gone around.
    terminal: CrosstermBackend<W>,
    /// Whether a frame has begun.
    begun: bool,
}

impl<W: Write> Frames<W> {
    /// Frames into this, which holds what is written until it is flushed.
    pub(super) fn new(out: W) -> Self {
        Self { terminal: CrosstermBackend::new(out), begun: false }
    }

    fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) { Ok(()) } else { queue!(self.terminal, BeginSynchronizedUpdate) }
    }
}

impl<W: Write> Backend for Frames<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.begin()?;
        self.terminal.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.begin()?;
        queue!(self.terminal, Hide)
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.begin()?;
        queue!(self.terminal, Show)
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.terminal.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        self.begin()?;
        queue!(self.terminal, MoveTo(x, y))
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.begin()?;
        queue!(
            self.terminal,
            Clear(match region {
                ClearType::All => terminal::ClearType::All,
                ClearType::AfterCursor => terminal::ClearType::FromCursorDown,
                ClearType::BeforeCursor => terminal::ClearType::FromCursorUp,
                ClearType::CurrentLine => terminal::ClearType::CurrentLine,
                ClearType::UntilNewLine => terminal::ClearType::UntilNewLine,
            })
        )
    }

    fn append_lines(&mut self, lines: u16) -> io::Result<()> {
        self.begin()?;
        self.terminal.append_lines(lines)
    }

    fn size(&self) -> io::Result<Size> {
        self.terminal.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.terminal.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.begun) {
            queue!(self.terminal, EndSynchronizedUpdate)?;
        }
        Backend::flush(&mut self.terminal)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::BufWriter;
    use std::rc::Rc;

    use super::*;

    /// What was sent, write by write.
    #[derive(Debug, Clone, Default)]
    struct Sent(Rc<RefCell<Vec<String>>>);

    impl Write for Sent {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().push(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_is_sent_by_one_write_and_as_one_update() {
        let sent = Sent::default();
        let mut frames = Frames::new(BufWriter::with_capacity(1024, sent.clone()));
        let cell = Cell::new("x");
        for _ in 0..2 {
            frames.clear().unwrap();
            frames.draw([(0, 0, &cell)].into_iter()).unwrap();
            frames.show_cursor().unwrap();
            frames.set_cursor_position((4, 2)).unwrap();
            assert_eq!(sent.0.borrow().len(), 0, "nothing of it before its end");
            Backend::flush(&mut frames).unwrap();
            let frame = sent.0.borrow_mut().pop().unwrap();
            assert!(frame.starts_with("\x1b[?2026h") && frame.ends_with("\x1b[?25h\x1b[3;5H\x1b[?2026l"), "{frame:?}");
            assert_eq!((frame.matches("2026").count(), sent.0.borrow().len()), (2, 0));
        }
        Backend::flush(&mut frames).unwrap();
        assert_eq!(sent.0.borrow().len(), 0, "an end that nothing began is no frame");
    }
}
