//! The stacks of the kitty keyboard protocol, one for each screen and of bounded depth: the library's own panics when
//! it is pushed too often. It never encodes keys.

use alacritty_terminal::vte::ansi::KeyboardModesApplyBehavior;

use crate::screen::modes::KittyFlags;

/// The most entries kept; the oldest goes when another is pushed.
const DEPTH: usize = 16;

/// The flags in force on the main and on the alternate screen.
#[derive(Debug, Default)]
pub(super) struct KittyStack {
    screens: [Vec<u8>; 2],
}

impl KittyStack {
    pub(super) fn flags(&self, alt: bool) -> KittyFlags {
        KittyFlags(self.screens[usize::from(alt)].last().copied().unwrap_or(0))
    }

    pub(super) fn push(&mut self, alt: bool, flags: u8) {
        let stack = &mut self.screens[usize::from(alt)];
        if stack.len() == DEPTH {
            stack.remove(0);
        }
        stack.push(flags & KittyFlags::ALL);
    }

    pub(super) fn pop(&mut self, alt: bool, count: u16) {
        let stack = &mut self.screens[usize::from(alt)];
        stack.truncate(stack.len().saturating_sub(usize::from(count)));
    }

    /// Changes the entry on top.
    pub(super) fn set(&mut self, alt: bool, flags: u8, how: KeyboardModesApplyBehavior) {
        let stack = &mut self.screens[usize::from(alt)];
        let old = stack.pop().unwrap_or(0);
        let flags = flags & KittyFlags::ALL;
        stack.push(match how {
            KeyboardModesApplyBehavior::Replace => flags,
            KeyboardModesApplyBehavior::Union => old | flags,
            KeyboardModesApplyBehavior::Difference => old & !flags,
        });
    }

    /// The alternate screen begins with an empty stack each time.
    pub(super) fn clear_alt(&mut self) {
        self.screens[1].clear();
    }

    pub(super) fn clear(&mut self) {
        *self = KittyStack::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stack_is_bounded_and_forgets_the_oldest() {
        let mut stack = KittyStack::default();
        for count in 0..5000_u16 {
            stack.push(false, u8::try_from(count % 32).unwrap());
        }
        assert_eq!(stack.flags(false), KittyFlags(7));
        stack.pop(false, 15);
        assert_ne!(stack.flags(false), KittyFlags(0));
        stack.pop(false, 9);
        assert_eq!(stack.flags(false), KittyFlags(0));
    }

    #[test]
    fn screens_keep_their_own_flags() {
        let mut stack = KittyStack::default();
        stack.push(false, 1);
        assert_eq!(stack.flags(true), KittyFlags(0));
        stack.set(true, 8, KeyboardModesApplyBehavior::Union);
        stack.set(true, 1, KeyboardModesApplyBehavior::Union);
        stack.set(true, 8, KeyboardModesApplyBehavior::Difference);
        assert_eq!((stack.flags(true), stack.flags(false)), (KittyFlags(1), KittyFlags(1)));
    }
}
