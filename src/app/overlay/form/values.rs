//! From the values of a form to the options of a plan, and from a toolkit or an alternative back to values.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::custom;
use super::fields::{self, NO_TARGET, PROFILES, PULL_POLICIES, pairs, read_env, read_user, split, words};
use super::{FieldKind, FieldName, Form, Subject};
use crate::app::overlay::TextLine;
use crate::app::toolkit::{Mount, Toolkit};
use crate::cluster::detail::pod_detail;
use crate::plan::{Alternative, CopyOptions, DebugOptions};

impl Form {
    /// What the values ask for. Names that are left empty are empty here too.
    ///
    /// # Errors
    /// One sentence on what cannot be read.
    pub fn options(&self) -> Result<DebugOptions, String> {
        let profile = self.chosen(&FieldName::Profile).and_then(|index| PROFILES.get(index)).copied();
        let policy = self.chosen(&FieldName::PullPolicy).and_then(|index| PULL_POLICIES.get(index.checked_sub(1)?));
        let copy = match self.subject {
            Subject::Pod { copy: true, .. } => Some(self.copy_options()),
            Subject::Pod { copy: false, .. } | Subject::Node { .. } => None,
        };
        let image = self.named(&FieldName::Image);
        // A copy may do with other images, or with a command for a container that it has.
        if image.is_none() && copy.is_none() {
            return Err("Image: a debugger needs one".to_owned());
        }
        if let Subject::Node { .. } = self.subject {
            check_namespace(self.text(&FieldName::Namespace))?;
        }
        let typed = self.text(&FieldName::RunAs);
        let user = read_user(typed)?.filter(|_| typed != custom::user_of(self.custom.as_ref())).map(security_of);
        let absent = self.absent_mounts();
        Ok(DebugOptions {
            image,
            container: self.named(&FieldName::Container),
            target: self.target(),
            profile: profile.unwrap_or_default(),
            command: split(self.text(&FieldName::Command), "Command")?,
            arguments_only: self.toggled(&FieldName::ArgumentsOnly),
            env: read_env(self.text(&FieldName::Env))?,
            pull_policy: policy.copied(),
            stdin: true,
            tty: true,
            custom: custom::composed(self.custom.as_ref(), self.security.as_ref(), user, &absent),
            copy,
            ..self.basis.defaults.clone()
        })
    }

    fn copy_options(&self) -> CopyOptions {
        let defaults = self.basis.defaults.copy.clone().unwrap_or_else(|| CopyOptions::named(""));
        CopyOptions {
            name: self.text(&FieldName::CopyName).to_owned(),
            replace: self.toggled(&FieldName::Replace),
            same_node: self.toggled(&FieldName::SameNode),
            set_image: self.set_images(),
            // What was left to the cluster stays so.
            share_processes: match self.toggled(&FieldName::ShareProcesses) {
                true if defaults.share_processes.is_none() => None,
                share => Some(share),
            },
            keep_labels: self.toggled(&FieldName::KeepLabels),
            keep_annotations: self.toggled(&FieldName::KeepAnnotations),
            keep_liveness: self.toggled(&FieldName::KeepLiveness),
            keep_readiness: self.toggled(&FieldName::KeepReadiness),
            keep_startup: self.toggled(&FieldName::KeepStartup),
            keep_init_containers: self.toggled(&FieldName::KeepInitContainers),
            ..defaults
        }
    }

    /// The mounts whose volume is not there, as far as that is known: they are not sent.
    pub(super) fn absent_mounts(&self) -> Vec<Mount> {
        let volumes = match (&self.subject, &self.found) {
            // A node's debugger is a pod of its own, with none of anybody's volumes.
            (Subject::Node { .. }, _) => &[][..],
            (Subject::Pod { .. }, Some(Ok(found))) => {
                found.object["spec"]["volumes"].as_array().map_or(&[][..], Vec::as_slice)
            }
            (Subject::Pod { .. }, _) => return Vec::new(),
        };
        let is_node = matches!(self.subject, Subject::Node { .. });
        let is_absent = |mount: &Mount| {
            !(is_node && mount.volume == HOST_ROOT)
                && volumes.iter().all(|volume| volume["name"] != mount.volume.as_str())
        };
        custom::mounts(self.custom.as_ref()).into_iter().filter(is_absent).collect()
    }

    /// The pod is known now: its default container is the target.
    pub(super) fn choose_default_target(&mut self, pod: &Value) {
        let Some(detail) = pod_detail(pod) else { return };
        let chosen = fields::target(&detail, detail.default_container.as_deref());
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == FieldName::Target) {
            *field = chosen;
        }
    }

    /// The namespace of a node's debugger was edited: what is known of the old one says nothing any more.
    pub(super) fn move_to_namespace(&mut self, now: Timestamp) {
        let typed = Arc::from(self.text(&FieldName::Namespace));
        if let Subject::Node { namespace, .. } = &mut self.subject {
            *namespace = typed;
        }
        (self.found, self.moved) = (None, Some(now));
    }

    /// Fills in what the chosen toolkit says; without one, what the one-key action would do.
    pub(super) fn take_toolkit(&mut self) {
        let chosen = self.chosen(&FieldName::Toolkit).and_then(|index| index.checked_sub(1));
        let toolkit: Option<Toolkit> = chosen.and_then(|index| self.basis.toolkits.get(index)).cloned();
        let mut options = self.basis.defaults.clone();
        if let Some(toolkit) = &toolkit {
            toolkit.apply(&mut options);
        }
        let own = self.basis.defaults.custom.clone();
        self.custom = match &toolkit {
            Some(_) => custom::with_mounts_of(own, options.custom.as_ref()),
            None => own,
        };
        self.security = None;
        self.write(&FieldName::RunAs, &custom::user_of(self.custom.as_ref()));
        self.write(&FieldName::Image, options.image.as_deref().unwrap_or_default());
        self.write(&FieldName::Command, &words(&options.command));
        self.write(&FieldName::Env, &pairs(&options.env));
        self.choose_profile(options.profile);
    }

    /// Fills in what an alternative says; everything else stays.
    pub(super) fn fill_in_alternative(&mut self, alternative: &Alternative) {
        self.choose_profile(alternative.profile);
        self.security = alternative.options.custom.as_ref().map(|custom| custom["securityContext"].clone());
        self.security = self.security.take().filter(Value::is_object);
        let taken = self.security.as_ref().map(|security| json!({ "securityContext": security }));
        self.write(&FieldName::RunAs, &custom::user_of(taken.as_ref().or(self.custom.as_ref())));
        if let Some(share) = alternative.options.copy.as_ref().and_then(|copy| copy.share_processes) {
            self.switch(&FieldName::ShareProcesses, share);
        }
    }

    fn kind(&self, name: &FieldName) -> Option<&FieldKind> {
        self.fields.iter().find(|field| field.name == *name).map(|field| &field.kind)
    }

    fn kind_mut(&mut self, name: &FieldName) -> Option<&mut FieldKind> {
        self.fields.iter_mut().find(|field| field.name == *name).map(|field| &mut field.kind)
    }

    fn text(&self, name: &FieldName) -> &str {
        match self.kind(name) {
            Some(FieldKind::Text(line, _)) => line.text().trim(),
            _ => "",
        }
    }

    fn named(&self, name: &FieldName) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
    }

    fn chosen(&self, name: &FieldName) -> Option<usize> {
        match self.kind(name)? {
            FieldKind::Choice(_, chosen) => Some(*chosen),
            _ => None,
        }
    }

    fn target(&self) -> Option<String> {
        match self.kind(&FieldName::Target)? {
            FieldKind::Choice(options, chosen) => options.get(*chosen).filter(|name| *name != NO_TARGET).cloned(),
            _ => None,
        }
    }

    fn toggled(&self, name: &FieldName) -> bool {
        self.kind(name) == Some(&FieldKind::Toggle(true))
    }

    fn set_images(&self) -> Vec<(String, String)> {
        let set = self.fields.iter().filter_map(|field| match (&field.name, &field.kind) {
            (FieldName::SetImage(container), FieldKind::Text(line, _)) => Some((container, line.text().trim())),
            _ => None,
        });
        set.filter(|(_, image)| !image.is_empty()).map(|(name, image)| (name.clone(), image.to_owned())).collect()
    }

    fn write(&mut self, name: &FieldName, text: &str) {
        if let Some(FieldKind::Text(line, _)) = self.kind_mut(name) {
            *line = TextLine::new(text);
        }
    }

    fn switch(&mut self, name: &FieldName, to: bool) {
        if let Some(FieldKind::Toggle(on)) = self.kind_mut(name) {
            *on = to;
        }
    }

    fn choose_profile(&mut self, profile: crate::plan::Profile) {
        let index = fields::PROFILES.iter().position(|known| *known == profile).unwrap_or_default();
        if let Some(FieldKind::Choice(_, chosen)) = self.kind_mut(&FieldName::Profile) {
            *chosen = index;
        }
    }
}

/// The volume that the profiles of a node's debugger bring.
const HOST_ROOT: &str = "host-root";

/// A namespace is a DNS label (RFC 1123).
fn check_namespace(name: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    match name {
        "" => Err("Namespace: the debugger's pod needs one".to_owned()),
        name if name.len() <= 63 && name.bytes().all(plain) && !name.starts_with('-') && !name.ends_with('-') => Ok(()),
        name => Err(format!("Namespace: {name:?} is no name of a namespace")),
    }
}

/// The security context of a container that is to run as this user and group. Who asks for root means it, even where
/// the pod says that nothing in it is root.
fn security_of((uid, gid): (u32, Option<u32>)) -> Value {
    let mut context = json!({ "runAsUser": uid });
    if let Some(gid) = gid {
        context["runAsGroup"] = gid.into();
    }
    if uid == 0 {
        context["runAsNonRoot"] = false.into();
    }
    context
}
