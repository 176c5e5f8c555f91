//! A small Kubernetes cluster inside this process, for people without one and for tests; it never knows which client asks.

pub mod node;
pub mod object;
pub mod resource;
mod server;
pub mod store;
