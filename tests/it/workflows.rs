//! Stories of a person at the console: keys in, screen out, through the real runtime, on the demo cluster or, where
//! `BATHY_TEST_KUBECONFIG` is set, on that one.

mod backend;
mod browse;
mod copy;
mod cut;
mod describe;
mod ephemeral;
mod events;
mod form;
mod launch;
mod leftovers;
mod logs;
mod metrics;
mod nodes;
mod pace;
mod panes;
mod person;
mod ports;
mod reading;
mod recording;
mod recovery;
mod rights;
mod road;
mod sessions;
mod shell;
mod site;
mod workloads;
mod yaml;
