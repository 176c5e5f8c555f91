//! The two sides of a connection and the numbers that are theirs to give; it keeps no state.

/// Which side of a connection this is. Streams and pings of the client have odd numbers, those of the server even ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    /// Whether a number is one that this side gives.
    pub(super) fn owns(self, number: u32) -> bool {
        number.is_multiple_of(2) == (self == Self::Server)
    }
}
