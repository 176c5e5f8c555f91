//! The binary `bathy`: hands the arguments to [`bathyscope::cli`] and its verdict to the system, nothing else.

fn main() {}
