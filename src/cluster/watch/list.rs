//! One list, page by page; it never retries and never watches.

use jiff::Timestamp;

use super::{
    Report, TABLE,
    family::FamilyOf,
    rows::{Around, Columns, Interner, Kind},
    table::ListBody,
};
use crate::cluster::{
    Cluster, RowsUpdate,
    problem::Fault,
    request::{ANSWER_TIME, JSON, LIST_LIMIT, Target, decode},
};

/// How many rows a page has: 75 KB of a Table.
const PAGE: &str = "500";
/// How many rows the first page has where metadata comes with them, some kilobytes each: what fills a screen is there at once.
const SCREENFUL: &str = "48";

/// What part of a kind is listed or watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// All of it.
    Everything,
    /// What is in this namespace.
    Namespace(String),
    /// The pods on this node.
    Node(String),
    /// The pods of an owner.
    Family(FamilyOf),
}

impl Scope {
    pub(super) fn target(&self, resource: &str) -> Result<Target, Fault> {
        match self {
            Self::Everything => Target::new("/api/v1", &[resource]),
            Self::Namespace(namespace) => Target::new("/api/v1", &["namespaces", namespace, resource]),
            Self::Node(node) => {
                let target = Target::new("/api/v1", &[resource])?;
                Ok(target.with("fieldSelector", &format!("spec.nodeName={node}")))
            }
            Self::Family(family) => family.target(resource),
        }
    }

    /// The scope in the words of a problem.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Everything => "of the whole cluster".to_owned(),
            Self::Namespace(namespace) => format!("in {namespace}"),
            Self::Node(node) => format!("on the node {node}"),
            Self::Family(family) => family.words(),
        }
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        match self {
            Self::Everything | Self::Node(_) => None,
            Self::Namespace(namespace) => Some(namespace),
            Self::Family(family) => Some(family.namespace()),
        }
    }

    /// Whether a row belongs to the scope that the server cannot tell by itself: one that this controls.
    pub(super) fn admits(&self, controller: Option<&str>) -> bool {
        match self {
            Self::Family(family) => family.admits(controller),
            Self::Everything | Self::Namespace(_) | Self::Node(_) => true,
        }
    }
}

/// How much comes with each row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Include {
    /// Nothing: within one namespace the name is enough.
    Nothing,
    /// Namespace, exact creation time and what else metadata has.
    Metadata,
}

/// What a list told besides its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Where a watch goes on from.
    pub(super) version: String,
    /// The server has no Tables.
    pub(super) plain: bool,
}

/// Lists a scope and reports each page as it comes.
pub(super) async fn list<K: Kind>(
    cluster: &Cluster,
    scope: &Scope,
    include: Include,
    names: &Interner,
    report: &Report,
) -> Result<Listed, Fault> {
    let mut pages = Pages::new(scope.clone(), include);
    while pages.report_next::<K>(cluster, names, report).await? {}
    Ok(pages.listed())
}

/// The pages of one list.
pub(super) struct Pages {
    scope: Scope,
    include: Include,
    /// The token of the next page; empty for the first, `None` after the last.
    next: Option<String>,
    version: String,
    plain: bool,
    columns: Columns,
}

impl Pages {
    pub(super) fn new(scope: Scope, include: Include) -> Self {
        Self {
            scope,
            include,
            next: Some(String::new()),
            version: String::new(),
            plain: false,
            columns: Columns::default(),
        }
    }

    pub(super) fn listed(self) -> Listed {
        Listed { version: self.version, plain: self.plain }
    }

    /// Whether the last page has come.
    pub(super) fn is_done(&self) -> bool {
        self.next.is_none()
    }

    /// Whether a watch can go on from what has come, though the rest is listed otherwise.
    pub(super) fn can_be_resumed(&self) -> bool {
        !self.plain && !self.version.is_empty()
    }

    /// Reports the rows of the next page; whether there was one.
    pub(super) async fn report_next<K: Kind>(
        &mut self,
        cluster: &Cluster,
        names: &Interner,
        report: &Report,
    ) -> Result<bool, Fault> {
        let Some(rows) = self.next::<K>(cluster, names).await? else { return Ok(false) };
        if !rows.is_empty() {
            report.send(K::update(RowsUpdate::Rows(rows))).await;
        }
        Ok(true)
    }

    /// The rows of the next page; `None` when there is none.
    pub(super) async fn next<K: Kind>(
        &mut self,
        cluster: &Cluster,
        names: &Interner,
    ) -> Result<Option<Vec<K::Row>>, Fault> {
        let Some(token) = self.next.take() else {
            return Ok(None);
        };
        let body = match self.page(cluster, K::RESOURCE, &token).await {
            // A server of before Tables, or something in between that cannot pass them.
            Err(fault) if fault.code() == 406 && !self.plain => {
                self.plain = true;
                self.page(cluster, K::RESOURCE, &token).await?
            }
            other => other?,
        };
        let body: ListBody<'_, K::Plain> = decode(&body)?;
        if let Some(definitions) = body.column_definitions.as_ref().filter(|definitions| !definitions.is_empty()) {
            self.columns = Columns::find(definitions);
        }
        let around = Around { namespace: self.scope.namespace(), names, now: Timestamp::now() };
        let rows = if let Some(objects) = body.items {
            self.plain = true;
            let admitted = objects.into_iter().filter(|object| self.scope.admits(K::controller(object)));
            admitted.filter_map(|object| K::from_plain(object, &around)).collect()
        } else {
            let rows = body.rows.unwrap_or_default();
            let admitted = rows.iter().filter(|row| self.scope.admits(row.controller()));
            admitted.filter_map(|row| K::from_table(row, &self.columns, &around)).collect()
        };
        if self.version.is_empty() {
            self.version = body.metadata.resource_version;
        }
        // A server that gives the same token again would be listed for ever.
        self.next = body.metadata.next.filter(|next| !next.is_empty() && *next != token);
        Ok(Some(rows))
    }

    async fn page(&self, cluster: &Cluster, resource: &str, token: &str) -> Result<bytes::Bytes, Fault> {
        let is_glimpse = token.is_empty() && self.include == Include::Metadata && !self.plain;
        let limit = if is_glimpse { SCREENFUL } else { PAGE };
        let mut target = self.scope.target(resource)?.with("limit", limit);
        if !self.plain {
            let include = match self.include {
                Include::Nothing => "None",
                Include::Metadata => "Metadata",
            };
            target = target.with("includeObject", include);
        }
        if !token.is_empty() {
            target = target.with("continue", token);
        }
        cluster.read(target.get(if self.plain { JSON } else { TABLE })?, ANSWER_TIME, LIST_LIMIT).await
    }
}
