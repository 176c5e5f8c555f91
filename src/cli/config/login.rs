//! Who is logged in, for the marks on what they make; it asks the environment and the user database, never a network.

use rustix::process::getuid;
use rustix::system::uname;

/// The login name: as the environment says, else as the user database says of the user that runs this, else made of
/// their number and this machine's name. It is never empty: what nobody made can be nobody's.
pub(super) fn name() -> String {
    let said = |name: &str| std::env::var(name).ok();
    from([said("USER"), said("LOGNAME"), whoami::username().ok()].into_iter().flatten())
        .unwrap_or_else(|| unnamed(getuid().as_raw(), &uname().nodename().to_string_lossy()))
}

fn from(names: impl Iterator<Item = String>) -> Option<String> {
    names.map(|name| name.trim().to_owned()).find(|name| !name.is_empty() && !name.contains(char::is_control))
}

/// In a container under a number of its own a user has no name.
fn unnamed(uid: u32, machine: &str) -> String {
    format!("uid-{uid}@{machine}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_that_says_something_counts() {
        let names = ["", " ", "a\nb", "sam", "eve"].map(ToOwned::to_owned);
        assert_eq!(from(names.into_iter()).as_deref(), Some("sam"));
        assert_eq!(from(std::iter::empty()), None);
        assert_eq!(unnamed(1_000_650, "pod-x"), "uid-1000650@pod-x");
        assert!(!name().is_empty());
    }
}
