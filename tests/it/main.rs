//! The tests that need more than one room: one binary, one file a subject.

mod cluster_connect;
mod cluster_debug;
mod cluster_streams;
mod cluster_watch;
mod fake_api;
