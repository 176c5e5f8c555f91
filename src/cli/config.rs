//! The configuration file: read, checked and turned into settings; a mistake in it names its place.

mod login;
mod recording;
mod toolkits;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use etcetera::BaseStrategy as _;
use serde::Deserialize;

pub use self::recording::RecordingConfig;
use self::toolkits::ToolkitConfig;
use super::Arguments;
use crate::actions::actions;
use crate::app::{ContextSettings, Keymap, Leave, LeaveKind, OnLeave, Settings, TerminalSettings, Toolkit};
use crate::plan::parse_profile;

/// The configuration file's content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// The image of debuggers.
    pub image: Option<String>,
    /// What debuggers run instead of their image's own command.
    pub command: Vec<String>,
    /// The leader chord.
    pub leader: Option<String>,
    /// Lines of scrollback.
    pub scrollback: Option<usize>,
    /// Mebibytes of lines that a view of logs keeps.
    pub log_memory: Option<usize>,
    /// Whether the mouse is listened to.
    pub mouse: Option<bool>,
    /// What programs in panes may do.
    pub terminal: TerminalConfig,
    /// Who is noted as the creator of copies (default: the login name).
    pub creator: Option<String>,
    /// Namespaces to list even if the server lists none.
    pub namespaces: Vec<String>,
    /// What is recorded, and where.
    pub recording: RecordingConfig,
    /// Whether nothing may be changed.
    pub read_only: bool,
    /// Where the audit log is written, or whether it is.
    pub audit: Option<AuditConfig>,
    /// After how long a copy's processes are ended: `4h`.
    pub copy_time_limit: Option<String>,
    /// What becomes of what a session made when it is left.
    pub on_leave: OnLeaveConfig,
    /// Keys by action name.
    pub keys: BTreeMap<String, Vec<String>>,
    /// The sub-command `debug`.
    pub debug: DebugConfig,
    /// What is different in some contexts; the first whose name matches counts.
    pub contexts: Vec<ContextConfig>,
    /// What debuggers can be started with by name, instead of the toolkits that are built in.
    pub toolkits: Option<Vec<ToolkitConfig>>,
}

/// What the sub-command `debug` does where its flags do not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DebugConfig {
    /// The profile (default: `general`, as for kubectl).
    pub profile: Option<String>,
    /// Whether copies and node debuggers bear marks by which they are found again (default: they do).
    pub marks: Option<bool>,
}

/// What programs in panes may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct TerminalConfig {
    /// Whether they may put text on your clipboard (OSC 52).
    pub clipboard_write: bool,
}

/// What is different in some contexts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ContextConfig {
    /// The context's name; `*` stands for anything.
    pub name: String,
    /// The image of debuggers there.
    pub image: Option<String>,
    /// Namespaces to list there.
    pub namespaces: Vec<String>,
    /// Whether nothing may be changed there.
    pub read_only: Option<bool>,
    /// Whether to ask before anything is created or deleted there.
    pub protected: Option<bool>,
}

/// Where the audit log is written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum AuditConfig {
    /// In its usual place, or nowhere.
    Switch(bool),
    /// Into this file.
    File(PathBuf),
}

/// What becomes of what a session made when it is left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct OnLeaveConfig {
    /// Copies.
    pub copy: Option<PodFate>,
    /// Node debuggers.
    pub node_debugger: Option<PodFate>,
    /// Ephemeral debuggers.
    pub debugger: Option<DebuggerFate>,
}

impl OnLeaveConfig {
    /// Whether it says what becomes of this kind; else what was decided while leaving counts.
    pub fn says(self, kind: LeaveKind) -> bool {
        match kind {
            LeaveKind::Copy => self.copy.is_some(),
            LeaveKind::NodeDebugger => self.node_debugger.is_some(),
            LeaveKind::Debugger => self.debugger.is_some(),
        }
    }
}

/// What becomes of a pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PodFate {
    /// The person is asked.
    #[default]
    Ask,
    /// It stays.
    Keep,
    /// It is deleted.
    Delete,
}

/// What becomes of an ephemeral debugger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DebuggerFate {
    /// The person is asked.
    #[default]
    Ask,
    /// It goes on.
    Keep,
    /// It is ended; it cannot be deleted.
    End,
}

impl From<PodFate> for Leave {
    fn from(fate: PodFate) -> Self {
        match fate {
            PodFate::Ask => Self::Ask,
            PodFate::Keep => Self::Keep,
            PodFate::Delete => Self::Remove,
        }
    }
}

impl From<DebuggerFate> for Leave {
    fn from(fate: DebuggerFate) -> Self {
        match fate {
            DebuggerFate::Ask => Self::Ask,
            DebuggerFate::Keep => Self::Keep,
            DebuggerFate::End => Self::Remove,
        }
    }
}

/// The most that a view of logs may keep, in MiB.
const MOST_LOG_MEMORY: usize = 4096;
/// The most scrollback a session may be given, in lines: what is kept costs memory for each.
const MOST_SCROLLBACK: usize = 100_000;

impl Config {
    /// Reads this file, or the user's own where none is named and one is there.
    ///
    /// # Errors
    /// A named file that is not there, a file that cannot be read, and each mistake in it.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let named = file.is_some();
        let Some(file) = file.map(PathBuf::from).or_else(usual_place) else { return Ok(Self::default()) };
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && !named => return Ok(Self::default()),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read the configuration {}", file.display()));
            }
        };
        Self::parse(&text).with_context(|| format!("the configuration {} has a mistake", file.display()))
    }

    /// Reads TOML.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let config: Self = toml::from_str(text)?;
        config.keymap()?;
        config.recording.check()?;
        if let Some(profile) = &config.debug.profile {
            parse_profile(profile).context("debug.profile")?;
        }
        anyhow::ensure!(
            config.scrollback.is_none_or(|lines| lines <= MOST_SCROLLBACK),
            "scrollback: at most {MOST_SCROLLBACK} lines can be kept"
        );
        anyhow::ensure!(
            config.log_memory.is_none_or(|memory| (1..=MOST_LOG_MEMORY).contains(&memory)),
            "log-memory: from 1 to {MOST_LOG_MEMORY} (MiB for each view of logs)"
        );
        toolkits::read(config.toolkits.as_deref().unwrap_or_default())?;
        if let Some(limit) = &config.copy_time_limit {
            seconds(limit).context("copy-time-limit")?;
        }
        Ok(config)
    }

    /// The keys this configuration and the action table make together.
    ///
    /// # Errors
    /// Every mistake in them at once.
    pub fn keymap(&self) -> anyhow::Result<Keymap> {
        let leader = self.leader.as_deref().unwrap_or("ctrl-]");
        Keymap::new(actions(), leader, &self.keys).map_err(|mistakes| anyhow::Error::msg(mistakes.join("\n")))
    }

    /// The settings of a run: what was said on the command line counts first.
    pub fn settings(&self, arguments: &Arguments) -> Settings {
        let defaults = Settings::default();
        // An image named on the command line is meant for every context.
        let own = self.contexts.iter().filter_map(|c| Some((c.name.clone(), c.image.clone()?)));
        Settings {
            images: if arguments.image.is_some() { Vec::new() } else { own.collect() },
            image: arguments.image.clone().or_else(|| self.image.clone()).unwrap_or(defaults.image),
            command: self.command.clone(),
            scrollback: self.scrollback.unwrap_or(defaults.scrollback),
            log_memory: self.log_memory.map_or(defaults.log_memory, |memory| memory * 1024 * 1024),
            mouse: self.mouse.unwrap_or(defaults.mouse) && !arguments.no_mouse,
            creator: self.creator(),
            recording: self.recording.settings(),
            terminal: TerminalSettings { clipboard_write: self.terminal.clipboard_write, colors: None },
            toolkits: self.own_toolkits().unwrap_or(defaults.toolkits),
            images_file: None,
            leaving_file: None,
            read_only: self.read_only || arguments.read_only,
            contexts: self.contexts.iter().map(ContextConfig::settings).collect(),
            namespaces: self.namespaces.clone(),
            on_leave: OnLeave {
                copy: self.on_leave.copy.unwrap_or_default().into(),
                node_debugger: self.on_leave.node_debugger.unwrap_or_default().into(),
                debugger: self.on_leave.debugger.unwrap_or_default().into(),
            },
            copy_time_limit: self.copy_time_limit.as_deref().and_then(|limit| seconds(limit).ok()),
            made: Vec::new(),
        }
    }

    /// Who is noted as the creator of what is made: as configured, else the login.
    pub fn creator(&self) -> String {
        self.creator.clone().filter(|creator| !creator.is_empty()).unwrap_or_else(login::name)
    }

    /// The toolkits of this configuration, if it names any. A configuration with a mistake in them was never read.
    fn own_toolkits(&self) -> Option<Vec<Toolkit>> {
        toolkits::read(self.toolkits.as_deref()?).ok()
    }
}

impl ContextConfig {
    fn settings(&self) -> ContextSettings {
        ContextSettings {
            name: self.name.clone(),
            namespaces: self.namespaces.clone(),
            read_only: self.read_only,
            protected: self.protected,
        }
    }
}

/// Whole seconds of a time as people write it: `90s`, `1h30m`, `2d`.
pub(super) fn seconds(text: &str) -> anyhow::Result<u32> {
    let wrong = || format!("{text:?} is no time; write it as 90s, 1h30m or 2d");
    let span: jiff::Span = text.parse().with_context(wrong)?;
    let time = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).with_context(wrong)?;
    let seconds = u32::try_from(time.as_secs()).ok().filter(|seconds| *seconds > 0);
    seconds.with_context(|| format!("{text:?} is not a time between a second and 136 years"))
}

fn usual_place() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("bathyscope").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn what_the_command_line_says_counts_first() {
        let config = Config::parse(
            "image = 'alpine:3'\n[[contexts]]\nname = 'prod-*'\nimage = 'tools:1'\nnamespaces = ['payments']\n",
        )
        .expect("readable");
        let plain = config.settings(&Arguments::parse_from(["bathy"]));
        assert_eq!((plain.image_for("prod-eu"), plain.image_for("dev")), ("tools:1", "alpine:3"));
        let said = config.settings(&Arguments::parse_from(["bathy", "--image", "mine:2"]));
        assert_eq!(said.image_for("prod-eu"), "mine:2");
        assert_eq!(plain.namespaces_of("prod-eu").collect::<Vec<_>>(), ["payments"]);
        assert_eq!(plain.namespaces_of("dev").count(), 0);
    }

    #[test]
    fn safety_is_set_by_context_and_by_the_command_line() {
        let config = Config::parse(
            "copy-time-limit = '1h30m'\n[on-leave]\ncopy = 'delete'\n[[contexts]]\nname = 'prod-*'\nprotected = true\n\
             [[contexts]]\nname = '*'\nread-only = true\nprotected = false\n",
        )
        .expect("readable");
        let settings = config.settings(&Arguments::parse_from(["bathy"]));
        assert!(settings.is_protected("prod-eu") && !settings.is_protected("dev"));
        assert!(settings.is_read_only("prod-eu"), "the first that says it counts");
        assert_eq!(settings.copy_time_limit, Some(5_400));
        assert_eq!((settings.on_leave.copy, settings.on_leave.debugger), (Leave::Remove, Leave::Ask));
        let said = Config::default().settings(&Arguments::parse_from(["bathy", "--read-only"]));
        assert!(said.is_read_only("any"));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, said) in [
            ("imgae = 'x'", "imgae"),
            ("[keys]\n'debug.copy' = ['e']", "debug.ephemeral"),
            ("[keys]\n'no.such' = ['e']", "no.such"),
            ("leader = 'hyper-x'", "hyper-x"),
            ("scrollback = 1000000000", "scrollback"),
            ("log-memory = 0", "log-memory"),
            ("[recording]\nmax-size = '1MB'", "max-size"),
            ("[[toolkits]]\nname = 'x'\nimage = 'A B'", "toolkit x: "),
            ("[debug]\nprofile = 'strong'", "debug.profile"),
            ("copy-time-limit = 'soon'", "soon"),
            ("[on-leave]\ndebugger = 'delete'", "delete"),
        ] {
            let mistake = format!("{:#}", Config::parse(text).expect_err(text));
            assert!(mistake.contains(said), "{mistake}");
        }
    }
}
