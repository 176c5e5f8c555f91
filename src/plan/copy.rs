//! A copy of a pod with a debugger in it; everything that kubectl keeps is kept, known here or not.

use serde_json::{Value, json};

use super::auto::Chosen;
use super::pod::{Kind, Object, Pod, name_of};
use super::profile::Mode;
use super::{CopyOptions, DebugOptions, Facts, Plan, Profile, Refusal, Request, debugger, name, warning};

/// The plan for a copy, and for the original's end when it is to be replaced.
pub(super) fn plan(
    pod: Pod<'_>,
    facts: Facts,
    chosen: &Chosen,
    copy: &CopyOptions,
    suffixes: &mut dyn Iterator<Item = String>,
) -> Result<Plan, Refusal> {
    let options = &chosen.options;
    refuse_name(&pod, copy)?;
    let mut made = Copied::of(&pod, copy);
    let mut warnings = Vec::new();
    let container = match place(&pod, options) {
        Place::None => {
            warnings.push(images_only_warning(options));
            None
        }
        Place::New => Some(made.add(&pod, options, suffixes)?),
        Place::Existing(kind, name) => Some(made.change(kind, name, options, copy)?),
    };
    if let Some(name) = &container {
        made.simplify(options.profile, copy);
        made.finish(name, options)?;
        warnings.extend(warning::of_profile(options, facts, Mode::Copy));
        if let Some(debugger) = made.find(name) {
            warnings.extend(warning::of_container(&pod, debugger));
        }
    }
    refuse_processes(&pod, &made.spec)?;

    let mut requests = vec![Request::CreatePod {
        namespace: pod.namespace.into(),
        pod: copy.name.clone(),
        container: container.clone(),
        body: made.into_body(&pod, copy),
    }];
    if copy.replace {
        requests.push(Request::DeletePod { namespace: pod.namespace.into(), pod: pod.name.into() });
    }
    Ok(Plan {
        requests,
        namespace: pod.namespace.into(),
        pod: copy.name.clone(),
        attach: container.is_some() && options.attaches(),
        container,
        profile: options.profile,
        reasons: chosen.reasons.clone(),
        warnings,
    })
}

/// Where the debugger goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// Only images are changed.
    None,
    /// A container is added.
    New,
    /// This container is changed.
    Existing(Kind, &'a str),
}

/// Where kubectl puts the debugger: into the container that is named if the pod has it, else into a new one, unless
/// there is no image for it but images to set.
pub(super) fn place<'a>(pod: &Pod<'a>, options: &DebugOptions) -> Place<'a> {
    let named = options.container().and_then(|name| pod.find(name));
    match named {
        Some((kind @ (Kind::Regular | Kind::Init), container)) => Place::Existing(kind, name_of(container)),
        _ if options.image().is_none() && options.copy.as_ref().is_some_and(|copy| !copy.set_image.is_empty()) => {
            Place::None
        }
        _ => Place::New,
    }
}

fn refuse_name(pod: &Pod<'_>, copy: &CopyOptions) -> Result<(), Refusal> {
    if copy.name == pod.name {
        return Err(Refusal::new(format!(
            "the copy cannot be called {}: the original is only deleted once the copy is there; give it another name",
            pod.name
        )));
    }
    if !name::is_subdomain(&copy.name) {
        return Err(Refusal::new(format!(
            "{:?} cannot name a pod: a name has lower-case letters, digits, dashes and dots, and begins and ends \
             with a letter or digit",
            copy.name
        )));
    }
    Ok(())
}

fn refuse_processes(pod: &Pod<'_>, spec: &Object) -> Result<(), Refusal> {
    let shares = spec.get("shareProcessNamespace").filter(|shares| !shares.is_null());
    if pod.uses_host_pids() && shares == Some(&Value::Bool(true)) {
        return Err(Refusal::new(format!(
            "{} uses the node's process IDs (hostPID) and cannot share processes as well; say \
             --share-processes=false: every process of the node is visible anyway",
            pod.name
        )));
    }
    if pod.is_windows() && shares.is_some() {
        return Err(Refusal::new(format!(
            "{} is a Windows pod, whose copy may say nothing of shared processes; take profile legacy and leave \
             --share-processes out",
            pod.name
        )));
    }
    Ok(())
}

fn images_only_warning(options: &DebugOptions) -> String {
    let ignored = if options.command.is_empty() { "" } else { ", and the command is not used" };
    format!(
        "Only images are changed: there is no debugger to attach to{ignored}, and the copy keeps its labels and \
         probes, so Services may send it traffic and a controller may adopt it"
    )
}

/// A copy in the making.
struct Copied {
    labels: Option<Object>,
    annotations: Option<Object>,
    spec: Object,
}

impl Copied {
    fn of(pod: &Pod<'_>, copy: &CopyOptions) -> Self {
        let mut spec = pod.spec.clone();
        spec.shift_remove("ephemeralContainers");
        if !copy.same_node {
            spec.shift_remove("nodeName");
        }
        if let Some(share) = copy.share_processes {
            spec.insert("shareProcessNamespace".into(), share.into());
        }
        if let Some(limit) = copy.active_deadline {
            let own = spec.get("activeDeadlineSeconds").and_then(Value::as_u64);
            spec.insert("activeDeadlineSeconds".into(), own.unwrap_or(u64::MAX).min(limit.into()).into());
        }
        for container in list(&mut spec, Kind::Regular) {
            let named = |wanted: &str| copy.set_image.iter().rfind(|(name, _)| name == wanted);
            if let Some((_, image)) = named(name_of(container)).or_else(|| named("*")) {
                container.insert("image".into(), image.as_str().into());
            }
        }
        Self { labels: pod.metadata("labels").cloned(), annotations: pod.metadata("annotations").cloned(), spec }
    }

    fn find(&self, name: &str) -> Option<&Object> {
        [Kind::Regular, Kind::Init].into_iter().find_map(|kind| {
            self.spec
                .get(kind.field())?
                .as_array()?
                .iter()
                .filter_map(Value::as_object)
                .find(|container| name_of(container) == name)
        })
    }

    fn find_mut(&mut self, name: &str) -> Option<&mut Object> {
        let kind = [Kind::Regular, Kind::Init]
            .into_iter()
            .find(|kind| list(&mut self.spec, *kind).any(|container| name_of(container) == name))?;
        list(&mut self.spec, kind).find(|container| name_of(container) == name)
    }

    /// Adds a new container and says its name.
    fn add(
        &mut self,
        pod: &Pod<'_>,
        options: &DebugOptions,
        suffixes: &mut dyn Iterator<Item = String>,
    ) -> Result<String, Refusal> {
        if options.image().is_none() {
            let wanted = options.container().unwrap_or_default();
            return Err(Refusal::new(format!(
                "pod {} has no container {wanted}; a new one needs an image: name it with --image",
                pod.name
            )));
        }
        let name = match options.container() {
            Some(name) if name::is_label(name) => name.to_owned(),
            Some(name) => {
                return Err(Refusal::new(format!(
                    "{name:?} cannot name a container: a name has at most 63 lower-case letters, digits and dashes"
                )));
            }
            None => name::debugger(|name| pod.find(name).is_some(), suffixes)?,
        };
        let container = Value::Object(debugger::fresh(&name, options));
        match self.spec.get_mut(Kind::Regular.field()) {
            Some(Value::Array(containers)) => containers.push(container),
            _ => {
                self.spec.insert(Kind::Regular.field().into(), json!([container]));
            }
        }
        Ok(name)
    }

    /// Writes the choices into a container that is there.
    fn change(
        &mut self,
        kind: Kind,
        name: &str,
        options: &DebugOptions,
        copy: &CopyOptions,
    ) -> Result<String, Refusal> {
        if kind == Kind::Init && options.profile != Profile::Legacy && !copy.keep_init_containers {
            return Err(Refusal::new(format!(
                "{name} is an init container, and the copy is to have none; leave --keep-init-containers on"
            )));
        }
        if kind == Kind::Init && options.custom.is_some() {
            return Err(Refusal::new(format!(
                "a custom container cannot be merged into the init container {name}; only into a regular one"
            )));
        }
        if let Some(container) = self.find_mut(name) {
            debugger::write_choices(container, options);
        }
        Ok(name.to_owned())
    }

    /// Takes away what would disturb the debugging: profile `legacy` takes the labels, the others as they are told.
    fn simplify(&mut self, profile: Profile, copy: &CopyOptions) {
        if profile == Profile::Legacy {
            self.labels = None;
            return;
        }
        if !copy.keep_labels {
            self.labels = None;
        }
        if !copy.keep_annotations {
            self.annotations = None;
        }
        let probes = [
            ("livenessProbe", copy.keep_liveness),
            ("readinessProbe", copy.keep_readiness),
            ("startupProbe", copy.keep_startup),
        ];
        for container in list(&mut self.spec, Kind::Regular) {
            for (probe, keep) in probes {
                if !keep {
                    container.shift_remove(probe);
                }
            }
        }
        if !copy.keep_init_containers {
            self.spec.shift_remove(Kind::Init.field());
        }
        let shares = self.spec.entry("shareProcessNamespace").or_insert(Value::Null);
        if shares.is_null() {
            *shares = true.into();
        }
    }

    /// Writes profile and custom container into the debugger.
    fn finish(&mut self, name: &str, options: &DebugOptions) -> Result<(), Refusal> {
        match self.find_mut(name) {
            Some(container) => debugger::write_profile(container, Mode::Copy, options),
            None => Ok(()),
        }
    }

    fn into_body(mut self, pod: &Pod<'_>, copy: &CopyOptions) -> Value {
        // A copy that replaces its original is the workload from then on: nobody may take it for a leftover.
        if !copy.replace {
            add(&mut self.labels, &copy.labels);
        }
        add(&mut self.annotations, &copy.annotations);
        let mut metadata = Object::new();
        metadata.insert("name".into(), copy.name.as_str().into());
        metadata.insert("namespace".into(), pod.namespace.into());
        for (field, map) in [("labels", self.labels), ("annotations", self.annotations)] {
            if let Some(map) = map {
                metadata.insert(field.into(), map.into());
            }
        }
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": self.spec})
    }
}

fn list(spec: &mut Object, kind: Kind) -> impl Iterator<Item = &mut Object> {
    spec.get_mut(kind.field()).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

fn add(map: &mut Option<Object>, pairs: &[(String, String)]) {
    if !pairs.is_empty() {
        let map = map.get_or_insert_default();
        for (key, value) in pairs {
            map.insert(key.clone(), value.as_str().into());
        }
    }
}
