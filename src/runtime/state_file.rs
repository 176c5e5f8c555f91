//! Small files of the console in the user's state directory: read with a bound, written whole and for their owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// More than this is not ours.
const LARGEST: u64 = 64 * 1024;

/// The text of a file; `None` where there is no file.
///
/// # Errors
/// A file that cannot be read, or is not text.
pub(super) fn read(file: &Path) -> io::Result<Option<String>> {
    let mut text = String::new();
    match File::open(file).and_then(|opened| opened.take(LARGEST).read_to_string(&mut text)) {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts this text in the place of the file's. Whoever reads sees the old file or the new one, never half of it.
///
/// # Errors
/// A place that cannot be written; the old file is still there then.
pub(super) fn write(file: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let fresh = file.with_extension(format!("{}-{:08x}", std::process::id(), rand::random::<u32>()));
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh);
    let written = opened.and_then(|mut opened| opened.write_all(text.as_bytes()));
    let renamed = written.and_then(|()| fs::rename(&fresh, file));
    if renamed.is_err() {
        // It may never have been made; there is nothing else to undo.
        let _ = fs::remove_file(&fresh);
    }
    renamed
}
