//! The configuration of recordings: whether, of what, where and how large; it makes no file.

use std::path::PathBuf;

use serde::Deserialize;

use crate::app::recording::RecordingSettings;
use crate::runtime::places::{at_home, in_state_directory};

/// The smallest limit that leaves room for anything.
const SMALLEST: u64 = 64 * 1024;

/// What the configuration file says under `[recording]`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RecordingConfig {
    /// Record every shell and debugger.
    pub always: bool,
    /// Record what is typed too.
    pub input: bool,
    /// Where recordings go; `~/` is the home directory.
    pub directory: Option<PathBuf>,
    /// The most bytes of one: a number with `Ki`, `Mi` or `Gi`, as Kubernetes writes sizes.
    pub max_size: Option<String>,
}

impl RecordingConfig {
    /// Checks what is said.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.max_size.as_deref().map_or(Ok(0), read_size).map(|_| ())
    }

    /// The settings this makes.
    pub(in crate::cli) fn settings(&self) -> RecordingSettings {
        let defaults = RecordingSettings::default();
        let max_size = self.max_size.as_deref().and_then(|text| read_size(text).ok());
        RecordingSettings {
            always: self.always,
            input: self.input,
            directory: self.directory.as_deref().map(at_home).or_else(|| in_state_directory("recordings")),
            max_size: max_size.unwrap_or(defaults.max_size),
        }
    }
}

fn read_size(text: &str) -> anyhow::Result<u64> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match &text[number.len()..] {
        "" => 1,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => 0,
    };
    let size = number.trim().parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).filter(|size| *size > 0);
    let size = size.ok_or_else(|| anyhow::anyhow!("max-size: {text:?} is not a size such as 256Mi"))?;
    anyhow::ensure!(size >= SMALLEST, "max-size: less than {}Ki hold no session", SMALLEST >> 10);
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_kubernetes_writes_them() {
        assert_eq!(read_size("256Mi").expect("a size"), 256 << 20);
        assert_eq!(read_size("100000").expect("a size"), 100_000);
        for text in ["", "Mi", "1MB", "-1Mi", "1Ki", "99999999999999999999Gi"] {
            assert!(read_size(text).is_err(), "{text}");
        }
    }
}
