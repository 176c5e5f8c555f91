//! A small Kubernetes cluster inside this process, for people without one and for tests; it never knows which client asks.

pub mod components;
pub mod controllers;
pub mod image;
pub mod kubelet;
pub mod node;
pub mod object;
pub mod recorder;
pub mod resource;
pub mod sandbox;
pub mod scheduler;
pub mod seed;
mod server;
pub mod store;
pub mod workload;
