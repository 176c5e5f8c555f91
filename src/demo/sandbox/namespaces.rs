//! Namespaces of Linux, entered and made; it mounts nothing.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use anyhow::{Context as _, Result};
use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space, unshare_unsafe};

/// Leaves the namespaces shared with the parent for new ones. A new PID namespace is for the children to come.
pub(super) fn unshare(flags: UnshareFlags) -> io::Result<()> {
    debug_assert!(!flags.contains(UnshareFlags::FILES));
    // SAFETY: only `UnshareFlags::FILES` is unsound, for threads that share descriptors; nobody passes it.
    #[expect(unsafe_code, reason = "the safe form is deprecated, because of one flag that is not used here")]
    unsafe {
        unshare_unsafe(flags)?;
    }
    Ok(())
}

/// Makes a user namespace in which this user is root, and no other user exists. Only before a second thread is there.
pub(super) fn become_root_of_user_namespace() -> Result<()> {
    let (uid, gid) = (rustix::process::getuid(), rustix::process::getgid());
    unshare(UnshareFlags::NEWUSER).context("cannot make a user namespace")?;
    // without this, the kernel lets nobody map groups who could not before
    std::fs::write("/proc/self/setgroups", "deny").context("cannot give up setgroups")?;
    std::fs::write("/proc/self/uid_map", format!("0 {} 1", uid.as_raw())).context("cannot map the user")?;
    std::fs::write("/proc/self/gid_map", format!("0 {} 1", gid.as_raw())).context("cannot map the group")?;
    Ok(())
}

/// The children to come are in the PID namespace of this process.
pub(super) fn enter_processes_of(pid: i32) -> Result<()> {
    enter(pid, "pid", LinkNameSpaceType::ProcessID)
}

/// This process sees the mounts and the root directory of that one.
pub(super) fn enter_files_of(pid: i32) -> Result<()> {
    enter(pid, "mnt", LinkNameSpaceType::Mount)
}

fn enter(pid: i32, kind: &str, allowed: LinkNameSpaceType) -> Result<()> {
    let link = File::open(format!("/proc/{pid}/ns/{kind}"))
        .with_context(|| format!("the {kind} namespace of process {pid} is gone"))?;
    move_into_link_name_space(link.as_fd(), Some(allowed))
        .with_context(|| format!("cannot enter the {kind} namespace of process {pid}"))
}
