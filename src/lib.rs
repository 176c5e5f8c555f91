//! bathyscope: a terminal console for debugging pods on a Kubernetes cluster.
//!
//! Everything flows in one direction:
//!
//! ```text
//! crossterm events ─┐                                  ┌▶ ui::draw(&State, &Theme, frame)      pure
//! WatchUpdate ──────┤                                  │
//! SessionUpdate ────┼▶ Message ▶ app::update(&mut State) ▶ Vec<Effect> ▶ runtime runs each ─┐
//! effect results ───┤            pure: no await, no I/O, no clock                           │
//! tick(now) ────────┘                                                                       │
//!      ▲───────────────────── Message::{…} ◀───────────────────────────────────────────────┘
//! ```
//!
//! The rooms, lowest first; a room may use the ones its line names and no other
//! (`tests/it/architecture.rs` keeps these edges):
//!
//! | room | what it is | may use |
//! | --- | --- | --- |
//! | [`screen`] | bytes → grid, keys → bytes | the emulator crate, key types |
//! | [`session`] | one stream's life: transport, pump, join of log and stream, recordings | tokio |
//! | `spdy` | streams within one connection, as Kubernetes' port-forward has them | tokio |
//! | [`plan`] | pod + facts + choices → what would be sent, and why | JSON values |
//! | [`cluster`] | connect, live lists, debug, attach, exec, logs, forward; errors → [`cluster::Problem`] | plan, session, spdy, kube, tokio |
//! | [`app`] | `State`, `Message`, `Effect`, `update`, layout, keymap, overlays | screen; plain types of session, plan, cluster |
//! | [`actions`] | the table of everything a key or the palette can do | app |
//! | [`ui`] | `State` → `Buffer` | app, ratatui |
//! | [`runtime`] | the select loop, effects, tty guard, paced drawing | everything above |
//! | [`demo`] | a Kubernetes API in this process, its containers local processes | spdy, hyper, tokio |
//! | [`mod@bench`] | whole programs in terminals of their own, and how fast a person sees what they do | screen |
//! | [`cli`] | arguments, configuration, the sub-commands without a screen | wiring |

pub mod actions;
pub mod app;
pub mod bench;
pub mod cli;
pub mod cluster;
pub mod demo;
pub mod plan;
pub mod runtime;
pub mod screen;
pub mod session;
mod spdy;
pub mod ui;
