//! What flags and configuration decided before the console starts; it reads no file and no environment itself.

use std::path::PathBuf;

use super::made::Made;
use super::recording::RecordingSettings;
use super::terminal::TerminalSettings;
use super::toolkit::Toolkit;
use crate::cluster::Leftover;

/// What is different in the contexts whose name matches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContextSettings {
    /// The context's name; `*` stands for anything.
    pub name: String,
    /// Namespaces to list there even if the server lists none.
    pub namespaces: Vec<String>,
    /// Whether nothing may be changed there.
    pub read_only: Option<bool>,
    /// Whether to ask before anything is created or deleted there.
    pub protected: Option<bool>,
}

/// What becomes of something that a session made, once the session is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leave {
    /// The person is asked.
    #[default]
    Ask,
    /// It stays.
    Keep,
    /// It is deleted, or ended where it cannot be deleted.
    Remove,
}

/// What a session may leave behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveKind {
    /// A copy of a pod.
    Copy,
    /// A node debugger's pod.
    NodeDebugger,
    /// An ephemeral debugger that runs.
    Debugger,
}

impl LeaveKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Copy, Self::NodeDebugger, Self::Debugger];

    /// "all copies", in a sentence.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Copy => "all copies",
            Self::NodeDebugger => "all node debuggers",
            Self::Debugger => "all debuggers",
        }
    }
}

/// What becomes of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OnLeave {
    /// Of copies.
    pub copy: Leave,
    /// Of node debuggers.
    pub node_debugger: Leave,
    /// Of ephemeral debuggers.
    pub debugger: Leave,
}

impl OnLeave {
    /// What becomes of this kind.
    pub fn of(self, kind: LeaveKind) -> Leave {
        match kind {
            LeaveKind::Copy => self.copy,
            LeaveKind::NodeDebugger => self.node_debugger,
            LeaveKind::Debugger => self.debugger,
        }
    }

    /// Decides for this kind.
    pub fn decide(&mut self, kind: LeaveKind, leave: Leave) {
        match kind {
            LeaveKind::Copy => self.copy = leave,
            LeaveKind::NodeDebugger => self.node_debugger = leave,
            LeaveKind::Debugger => self.debugger = leave,
        }
    }
}

/// The choices a run starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The image of a debugger where nothing else says one.
    pub image: String,
    /// Images for the contexts whose name matches the pattern (`*` stands for anything), first match first.
    pub images: Vec<(String, String)>,
    /// The words a debugger runs instead of its image's own; empty for the image's own.
    pub command: Vec<String>,
    /// Lines of scrollback a session keeps.
    pub scrollback: usize,
    /// Bytes of lines that a view of logs keeps, about; while it is paused up to twice as many.
    pub log_memory: usize,
    /// Whether the mouse is listened to.
    pub mouse: bool,
    /// Who is noted as the creator of copies.
    pub creator: String,
    /// What is recorded, and where.
    pub recording: RecordingSettings,
    /// What programs in panes may do and are told.
    pub terminal: TerminalSettings,
    /// What debuggers can be started with by name.
    pub toolkits: Vec<Toolkit>,
    /// Where the images used last are kept; `None` keeps them nowhere.
    pub images_file: Option<PathBuf>,
    /// Where decisions about what is left are kept; `None` keeps them for this run only.
    pub leaving_file: Option<PathBuf>,
    /// Whether nothing may be changed in any context.
    pub read_only: bool,
    /// What is different in some contexts; for each choice the first that matches and makes it counts.
    pub contexts: Vec<ContextSettings>,
    /// Namespaces to list in every context.
    pub namespaces: Vec<String>,
    /// What becomes of what is left.
    pub on_leave: OnLeave,
    /// After how many seconds a copy's processes are ended (`activeDeadlineSeconds`); never if `None`.
    pub copy_time_limit: Option<u32>,
    /// The debuggers that this person has made, in this run and as the audit log remembers.
    pub made: Vec<Made>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            image: "busybox:stable".to_owned(),
            images: Vec::new(),
            command: Vec::new(),
            scrollback: 10_000,
            log_memory: 16 * 1024 * 1024,
            mouse: true,
            creator: String::new(),
            recording: RecordingSettings::default(),
            terminal: TerminalSettings::default(),
            toolkits: Toolkit::built_in(),
            images_file: None,
            leaving_file: None,
            read_only: false,
            contexts: Vec::new(),
            namespaces: Vec::new(),
            on_leave: OnLeave::default(),
            copy_time_limit: None,
            made: Vec::new(),
        }
    }
}

impl Settings {
    /// The debugger's image in this context.
    pub fn image_for(&self, context: &str) -> &str {
        self.images
            .iter()
            .find(|(pattern, _)| context_matches(pattern, context))
            .map_or(&self.image, |(_, image)| image)
    }

    fn in_context(&self, context: &str) -> impl Iterator<Item = &ContextSettings> {
        self.contexts.iter().filter(move |own| context_matches(&own.name, context))
    }

    /// Whether nothing may be changed in this context.
    pub fn is_read_only(&self, context: &str) -> bool {
        self.read_only || self.in_context(context).find_map(|own| own.read_only).unwrap_or(false)
    }

    /// Whether to ask before anything is created or deleted in this context.
    pub fn is_protected(&self, context: &str) -> bool {
        self.in_context(context).find_map(|own| own.protected).unwrap_or(false)
    }

    /// The namespaces to list in this context even if the server lists none.
    pub fn namespaces_of(&self, context: &str) -> impl Iterator<Item = String> {
        let own: Vec<String> = self.in_context(context).next().map(|own| own.namespaces.clone()).unwrap_or_default();
        self.namespaces.clone().into_iter().chain(own)
    }

    /// Names the owner of what this person is known to have made, where nothing on the cluster does.
    pub fn claim(&self, context: &str, leftovers: &mut [Leftover]) {
        let unclaimed = leftovers.iter_mut().filter(|leftover| leftover.owner.is_none());
        for leftover in unclaimed.filter(|_| !self.creator.is_empty()) {
            if self.made.iter().any(|made| made.is(context, leftover)) {
                leftover.owner = Some(self.creator.clone());
            }
        }
    }
}

/// Whether `text` is what `pattern` says, `*` standing for any run of characters.
pub fn context_matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            let ends = (0..=rest.len()).filter(|end| rest.is_char_boundary(*end));
            ends.into_iter().any(|start| context_matches(tail, &rest[start..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_may_have_its_own_image() {
        let settings = Settings {
            images: vec![("prod-*".into(), "registry.example/tools:1".into()), ("*".into(), "alpine:3".into())],
            ..Settings::default()
        };
        assert_eq!(settings.image_for("prod-eu"), "registry.example/tools:1");
        assert_eq!(settings.image_for("staging"), "alpine:3");
        assert_eq!(Settings::default().image_for("staging"), "busybox:stable");
    }

    #[test]
    fn patterns() {
        assert!(context_matches("a*c*e", "abcde"));
        assert!(context_matches("*", ""));
        assert!(!context_matches("a*c", "abcd"));
        assert!(!context_matches("prod", "prod-eu"));
    }
}
