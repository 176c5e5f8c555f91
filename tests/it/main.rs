//! The tests that need more than one room: one binary, one file a subject.

mod screen_hostile;
mod screen_keys;
mod screen_mends;
mod screen_probes;
mod screen_scrollback;
mod screen_streams;
