//! The form of a debugger: its fields, and from their values to the options of a plan; it starts nothing.

use super::TextLine;
use crate::app::message::{Start, Target};
use crate::cluster::{ContainerKind, PodDetail, PodKey};
use crate::plan::{CopyOptions, DebugOptions, Profile};

/// Which debugger the form is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormKind {
    /// An ephemeral container.
    Ephemeral,
    /// A copy of the pod.
    Copy,
}

/// How a field is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// A line of text; the second is what an empty line means.
    Text(TextLine, String),
    /// One of several.
    Choice(Vec<String>, usize),
    /// Yes or no.
    Toggle(bool),
}

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name in [`Form::options`].
    name: &'static str,
    /// What it says.
    pub label: String,
    /// Its value.
    pub kind: FieldKind,
}

/// A form under edit.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Which debugger it is for.
    pub kind: FormKind,
    /// The pod.
    pub pod: PodKey,
    /// The fields.
    pub fields: Vec<Field>,
    /// The field under edit.
    pub focus: usize,
    /// What is wrong with the values, once they were submitted.
    pub mistake: Option<String>,
    /// What a copy's labels and annotations say of where it came from.
    marks: CopyMarks,
}

type CopyMarks = (Vec<(String, String)>, Vec<(String, String)>);

const NO_TARGET: &str = "none: only its own processes";
const PROFILES: [(Profile, &str); 7] = [
    (Profile::Auto, "auto"),
    (Profile::General, "general"),
    (Profile::Baseline, "baseline"),
    (Profile::Restricted, "restricted"),
    (Profile::Netadmin, "netadmin"),
    (Profile::Sysadmin, "sysadmin"),
    (Profile::Legacy, "legacy"),
];

fn text(name: &'static str, label: &str, value: &str, empty: &str) -> Field {
    Field { name, label: label.to_owned(), kind: FieldKind::Text(TextLine::new(value), empty.to_owned()) }
}

fn toggle(name: &'static str, label: &str, value: bool) -> Field {
    Field { name, label: label.to_owned(), kind: FieldKind::Toggle(value) }
}

impl Form {
    /// A form for this pod, filled with what the one-key action would do.
    pub fn new(kind: FormKind, pod: &PodDetail, target: Option<&str>, defaults: &DebugOptions) -> Self {
        let image = defaults.image.as_deref().unwrap_or_default();
        let command = shlex::try_join(defaults.command.iter().map(String::as_str)).unwrap_or_default();
        let profiles = PROFILES.iter().map(|(_, name)| (*name).to_owned()).collect();
        let profile = PROFILES.iter().position(|(profile, _)| *profile == defaults.profile).unwrap_or_default();
        let mut fields = vec![text("image", "Image", image, "")];
        if kind == FormKind::Ephemeral {
            let targets = pod.containers.iter().filter(|c| c.kind != ContainerKind::Ephemeral);
            let mut names: Vec<String> = targets.map(|container| container.name.to_string()).collect();
            let chosen = target.and_then(|name| names.iter().position(|other| other == name)).unwrap_or_default();
            names.push(NO_TARGET.to_owned());
            fields.push(Field { name: "target", label: "Target".to_owned(), kind: FieldKind::Choice(names, chosen) });
        }
        fields.push(Field { name: "profile", label: "Profile".to_owned(), kind: FieldKind::Choice(profiles, profile) });
        fields.push(text("command", "Command", &command, "the image's own"));
        fields.push(text("env", "Environment", "", "NAME=value …"));
        fields.push(text("container", "Container name", "", "generated"));
        if kind == FormKind::Copy {
            fields.push(text("copy", "New pod's name", "", "generated"));
            for container in pod.containers.iter().filter(|c| c.kind == ContainerKind::Regular) {
                fields.push(Field {
                    name: "set-image",
                    label: format!("Image of {}", container.name),
                    kind: FieldKind::Text(TextLine::default(), container.image.clone()),
                });
            }
            fields.push(toggle("share", "Share processes", true));
            fields.push(toggle("labels", "Keep labels", false));
            fields.push(toggle("node", "Same node", false));
            fields.push(toggle("replace", "Replace original", false));
        }
        let marks = defaults.copy.as_ref().map(|c| (c.labels.clone(), c.annotations.clone())).unwrap_or_default();
        Self { kind, pod: pod.key.clone(), fields, focus: 0, mistake: None, marks }
    }

    /// The field under edit.
    pub fn focused(&mut self) -> &mut Field {
        &mut self.fields[self.focus]
    }

    /// Moves to another field, round and round.
    pub fn move_focus(&mut self, by: isize) {
        let count = isize::try_from(self.fields.len()).unwrap_or(1);
        let next = (isize::try_from(self.focus).unwrap_or(0) + by).rem_euclid(count);
        self.focus = usize::try_from(next).unwrap_or(0);
    }

    fn text(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find_map(|field| match &field.kind {
                FieldKind::Text(line, _) if field.name == name => Some(line.text().trim()),
                _ => None,
            })
            .unwrap_or_default()
    }

    fn choice(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|field| match &field.kind {
            FieldKind::Choice(options, chosen) if field.name == name => Some(options[*chosen].as_str()),
            _ => None,
        })
    }

    fn toggled(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name && field.kind == FieldKind::Toggle(true))
    }

    /// What the values start.
    ///
    /// # Errors
    /// One sentence on what cannot be read.
    pub fn start(&self) -> Result<Start, String> {
        let words =
            |name, label| shlex::split(self.text(name)).ok_or_else(|| format!("{label}: a quote is not closed"));
        let mut env = Vec::new();
        for pair in words("env", "Environment")? {
            match pair.split_once('=') {
                Some((name, value)) if !name.is_empty() => env.push((name.to_owned(), value.to_owned())),
                _ => return Err(format!("Environment: {pair:?} is not NAME=value")),
            }
        }
        if self.text("image").is_empty() {
            return Err("Image: a debugger needs one".to_owned());
        }
        let container = Some(self.text("container")).filter(|name| !name.is_empty()).map(ToOwned::to_owned);
        let profile = self.choice("profile").and_then(|name| PROFILES.iter().find(|(_, other)| *other == name));
        let copy = (self.kind == FormKind::Copy).then(|| CopyOptions {
            replace: self.toggled("replace"),
            same_node: self.toggled("node"),
            set_image: self.set_images(),
            share_processes: Some(self.toggled("share")),
            keep_labels: self.toggled("labels"),
            labels: self.marks.0.clone(),
            annotations: self.marks.1.clone(),
            ..CopyOptions::named(self.text("copy"))
        });
        let options = DebugOptions {
            image: Some(self.text("image").to_owned()),
            container,
            target: self.choice("target").filter(|name| *name != NO_TARGET).map(ToOwned::to_owned),
            profile: profile.map(|(profile, _)| *profile).unwrap_or_default(),
            command: words("command", "Command")?,
            env,
            stdin: true,
            tty: true,
            copy,
            ..DebugOptions::default()
        };
        Ok(Start::Debug { pod: self.pod.clone(), target: Target::AsGiven, options: Box::new(options) })
    }

    fn set_images(&self) -> Vec<(String, String)> {
        self.fields
            .iter()
            .filter_map(|field| match &field.kind {
                FieldKind::Text(line, _) if field.name == "set-image" && !line.text().trim().is_empty() => {
                    let container = field.label.strip_prefix("Image of ")?;
                    Some((container.to_owned(), line.text().trim().to_owned()))
                }
                _ => None,
            })
            .collect()
    }
}
