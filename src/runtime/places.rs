//! Where the user's files are: their home and what the console keeps in their state directory; it reads and makes none.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

/// `bathyscope/NAME` in the user's state directory; `None` where they have no home.
pub fn in_state_directory(name: &str) -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.data_dir()).join("bathyscope").join(name))
}

/// A path as a person writes it: `~/` is their home directory.
pub fn at_home(path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), etcetera::home_dir()) {
        (Ok(rest), Ok(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}
