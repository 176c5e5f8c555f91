//! The file of a recording: made new and for its owner alone, written in whole lines, cut back to the last whole one when
//! that fails; it never overwrites anything.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::About;

/// How many recordings of one session may begin in the same second.
const TRIES: u32 = 100;

/// Something that lines are appended to.
pub(super) trait Sink: Write {
    /// Cuts it back to this many bytes.
    fn cut(&mut self, length: u64) -> io::Result<()>;

    /// Waits until the disk has it.
    fn settle(&mut self) -> io::Result<()>;
}

impl Sink for File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn settle(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Makes a new file in this directory, which is made too where it is missing.
pub(super) fn create(directory: &Path, about: &About) -> io::Result<(File, PathBuf)> {
    if !directory.is_dir() {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let name = about.file_name();
    for try_number in 1..=TRIES {
        let suffix = if try_number == 1 { String::new() } else { format!("-{try_number}") };
        let path = directory.join(format!("{name}{suffix}.cast"));
        // `create_new` neither follows a link nor takes what is there already.
        match OpenOptions::new().append(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (file, path)),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "there are too many recordings of this second"))
}

impl About {
    /// When and of what, in characters that need no quoting anywhere; at most some 230 of them.
    pub fn file_name(&self) -> String {
        name(self)
    }
}

fn name(about: &About) -> String {
    let began = jiff::Timestamp::from_second(about.timestamp).unwrap_or_default();
    let mut name = began.strftime("%Y%m%dT%H%M%SZ").to_string();
    let [pod, container] = [&about.pod, &about.container].map(|part| part.as_deref().unwrap_or(""));
    for (part, most) in [(about.context.as_str(), 40), (&about.namespace, 40), (pod, 80), (container, 40)] {
        let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') { c } else { '-' };
        let part: String = part.chars().take(most).map(safe).collect();
        if !part.is_empty() {
            name.push('_');
            name.push_str(&part);
        }
    }
    name
}

/// Appends whole lines and counts them.
pub(super) struct Lines<S> {
    sink: S,
    written: u64,
}

impl<S: Sink> Lines<S> {
    pub(super) fn new(sink: S) -> Self {
        Self { sink, written: 0 }
    }

    /// How many bytes there are.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Appends one line by one write. A line that does not go in whole is taken out again.
    pub(super) fn append(&mut self, line: &[u8]) -> io::Result<()> {
        match self.sink.write_all(line) {
            Ok(()) => {
                self.written += line.len() as u64;
                Ok(())
            }
            Err(error) => {
                // The disk is full or gone; if it cannot be cut either, a player stops at the torn line.
                let _ = self.sink.cut(self.written);
                Err(error)
            }
        }
    }

    /// Waits until the disk has it all.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        self.sink.settle()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn about() -> About {
        About {
            timestamp: 1_800_000_000,
            context: "arn:aws:eks:eu-west-1:123:cluster/../prod".to_owned(),
            namespace: "payments".to_owned(),
            pod: Some("x".repeat(253)),
            container: Some("app".to_owned()),
            ..About::default()
        }
    }

    #[test]
    fn names_are_safe_and_bounded() {
        let name = name(&about());
        assert!(name.starts_with("20270115T080000Z_arn-aws-eks-eu-west-1-123-cluster-..-pro_payments_xxx"), "{name}");
        assert!(name.ends_with("_app") && name.len() < 240, "{name}");
    }

    #[test]
    fn a_file_is_new_and_ours_alone() {
        let directory = std::env::temp_dir().join(format!("bathy-test-recordings-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&directory);
        let (_, first) = create(&directory.join("deep"), &about()).expect("made");
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&first), mode(&directory.join("deep"))), (0o600, 0o700));
        // A link that somebody left under the next name is not followed.
        let target = directory.join("target");
        let trap =
            first.with_file_name(first.file_name().expect("a name").to_string_lossy().replace(".cast", "-2.cast"));
        symlink(&target, &trap).expect("a link");
        let (_, third) = create(&directory.join("deep"), &about()).expect("made");
        assert!(third.to_string_lossy().ends_with("-3.cast") && !target.exists(), "{}", third.display());
        std::fs::remove_dir_all(directory).expect("removed");
    }

    /// A disk with so much room, which takes what still fits and then fails, as real ones do.
    struct Disk {
        content: Vec<u8>,
        room: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.room - self.content.len());
            if fits == 0 {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            self.content.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Sink for Disk {
        fn cut(&mut self, length: u64) -> io::Result<()> {
            self.content.truncate(usize::try_from(length).expect("short"));
            Ok(())
        }

        fn settle(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_leaves_whole_lines() {
        let mut lines = Lines::new(Disk { content: Vec::new(), room: 10 });
        lines.append(b"[1, 2]\n").expect("it fits");
        let error = lines.append(b"[3, 4]\n").expect_err("it does not fit");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!((lines.sink.content.as_slice(), lines.written()), (&b"[1, 2]\n"[..], 7));
    }
}
