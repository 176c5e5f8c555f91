//! The fields of a form: which there are, how one is filled in, and its value read back; it knows no plan.

use super::custom::user_of;
use crate::app::overlay::TextLine;
use crate::cluster::{ContainerKind, PodDetail};
use crate::plan::{CopyOptions, DebugOptions, Profile, PullPolicy};

/// What a field is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldName {
    /// A named set of choices.
    Toolkit,
    /// The debugger's image.
    Image,
    /// Whose processes it sees.
    Target,
    /// How much it may do.
    Profile,
    /// What it runs.
    Command,
    /// Its environment.
    Env,
    /// Whether the command only replaces the arguments of the image's own.
    ArgumentsOnly,
    /// Its user and group.
    RunAs,
    /// When its image is pulled.
    PullPolicy,
    /// Its name.
    Container,
    /// Where a node's debugger is created.
    Namespace,
    /// The copy's name.
    CopyName,
    /// Another image for this container of the copy.
    SetImage(String),
    /// Whether the copy's containers see each other's processes.
    ShareProcesses,
    /// Whether the copy keeps the labels.
    KeepLabels,
    /// Whether the copy keeps the annotations.
    KeepAnnotations,
    /// Whether it keeps the liveness probes.
    KeepLiveness,
    /// Whether it keeps the readiness probes.
    KeepReadiness,
    /// Whether it keeps the startup probes.
    KeepStartup,
    /// Whether it keeps the init containers.
    KeepInitContainers,
    /// Whether it runs on the same node.
    SameNode,
    /// Whether the original is deleted.
    Replace,
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
    /// What it is about.
    pub name: FieldName,
    /// What it says.
    pub label: String,
    /// Its value.
    pub kind: FieldKind,
}

/// The choice of a debugger that targets no container.
pub(super) const NO_TARGET: &str = "none: only its own processes";
/// The choice of no toolkit.
pub(super) const NO_TOOLKIT: &str = "none";
/// In the order of the choices.
pub(super) const PROFILES: [Profile; 7] = [
    Profile::Auto,
    Profile::General,
    Profile::Baseline,
    Profile::Restricted,
    Profile::Netadmin,
    Profile::Sysadmin,
    Profile::Legacy,
];
/// In the order of the choices, behind the one for the cluster's own rule.
pub(super) const PULL_POLICIES: [PullPolicy; 3] = [PullPolicy::IfNotPresent, PullPolicy::Always, PullPolicy::Never];

impl Field {
    fn text(name: FieldName, label: impl Into<String>, value: &str, empty: &str) -> Self {
        Self { name, label: label.into(), kind: FieldKind::Text(TextLine::new(value), empty.to_owned()) }
    }

    fn toggle(name: FieldName, label: &str, on: bool) -> Self {
        Self { name, label: label.to_owned(), kind: FieldKind::Toggle(on) }
    }

    fn choice(name: FieldName, label: &str, options: Vec<String>, chosen: usize) -> Self {
        Self { name, label: label.to_owned(), kind: FieldKind::Choice(options, chosen) }
    }

    /// What a person may want to know while it is under edit.
    pub(super) fn hint(&self) -> &'static str {
        match self.name {
            FieldName::Toolkit => "sets image, profile, command, environment and mounts at once",
            FieldName::Image => "an image with a shell, and the tools you need",
            FieldName::Target => "the container whose processes the debugger sees",
            FieldName::Profile => "auto: the strongest that is admitted here and will work",
            FieldName::Command => "words as in a shell; runs instead of the image's own command",
            FieldName::Env => "NAME=value NAME='two words'",
            FieldName::ArgumentsOnly => "the command goes to the image's own as its arguments",
            FieldName::RunAs => "uid or uid:gid; as the profile and the pod say if empty",
            FieldName::PullPolicy => "when the node asks the registry for the image",
            FieldName::Container => "an existing container of a copy is changed, any other name is new",
            FieldName::Namespace => "where the debugger's pod is created; one that enforces nothing allows most",
            FieldName::CopyName => "the name of the new pod",
            FieldName::SetImage(_) => "runs this image in the copy instead of its own",
            FieldName::ShareProcesses => "the debugger sees the processes of every container of the copy",
            FieldName::KeepLabels => "Services may send traffic to the copy, and a controller may adopt it",
            FieldName::KeepAnnotations => "what reads annotations treats the copy like the original",
            FieldName::KeepLiveness => "the kubelet may restart the copy's containers while you look",
            FieldName::KeepReadiness => "the copy is ready only when the original would be",
            FieldName::KeepStartup => "the copy's containers are restarted if they start too slowly",
            FieldName::KeepInitContainers => "they run again before the copy starts",
            FieldName::SameNode => "the copy runs where the original runs",
            FieldName::Replace => "the original is deleted once the copy is created",
        }
    }
}

/// The fields that every debugger has, filled with these choices.
pub(super) fn common(defaults: &DebugOptions, toolkits: Vec<String>) -> Vec<Field> {
    let mut fields = Vec::new();
    if !toolkits.is_empty() {
        let names = std::iter::once(NO_TOOLKIT.to_owned()).chain(toolkits).collect();
        fields.push(Field::choice(FieldName::Toolkit, "Toolkit", names, 0));
    }
    let image = defaults.image.as_deref().unwrap_or_default();
    let profiles = PROFILES.iter().map(ToString::to_string).collect();
    let profile = PROFILES.iter().position(|profile| *profile == defaults.profile).unwrap_or_default();
    let policy = PULL_POLICIES.iter().position(|policy| Some(*policy) == defaults.pull_policy).map_or(0, |at| at + 1);
    let container = defaults.container.as_deref().unwrap_or_default();
    let policies = std::iter::once("by the image's tag").chain(PULL_POLICIES.map(PullPolicy::as_str));
    fields.extend([
        Field::text(FieldName::Image, "Image", image, ""),
        Field::choice(FieldName::Profile, "Profile", profiles, profile),
        Field::text(FieldName::Command, "Command", &words(&defaults.command), "the image's own"),
        Field::text(FieldName::Env, "Environment", &pairs(&defaults.env), "NAME=value …"),
        Field::toggle(FieldName::ArgumentsOnly, "Arguments only", defaults.arguments_only),
        Field::text(FieldName::RunAs, "Run as", &user_of(defaults.custom.as_ref()), "chosen"),
        Field::choice(FieldName::PullPolicy, "Pull image", policies.map(ToOwned::to_owned).collect(), policy),
        Field::text(FieldName::Container, "Container name", container, "generated"),
    ]);
    fields
}

/// The field that names where a node's debugger is created.
pub(super) fn namespace(name: &str) -> Field {
    Field::text(FieldName::Namespace, "Namespace", name, "")
}

/// The field that chooses the target of an ephemeral debugger; what is chosen stays, whether or not the pod is known to
/// have it.
pub(super) fn target(pod: &PodDetail, chosen: Option<&str>) -> Field {
    let targets = pod.containers.iter().filter(|c| c.kind != ContainerKind::Ephemeral);
    let mut names: Vec<String> = targets.map(|container| container.name.to_string()).collect();
    names.extend(chosen.filter(|chosen| names.iter().all(|name| name != chosen)).map(ToOwned::to_owned));
    names.push(NO_TARGET.to_owned());
    let chosen = names.iter().position(|name| name == chosen.unwrap_or(NO_TARGET)).unwrap_or_default();
    Field::choice(FieldName::Target, "Target", names, chosen)
}

/// The fields of a copy, filled with these choices; images for containers that the pod is not known to have stay too.
pub(super) fn copy(pod: &PodDetail, given: &CopyOptions) -> Vec<Field> {
    let mut fields = vec![Field::text(FieldName::CopyName, "New pod's name", &given.name, "generated")];
    let regular = pod.containers.iter().filter(|c| c.kind == ContainerKind::Regular);
    let mut images: Vec<(&str, &str)> = regular.map(|container| (&*container.name, container.image.as_str())).collect();
    for (name, _) in &given.set_image {
        if images.iter().all(|(known, _)| known != name) {
            images.push((name, "its own"));
        }
    }
    for (container, own) in images {
        let set = given.set_image.iter().rfind(|(name, _)| name == container);
        let label = if container == "*" { "Image of all others".to_owned() } else { format!("Image of {container}") };
        let image = set.map_or("", |(_, image)| image);
        fields.push(Field::text(FieldName::SetImage(container.to_owned()), label, image, own));
    }
    fields.extend([
        Field::toggle(FieldName::ShareProcesses, "Share processes", given.share_processes.unwrap_or(true)),
        Field::toggle(FieldName::KeepLabels, "Keep labels", given.keep_labels),
        Field::toggle(FieldName::KeepAnnotations, "Keep annotations", given.keep_annotations),
        Field::toggle(FieldName::KeepLiveness, "Keep liveness probes", given.keep_liveness),
        Field::toggle(FieldName::KeepReadiness, "Keep readiness probes", given.keep_readiness),
        Field::toggle(FieldName::KeepStartup, "Keep startup probes", given.keep_startup),
        Field::toggle(FieldName::KeepInitContainers, "Keep init containers", given.keep_init_containers),
        Field::toggle(FieldName::SameNode, "Same node", given.same_node),
        Field::toggle(FieldName::Replace, "Replace original", given.replace),
    ]);
    fields
}

/// Words as a person types them into a field.
pub(super) fn words(words: &[String]) -> String {
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_default()
}

/// Names and values as a person types them into a field.
pub(super) fn pairs(env: &[(String, String)]) -> String {
    let pairs: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    words(&pairs)
}

/// Reads words; a quote must be closed.
pub(super) fn split(text: &str, label: &str) -> Result<Vec<String>, String> {
    shlex::split(text).ok_or_else(|| format!("{label}: a quote is not closed"))
}

/// Reads `NAME=value` pairs.
pub(super) fn read_env(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut env = Vec::new();
    for pair in split(text, "Environment")? {
        match pair.split_once('=') {
            Some((name, value)) if !name.is_empty() => env.push((name.to_owned(), value.to_owned())),
            _ => return Err(format!("Environment: {pair:?} is not NAME=value")),
        }
    }
    Ok(env)
}

/// Reads `uid` or `uid:gid`; `None` for nothing.
pub(super) fn read_user(text: &str) -> Result<Option<(u32, Option<u32>)>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let (uid, gid) = match text.split_once(':') {
        Some((uid, gid)) => (uid, Some(gid)),
        None => (text, None),
    };
    let number = |text: &str| {
        // The API's bound for both.
        let number = text.parse::<u32>().ok().filter(|number| *number <= i32::MAX.unsigned_abs());
        number.ok_or_else(|| format!("Run as: {text:?} is not a number; a user is 65532 or 65532:65532"))
    };
    Ok(Some((number(uid)?, gid.map(number).transpose()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_a_number_and_maybe_a_group() {
        assert_eq!(read_user(""), Ok(None));
        assert_eq!(read_user("0"), Ok(Some((0, None))));
        assert_eq!(read_user("65532:7"), Ok(Some((65532, Some(7)))));
        for bad in ["root", "1:", ":1", "-1", "4294967295", "1:2:3"] {
            assert!(read_user(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_filled_in_is_read_back() {
        let env = vec![("A".to_owned(), "x y".to_owned()), ("B".to_owned(), "it's = '".to_owned())];
        assert_eq!(read_env(&pairs(&env)), Ok(env));
        let command = ["sh", "-c", "echo $HOME; ls"].map(ToOwned::to_owned);
        assert_eq!(split(&words(&command), "Command"), Ok(command.to_vec()));
    }
}
