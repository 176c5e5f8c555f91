//! The colours told to a program that asks for them; it never decides what is painted.

use alacritty_terminal::vte::ansi::Rgb;

/// The user's own foreground and background, when they are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefaultColors {
    /// Red, green and blue of plain text.
    pub foreground: (u8, u8, u8),
    /// Red, green and blue behind it.
    pub background: (u8, u8, u8),
}

/// The first sixteen colours as xterm has them.
const BASE: [(u8, u8, u8); 16] = [
    (0, 0, 0),
    (205, 0, 0),
    (0, 205, 0),
    (205, 205, 0),
    (0, 0, 238),
    (205, 0, 205),
    (0, 205, 205),
    (229, 229, 229),
    (127, 127, 127),
    (255, 0, 0),
    (0, 255, 0),
    (255, 255, 0),
    (92, 92, 255),
    (255, 0, 255),
    (0, 255, 255),
    (255, 255, 255),
];

/// A colour of the 256, as xterm computes them: sixteen, a cube of 6x6x6, and 24 greys.
pub(super) fn indexed(index: u8) -> Rgb {
    let (r, g, b) = match index {
        0..16 => BASE[usize::from(index)],
        16..232 => {
            let index = index - 16;
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            (level(index / 36), level(index / 6 % 6), level(index % 6))
        }
        232.. => {
            let grey = 8 + 10 * (index - 232);
            (grey, grey, grey)
        }
    };
    Rgb { r, g, b }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_palette_is_that_of_xterm() {
        assert_eq!(indexed(196), Rgb { r: 255, g: 0, b: 0 });
        assert_eq!(indexed(67), Rgb { r: 95, g: 135, b: 175 });
        assert_eq!(indexed(232), Rgb { r: 8, g: 8, b: 8 });
        assert_eq!(indexed(255), Rgb { r: 238, g: 238, b: 238 });
    }
}
