//! A text written to a new file of its owner alone; it overwrites nothing and leaves no half of a file behind.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::places::at_home;
use crate::app::Message;
use crate::cluster::Problem;

/// Writes the text; what comes back tells where it is, or why it is nowhere.
pub(super) fn save(path: &Path, text: &str) -> Message {
    let path = at_home(path);
    match write(&path, text) {
        Ok(()) => Message::Done(format!("saved {} lines to {}", text.lines().count(), shown(&path))),
        Err(error) => {
            let hint = match error.kind() {
                io::ErrorKind::AlreadyExists => "nothing is overwritten: choose another name",
                io::ErrorKind::PermissionDenied => "choose a directory that you may write to",
                _ => "choose another file",
            };
            Message::Failed(Problem::new(format!("{} was not saved", shown(&path)), error.to_string(), hint))
        }
    }
}

fn shown(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty() && !directory.is_dir())
    {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    write_new(path, text)
}

/// Writes a new file for its owner alone; nothing is overwritten, and no half of it stays.
///
/// # Errors
/// A file that is there already or cannot be written.
pub fn write_new(path: &Path, text: &str) -> io::Result<()> {
    // `create_new` neither follows a link nor takes what is there already.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    fill(file, text).inspect_err(|_| {
        // Half a transcript looks like a whole one; the failure is told in any case.
        let _ = std::fs::remove_file(path);
    })
}

fn fill(mut file: File, text: &str) -> io::Result<()> {
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_new_and_ours_alone_and_nothing_is_overwritten() {
        let directory = std::env::temp_dir().join(format!("bathy-test-text-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        let path = directory.join("deep").join("a.txt");
        let Message::Done(told) = save(&path, "one\ntwo\n") else { panic!("not saved") };
        assert!(told.starts_with("saved 2 lines to ") && told.ends_with("a.txt"), "{told}");
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().expect("a parent"))), (0o600, 0o700));
        let Message::Failed(problem) = save(&path, "three") else { panic!("overwritten") };
        assert!(problem.hint.contains("choose another name"), "{problem:?}");
        assert_eq!(std::fs::read_to_string(&path).expect("there"), "one\ntwo\n");
        std::fs::remove_dir_all(directory).expect("removed");
    }

    #[test]
    fn what_cannot_be_written_is_told() {
        let Message::Failed(problem) = save(Path::new("/dev/null/x.txt"), "x") else { panic!("saved") };
        assert!(problem.what.contains("/dev/null/x.txt was not saved"), "{problem:?}");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_leaves_nothing_behind() {
        let Ok(full) = OpenOptions::new().write(true).open("/dev/full") else { return };
        assert_eq!(fill(full, "x").expect_err("it is full").kind(), io::ErrorKind::StorageFull);
    }
}
