//! SPDY/3.1 as Kubernetes uses it for streams over one connection, either side of it; it knows nothing of ports or pods.
//!
//! Each stream has two directions that end by themselves, and each direction a window of 64 KiB. Kubernetes' own clients
//! are built on a library that never grants a window and heeds none, so theirs are not waited for; see [`table`].

mod dictionary;
mod frame;
mod header;
mod hold;
mod session;
mod side;
mod stream;
mod table;
mod tunnel;

pub(crate) use frame::Reset;
pub(crate) use header::Headers;
pub(crate) use session::{Opener, connect, serve};
pub(crate) use stream::{Gone, Input, Output, Stream};
pub(crate) use tunnel::as_bytes;
