//! The keys that let go of a session, Ctrl-P Ctrl-Q as everywhere; it never reads a terminal.

/// Ctrl-P, held back until the next key decides.
const FIRST: u8 = 0x10;
/// Ctrl-Q.
const SECOND: u8 = 0x11;

/// Looks for the keys in what is typed.
#[derive(Debug, Default)]
pub(super) struct DetachKeys {
    held: bool,
}

impl DetachKeys {
    /// What goes to the far end, and whether the keys were typed; what follows them is dropped.
    pub(super) fn feed(&mut self, typed: &[u8]) -> (Vec<u8>, bool) {
        let mut passed = Vec::with_capacity(typed.len() + 1);
        for &byte in typed {
            match (self.held, byte) {
                (true, SECOND) => {
                    self.held = false;
                    return (passed, true);
                }
                (true, FIRST) => passed.push(FIRST),
                (false, FIRST) => self.held = true,
                (held, other) => {
                    if held {
                        passed.push(FIRST);
                        self.held = false;
                    }
                    passed.push(other);
                }
            }
        }
        (passed, false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_keys_are_swallowed_however_they_come() {
        for pieces in [vec!["ab\x10\x11cd"], vec!["ab\x10", "\x11", "cd"]] {
            let (mut keys, mut passed) = (DetachKeys::default(), Vec::new());
            let detached = pieces.iter().any(|piece| {
                let (bytes, detached) = keys.feed(piece.as_bytes());
                passed.extend(bytes);
                detached
            });
            assert!(detached);
            assert_eq!(passed, b"ab");
        }
    }

    #[test]
    fn the_first_alone_is_a_key_like_any_other() {
        let mut keys = DetachKeys::default();
        assert_eq!(keys.feed(b"\x10"), (vec![], false));
        assert_eq!(keys.feed(b"x\x11"), (b"\x10x\x11".to_vec(), false));
        assert_eq!(keys.feed(b"\x10\x10"), (b"\x10".to_vec(), false));
        assert_eq!(keys.feed(b"\x11"), (vec![], true));
    }

    proptest! {
        #[test]
        fn nothing_else_is_lost(text in "[a-z\x10]{0,20}") {
            let mut keys = DetachKeys::default();
            let (mut passed, detached) = keys.feed(text.as_bytes());
            prop_assert!(!detached);
            passed.extend(keys.feed(b"!").0);
            prop_assert_eq!(String::from_utf8(passed).expect("text"), format!("{text}!"));
        }
    }
}
