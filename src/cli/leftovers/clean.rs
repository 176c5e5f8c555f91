//! `bathy leftovers clean`: says what goes and what stays, asks, then deletes pods and ends debuggers one by one.

use std::io::Write as _;

use anyhow::Context as _;

use super::{Search, named, print};
use crate::app::overlay::Removable;
use crate::cli::arguments::CleanArguments;
use crate::cli::question::asked;
use crate::cli::{Arguments, say};
use crate::cluster::{Cluster, Finish, Leftover, LeftoverKind, Which, read_only_problem};

/// Takes away what was found; false if something that should go did not, not all could be looked through, or the
/// answer was no.
pub(super) async fn run(
    search: &Search<'_>,
    options: &CleanArguments,
    arguments: &Arguments,
    cluster: &Cluster,
) -> anyhow::Result<bool> {
    let context = cluster.context().name.clone();
    let settings = search.settings;
    if settings.is_read_only(&context) && !options.dry_run {
        return Err(super::told(&read_only_problem(&context)));
    }
    let found = search.found(cluster).await?;
    // What could not be looked through may hold more.
    let whole = found.refused.is_empty();
    let (sure, unsure): (Vec<Leftover>, Vec<Leftover>) =
        found.leftovers.into_iter().partition(|row| row.certain || options.unmarked);
    let removable = Removable::of(&sure);
    let goes: Vec<&Leftover> = sure.iter().filter(|row| goes(row, &removable)).collect();
    let mut out = std::io::stdout();
    if goes.is_empty() {
        writeln!(out, "There is nothing to delete or end.")?;
    } else {
        let shown: Vec<Leftover> = goes.iter().map(|row| (*row).clone()).collect();
        writeln!(out, "In context {context}:\n")?;
        write!(out, "{}", print::table(&shown, false, jiff::Timestamp::now()))?;
        writeln!(out)?;
    }
    stays(&removable, &unsure, &mut out)?;
    if goes.is_empty() || options.dry_run {
        return Ok(whole);
    }
    if options.yes {
        anyhow::ensure!(
            !settings.is_protected(&context) || arguments.context.as_deref() == Some(context.as_str()),
            "{context} is protected: --yes counts there only with --context {context}"
        );
    } else if !confirmed(&context, &removable).await? {
        writeln!(out, "Nothing was changed.")?;
        return Ok(false);
    }
    let cluster = cluster.on_behalf_of("leftovers clean");
    let mut done = 0;
    let mut failed = 0;
    for row in goes {
        let outcome = tokio::select! {
            outcome = take_away(&cluster, row) => outcome,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted.context("cannot listen for Ctrl-C")?;
                // Whether the request under way was carried out is not known; what was said to be done is.
                anyhow::bail!("interrupted at {}: {done} done, the rest was left", named(row));
            }
        };
        match outcome {
            Ok(words) => {
                done += 1;
                writeln!(out, "{words}")?;
            }
            Err(error) => {
                failed += 1;
                say(&format!("bathy: {error:#}"));
            }
        }
    }
    if failed > 0 {
        say(&format!("bathy: {done} done, {failed} not"));
    }
    Ok(failed == 0 && whole)
}

/// Whether it is deleted or ended: a debugger in a pod that goes anyway is not ended before.
fn goes(row: &Leftover, removable: &Removable) -> bool {
    match &row.kind {
        LeftoverKind::Ephemeral { container, .. } => {
            removable.debuggers.iter().any(|at| at.pod == row.pod && at.container == *container)
        }
        LeftoverKind::Copy { .. } | LeftoverKind::NodeDebugger => true,
    }
}

fn stays(removable: &Removable, unsure: &[Leftover], out: &mut impl std::io::Write) -> std::io::Result<()> {
    match removable.staying {
        0 => {}
        1 => writeln!(out, "1 debugger that does not run stays: Kubernetes keeps it until its pod goes.")?,
        count => writeln!(out, "{count} debuggers that do not run stay: Kubernetes keeps them until their pods go.")?,
    }
    for row in unsure.iter().filter(|row| row.kind.is_pod() || row.kind.is_running_debugger()) {
        writeln!(out, "{} only looks like debugging's and stays; --unmarked takes it too.", named(row))?;
    }
    Ok(())
}

async fn take_away(cluster: &Cluster, row: &Leftover) -> anyhow::Result<String> {
    let name = named(row);
    match &row.kind {
        LeftoverKind::Copy { .. } | LeftoverKind::NodeDebugger => {
            let deleted = cluster.delete_pod(&row.pod, &Which::Uid(row.uid.clone())).await;
            deleted.map_err(|problem| super::told(&problem))?;
            Ok(format!("pod {name} deleted"))
        }
        LeftoverKind::Ephemeral { container, .. } => {
            let at = crate::cluster::ContainerKey { pod: row.pod.clone(), container: container.clone() };
            let ended = cluster.end_debugger(&at).await.map_err(|problem| super::told(&problem))?;
            Ok(match ended {
                Finish::Ended(code) => format!("debugger {name} ended ({code}); it stays listed until its pod goes"),
                Finish::EndedBefore => format!("debugger {name} had ended before"),
                Finish::Gone => format!("debugger {name} is gone with its pod"),
            })
        }
    }
}

/// Asks on the terminal.
async fn confirmed(context: &str, removable: &Removable) -> anyhow::Result<bool> {
    let (pods, debuggers) = (removable.pods.len(), removable.debuggers.len());
    let question = format!("Delete {pods} pod(s) and end {debuggers} debugger(s) in {context}?");
    asked(&question, "say --yes to go on without a question, or --dry-run to look").await
}
