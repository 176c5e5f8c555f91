//! The file that keeps the images used last from one run to the next; a run never fails for it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;

use crate::app::RecentImages;

/// More than this is not ours.
const LARGEST: u64 = 64 * 1024;

/// Where the user keeps such things: `bathyscope/images` in their state directory.
pub fn usual_place() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.data_dir()).join("bathyscope").join("images"))
}

/// The images in this file, newest first; none where there is no file, or none that can be read.
pub fn read(file: &Path) -> RecentImages {
    let mut text = String::new();
    match File::open(file).and_then(|opened| opened.take(LARGEST).read_to_string(&mut text)) {
        Ok(_) => RecentImages::new(text.lines().map(str::trim)),
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::warn!(%error, file = %file.display(), "the images used last cannot be read");
            }
            RecentImages::default()
        }
    }
}

/// Puts an image first in this file. Other runs may have written to it meanwhile: what they kept stays.
pub(super) fn remember(file: &Path, image: &str) {
    let mut images = read(file);
    if images.as_slice().first().is_some_and(|first| first == image) {
        return;
    }
    images.used(image);
    if let Err(error) = write(file, &images) {
        tracing::warn!(%error, file = %file.display(), "the images used last cannot be kept");
    }
}

fn write(file: &Path, images: &RecentImages) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // Whoever reads sees the old file or the new one, never half of it.
    let fresh = file.with_extension(format!("{}-{:08x}", std::process::id(), rand::random::<u32>()));
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh).and_then(|mut opened| {
        let mut text = images.as_slice().join("\n");
        text.push('\n');
        opened.write_all(text.as_bytes())
    });
    let renamed = written.and_then(|()| fs::rename(&fresh, file));
    if renamed.is_err() {
        // It may never have been made; there is nothing else to undo.
        let _ = fs::remove_file(&fresh);
    }
    renamed
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn folder() -> PathBuf {
        std::env::temp_dir().join(format!("bathy-images-{}-{:08x}", std::process::id(), rand::random::<u32>()))
    }

    #[test]
    fn what_is_remembered_is_read_by_the_next_run_and_by_nobody_else() {
        let folder = folder();
        let file = folder.join("state").join("images");
        assert_eq!(read(&file), RecentImages::default());
        for image in ["busybox:stable", "alpine:3", "busybox:stable"] {
            remember(&file, image);
        }
        assert_eq!(read(&file).as_slice(), ["busybox:stable", "alpine:3"]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let names: Vec<_> = fs::read_dir(file.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names, ["images"], "nothing half-written stays");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_is_not_ours_is_no_trouble() {
        let folder = folder();
        fs::create_dir(&folder).unwrap();
        let file = folder.join("images");
        fs::write(&file, b"\xff\xfe\0").unwrap();
        assert_eq!(read(&file), RecentImages::default());
        remember(&folder, "busybox:stable");
        assert!(folder.is_dir(), "what cannot be written is left as it is");
        fs::remove_dir_all(folder).unwrap();
    }
}
