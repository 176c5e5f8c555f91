//! The tests that need more than one room: one binary, one file a subject.

mod architecture;
mod cluster_connect;
mod cluster_debug;
mod cluster_streams;
mod cluster_watch;
mod console_state;
mod demo_api;
mod demo_streams;
mod echo;
mod fake_api;
mod kubelet;
mod plan_matrix;
mod plan_properties;
mod plan_vectors;
mod sandbox;
mod screen_hostile;
mod screen_keys;
mod screen_mends;
mod screen_probes;
mod screen_scrollback;
mod screen_streams;
mod screens;
mod terminal;
mod update;
mod workflows;
