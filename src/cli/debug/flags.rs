//! The flags of `bathy debug`: those of `kubectl debug` under the same names, and ours; it only names what was said.

use std::time::Duration;

use clap::{ArgAction, Args};

use crate::plan::Invocation;
use crate::plan::document::Format;
use crate::runtime::plain::DryRun;

/// How a debugger is made: every flag of `kubectl debug`, and `--dry-run`, `--output`, `--explain`,
/// `--marks` and `--timeout`.
#[derive(Debug, Clone, Args)]
#[command(args_override_self = true)]
pub struct DebugArguments {
    /// What to debug: POD, pod/POD or node/NODE; several are debugged one after the other
    #[arg(value_name = "POD | TYPE/NAME")]
    pub resources: Vec<String>,
    /// What the debugger runs instead of its image's own command
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
    /// Pass the words after -- as arguments of the image's own command
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub arguments_only: Option<bool>,
    /// Wait until the container runs and attach to it (default: with -i)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub attach: Option<bool>,
    /// The debugger's container name; with --copy-to it may name an existing container
    #[arg(short, long, value_name = "NAME", allow_hyphen_values = true)]
    pub container: Option<String>,
    /// Copy the pod under this name and debug the copy
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub copy_to: Option<String>,
    /// A file with a partial container, JSON or YAML, merged into the debugger's
    #[arg(long, value_name = "FILE", allow_hyphen_values = true)]
    pub custom: Option<String>,
    /// Set environment variables, NAME=VALUE (may be given several times)
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub env: Vec<String>,
    /// Debug the pods and nodes in this file or folder; - reads standard input (may be given several times)
    #[arg(short, long = "filename", value_name = "FILE", allow_hyphen_values = true)]
    pub files: Vec<String>,
    /// Read the folders in the folders of --filename too
    #[arg(short = 'R', long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = boolean, action = ArgAction::Set)]
    pub recursive: Option<bool>,
    /// The debugger's image
    #[arg(long, value_name = "IMAGE", allow_hyphen_values = true)]
    pub image: Option<String>,
    /// When the image is pulled: `Always`, `IfNotPresent` or `Never`
    #[arg(long, value_name = "POLICY", allow_hyphen_values = true)]
    pub image_pull_policy: Option<String>,
    /// With --copy-to: keep the annotations
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub keep_annotations: Option<bool>,
    /// With --copy-to: keep the init containers (default: true)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub keep_init_containers: Option<bool>,
    /// With --copy-to: keep the labels
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub keep_labels: Option<bool>,
    /// With --copy-to: keep the liveness probes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub keep_liveness: Option<bool>,
    /// With --copy-to: keep the readiness probes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub keep_readiness: Option<bool>,
    /// With --copy-to: keep the startup probes
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub keep_startup: Option<bool>,
    /// What the debugger may do: general (default), baseline, restricted, netadmin, sysadmin, legacy; auto chooses
    #[arg(long, value_name = "PROFILE", allow_hyphen_values = true)]
    pub profile: Option<String>,
    /// Say nothing but warnings and errors
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub quiet: Option<bool>,
    /// With --copy-to: delete the original once the copy is created
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub replace: Option<bool>,
    /// With --copy-to: put the copy on the original's node
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub same_node: Option<bool>,
    /// With --copy-to: other images for containers, NAME=IMAGE, * for all (may be given several times)
    #[arg(long, value_name = "NAME=IMAGE", allow_hyphen_values = true)]
    pub set_image: Vec<String>,
    /// With --copy-to: let the copy's containers see each other's processes (default: true)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub share_processes: Option<bool>,
    /// Give the container an input and attach to it
    #[arg(short = 'i', long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = boolean, action = ArgAction::Set)]
    pub stdin: Option<bool>,
    /// The container whose processes an ephemeral debugger sees
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    pub target: Option<String>,
    /// Give the container a terminal
    #[arg(short = 't', long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = boolean, action = ArgAction::Set)]
    pub tty: Option<bool>,
    /// Change nothing: client tells what would be sent, server has it checked
    #[arg(long, value_name = "none|client|server", require_equals = true, value_parser = dry_run)]
    pub dry_run: Option<DryRun>,
    /// Print what would be sent (with --dry-run), or what came of it: json or yaml
    #[arg(short, long, value_name = "json|yaml", value_parser = format)]
    pub output: Option<Format>,
    /// Tell why it is done so, and the kubectl command that does the same
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub explain: Option<bool>,
    /// Put marks on copies and node debuggers, by which `bathy leftovers` knows whose they are (default: true)
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = boolean, action = ArgAction::Set)]
    pub marks: Option<bool>,
    /// How long the debugger may take to start, like 30s or 5m; 0, the default, is for ever
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub timeout: Option<Duration>,
}

impl DebugArguments {
    /// The part of it that kubectl has too.
    pub fn invocation(&self) -> Invocation {
        let on = |flag: Option<bool>| flag.unwrap_or(false);
        Invocation {
            names_resources: !self.resources.is_empty() || !self.files.is_empty(),
            image: self.image.clone(),
            container: self.container.clone(),
            target: self.target.clone(),
            profile: self.profile.clone(),
            command: self.command.clone(),
            arguments_only: on(self.arguments_only),
            env: self.env.clone(),
            pull_policy: self.image_pull_policy.clone(),
            stdin: on(self.stdin),
            tty: on(self.tty),
            attach: self.attach,
            custom: self.custom.clone(),
            copy_to: self.copy_to.clone(),
            replace: on(self.replace),
            same_node: on(self.same_node),
            set_image: self.set_image.clone(),
            share_processes: self.share_processes,
            keep_labels: on(self.keep_labels),
            keep_annotations: on(self.keep_annotations),
            keep_liveness: on(self.keep_liveness),
            keep_readiness: on(self.keep_readiness),
            keep_startup: on(self.keep_startup),
            keep_init_containers: self.keep_init_containers,
        }
    }
}

/// A boolean in the words that kubectl takes.
fn boolean(word: &str) -> Result<bool, String> {
    match word {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err("say true or false".to_owned()),
    }
}

fn dry_run(word: &str) -> Result<DryRun, String> {
    match word {
        "none" => Ok(DryRun::No),
        "client" => Ok(DryRun::Client),
        "server" => Ok(DryRun::Server),
        _ => Err("say none, client or server".to_owned()),
    }
}

fn format(word: &str) -> Result<Format, String> {
    match word {
        "json" => Ok(Format::Json),
        "yaml" => Ok(Format::Yaml),
        _ => Err("say json or yaml".to_owned()),
    }
}

/// A span of time as kubectl writes them; a bare number counts seconds.
fn time(word: &str) -> Result<Duration, String> {
    if let Ok(seconds) = word.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let span: jiff::SignedDuration = word.parse().map_err(|_| "say a time like 30s, 5m or 1h30m".to_owned())?;
    span.try_into().map_err(|_| "a time is not negative".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::{Arguments, Verb};

    fn parsed(words: &[&str]) -> Result<DebugArguments, clap::Error> {
        let arguments = Arguments::try_parse_from(["bathy", "debug"].iter().chain(words))?;
        match arguments.verb {
            Some(Verb::Debug(debug)) => Ok(*debug),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn booleans_are_written_as_for_kubectl() {
        for (words, stdin, tty) in [
            (&["p"][..], None, None),
            (&["-it", "p"], Some(true), Some(true)),
            (&["-i", "-t=false", "p"], Some(true), Some(false)),
            (&["-it=0", "p"], Some(true), Some(false)),
            (&["--stdin=T", "--tty", "p"], Some(true), Some(true)),
            (&["-i", "--stdin=false", "p"], Some(false), None),
        ] {
            let debug = parsed(words).expect("these are right");
            assert_eq!((debug.stdin, debug.tty, &*debug.resources), (stdin, tty, &["p".to_owned()][..]), "{words:?}");
        }
        assert_eq!(parsed(&["--attach", "false"]).unwrap().resources, ["false"], "a value needs its =");
        for words in
            [&["--attach=maybe"][..], &["-A", "--nosuch"], &["--image"], &["--dry-run"], &["--dry-run", "client"]]
        {
            assert!(parsed(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn words_find_their_places() {
        let words =
            ["a", "--image", "-x", "pod/b", "-c=d", "-f", "-", "--env", "A=1", "--env=B=2", "--", "sh", "--", "-c"];
        let debug = parsed(&words).unwrap();
        assert_eq!(debug.resources, ["a", "pod/b"]);
        assert_eq!(debug.command, ["sh", "--", "-c"]);
        assert_eq!((debug.image.as_deref(), debug.container.as_deref()), (Some("-x"), Some("d")));
        assert_eq!((debug.files, debug.env), (vec!["-".to_owned()], vec!["A=1".to_owned(), "B=2".to_owned()]));
        assert!(parsed(&["p", "--"]).unwrap().command.is_empty());
        let twice = parsed(&["--image=a", "--image=b", "-n", "x", "-n", "y"]).unwrap();
        assert_eq!(twice.image.as_deref(), Some("b"), "the last one counts");
    }

    #[test]
    fn the_general_flags_stand_on_either_side() {
        let arguments =
            ["bathy", "--as", "a", "--context=c", "debug", "p", "--as-group", "g", "-n", "n", "--image", "i"];
        let arguments = Arguments::try_parse_from(arguments).unwrap();
        assert_eq!(arguments.impersonate.as_deref(), Some("a"));
        assert_eq!(arguments.impersonate_groups, ["g"]);
        assert_eq!((arguments.context.as_deref(), arguments.namespace.as_deref()), (Some("c"), Some("n")));
    }

    #[test]
    fn times_are_written_as_for_kubectl() {
        let timeout = |word: &str| parsed(&["p", "--timeout", word]).map(|debug| debug.timeout);
        for (word, milliseconds) in
            [("30s", 30_000), ("1h30m", 5_400_000), ("7", 7_000), ("0", 0), ("0s", 0), ("1.5s", 1_500)]
        {
            assert_eq!(timeout(word).unwrap(), Some(Duration::from_millis(milliseconds)), "{word}");
        }
        for word in ["", "soon", "5x", "-5s"] {
            assert!(timeout(word).is_err(), "{word}");
        }
    }
}
