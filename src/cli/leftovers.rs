//! `bathy leftovers`: what debugging left on the cluster, as a table or as data, and taking it away.

mod clean;
mod print;

use jiff::{SignedDuration, Timestamp};

use super::arguments::{LeftoverArguments, LeftoverVerb};
use super::guarded::entrance;
use super::{Arguments, Config, say, told};
use crate::app::Settings;
use crate::cluster::{Cluster, Found, Leftover, LeftoverScope};

/// Lists or takes away what debugging left; what comes back says whether all of it was done.
pub(super) async fn run(options: &LeftoverArguments, arguments: &Arguments, config: &Config) -> anyhow::Result<bool> {
    let entrance = entrance(arguments, config).await?;
    let cluster = entrance.connect().await?;
    let settings = &entrance.settings;
    let search = Search { options, settings, scope: scope(arguments, &cluster, settings) };
    match &options.verb {
        None => search.list(&cluster).await,
        Some(LeftoverVerb::Clean(clean)) => clean::run(&search, clean, arguments, &cluster).await,
    }
}

/// Where to look: in the namespace that kubectl would take, or with -A in all, else in those that the person named.
fn scope(arguments: &Arguments, cluster: &Cluster, settings: &Settings) -> LeftoverScope {
    let context = cluster.context();
    let home = || context.namespace.clone().unwrap_or_else(|| "default".to_owned());
    if !arguments.all_namespaces {
        return LeftoverScope::In(vec![arguments.namespace.clone().unwrap_or_else(home)]);
    }
    let mut otherwise = vec![home()];
    for name in settings.namespaces_of(&context.name) {
        if !otherwise.contains(&name) {
            otherwise.push(name);
        }
    }
    LeftoverScope::Everywhere { otherwise }
}

/// What is looked for.
struct Search<'a> {
    options: &'a LeftoverArguments,
    settings: &'a Settings,
    scope: LeftoverScope,
}

impl Search<'_> {
    /// What there is, as far as it is asked for.
    async fn found(&self, cluster: &Cluster) -> anyhow::Result<Found> {
        let mut found = cluster.leftovers(&self.scope).await.map_err(|problem| told(&problem))?;
        self.settings.claim(&cluster.context().name, &mut found.leftovers);
        let creator = &self.settings.creator;
        anyhow::ensure!(
            !self.options.mine || !creator.is_empty(),
            "--mine: who you are is not known; name yourself with creator in the configuration"
        );
        let now = Timestamp::now();
        let wanted = |row: &Leftover| {
            (!self.options.mine || row.owner.as_ref() == Some(creator))
                && self.options.older_than.is_none_or(|age| is_older(row, age, now))
        };
        found.leftovers.retain(wanted);
        for problem in &found.refused {
            say(&format!("bathy: {problem}"));
        }
        Ok(found)
    }

    async fn list(&self, cluster: &Cluster) -> anyhow::Result<bool> {
        let found = self.found(cluster).await?;
        print::print(&found, self.options.output, &cluster.context().name, Timestamp::now())?;
        Ok(true)
    }
}

/// Whether it is there for so many seconds; what does not say since when is not known to be.
fn is_older(row: &Leftover, seconds: u32, now: Timestamp) -> bool {
    row.created.is_some_and(|created| now.duration_since(created) >= SignedDuration::from_secs(seconds.into()))
}

/// `NAMESPACE/POD` or `NAMESPACE/POD/CONTAINER`.
fn named(row: &Leftover) -> String {
    let pod = format!("{}/{}", row.pod.namespace, row.pod.name);
    match &row.kind {
        crate::cluster::LeftoverKind::Ephemeral { container, .. } => format!("{pod}/{container}"),
        _ => pod,
    }
}
