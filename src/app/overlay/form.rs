//! The form of a debugger: its values, the plan they come to, and the server's verdicts on it; it starts nothing.

mod custom;
mod fields;
mod lines;
mod places;
mod preview;
mod values;
mod verdicts;

use std::fmt;
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;

pub use fields::{Field, FieldKind, FieldName};
pub use lines::{PlanLine, Tone};
pub use places::{FormPlaces, form_places};
pub use preview::{Found, Planned, Preview};
pub use verdicts::Verdict;

use super::TextLine;
use crate::app::message::Target;
use crate::app::toolkit::Toolkit;
use crate::cluster::{PodDetail, PodKey, Problem};
use crate::plan::{DebugOptions, Plan};
use verdicts::Verdicts;

/// Names a form; an answer for another one is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FormId(pub u64);

/// What is debugged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A pod, or a copy of it where the choices say so.
    Pod {
        /// Which.
        pod: PodKey,
        /// Whether a copy is made.
        copy: bool,
    },
    /// A node, by a pod on it.
    Node {
        /// Its name.
        node: Arc<str>,
        /// Where the pod is made.
        namespace: Arc<str>,
    },
}

impl fmt::Display for Subject {
    /// `pod demo/api`, `node worker-1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod { pod, .. } => write!(f, "pod {}/{}", pod.namespace, pod.name),
            Self::Node { node, .. } => write!(f, "node {node}"),
        }
    }
}

/// What a form is filled with when it is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    /// The form's id.
    pub id: FormId,
    /// The context it is for.
    pub context: String,
    /// What the one-key action would do.
    pub defaults: DebugOptions,
    /// The toolkits there are.
    pub toolkits: Vec<Toolkit>,
    /// The images used last, newest first.
    pub images: Vec<String>,
    /// The time.
    pub now: Timestamp,
}

/// A form under edit.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// What is debugged.
    pub subject: Subject,
    /// The fields.
    pub fields: Vec<Field>,
    /// The field under edit.
    pub focus: usize,
    /// How many lines of the plan are scrolled away.
    pub scroll: usize,
    basis: Basis,
    /// The partial container that the choices began with, or that a toolkit has set; who it runs as is the field's word
    /// once that is edited.
    custom: Option<serde_json::Value>,
    /// The pod was not known when the form was opened: its default container is the target, once it is.
    target_is_open: bool,
    /// Since when the namespace of a node's debugger is another one than what was read.
    moved: Option<Timestamp>,
    /// The security context of an alternative that was taken, until profile or user are edited.
    security: Option<serde_json::Value>,
    found: Option<Result<Found, Problem>>,
    preview: Preview,
    verdicts: Verdicts,
}

impl Form {
    /// A form for this pod, or for a copy of it where the defaults say so.
    pub fn for_pod(basis: Basis, pod: &PodDetail, target: &Target) -> Self {
        let mut fields = fields::common(&basis.defaults, names(&basis.toolkits));
        let copy = basis.defaults.copy.clone();
        let target_is_open = *target == Target::Default
            && copy.is_none()
            && basis.defaults.target.is_none()
            && pod.containers.is_empty();
        if let Some(copy) = &copy {
            fields.extend(fields::copy(pod, copy));
        } else {
            let default = pod.default_container.as_deref().filter(|_| *target == Target::Default);
            let chosen = basis.defaults.target.as_deref().or(default);
            let behind_image = fields.iter().position(|field| field.name == FieldName::Image).map_or(0, |at| at + 1);
            fields.insert(behind_image, fields::target(pod, chosen));
        }
        let form = Self::of(Subject::Pod { pod: pod.key.clone(), copy: copy.is_some() }, fields, basis);
        Self { target_is_open, ..form }
    }

    /// A form for a pod on this node, made in this namespace.
    pub fn for_node(basis: Basis, node: &str, namespace: &str) -> Self {
        let mut fields = fields::common(&basis.defaults, names(&basis.toolkits));
        fields.push(fields::namespace(namespace));
        Self::of(Subject::Node { node: node.into(), namespace: namespace.into() }, fields, basis)
    }

    fn of(subject: Subject, fields: Vec<Field>, basis: Basis) -> Self {
        let verdicts = Verdicts::new(basis.now);
        // Most people change the image or what follows it; what sets all at once stands above.
        let focus = fields.iter().position(|field| field.name == FieldName::Image).unwrap_or_default();
        let custom = basis.defaults.custom.clone();
        Self {
            subject,
            fields,
            focus,
            scroll: 0,
            basis,
            custom,
            target_is_open: false,
            moved: None,
            security: None,
            found: None,
            preview: Preview::Waiting,
            verdicts,
        }
    }

    /// Its id.
    pub fn id(&self) -> FormId {
        self.basis.id
    }

    /// The context it is for.
    pub fn context(&self) -> &str {
        &self.basis.context
    }

    /// What its values come to.
    pub fn preview(&self) -> &Preview {
        &self.preview
    }

    /// The suffixes that the names in the plan were made with; none while nothing was read.
    pub fn suffixes(&self) -> Vec<String> {
        match &self.found {
            Some(Ok(found)) => found.suffixes.clone(),
            _ => Vec::new(),
        }
    }

    /// The field under edit.
    pub fn focused(&self) -> &Field {
        &self.fields[self.focus]
    }

    /// What a person may want to know about the field under edit.
    pub fn hint(&self) -> String {
        let field = self.focused();
        match field.name {
            FieldName::Image if !self.basis.images.is_empty() => {
                format!("^N ^P last used: {}", self.basis.images.join("  "))
            }
            _ => field.hint().to_owned(),
        }
    }

    /// Moves to another field, round and round.
    pub fn move_focus(&mut self, by: isize) {
        let count = isize::try_from(self.fields.len()).unwrap_or(1);
        let next = (isize::try_from(self.focus).unwrap_or(0) + by).rem_euclid(count);
        self.focus = usize::try_from(next).unwrap_or(0);
    }

    /// Takes a key that edits the focused field.
    pub fn edit(&mut self, key: &KeyEvent, now: Timestamp) {
        let before = self.focused().clone();
        match &mut self.fields[self.focus].kind {
            FieldKind::Text(line, _) => {
                line.edit(key);
            }
            FieldKind::Toggle(on) => {
                *on ^= matches!(key.code, KeyCode::Char(' ') | KeyCode::Left | KeyCode::Right);
            }
            FieldKind::Choice(options, chosen) => match key.code {
                KeyCode::Right | KeyCode::Char(' ') => *chosen = (*chosen + 1) % options.len(),
                KeyCode::Left => *chosen = (*chosen + options.len() - 1) % options.len(),
                _ => {}
            },
        }
        self.edited(&before, now);
    }

    /// Inserts pasted text into the focused field.
    pub fn paste(&mut self, text: &str, now: Timestamp) {
        let before = self.focused().clone();
        if let FieldKind::Text(line, _) = &mut self.fields[self.focus].kind {
            line.insert(text);
        }
        self.edited(&before, now);
    }

    /// Puts the next (or the one before, for a negative step) of the images used last into the image field, if that
    /// is under edit.
    pub fn cycle_image(&mut self, by: isize, now: Timestamp) {
        let images = &self.basis.images;
        let Ok(count) = isize::try_from(images.len()) else { return };
        let before = self.focused().clone();
        let FieldKind::Text(line, _) = &mut self.fields[self.focus].kind else { return };
        if before.name != FieldName::Image || count == 0 {
            return;
        }
        let next = match images.iter().position(|image| image == line.text().trim()) {
            Some(at) => (isize::try_from(at).unwrap_or(0) + by).rem_euclid(count),
            None if by > 0 => 0,
            None => count - 1,
        };
        *line = TextLine::new(images[usize::try_from(next).unwrap_or(0)].clone());
        self.edited(&before, now);
    }

    /// A field was edited: what follows from it is brought up to date.
    fn edited(&mut self, before: &Field, now: Timestamp) {
        if self.focused() == before {
            return;
        }
        match before.name {
            FieldName::Toolkit => self.take_toolkit(),
            FieldName::Profile => self.security = None,
            FieldName::RunAs => {
                self.security = None;
                self.custom = self.custom.take().map(custom::without_user);
            }
            FieldName::Target => self.target_is_open = false,
            FieldName::Namespace => self.move_to_namespace(now),
            _ => {}
        }
        self.plan_anew(now);
    }

    /// What the form plans with has been read.
    pub(in crate::app) fn answer(&mut self, found: Result<Found, Problem>, now: Timestamp) {
        if self.moved.is_some() {
            // That was about another namespace.
            return;
        }
        if let Ok(found) = &found
            && std::mem::take(&mut self.target_is_open)
        {
            self.choose_default_target(&found.object);
        }
        self.found = Some(found);
        self.plan_anew(now);
    }

    fn plan_anew(&mut self, now: Timestamp) {
        let preview = match (self.options(), &self.found) {
            (Err(mistake), _) => Preview::Mistake(mistake),
            (Ok(_), None) => Preview::Waiting,
            (Ok(_), Some(Err(problem))) => Preview::Unknown(problem.clone()),
            (Ok(options), Some(Ok(found))) => match preview::plan(&self.subject, found, options) {
                Ok(planned) => Preview::Planned(Box::new(planned)),
                Err(refusal) => Preview::Refused(refusal.message),
            },
        };
        let same = match (&preview, &self.preview) {
            (Preview::Planned(new), Preview::Planned(old)) => new.plan.requests == old.plan.requests,
            _ => false,
        };
        self.preview = preview;
        // What was said of these very requests still holds.
        if !same {
            self.verdicts.forget(now);
        }
    }

    /// Puts the focus on this field, if there is one of this name.
    pub(in crate::app) fn focus_on(&mut self, name: &FieldName) {
        self.focus = self.fields.iter().position(|field| field.name == *name).unwrap_or(self.focus);
    }

    /// What is to be read anew, once a namespace that was typed in has settled.
    pub(in crate::app) fn unread(&mut self, now: Timestamp) -> Option<Subject> {
        let settled = now.duration_since(self.moved?).as_millis() >= verdicts::SETTLED_AFTER;
        if !settled || self.options().is_err() {
            return None;
        }
        self.moved = None;
        Some(self.subject.clone())
    }

    /// The plan to ask the server about and its revision, once it has settled and was not asked about.
    pub(in crate::app) fn due(&mut self, now: Timestamp) -> Option<(u64, Plan)> {
        let Preview::Planned(planned) = &self.preview else { return None };
        Some((self.verdicts.due(now)?, planned.plan.clone()))
    }

    /// Takes in a verdict on the plan of this revision.
    pub(in crate::app) fn told(&mut self, revision: u64, verdict: Verdict) {
        if !self.verdicts.told(revision, verdict) || !self.verdicts.refused_by_policy() {
            return;
        }
        if let (Preview::Planned(planned), Some(Ok(found))) = (&self.preview, &self.found) {
            self.verdicts.alternatives = preview::alternatives(&self.subject, found, planned);
        }
    }

    /// Takes the strongest of the ways that are left after a refusal; false if none is offered.
    pub(in crate::app) fn take_alternative(&mut self, now: Timestamp) -> bool {
        if self.verdicts.alternatives.is_empty() {
            return false;
        }
        let alternative = self.verdicts.alternatives.remove(0);
        self.fill_in_alternative(&alternative);
        self.plan_anew(now);
        true
    }

    /// The command that asks kubectl for the same, while there is a plan.
    pub fn kubectl_command(&self) -> Option<String> {
        match &self.preview {
            // What is pasted into a shell must not bring its own Enter.
            Preview::Planned(planned) => Some(planned.command.chars().filter(|c| !c.is_control()).collect()),
            _ => None,
        }
    }

    /// Scrolls the plan, shown in so many rows and columns.
    pub(in crate::app) fn scroll_by(&mut self, by: isize, rows: usize, columns: usize) {
        let last = self.plan_lines(columns).len().saturating_sub(rows);
        self.scroll = self.scroll.min(last).saturating_add_signed(by).min(last);
    }
}

fn names(toolkits: &[Toolkit]) -> Vec<String> {
    toolkits.iter().map(|toolkit| toolkit.name.clone()).collect()
}
