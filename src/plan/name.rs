//! Names that are drawn for a person: the random suffix and what keeps it unique; it never draws by itself.

use super::{DebugOptions, Refusal};

/// The letters and digits of the suffixes of Kubernetes: without vowels and look-alikes.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// How many of them make a suffix.
const LENGTH: usize = 5;
/// How many draws may collide before something is wrong with the source rather than with luck.
const DRAWS: usize = 1000;

/// The suffix of a generated name, as Kubernetes draws it, from one random number.
pub fn suffix(mut random: u64) -> String {
    let base = ALPHABET.len() as u64;
    let mut text = String::with_capacity(LENGTH);
    for _ in 0..LENGTH {
        let index = usize::try_from(random % base).unwrap_or_default();
        text.push(char::from(ALPHABET[index]));
        random /= base;
    }
    text
}

/// Whether Kubernetes, or we, may have drawn this as the suffix of a name.
pub fn is_suffix(text: &str) -> bool {
    text.len() == LENGTH && is_drawn(text)
}

/// Whether every character is of the alphabet of drawn names: a suffix, or a pod template's hash.
pub fn is_drawn(text: &str) -> bool {
    text.bytes().all(|byte| ALPHABET.contains(&byte))
}

/// Suffixes without end from a source of random numbers.
pub fn suffixes(mut random: impl FnMut() -> u64) -> impl Iterator<Item = String> {
    std::iter::repeat_with(move || suffix(random()))
}

/// `<pod>-debug-xxxxx`: the name of a pod's copy, within the 253 characters a pod's name may have (RFC 1123 subdomain).
pub fn copy_name(pod: &str, suffix: &str) -> String {
    const LONGEST: usize = 253;
    let room = LONGEST.saturating_sub("-debug-".len() + suffix.len());
    // A pod's name is ASCII; anything else is cut where a character ends.
    let end = (0..=room.min(pod.len())).rev().find(|end| pod.is_char_boundary(*end)).unwrap_or(0);
    format!("{}-debug-{suffix}", pod[..end].trim_end_matches(['-', '.']))
}

impl DebugOptions {
    /// Gives a copy that has no name yet the one that is generated for it; its suffix is the first to be drawn.
    pub fn name_copy(&mut self, pod: &str, suffixes: &mut dyn Iterator<Item = String>) {
        if let Some(copy) = &mut self.copy
            && copy.name.is_empty()
        {
            copy.name = copy_name(pod, &suffixes.next().unwrap_or_default());
        }
    }
}

/// `debugger-xxxxx`, drawn until no container of the pod has it.
pub(super) fn debugger(
    is_taken: impl Fn(&str) -> bool,
    suffixes: &mut dyn Iterator<Item = String>,
) -> Result<String, Refusal> {
    suffixes
        .take(DRAWS)
        .map(|suffix| format!("debugger-{suffix}"))
        .find(|name| !is_taken(name))
        .ok_or_else(|| Refusal::new("no free name for the debugger was found; give it one with --container"))
}

/// Whether a container may have this name (an RFC 1123 label).
pub(super) fn is_label(name: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// Whether a pod may have this name (an RFC 1123 subdomain).
pub(super) fn is_subdomain(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_named_after_its_pod_and_never_too_long() {
        assert_eq!(copy_name("api-0", "x7k2p"), "api-0-debug-x7k2p");
        let long = copy_name(&"a.".repeat(150), "x7k2p");
        assert!(long.len() <= 253 && !long.contains(".-"), "{long}");
    }

    #[test]
    fn a_suffix_is_five_of_the_alphabet_whatever_the_number() {
        assert_eq!(suffix(0), "bbbbb");
        assert_eq!(suffix(1), "cbbbb");
        assert_eq!(suffix(27), "bcbbb");
        for number in [u64::MAX, 12_345_678_901, 27_u64.pow(5) - 1] {
            let text = suffix(number);
            assert_eq!(text.len(), 5);
            assert!(text.bytes().all(|b| ALPHABET.contains(&b)), "{text}");
        }
    }

    #[test]
    fn a_taken_name_is_drawn_again() {
        let mut draws = suffixes({
            let mut next = 0;
            move || {
                next += 1;
                next - 1
            }
        });
        let name = debugger(|name| name == "debugger-bbbbb", &mut draws).unwrap();
        assert_eq!(name, "debugger-cbbbb");
    }

    #[test]
    fn a_source_that_runs_dry_or_repeats_ends_in_a_refusal() {
        assert!(debugger(|_| false, &mut std::iter::empty()).is_err());
        assert!(debugger(|_| true, &mut suffixes(|| 7)).is_err());
    }

    #[test]
    fn names_follow_rfc_1123() {
        assert!(is_label("debugger-x7k2p") && is_label("0"));
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", &"a".repeat(64)] {
            assert!(!is_label(bad), "{bad}");
        }
        assert!(is_subdomain("a.b-c.d"));
        for bad in ["", "Bad_Name", "a..b", ".a", "a-.b", &"a".repeat(254)] {
            assert!(!is_subdomain(bad), "{bad}");
        }
    }
}
