//! The file that keeps what becomes of debuggers that are left, as the person has decided for each kind; a run never
//! fails for it, and says so when it cannot be used.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::places::in_state_directory;
use super::state_file;
use crate::app::{Leave, LeaveKind};
use crate::cluster::Problem;

/// What was decided, kind by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Decided {
    #[serde(skip_serializing_if = "Option::is_none")]
    copy: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_debugger: Option<Word>,
    #[serde(skip_serializing_if = "Option::is_none")]
    debugger: Option<Word>,
}

/// The words of the file; the same as in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Ask,
    Keep,
    #[serde(alias = "end")]
    Delete,
}

impl Decided {
    /// What was decided for this kind; `None` if nothing was.
    pub fn of(&self, kind: LeaveKind) -> Option<Leave> {
        let word = match kind {
            LeaveKind::Copy => self.copy,
            LeaveKind::NodeDebugger => self.node_debugger,
            LeaveKind::Debugger => self.debugger,
        };
        word.map(|word| match word {
            Word::Ask => Leave::Ask,
            Word::Keep => Leave::Keep,
            Word::Delete => Leave::Remove,
        })
    }

    fn decide(&mut self, kind: LeaveKind, leave: Leave) {
        let word = match leave {
            Leave::Ask => Word::Ask,
            Leave::Keep => Word::Keep,
            Leave::Remove => Word::Delete,
        };
        match kind {
            LeaveKind::Copy => self.copy = Some(word),
            LeaveKind::NodeDebugger => self.node_debugger = Some(word),
            LeaveKind::Debugger => self.debugger = Some(word),
        }
    }
}

/// Where the user keeps such things: `bathyscope/leaving.toml` in their state directory.
pub fn usual_place() -> Option<PathBuf> {
    in_state_directory("leaving.toml")
}

/// What the file says; nothing where there is no file.
///
/// # Errors
/// A file that cannot be read or says something else.
pub fn read(file: &Path) -> Result<Decided, Problem> {
    let unusable = |why: String| {
        Problem::new(
            "what becomes of debuggers that are left is asked again",
            format!("{}: {why}", file.display()),
            "mend or delete the file; the answers K, E and R write it anew",
        )
    };
    let text = state_file::read(file).map_err(|error| unusable(error.to_string()))?;
    // Of what is wrong the first line says what; the rest points at it.
    let wrong = |error: toml::de::Error| unusable(error.message().lines().next().unwrap_or_default().to_owned());
    text.map_or(Ok(Decided::default()), |text| toml::from_str(&text).map_err(wrong))
}

/// Keeps a decision. Other runs may have written to the file meanwhile: what they decided for other kinds stays.
///
/// # Errors
/// A file that cannot be written.
pub(super) fn remember(file: &Path, kind: LeaveKind, leave: Leave) -> Result<(), Problem> {
    let mut decided = read(file).unwrap_or_default();
    decided.decide(kind, leave);
    let kept = toml::to_string(&decided).map_err(std::io::Error::other).and_then(|text| state_file::write(file, &text));
    kept.map_err(|error| {
        let why = format!("{}: {error}", file.display());
        Problem::new(
            "what you decided holds for this run only",
            why,
            "make room, or set [on-leave] in the configuration",
        )
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn folder() -> PathBuf {
        std::env::temp_dir().join(format!("bathy-leaving-{}-{:08x}", std::process::id(), rand::random::<u32>()))
    }

    #[test]
    fn a_decision_holds_in_the_next_run_and_is_nobody_elses_to_read() {
        let folder = folder();
        let file = folder.join("leaving.toml");
        assert_eq!(read(&file), Ok(Decided::default()));
        remember(&file, LeaveKind::Copy, Leave::Remove).unwrap();
        remember(&file, LeaveKind::Debugger, Leave::Keep).unwrap();
        let decided = read(&file).unwrap();
        let kinds = [LeaveKind::Copy, LeaveKind::NodeDebugger, LeaveKind::Debugger];
        assert_eq!(kinds.map(|kind| decided.of(kind)), [Some(Leave::Remove), None, Some(Leave::Keep)]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_is_not_ours_is_said_and_written_anew_by_the_next_answer() {
        let folder = folder();
        fs::create_dir(&folder).unwrap();
        let file = folder.join("leaving.toml");
        for wrong in [&b"copy = 'burn'"[..], b"\xff\xfe\0", b"other = 1"] {
            fs::write(&file, wrong).unwrap();
            let problem = read(&file).unwrap_err();
            assert!(problem.why.contains("leaving.toml") && !problem.why.contains('\n'), "{problem}");
        }
        remember(&file, LeaveKind::Copy, Leave::Keep).unwrap();
        assert_eq!(read(&file).unwrap().of(LeaveKind::Copy), Some(Leave::Keep));
        let problem = remember(&folder.join("leaving.toml/below"), LeaveKind::Copy, Leave::Keep).unwrap_err();
        assert!(problem.what.contains("this run only"), "{problem}");
        fs::remove_dir_all(folder).unwrap();
    }
}
