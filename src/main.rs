//! The binary `bathy`: hands over to [`bathyscope::cli`] (or to a container of the demo cluster), nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    // A container of the demo cluster is this same program; it must get here before anything else has run.
    if let Some(code) = bathyscope::demo::sandbox::run_as_stage() {
        return ExitCode::from(u8::try_from(code).unwrap_or(1));
    }
    bathyscope::cli::main()
}
