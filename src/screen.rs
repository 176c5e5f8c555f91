//! The emulated terminal of a session: bytes in, a grid of cells out; it never draws, waits or knows a pane.
