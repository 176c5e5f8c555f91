//! Which shared libraries our own program needs, from what this process has loaded; it copies none.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// Libraries with the links by which the loader finds them.
#[derive(Debug, Default)]
pub(super) struct Libraries {
    /// The files themselves.
    pub(super) files: Vec<PathBuf>,
    /// Links: (where, target).
    pub(super) links: Vec<(PathBuf, PathBuf)>,
}

/// What this process has mapped besides `program`; a static program has none.
pub(super) fn loaded(program: &Path) -> Result<Libraries> {
    let maps = fs::read_to_string("/proc/self/maps").context("cannot read what is loaded")?;
    let mut files: Vec<PathBuf> = maps
        .lines()
        .filter_map(|line| line.find('/').map(|at| PathBuf::from(&line[at..])))
        .filter(|path| path.as_path() != program && path.is_file())
        .collect();
    files.sort();
    files.dedup();
    let mut links = Vec::new();
    // the loader's directories may be links (/lib64 -> usr/lib64), and so may the names it looks for
    for directory in ["/lib", "/lib64"].map(Path::new) {
        if let Ok(target) = fs::read_link(directory) {
            links.push((directory.to_owned(), target));
        }
    }
    let mut directories: Vec<PathBuf> = files
        .iter()
        .filter_map(|file| file.parent().map(Path::to_owned))
        .chain(["/lib", "/lib64"].iter().filter_map(|directory| fs::canonicalize(directory).ok()))
        .collect();
    directories.sort();
    directories.dedup();
    for directory in directories {
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries.flatten() {
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            let named_so = entry.file_name().to_string_lossy().contains(".so");
            if is_link
                && named_so
                && let Ok(real) = fs::canonicalize(entry.path())
                && files.contains(&real)
            {
                links.push((entry.path(), real));
            }
        }
    }
    Ok(Libraries { files, links })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_of_this_process_are_files_and_not_the_program() {
        let program = std::env::current_exe().unwrap();
        let libraries = loaded(&program).unwrap();
        assert!(libraries.files.iter().all(|file| file.is_file() && *file != program));
        let dynamic = fs::read_to_string("/proc/self/maps").unwrap().contains("libc.so");
        assert_eq!(libraries.files.iter().any(|file| file.to_string_lossy().contains("libc.so")), dynamic);
    }
}
