//! A terminal in memory whose screen others can watch while the console draws on it.

use std::convert::Infallible;

use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use tokio::sync::watch;

/// The terminal; each finished frame is published as text.
pub(super) struct WatchedBackend {
    inner: TestBackend,
    frames: watch::Sender<String>,
    size: watch::Receiver<Size>,
}

impl WatchedBackend {
    /// A terminal of this size, which may change.
    pub(super) fn new(size: watch::Receiver<Size>) -> (Self, watch::Receiver<String>) {
        let (frames, watching) = watch::channel(String::new());
        let Size { width, height } = *size.borrow();
        (Self { inner: TestBackend::new(width, height), frames, size }, watching)
    }

    fn take_size(&mut self) {
        let Size { width, height } = *self.size.borrow();
        if self.inner.buffer().area.as_size() != (Size { width, height }) {
            self.inner.resize(width, height);
        }
    }
}

impl Backend for WatchedBackend {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.take_size();
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        self.inner.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.take_size();
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Infallible> {
        self.take_size();
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, Infallible> {
        Ok(*self.size.borrow())
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        let buffer = self.inner.buffer();
        let area = buffer.area;
        let mut text = String::new();
        for y in 0..area.height {
            let line: String = (0..area.width).map(|x| buffer[(x, y)].symbol()).collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        self.frames.send_replace(text);
        self.inner.flush()
    }
}
