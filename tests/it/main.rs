//! The tests that need more than one room: one binary, one file a subject.

mod demo_api;
mod demo_forward;
mod demo_serve;
mod demo_streams;
mod echo;
mod kubelet;
mod sandbox;
mod spdy;
