//! `bathy bench`: measures the whole program in a terminal of its own and prints the figures with their bounds.

use std::convert::Infallible;
use std::io::Write as _;

use anyhow::Context as _;

use super::arguments::{BenchArguments, StageArguments};
use super::{Arguments, Config, say};
use crate::bench::{self, Circumstances, Plan};

/// What the figures would mean little without.
const OPTIMISED: bool = cfg!(not(debug_assertions));

/// Measures and prints; false if a bound is not met.
pub(super) fn run(options: &BenchArguments, arguments: &Arguments, config: &Config) -> anyhow::Result<bool> {
    anyhow::ensure!(
        arguments.context.is_none() || arguments.kubeconfig.is_some(),
        "name the cluster with --kubeconfig; without it the demo is measured"
    );
    let own = std::env::current_exe().context("cannot find our own program")?;
    let plan = Plan {
        program: options.program.clone().unwrap_or_else(|| own.clone()),
        stage: vec![own.into_os_string(), "terminal-stage".into(), "--".into()],
        kubeconfig: arguments.kubeconfig.clone(),
        context: arguments.context.clone(),
        pods: options.pods,
        churn: options.churn,
        torrent: options.torrent,
        pod: options.pod.clone(),
        port: options.port,
        image: config.settings(arguments).image,
        megabytes: options.megabytes,
        only: options.only.clone(),
    };
    if !OPTIMISED {
        say("This build is not optimised: measure with one that is (cargo build --release).");
    }
    let figures = bench::run(&plan, |doing| say(&format!("measuring {doing}")))?;
    let circumstances = Circumstances {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        date: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        cluster: match &plan.kubeconfig {
            Some(file) => file.display().to_string(),
            None => format!("the demo with {} synthetic pods", plan.pods),
        },
        churn: plan.churn,
        optimised: OPTIMISED,
    };
    let mut out = std::io::stdout();
    if options.json {
        writeln!(out, "{}", bench::json(&circumstances, &figures)?)?;
    } else {
        let Circumstances { version, date, system, cores, cluster, churn, .. } = &circumstances;
        writeln!(out, "bathy {version} on {cluster}, {churn} changes a second; {system}, {cores} cores; {date}\n")?;
        write!(out, "{}", bench::table(&figures))?;
    }
    Ok(figures.iter().all(|figure| figure.met() != Some(false)))
}

/// Becomes the program that is to be measured, on the terminal that standard input is.
pub(super) fn stage(options: &StageArguments) -> anyhow::Result<Infallible> {
    bench::stage::become_program(&options.words)
}
