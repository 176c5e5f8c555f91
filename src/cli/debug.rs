//! `bathy debug`: the flags of kubectl debug wired to the plan, the cluster and the plain terminal.

mod flags;

use std::io::{IsTerminal as _, Read};
use std::process::ExitCode;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use super::guarded::{Entrance, entrance};
use super::question::asked;
use super::{Arguments, Config, told};
use crate::cluster::{Cluster, Contexts as _, KubeconfigContexts, KubeconfigOptions, cleaned, manifest};
use crate::plan::{Refusal, Resource, parse_profile};
use crate::runtime::plain::{self, DEFAULT_PROFILE, DryRun, Errand, Input, Marks, Plain, Subject, Verdict};
pub use flags::DebugArguments;

/// Runs the sub-command; its code is kubectl's.
pub(super) async fn run(debug: &DebugArguments, arguments: &Arguments, config: &Config) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(!arguments.all_namespaces, "debug means pods of one namespace: leave -A out, or name one with -n");
    let stopped = stopped(arguments.test_panic)?;
    let work = async {
        let (errand, access) = prepare(debug, arguments, config).await?;
        let mut plain = Plain {
            input: Input::new(std::io::stdin()),
            out: Box::new(tokio::io::stdout()),
            err: Box::new(tokio::io::stderr()),
            is_terminal: std::io::stdin().is_terminal(),
        };
        let cluster = access.as_ref().map(|(_, cluster)| cluster);
        plain::run(&errand, cluster, &mut plain).await.map_err(|problem| told(&problem))
    };
    let verdict = tokio::select! {
        verdict = work => verdict?,
        // The terminal is given back as the work is dropped.
        () = stopped => anyhow::bail!("stopped; a debugger that was started stays where it is"),
    };
    Ok(match verdict {
        Verdict::Done => ExitCode::SUCCESS,
        Verdict::Failed => ExitCode::FAILURE,
    })
}

async fn prepare(
    debug: &DebugArguments,
    arguments: &Arguments,
    config: &Config,
) -> anyhow::Result<(Errand, Option<(Entrance, Cluster)>)> {
    let refused = |refusal: Refusal| anyhow::Error::msg(cleaned(&refusal.message));
    let profile = config.debug.profile.as_deref().map_or(Ok(DEFAULT_PROFILE), parse_profile).map_err(refused)?;
    let mut invocation = debug.invocation();
    // The console's --image means the same where it stands before the sub-command.
    invocation.image = invocation.image.or_else(|| arguments.image.clone());
    let options = invocation.options(profile, read_custom).map_err(refused)?;
    let dry_run = debug.dry_run.unwrap_or_default();
    let attaches = options.attach.unwrap_or(options.stdin) && dry_run == DryRun::No;
    anyhow::ensure!(
        debug.output.is_none() || !attaches,
        "-o prints a document and a session would print over it: add --dry-run=client or --attach=false"
    );
    let mut subjects = Vec::new();
    for object in manifest::read(&debug.files, debug.recursive.unwrap_or(false), &mut std::io::stdin() as &mut dyn Read)
        .map_err(|problem| told(&problem))?
    {
        subjects.push(Subject::Read(object));
    }
    anyhow::ensure!(
        subjects.is_empty() || debug.resources.is_empty(),
        "what is debugged is named either by --filename or by words, not by both"
    );
    for word in &debug.resources {
        subjects.push(Subject::Named(Resource::parse(word).map_err(refused)?));
    }
    let needs_cluster = dry_run != DryRun::Client || debug.files.is_empty();
    let (access, home) = if needs_cluster {
        let access = enter(arguments, config, dry_run == DryRun::No).await?;
        let home = access.1.context().namespace.clone();
        (Some(access), home)
    } else {
        (None, home_without_cluster(arguments)?)
    };
    let marked = debug.marks.or(config.debug.marks).unwrap_or(true);
    let said = arguments.namespace.clone().filter(|namespace| !namespace.is_empty());
    let errand = Errand {
        options,
        subjects,
        namespace_was_said: said.is_some(),
        namespace: said.or(home).unwrap_or_else(|| "default".to_owned()),
        quiet: debug.quiet.unwrap_or(false),
        explain: debug.explain.unwrap_or(false),
        dry_run,
        output: debug.output,
        timeout: debug.timeout.filter(|timeout| !timeout.is_zero()),
        marks: marked.then(|| Marks { creator: config.creator(), at: jiff::Timestamp::now() }),
        program: program(arguments),
    };
    Ok((errand, access))
}

fn read_custom(file: &str) -> Result<String, Refusal> {
    std::fs::read_to_string(file)
        .map_err(|error| Refusal { message: format!("the custom container in {file} cannot be read: {error}") })
}

fn kubeconfig(arguments: &Arguments) -> KubeconfigOptions {
    KubeconfigOptions {
        file: arguments.kubeconfig.clone(),
        context: arguments.context.clone(),
        namespace: arguments.namespace.clone(),
        impersonate: arguments.impersonate.clone(),
        impersonate_groups: arguments.impersonate_groups.clone(),
    }
}

/// The way into the cluster; into a protected one after a question, or when it was named.
async fn enter(arguments: &Arguments, config: &Config, changes: bool) -> anyhow::Result<(Entrance, Cluster)> {
    let entrance = entrance(arguments, config).await?;
    let context = &entrance.context;
    if changes && entrance.settings.is_protected(context) && arguments.context.as_ref() != Some(context) {
        let otherwise = format!("{context} is protected: name it with --context to go on without a question");
        let yes = asked(&format!("{context} is protected: debug there?"), &otherwise).await?;
        anyhow::ensure!(yes, "nothing was changed");
    }
    let cluster = entrance.connect().await?.on_behalf_of("bathy debug");
    Ok((entrance, cluster))
}

/// The namespace of the context where there is one; a kubeconfig is needed only if it was named.
fn home_without_cluster(arguments: &Arguments) -> anyhow::Result<Option<String>> {
    let contexts = match KubeconfigContexts::load(kubeconfig(arguments)) {
        Ok(contexts) => contexts,
        Err(problem) if arguments.kubeconfig.is_some() || arguments.context.is_some() => return Err(told(&problem)),
        Err(_) => return Ok(None),
    };
    let current = contexts.current();
    let context = contexts.list().into_iter().find(|context| Some(&context.name) == current.as_ref());
    Ok(context.and_then(|context| context.namespace))
}

/// This program as it was called for this cluster, for commands that are offered.
fn program(arguments: &Arguments) -> String {
    let file = arguments.kubeconfig.as_ref().map(|file| file.display().to_string());
    let single = [("--kubeconfig", &file), ("--context", &arguments.context), ("--as", &arguments.impersonate)];
    let single = single.into_iter().filter_map(|(flag, value)| Some((flag, value.as_ref()?)));
    let groups = arguments.impersonate_groups.iter().map(|group| ("--as-group", group));
    let flags = single.chain(groups).flat_map(|(flag, value)| [flag.to_owned(), value.clone()]);
    let words: Vec<String> = ["bathy".to_owned()].into_iter().chain(flags).chain(["debug".to_owned()]).collect();
    // Only a word with a NUL, which no argument has, cannot be quoted.
    shlex::try_join(words.iter().map(String::as_str)).unwrap_or_else(|_| "bathy debug".to_owned())
}

/// Resolves when the person or the system asks the program to end.
fn stopped(panics: bool) -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut hang_up = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
            () = panic_in_raw_mode(), if panics => {}
        }
    })
}

/// For `--test-panic`: panics once the terminal is taken.
async fn panic_in_raw_mode() {
    while !crossterm::terminal::is_raw_mode_enabled().unwrap_or(false) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("asked for by --test-panic");
}
