//! The stage that becomes a container's process: it makes its surroundings, then executes the command in its own place.

use std::collections::BTreeMap;
use std::fs;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, bail};
use rustix::pty::OpenptFlags;
use rustix::termios::Winsize;
use serde::{Deserialize, Serialize};

use super::link::Link;
use super::spec::{Files, Mode, PodSpec, ProcessSpec, Report};

/// The environment variable that names the root directory of a container that has none of its own.
pub const ROOT_VARIABLE: &str = "BATHY_DEMO_ROOT";

/// What the pod's stage tells this one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Start {
    pub(super) pod: PodSpec,
    pub(super) process: ProcessSpec,
    /// The machine's PID of the process whose files this one sees.
    pub(super) files_of: Option<i32>,
    /// Where containers keep their files if they have no root directory of their own.
    pub(super) scratch: Option<PathBuf>,
}

/// Runs until the command takes this process over, or says over the link why it cannot; gives the exit code for that.
pub(super) fn run(link: &Link) -> i32 {
    let failure = match become_process(link) {
        Ok(never) => match never {},
        Err(failure) => failure,
    };
    // the other side reads that this process ended if it cannot read why
    let _ = link.send(&Report::Failed(format!("{failure:#}")), &[]);
    128
}

fn become_process(link: &Link) -> Result<std::convert::Infallible> {
    die_with_parent()?;
    let (start, streams) = link.receive::<Start>()?.ok_or_else(|| anyhow!("the pod's sandbox is gone"))?;
    rustix::process::setsid().context("cannot start a session")?;
    let root = enter(&start)?;
    let process = &start.process;
    let streams = match process.terminal {
        Some(size) => {
            let (controller, terminal) = open_terminal(size, &start)?;
            link.send(&Report::Started { pid: 0 }, &[controller.as_fd()])?;
            [terminal.try_clone()?, terminal.try_clone()?, terminal]
        }
        None => <[OwnedFd; 3]>::try_from(streams).map_err(|_| anyhow!("the process was given no standard streams"))?,
    };
    take_privileges(&start)?;
    die_with_parent()?; // a change of user forgets it
    let directory = root.join(process.directory.trim_start_matches('/'));
    std::env::set_current_dir(&directory)
        .with_context(|| format!("chdir to cwd ({:?}) set in config.json failed", process.directory))?;
    let program = find(&start)?;
    let [input, output, errors] = streams;
    rustix::stdio::dup2_stdin(&input)?;
    rustix::stdio::dup2_stdout(&output)?;
    rustix::stdio::dup2_stderr(&errors)?;
    let name = &process.command[0];
    let mut command = Command::new(program);
    command.arg0(name).args(&process.command[1..]).env_clear().envs(&process.environment);
    if start.pod.mode == Mode::Off {
        command.env(ROOT_VARIABLE, &root);
    }
    let failure = command.exec();
    Err(anyhow!("exec: {name:?}: {}", words(&failure)))
}

/// The stage that started this one ends only with the sandbox; nothing may outlive that.
#[cfg(target_os = "linux")]
fn die_with_parent() -> Result<()> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
        .context("cannot bind this process to the sandbox")
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
fn die_with_parent() -> Result<()> {
    Ok(())
}

/// Enters the files of the container and says where its root directory is.
fn enter(start: &Start) -> Result<PathBuf> {
    if start.pod.mode == Mode::Off {
        let scratch = start.scratch.as_ref().ok_or_else(|| anyhow!("no place for files"))?;
        let (own, directories) = match &start.process.files {
            Files::Root(root) => (start.process.id.as_str(), root.directories.as_slice()),
            Files::Of(id) => (id.as_str(), &[][..]),
        };
        let root = scratch.join(own);
        for directory in directories.iter().map(String::as_str).chain(["/tmp", "/root", "/run"]) {
            fs::create_dir_all(root.join(directory.trim_start_matches('/')))?;
        }
        if !start.process.directory.is_empty() {
            fs::create_dir_all(root.join(start.process.directory.trim_start_matches('/')))?;
        }
        return Ok(root);
    }
    enter_namespaces(start)?;
    Ok(PathBuf::from("/"))
}

#[cfg(target_os = "linux")]
fn enter_namespaces(start: &Start) -> Result<()> {
    match (&start.process.files, start.files_of) {
        (Files::Root(root), _) => {
            super::root::enter_new(root, &start.process.processes, &start.process.user, &start.pod)
        }
        (Files::Of(_), Some(pid)) => super::namespaces::enter_files_of(pid),
        (Files::Of(id), None) => bail!("container {id} is not running"),
    }
}

#[cfg(not(target_os = "linux"))]
fn enter_namespaces(_: &Start) -> Result<()> {
    bail!("this system has no namespaces")
}

#[cfg(target_os = "linux")]
fn take_privileges(start: &Start) -> Result<()> {
    if start.pod.mode == Mode::Off {
        return Ok(());
    }
    super::privileges::become_user(&start.process.user, start.pod.mode)
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature as on Linux")]
fn take_privileges(_: &Start) -> Result<()> {
    Ok(())
}

/// A new terminal of the container's own `/dev/pts`, made the controlling one of this session: (controller, terminal).
fn open_terminal((columns, rows): (u16, u16), start: &Start) -> Result<(OwnedFd, OwnedFd)> {
    let controller = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).context("cannot open a terminal")?;
    rustix::io::fcntl_setfd(&controller, rustix::io::FdFlags::CLOEXEC)?;
    rustix::pty::grantpt(&controller)?;
    rustix::pty::unlockpt(&controller)?;
    let name = rustix::pty::ptsname(&controller, Vec::new())?;
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::CLOEXEC;
    let terminal = rustix::fs::open(name.as_c_str(), flags, rustix::fs::Mode::empty())
        .context("cannot open the terminal's other end")?;
    rustix::termios::tcsetwinsize(&controller, Winsize { ws_col: columns, ws_row: rows, ws_xpixel: 0, ws_ypixel: 0 })?;
    rustix::process::ioctl_tiocsctty(&terminal).context("cannot take the terminal over")?;
    if start.pod.mode == Mode::Root {
        let owner = rustix::fs::Uid::from_raw(start.process.user.uid);
        rustix::fs::fchown(&terminal, Some(owner), None).context("cannot give the terminal to its user")?;
    }
    Ok((controller, terminal))
}

/// The file to execute, looked up as a container runtime does, which also words what goes wrong.
fn find(start: &Start) -> Result<PathBuf> {
    let process = &start.process;
    let name = process.command.first().map_or("", String::as_str);
    if start.pod.mode == Mode::Off
        && let Files::Root(root) = &process.files
        && let Some(program) = &root.program
    {
        // an image with nothing but our program; that it has no more is all that can be kept up without a root directory
        let is_it = name == program || Path::new(program).file_name().is_some_and(|own| own == name);
        return if is_it { Ok(std::env::current_exe()?) } else { Err(not_found(name)) };
    }
    find_in(name, &process.environment)
}

fn find_in(name: &str, environment: &BTreeMap<String, String>) -> Result<PathBuf> {
    if name.contains('/') {
        let failure = match fs::metadata(name) {
            Ok(metadata) if metadata.is_dir() => "is a directory".to_owned(),
            Ok(metadata) if metadata.permissions().mode() & 0o111 == 0 => "permission denied".to_owned(),
            Ok(_) => return Ok(PathBuf::from(name)),
            Err(error) => format!("stat {name}: {}", words(&error)),
        };
        bail!("exec: {name:?}: {failure}");
    }
    let path = environment.get("PATH").map_or("", String::as_str);
    std::env::split_paths(path)
        .map(|directory| directory.join(name))
        .find(|file| fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0))
        .ok_or_else(|| not_found(name))
}

fn not_found(name: &str) -> anyhow::Error {
    anyhow!("exec: {name:?}: executable file not found in $PATH")
}

/// The system's words for an error, in lower case and without its number.
fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("PATH".to_owned(), value.to_owned())])
    }

    #[test]
    fn a_program_is_looked_up_as_a_runtime_words_it() {
        assert!(find_in("sh", &path("/nosuch:/bin")).unwrap().ends_with("sh"));
        assert_eq!(
            find_in("ls", &path("/nosuch")).unwrap_err().to_string(),
            "exec: \"ls\": executable file not found in $PATH"
        );
        assert_eq!(
            find_in("/nosuch/binary", &path("")).unwrap_err().to_string(),
            "exec: \"/nosuch/binary\": stat /nosuch/binary: no such file or directory"
        );
        assert_eq!(find_in("/tmp", &path("")).unwrap_err().to_string(), "exec: \"/tmp\": is a directory");
    }
}
