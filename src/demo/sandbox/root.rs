//! A container's own root directory, made of a file system in memory and read-only views of the machine.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rustix::fs::StatVfsMountFlags;
use rustix::io::Errno;
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change, mount_remount, unmount,
};
use rustix::thread::UnshareFlags;

use super::namespaces::unshare;
use super::spec::{Mode, PodSpec, Processes, Root, User};

/// The pod's file system in memory lies here, seen by the pod's stage processes only. Every Linux has this directory,
/// and nothing below it is needed for what comes after.
const STAGING: &str = "/sys";

/// The directories of the machine that hold its programs, wherever it keeps them.
const PROGRAMS: &[&str] =
    &["/bin", "/sbin", "/usr", "/lib", "/lib32", "/lib64", "/libx32", "/nix", "/gnu", "/run/current-system"];

/// What programs of the machine look up in `/etc` and no image needs to have of its own.
const SETTINGS: &[&str] = &[
    "alternatives",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "pki",
    "protocols",
    "services",
    "ssl",
    "terminfo",
    "vim",
];

/// What the rest of the machine may neither see nor turn, as container runtimes keep it.
const HIDDEN_IN_PROC: &[&str] = &["kcore", "keys", "timer_list"];
const FIXED_IN_PROC: &[&str] = &["bus", "fs", "irq", "sys", "sysrq-trigger"];

/// Once for each pod: a mount namespace that changes nothing outside, and room for root directories and shared ones.
pub(super) fn prepare_pod() -> Result<()> {
    unshare(UnshareFlags::NEWNS).context("cannot make a mount namespace")?;
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)
        .context("cannot keep the mounts private")?;
    memory(Path::new(STAGING), "mode=755,size=64m")?;
    fs::create_dir(Path::new(STAGING).join("root"))?;
    fs::create_dir(Path::new(STAGING).join("shared"))?;
    Ok(())
}

/// Makes the root directory and moves into it. This process is already in the PID namespace that `/proc` is to show.
pub(super) fn enter_new(root: &Root, processes: &Processes, user: &User, pod: &PodSpec) -> Result<()> {
    unshare(UnshareFlags::NEWNS).context("cannot make a mount namespace")?;
    let mut tree = Tree { top: Path::new(STAGING).join("root"), read_only: Vec::new() };
    memory(&tree.top, "mode=755,size=64m")?;
    if root.machine_programs {
        for directory in PROGRAMS {
            tree.mirror(Path::new(directory))?;
        }
    }
    if let Some(program) = &root.program {
        tree.program(program, !root.machine_programs)?;
    }
    tree.etc(root, &pod.hostname)?;
    tree.special(processes, pod.mode)?;
    for (path, text) in &root.files {
        let path = tree.within(path);
        create_parents(&path)?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    for directory in &root.directories {
        let path = tree.within(directory);
        create(&path)?;
        give(&path, user, pod.mode)?;
    }
    for (source, target) in &root.mounts {
        tree.bind(source, Path::new(target), true)?;
    }
    for (name, target) in &root.shared {
        let source = Path::new(STAGING).join("shared").join(name);
        create(&source)?;
        fs::set_permissions(&source, fs::Permissions::from_mode(0o777))?;
        tree.bind(&source, Path::new(target), false)?;
    }
    tree.make_read_only(root.read_only)?;
    pivot(&tree.top)
}

struct Tree {
    top: PathBuf,
    /// Mount points that cannot be written to, once all is in place.
    read_only: Vec<PathBuf>,
}

impl Tree {
    fn within(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.top.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// Shows a directory or file of the machine.
    fn bind(&mut self, source: &Path, target: &Path, read_only: bool) -> Result<()> {
        let target = self.within(target);
        if source.is_dir() {
            create(&target)?;
        } else {
            create_parents(&target)?;
            fs::File::create(&target).with_context(|| format!("cannot create {}", target.display()))?;
        }
        mount_bind_recursive(source, &target)
            .with_context(|| format!("cannot show {} in the container", source.display()))?;
        if let Ok(staging) = Path::new(STAGING).strip_prefix(source) {
            // what the machine has there, not what this pod has put over it
            unmount(target.join(staging), UnmountFlags::DETACH).with_context(|| format!("cannot uncover {STAGING}"))?;
        }
        if read_only {
            self.read_only.push(target);
        }
        Ok(())
    }

    /// Shows something of the machine at its own path, as the machine has it: a link stays a link.
    fn mirror(&mut self, path: &Path) -> Result<()> {
        match fs::symlink_metadata(path) {
            Err(_) => Ok(()), // this machine has none
            Ok(metadata) if metadata.is_symlink() => {
                let link = self.within(path);
                create_parents(&link)?;
                symlink(fs::read_link(path)?, &link).with_context(|| format!("cannot link {}", link.display()))
            }
            Ok(_) => self.bind(path, path, true),
        }
    }

    /// Our own program under another name, and the libraries that this process, which is that program, has loaded.
    fn program(&mut self, name: &str, with_libraries: bool) -> Result<()> {
        let ours = std::env::current_exe().context("cannot find our own program")?;
        self.bind(&ours, Path::new(name), true)?;
        if !with_libraries {
            return Ok(());
        }
        let libraries = super::libraries::loaded(&ours)?;
        for library in &libraries.files {
            self.bind(library, library, true)?;
        }
        for (link, target) in &libraries.links {
            let link = self.within(link);
            create_parents(&link)?;
            if fs::symlink_metadata(&link).is_err() {
                symlink(target, &link).with_context(|| format!("cannot link {}", link.display()))?;
            }
        }
        Ok(())
    }

    fn etc(&mut self, root: &Root, hostname: &str) -> Result<()> {
        let etc = self.within("/etc");
        create(&etc)?;
        fs::write(etc.join("hostname"), format!("{hostname}\n"))?;
        fs::write(
            etc.join("hosts"),
            format!("127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.0.1 {hostname}\n"),
        )?;
        if root.machine_programs {
            for name in SETTINGS {
                let path = Path::new("/etc").join(name);
                if path.exists() {
                    self.bind(&path, &path, true)?;
                }
            }
        }
        Ok(())
    }

    fn special(&mut self, processes: &Processes, mode: Mode) -> Result<()> {
        let dev = self.within("/dev");
        create(&dev.join("pts"))?;
        create(&dev.join("shm"))?;
        fs::set_permissions(dev.join("shm"), fs::Permissions::from_mode(0o1777))?;
        for device in ["null", "zero", "full", "random", "urandom", "tty"] {
            self.bind(&Path::new("/dev").join(device), &Path::new("/dev").join(device), false)?;
        }
        let group = if mode == Mode::Root { ",gid=5" } else { "" };
        let options = std::ffi::CString::new(format!("newinstance,ptmxmode=0666,mode=0620{group}"))?;
        mount("devpts", dev.join("pts"), "devpts", MountFlags::NOSUID | MountFlags::NOEXEC, options.as_c_str())
            .context("cannot mount /dev/pts")?;
        for (link, target) in [
            ("ptmx", "pts/ptmx"),
            ("fd", "/proc/self/fd"),
            ("stdin", "/proc/self/fd/0"),
            ("stdout", "/proc/self/fd/1"),
            ("stderr", "/proc/self/fd/2"),
        ] {
            symlink(target, dev.join(link))?;
        }
        for directory in ["/tmp", "/var/tmp"] {
            create(&self.within(directory))?;
            fs::set_permissions(self.within(directory), fs::Permissions::from_mode(0o1777))?;
        }
        create(&self.within("/root"))?;
        fs::set_permissions(self.within("/root"), fs::Permissions::from_mode(0o700))?;
        let proc = self.within("/proc");
        if *processes == Processes::Machine {
            return self.bind(Path::new("/proc"), Path::new("/proc"), true);
        }
        create(&proc)?;
        mount("proc", &proc, "proc", MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC, None)
            .context("cannot mount /proc")?;
        for name in FIXED_IN_PROC.iter().filter(|name| proc.join(name).exists()) {
            mount_bind_recursive(proc.join(name), proc.join(name))?;
            self.read_only.push(proc.join(name));
        }
        for name in HIDDEN_IN_PROC.iter().filter(|name| proc.join(name).exists()) {
            mount_bind_recursive("/dev/null", proc.join(name))?;
        }
        Ok(())
    }

    fn make_read_only(&self, all: bool) -> Result<()> {
        let mounts = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mounts")?;
        let mut refused = Vec::new();
        for line in mounts.lines() {
            let mut fields = line.split(' ');
            let (Some(point), Some(options)) = (fields.nth(4), fields.next()) else {
                continue;
            };
            let point = unescape(point);
            let is_root = all && point == self.top;
            if is_root || self.read_only.iter().any(|top| point.starts_with(top)) {
                let read_only = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID;
                if let Err(error) = mount_remount(&point, read_only | kept(options), c"") {
                    refused.push((point, error));
                }
            }
        }
        for (point, error) in refused {
            // what lies hidden below another mount cannot be changed, nor reached: its path leads elsewhere
            let hidden = match rustix::fs::statvfs(&point) {
                Ok(seen) => seen.f_flag.contains(StatVfsMountFlags::RDONLY),
                Err(missing) => missing == Errno::NOENT,
            };
            if !hidden {
                let point = point.display();
                return Err(error).with_context(|| format!("cannot make {point} read-only"));
            }
        }
        Ok(())
    }
}

/// Makes a directory the container's user's.
fn give(path: &Path, user: &User, mode: Mode) -> Result<()> {
    if mode == Mode::Root {
        chown(path, Some(user.uid), Some(user.gid))
            .with_context(|| format!("cannot give {} to uid {}", path.display(), user.uid))?;
    }
    Ok(())
}

/// Flags that a user namespace must not take away.
fn kept(options: &str) -> MountFlags {
    options
        .split(',')
        .map(|option| match option {
            "nodev" => MountFlags::NODEV,
            "noexec" => MountFlags::NOEXEC,
            "noatime" => MountFlags::NOATIME,
            "nodiratime" => MountFlags::NODIRATIME,
            "relatime" => MountFlags::RELATIME,
            _ => MountFlags::empty(),
        })
        .collect()
}

/// `mountinfo` writes space, tab, line feed and backslash as octal numbers.
fn unescape(text: &str) -> PathBuf {
    PathBuf::from(text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\"))
}

fn memory(target: &Path, options: &str) -> Result<()> {
    let options = std::ffi::CString::new(options)?;
    mount("tmpfs", target, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, options.as_c_str())
        .with_context(|| format!("cannot mount a file system in memory on {}", target.display()))
}

fn create(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))
}

fn create_parents(path: &Path) -> Result<()> {
    path.parent().map_or(Ok(()), create)
}

/// Makes `top` the root directory and forgets the machine's.
fn pivot(top: &Path) -> Result<()> {
    rustix::process::chdir(top).context("cannot enter the root directory")?;
    rustix::process::pivot_root(".", ".").context("cannot change the root directory")?;
    unmount(".", UnmountFlags::DETACH).context("cannot leave the machine's root directory")?;
    rustix::process::chdir("/").context("cannot enter the root directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_a_mount_are_kept_and_names_are_read_as_the_kernel_writes_them() {
        assert_eq!(kept("rw,nosuid,nodev,relatime"), MountFlags::NODEV | MountFlags::RELATIME);
        assert_eq!(unescape("/a\\040b"), PathBuf::from("/a b"));
    }
}
