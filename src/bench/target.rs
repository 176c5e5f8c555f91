//! The cluster that is measured on: the one that was named, or the demo served by a child; and files of this run alone.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::terminal::end;
use super::{Plan, usage};

/// A demo whose process works less than this is done with starting its own pods.
const RESTS: Duration = Duration::from_millis(10);
/// How long it is looked at for that.
const LOOK: Duration = Duration::from_millis(400);
/// It is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A directory for the files of a run, which goes with it.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("bathy-bench-{}", std::process::id()));
        // What another user has put there is not used: it must be new.
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A cluster to be measured on.
#[derive(Debug)]
pub(super) struct Target {
    kubeconfig: PathBuf,
    context: Option<String>,
    /// What serves the demo; it ends with this.
    child: Option<Child>,
}

impl Target {
    /// The cluster of the plan's kubeconfig, or a demo in which so many pods change a second.
    pub(super) fn new(plan: &Plan, scratch: &Scratch, churn: u32) -> anyhow::Result<Self> {
        let target = Self::with(plan, scratch, &["--pods", &plan.pods.to_string(), "--churn", &churn.to_string()])?;
        if churn == 0 {
            target.rest();
        }
        Ok(target)
    }

    /// The cluster of the plan's kubeconfig, or a demo that is served with these words.
    pub(super) fn with(plan: &Plan, scratch: &Scratch, words: &[&str]) -> anyhow::Result<Self> {
        if let Some(kubeconfig) = &plan.kubeconfig {
            return Ok(Self { kubeconfig: kubeconfig.clone(), context: plan.context.clone(), child: None });
        }
        let kubeconfig = scratch.file("kubeconfig");
        let mut command = Command::new(&plan.program);
        command.args(["demo", "--serve"]).args(words);
        command.arg("--write-kubeconfig").arg(&kubeconfig).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().context("cannot start the demo cluster")?;
        let output = child.stdout.take().context("the demo cluster has no output")?;
        // It has said everything once it listens; what it says afterwards, nobody needs.
        let listens = BufReader::new(output).lines().map_while(Result::ok).any(|line| line.starts_with("Ctrl-C"));
        let target = Self { kubeconfig, context: None, child: Some(child) };
        ensure!(listens, "the demo cluster did not start");
        Ok(target)
    }

    /// Waits until a demo has started its own pods: they would take the processor from the program that is measured. A
    /// cluster of others is taken as it is, and so is a demo of whose work the system tells nothing.
    fn rest(&self) {
        let began = Instant::now();
        let used = || usage::of(self.child.as_ref()?.id()).map(|used| used.cpu);
        while let Some(before) = used() {
            std::thread::sleep(LOOK);
            let worked = used().unwrap_or(before).saturating_sub(before);
            if worked <= RESTS || began.elapsed() > PATIENCE {
                return;
            }
        }
    }

    /// Whether it is ours, to do with as we like.
    pub(super) fn is_demo(&self) -> bool {
        self.child.is_some()
    }

    /// What tells a program, ours or kubectl, where the cluster is.
    pub(super) fn arguments(&self) -> Vec<OsString> {
        let mut words = vec!["--kubeconfig".into(), self.kubeconfig.clone().into_os_string()];
        words.extend(self.context.iter().flat_map(|context| ["--context".into(), context.into()]));
        words
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            end(child);
        }
    }
}

/// A kubeconfig of a server that takes connections and never answers.
pub(super) fn silent_kubeconfig(file: &Path, port: u16) -> anyhow::Result<()> {
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: silent\nclusters:\n- name: silent\n  cluster: {{server: \
         \"http://127.0.0.1:{port}\"}}\nusers:\n- name: silent\n  user: {{}}\ncontexts:\n- name: silent\n  context: \
         {{cluster: silent, user: silent}}\n"
    );
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Whether there is such a program on the path.
pub(super) fn is_there(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| is_file(&directory, program))
}

fn is_file(directory: &Path, program: impl AsRef<OsStr>) -> bool {
    directory.join(program.as_ref()).is_file()
}
