//! The file that keeps the images used last from one run to the next; a run never fails for it.

use std::io;
use std::path::{Path, PathBuf};

use super::places::in_state_directory;
use super::state_file;
use crate::app::RecentImages;

/// Where the user keeps such things: `bathyscope/images` in their state directory.
pub fn usual_place() -> Option<PathBuf> {
    in_state_directory("images")
}

/// The images in this file, newest first; none where there is no file, or none that can be read.
pub fn read(file: &Path) -> RecentImages {
    match state_file::read(file) {
        Ok(text) => RecentImages::new(text.unwrap_or_default().lines().map(str::trim)),
        Err(error) => {
            tracing::warn!(%error, file = %file.display(), "the images used last cannot be read");
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
    let mut text = images.as_slice().join("\n");
    text.push('\n');
    state_file::write(file, &text)
}

#[cfg(test)]
mod tests {
    use std::fs;
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
