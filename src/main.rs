//! The binary `bathy`: hands the arguments to [`bathyscope::cli`] and its verdict to the system, nothing else.

fn main() {
    if let Some(code) = bathyscope::demo::sandbox::run_as_stage() {
        std::process::exit(code);
    }
}
