//! How far a live list reaches, and the listing of all of that before it is watched; it never watches and never retries.

use futures::{StreamExt, stream};

use super::{
    Report,
    family::FamilyOf,
    list::{Include, Listed, Pages, Scope, list},
    rows::{Interner, Kind, Namespaces},
};
use crate::cluster::{Cluster, Problem, problem::Fault};

/// How many lists run side by side.
const SIDE_BY_SIDE: usize = 6;
/// With more namespaces than this one list of everything is cheaper than a list for each.
const MOST_NAMESPACES: usize = 1000;

/// How far a live list reaches.
#[derive(Debug)]
pub(super) enum Reach {
    /// These scopes, each with a watch of its own.
    Scopes(Vec<Scope>, Include),
    /// Every namespace: listed one by one where that is allowed, watched as one.
    Everywhere {
        /// Namespace by namespace has failed to lead to a watch: list everything at once.
        at_once: bool,
    },
}

impl Reach {
    pub(super) fn everything() -> Self {
        Self::Scopes(vec![Scope::Everything], Include::Metadata)
    }

    pub(super) fn namespaces(mut namespaces: Vec<String>) -> Self {
        namespaces.sort_unstable();
        namespaces.dedup();
        Self::Scopes(namespaces.into_iter().map(Scope::Namespace).collect(), Include::Nothing)
    }

    pub(super) fn node(node: String) -> Self {
        Self::Scopes(vec![Scope::Node(node)], Include::Metadata)
    }

    pub(super) fn family(family: FamilyOf) -> Self {
        Self::Scopes(vec![Scope::Family(family)], Include::Metadata)
    }

    pub(super) fn everywhere() -> Self {
        Self::Everywhere { at_once: false }
    }
}

/// What a list led to.
#[derive(Default)]
pub(super) struct Generation {
    /// Where each watch goes on from.
    pub(super) watches: Vec<(Scope, Listed)>,
    /// What may not be listed.
    pub(super) refused: Vec<(Scope, Problem)>,
}

impl Generation {
    /// One list of everything.
    fn of_all(listed: Listed) -> Self {
        Self { watches: vec![(Scope::Everything, listed)], refused: Vec::new() }
    }
}

/// Lists what is reached, and says from where each watch goes on.
pub(super) async fn list_reach<K: Kind>(
    cluster: &Cluster,
    report: &Report,
    reach: &Reach,
    names: &Interner,
) -> Result<Generation, Fault> {
    match reach {
        Reach::Scopes(scopes, include) => list_scopes::<K>(cluster, report, scopes.clone(), *include, names).await,
        Reach::Everywhere { at_once: true } => {
            let listed = list::<K>(cluster, &Scope::Everything, Include::Metadata, names, report).await?;
            Ok(Generation::of_all(listed))
        }
        Reach::Everywhere { at_once: false } => list_everywhere::<K>(cluster, report, names).await,
    }
}

/// A refused list as a person is told of it.
pub(super) fn refusal<K: Kind>(fault: &Fault, scope: &Scope) -> Problem {
    fault.problem(format!("cannot list {} {}", K::RESOURCE, scope.words()))
}

async fn list_scopes<K: Kind>(
    cluster: &Cluster,
    report: &Report,
    scopes: Vec<Scope>,
    include: Include,
    names: &Interner,
) -> Result<Generation, Fault> {
    let mut generation = Generation::default();
    let mut lists = stream::iter(scopes)
        .map(|scope| async move { (list::<K>(cluster, &scope, include, names, report).await, scope) })
        .buffer_unordered(SIDE_BY_SIDE);
    while let Some((outcome, scope)) = lists.next().await {
        match outcome {
            Ok(listed) => generation.watches.push((scope, listed)),
            Err(fault) if fault.code() == 403 => {
                let problem = refusal::<K>(&fault, &scope);
                generation.refused.push((scope, problem));
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(generation)
}

/// A screenful of everything, then small answers without objects, namespace by namespace; one watch from before the first
/// of them. Where namespaces cannot be listed, or are too many, what the screenful began is listed to its end.
async fn list_everywhere<K: Kind>(cluster: &Cluster, report: &Report, names: &Interner) -> Result<Generation, Fault> {
    let mut all = Pages::new(Scope::Everything, Include::Metadata);
    // It also tells whether all of it may be seen, and the version that no later list is older than.
    all.report_next::<K>(cluster, names, report).await?;
    let scopes = if all.is_done() || !all.can_be_resumed() { None } else { namespaces(cluster, names).await? };
    let Some(scopes) = scopes else {
        while all.report_next::<K>(cluster, names, report).await? {}
        return Ok(Generation::of_all(all.listed()));
    };
    let generation = list_scopes::<K>(cluster, report, scopes, Include::Nothing, names).await?;
    Ok(Generation { watches: vec![(Scope::Everything, all.listed())], ..generation })
}

/// Every namespace, unless they may not be listed or are too many.
async fn namespaces(cluster: &Cluster, names: &Interner) -> Result<Option<Vec<Scope>>, Fault> {
    let mut pages = Pages::new(Scope::Everything, Include::Nothing);
    let mut scopes = Vec::new();
    loop {
        match pages.next::<Namespaces>(cluster, names).await {
            Ok(Some(rows)) => scopes.extend(rows.iter().map(|row| Scope::Namespace(row.name.to_string()))),
            Ok(None) => return Ok(Some(scopes)),
            Err(fault) if fault.code() == 403 => return Ok(None),
            Err(fault) => return Err(fault),
        }
        if scopes.len() > MOST_NAMESPACES {
            return Ok(None);
        }
    }
}
